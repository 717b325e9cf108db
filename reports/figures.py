"""How figures read: exact units and percentages in, text for people out. Nothing here is computed with floats.

``None`` (unknown, or left empty by its definition) is the caller's case; these functions take values.
"""

import unicodedata
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal

from agent.money import UNITS_PER_ONE, shown

DASH = "\N{EN DASH}"
"""What stands where a definition leaves a figure empty."""


def grouped(text: str) -> str:
    """A plain decimal text with thousands separators: ``-1234.50`` becomes ``-1,234.50``."""
    whole, point, fraction = text.partition(".")
    return f"{int(whole):,}".join(("-" if whole == "-0" else "", point + fraction))


def cents(units: int) -> str:
    """One amount rounded half up to two decimals, with thousands separators."""
    return grouped(shown([units])[0])


def footing(units: Iterable[int | None]) -> list[str | None]:
    """Plain cents of a column that sum to its rounded total (cumulative rounding); ``None`` stays ``None``."""
    values = list(units)
    texts = iter(shown([value for value in values if value is not None]))
    return [None if value is None else next(texts) for value in values]


def continued(before: int, units: Sequence[int]) -> list[str]:
    """Cents of a column that goes on after ``before`` units: they sum to the figure shown for their own total.

    The parts of a row shown in a footing column thereby sum to that row's cents, to the last one.
    """
    return shown([before, *units])[1:]


def percent(value: Decimal, places: int = 1) -> str:
    """``62.5 %``, rounded half-even."""
    return f"{_rounded(value, places)} %"


def signed_percent(value: Decimal) -> str:
    """``+4.2 %`` or ``-3.1 %``, rounded half-even to one place."""
    return f"{_rounded(value, 1):+} %"


def change_pct(now: int, before: int) -> Decimal:
    """Change of an amount in percent of what it was; ``before`` is not 0."""
    return Decimal(100) * (now - before) / abs(before)


def whole(units: int, currency: str) -> str:
    """An amount as a message says it: whole currency, cents below 1,000; never a k or an M that hides digits."""
    plain = shown([units], 2 if abs(units) < 1000 * UNITS_PER_ONE else 0)[0]
    return with_currency(grouped(plain), currency)


def with_currency(text: str, currency: str) -> str:
    """``$1,234`` for US dollars, ``1,234 EUR`` for every other code."""
    if currency != "USD":
        return f"{text} {currency}"
    return f"-${text[1:]}" if text.startswith("-") else f"${text}"


def long_day(day: date) -> str:
    """``21 October 2026``; month names are ours, not the locale's."""
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def month_name(period: str) -> str:
    """``October 2026`` for ``2026-10``."""
    return f"{MONTHS[int(period[5:7]) - 1]} {period[:4]}"


def days_through(day: date, *, is_open: bool) -> str:
    """The days of a month up to ``day``: ``1 to 21 October 2026``, or the month's name once it is complete."""
    if not is_open:
        return f"{MONTHS[day.month - 1]} {day.year}"
    return long_day(day) if day.day == 1 else f"1 to {long_day(day)}"


def one_line(text: str) -> str:
    """Text from outside as one harmless line: control, format and line-break characters become spaces."""
    safe = (" " if unicodedata.category(sign) in _UNSEEN else sign for sign in text)
    return " ".join("".join(safe).split())


def undirected(text: str) -> str:
    """Text without the signs that turn the direction of writing: what stands beside it stays as it was written."""
    return text.translate(_TURNING)


def ellipsis(text: str, length: int) -> str:
    """At most ``length`` characters, the cut marked."""
    return text if len(text) <= length else text[: length - 1].rstrip() + "\N{HORIZONTAL ELLIPSIS}"


def _rounded(value: Decimal, places: int) -> Decimal:
    cut = value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_EVEN)
    return cut or abs(cut)  # never -0.0


MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
_TURNING = dict.fromkeys([0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)])
"""Unicode's Bidi_Control, each to nothing."""
_UNSEEN = frozenset({"Cc", "Cf", "Co", "Cn", "Cs", "Zl", "Zp"})
