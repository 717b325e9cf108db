"""Fiscal quarters, and which months are open: those in the ledger since the books began that are not closed.

Months are closed in order, so the earliest open one takes what later deliveries change in closed ones.
"""

from collections.abc import Iterable, Sequence

from agent.billing.ledger.versions import periods
from agent.closing.books import Closed, closed_months
from agent.config.loading import Settings
from agent.errors import NothingToDo
from agent.period import Period


def quarter(period: Period, starts: int) -> tuple[int, int]:
    """(fiscal year, number from 0) of a month; ``starts`` is the month in which the fiscal year begins."""
    months = period.year * 12 + period.month - starts
    return months // 12, months % 12 // 3


def open_months(settings: Settings, books: Iterable[Closed]) -> list[Period]:
    """Every open month, in order. Months before the first of the books never were in them."""
    shut = {entry.period for entry in books}
    first = Period.parse(settings.app.close.first) if settings.app.close.first else None
    begin = min([*shut, *([first] if first else [])], default=None)
    return [p for p in periods(settings.data) if p not in shut and (begin is None or p >= begin)]


def earliest_open(settings: Settings) -> Period:
    """The month that ``report`` and ``close`` are about by default; the last closed one when none is open.

    Raises ``NothingToDo`` before the first ingest.
    """
    books = closed_months(settings.data)
    found = open_months(settings, books)
    if found:
        return found[0]
    if not books:
        raise NothingToDo("nothing was ingested yet", mend="run apportion ingest")
    return max(entry.period for entry in books)


def before_in_quarter(books: Sequence[Closed], period: Period, starts: int) -> Closed | None:
    """The latest closed month of the same fiscal quarter, whose method is in force there."""
    same = [entry for entry in books if quarter(entry.period, starts) == quarter(period, starts)]
    return max(same, key=lambda entry: entry.period, default=None)
