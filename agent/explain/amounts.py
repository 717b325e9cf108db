"""How amounts, ratios and quantities read in the sentences of an explanation."""

from collections.abc import Sequence

from agent.explain.records import ratio_percent
from agent.money import fixed, legible, shown


def money(units: int, *, exact: bool) -> str:
    """``1,234.56``; the whole amount where ``exact``."""
    if exact:
        return legible(units)
    whole, point, cents = shown([units])[0].partition(".")
    sign = "-" if whole.startswith("-") else ""
    return f"{sign}{abs(int(whole)):,}{point}{cents}"


def percent(part: int, whole: int) -> str:
    """``8.8178 %``, cut to four places; a dash of nothing."""
    text = ratio_percent(part, whole)
    return f"{text} %" if text else "no share"


def quantity(weight: int, digits: int) -> str:
    """A whole weight as the quantity it was made from: ``12,345.5``."""
    whole, point, fraction = fixed(weight, digits).partition(".")
    fraction = fraction.rstrip("0")
    sign = "-" if whole.startswith("-") else ""
    return f"{sign}{abs(int(whole)):,}" + (f"{point}{fraction}" if fraction else "")


def days(count: int) -> str:
    """``1 day``, ``30 days``."""
    return f"{count} day{'' if count == 1 else 's'}"


def listed(names: Sequence[str]) -> str:
    """``a, b and c``."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
