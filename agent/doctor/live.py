"""Live drivers: whether each answers for yesterday, how much of the day it saw, and who is not in the registry."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

from agent.config.loading import Settings
from agent.config.usage import LiveUsage
from agent.doctor.records import Finding, ok, told, warn
from agent.errors import ApportionError
from agent.usage import Pulled, live
from policies.registry import Registry

_SHOWN = 5


def answers(part: str, settings: Settings, config: LiveUsage, today: date) -> Iterator[Finding]:
    """Asks for the day before ``today`` and keeps nothing."""
    day = today - timedelta(days=1)
    try:
        pulled = live.pull(config, day, day)
    except ApportionError as error:
        yield told(part, error)
        return
    if not len(pulled.rows):
        yield warn(part, f"answers, and has nothing for {day}", "is the question right, and is the day measured?")
        return
    sums = _sums(pulled)
    seen, expected = pulled.coverage.get(day, (0, 0))
    count = f"{len(sums)} customer{'s' if len(sums) != 1 else ''}"
    yield ok(part, f"answers for {day}: {count}, {seen} of {expected} intervals seen")
    if 10 * seen < 9 * expected:
        mend = "a day with under 90 % goes to the pool's fallback"
        yield warn(part, f"{day}: only {seen} of {expected} intervals have samples", mend)
    if settings.app.customers is not None:
        yield from _unknown(part, settings.registry(), sums)
    yield from (warn(part, note) for note in pulled.notes)


def _sums(pulled: Pulled) -> dict[str, Decimal]:
    sums = pulled.rows.group_by("customer").aggregate([("quantity", "sum")]).to_pylist()
    return {row["customer"]: row["quantity_sum"] for row in sums}


def _unknown(part: str, registry: Registry, sums: dict[str, Decimal]) -> Iterator[Finding]:
    """NOTE: reserved names, such as ``@opex`` and a pool's, are nobody's misspelling"""
    unknown = sorted(name for name in sums if not name.startswith("@") and registry.fold(name) is None)
    if not unknown:
        return
    whole = sum(sums.values())
    share = f", with {100 * sum(sums[name] for name in unknown) // whole} % of the quantity" if whole > 0 else ""
    is_are = "customer is" if len(unknown) == 1 else "customers are"
    named = ", ".join(unknown[:_SHOWN]) + (f" and {len(unknown) - _SHOWN} more" if len(unknown) > _SHOWN else "")
    yield warn(
        part,
        f"{len(unknown)} {is_are} not in the registry{share}: {named}",
        "add them to customers.csv, or their spelling as an alias; until then their share is unallocated",
    )
