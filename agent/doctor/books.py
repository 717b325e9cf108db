"""Closed months: whether the books are whole, and which month is next."""

from collections.abc import Iterator

from agent.closing import closed_months, faults, open_months
from agent.config.loading import Settings
from agent.doctor.records import Finding, missing, ok

PART = "closed months"


def books(settings: Settings) -> Iterator[Finding]:
    """Nothing while no month was closed."""
    found = faults(settings.data)
    if found:
        more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
        yield missing(PART, f"{found[0]}{more}", "bring data/closed back from a backup")
        return
    shut = closed_months(settings.data)
    if shut:
        waiting = open_months(settings, shut)
        following = f"; {waiting[0]} is the earliest open one" if waiting else ""
        yield ok(PART, f"{len(shut)}, last {shut[-1].period}{following}")
