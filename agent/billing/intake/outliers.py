"""Charges that start far from their billing period: told with their sums, or refused where no bill can have them.

Refunds and corrections reach back, commitments and subscriptions ahead, so little is impossible. What is refused is the
sign of a damaged date: a start of three years after the period or later, and a period all of whose charges start three
years before it or earlier. The clock of this machine decides nothing.
"""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime

import numpy as np

from agent.billing.intake.tally import Tally
from agent.billing.reading.batch import Batch, Mask, rows_by_values
from agent.billing.reading.moments import DAY
from agent.errors import SourceError
from agent.period import Period

EARLY_MONTHS = 13
"""A year and the month in which a provider settles it."""
LONGEST_MONTHS = 36
"""The longest commitment that providers sell."""
_EPOCH = date(1970, 1, 1)
_MEND = "deliver the export again; dates that an editor or a spreadsheet has changed cannot be trusted"


@dataclass(slots=True)
class _Month:
    shown: str
    newest: int
    begins: set[str] = field(default_factory=set)
    """Days that billing periods begin on which are no first of a month."""
    early: dict[str, Tally] = field(default_factory=dict)
    late: dict[str, Tally] = field(default_factory=dict)


class Outliers:
    """The charges of one ingest by their billing period."""

    def __init__(self) -> None:
        self._months: dict[Period, _Month] = {}

    def add(self, period: Period, part: Batch, shown: str) -> None:
        """Takes in charges of one period. Raises ``SourceError`` for a start that no bill can have."""
        first, last = int(part.starts.min()), int(part.starts.max())
        month = self._months.setdefault(period, _Month(shown, last))
        month.newest = max(month.newest, last)
        month.begins.update(day for day in part.words["BillingPeriodStart"].used() if not day.endswith("-01"))
        if last >= _moment(period, LONGEST_MONTHS + 1):
            raise SourceError(
                f"{int((part.starts >= _moment(period, LONGEST_MONTHS + 1)).sum())} charges of {period} start three "
                f"years after it or later, such as on {_day(last)}",
                where=shown,
                expected="charges that start in their billing period or near it",
                mend=_MEND,
            )
        if first < _moment(period, -EARLY_MONTHS):
            _count(month.early, part, part.starts < _moment(period, -EARLY_MONTHS))
        if last >= _moment(period, 2):
            _count(month.late, part, part.starts >= _moment(period, 2))

    def notes(self, period: Period) -> list[str]:
        """What is to be told of a period. Raises ``SourceError`` where its charges are of another age."""
        month = self._months.get(period)
        if month is None:
            return []
        if month.newest < _moment(period, -LONGEST_MONTHS):
            raise SourceError(
                f"no charge of the billing period {period} starts after {_day(month.newest)}",
                where=month.shown,
                expected="charges that start in their billing period or near it",
                mend=_MEND,
            )
        notes = [f"a billing period that begins on {day} counts as {period}" for day in sorted(month.begins)]
        notes += _told(month.early, f"more than {EARLY_MONTHS} months before the billing period")
        return notes + _told(month.late, "more than a month after the billing period")


def _count(tallies: dict[str, Tally], part: Batch, rows: Mask) -> None:
    for (currency,), of_currency in rows_by_values(part.words["BillingCurrency"]):
        found = rows if of_currency is None else rows & of_currency
        if found.any():
            tally = tallies.setdefault(str(currency), Tally())
            tally.add(int(np.count_nonzero(found)) * part.lines, part.costs, found)


def _told(tallies: dict[str, Tally], when: str) -> list[str]:
    if not tallies:
        return []
    lines = sum(tally.rows for tally in tallies.values())
    sums = {currency: tally.sums() for currency, tally in sorted(tallies.items())}
    told = ", ".join(f"{by['BilledCost']} {currency}, effective {by['EffectiveCost']}" for currency, by in sums.items())
    return [f"{lines:,} line{'s start' if lines != 1 else ' starts'} {when}: billed {told}"]


def _moment(period: Period, months: int) -> int:
    """The first moment of the month that lies so many months after the period, or before it; microseconds of 1970."""
    year, month = divmod(period.year * 12 + period.month - 1 + months, 12)
    return (date(year, month + 1, 1) - _EPOCH).days * DAY


def _day(moment: int) -> str:
    return str(datetime.fromtimestamp(moment // 1_000_000, UTC).date())
