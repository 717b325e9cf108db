"""Actual costs held against amortised costs: apart from payments for commitments both must bill the same, day by day.

Two exports are written at different times, and Azure still changes a day for 72 hours. So the days that were settled
when the earlier of the two was written must agree to the last digit; a difference on later days is told.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal

import numpy as np

from agent.billing.reading.batch import EXACT, PICO_UNITS, Batch, Ints, Numbers, combinations, numbered
from agent.errors import SourceError
from agent.money import UNIT_SCALE, UNITS_PER_ONE, text_from_units
from agent.period import Period

SETTLING_DAYS = 4
"""Days before the moment of a run that may still have been changing when it ran: 72 hours after the end of a day."""
Cell = tuple[Period, str]
"""Billing period and currency."""
_HALF = np.int64(32)
_LOW = np.int64(2**32 - 1)


@dataclass(slots=True)
class Stated:
    """What one dataset bills, payments for commitments apart: units and what is cut below them, by day.

    ``last``: the last day of each period with a line of any kind.
    """

    lines: dict[Cell, int] = field(default_factory=lambda: defaultdict(int))
    days: dict[Cell, dict[date, int]] = field(default_factory=dict)
    cuts: dict[Cell, dict[date, Decimal]] = field(default_factory=dict)
    written: dict[Period, date] = field(default_factory=dict)
    """When the earliest of the runs of a period was written, where manifests tell."""
    last: dict[Period, date] = field(default_factory=dict)

    def add(self, batch: Batch, cost: Numbers, submitted: date | None) -> None:
        """Counts in the lines of a batch: their period, currency and day (ChargePeriodStart), and this cost."""
        names = ("BillingPeriodStart", "BillingCurrency", "ChargePeriodStart")
        found, places = numbered([batch.words[name] for name in names], batch.rows)
        self.saw(batch)
        units, counts = _sums(cost, places, len(found)), np.bincount(places, minlength=len(found))
        for place, (start, currency, day) in enumerate(found):
            cell = Period.parse(str(start)[:7]), str(currency)
            self.lines[cell] += int(counts[place])
            of_day = self.days.setdefault(cell, {})
            when = date.fromisoformat(str(day))
            of_day[when] = of_day.get(when, 0) + units[place]
            if submitted is not None:
                self.written[cell[0]] = min(submitted, self.written.get(cell[0], submitted))
        for row, text in cost.cut.items():
            start, currency, day = found[int(places[row])]
            cuts = self.cuts.setdefault((Period.parse(str(start)[:7]), str(currency)), {})
            when = date.fromisoformat(str(day))
            cuts[when] = EXACT.add(cuts.get(when, Decimal(0)), Decimal(text))

    def saw(self, batch: Batch) -> None:
        """Notes which days the lines of a batch are of."""
        for start, day in combinations([batch.words["BillingPeriodStart"], batch.words["ChargePeriodStart"]]):
            period, when = Period.parse(str(start)[:7]), date.fromisoformat(str(day))
            self.last[period] = max(when, self.last.get(period, when))

    def settled_through(self, period: Period) -> date:
        """The last day that had settled when this dataset was written, or when its last day began."""
        return self.written.get(period, self.last[period]) - timedelta(days=SETTLING_DAYS)


def compare(actual: Stated, amortized: Stated, location: str) -> Iterator[str]:
    """A sentence a period and currency on how the two agree. Raises ``SourceError`` where they contradict."""
    _refuse_one_sided(actual, amortized, location)
    for cell in sorted(actual.days.keys() | amortized.days.keys()):
        period, currency = cell
        differences = dict(_differences(cell, actual, amortized))
        through = min(actual.settled_through(period), amortized.settled_through(period))
        settled = sorted(day for day in differences if day <= through)
        if settled:
            raise _contradiction(cell, settled, actual, amortized, location)
        if differences:
            first, last = min(differences), max(differences)
            total = text_from_units(sum(differences.values()))
            yield (
                f"{period}: actual and amortised costs differ by {total} {currency} from {first} to {last}, days that "
                "were still changing: the two exports were written at different times"
            )
        else:
            yield (
                f"{period}: {actual.lines[cell]:,} lines of actual costs that the amortised costs state too agree "
                f"with them on every day: {_total(actual, cell)} {currency}"
            )


def _refuse_one_sided(actual: Stated, amortized: Stated, location: str) -> None:
    sides = {"actual": {period for period, _ in actual.days}, "amortised": {period for period, _ in amortized.days}}
    for name, other in (("actual", "amortised"), ("amortised", "actual")):
        only = sides[name] - sides[other]
        if only:
            raise SourceError(
                f"{', '.join(str(period) for period in sorted(only))}: only {name} costs have lines",
                where=location,
                expected="actual and amortised costs of the same months",
                mend="deliver both for the same months, or set `dataset: actual` or `dataset: amortized`",
            )


def _differences(cell: Cell, actual: Stated, amortized: Stated) -> Iterator[tuple[date, int]]:
    """Days on which the two do not bill the same, and actual less amortised in units (0 for a finer difference)."""
    ours, theirs = actual.days.get(cell, {}), amortized.days.get(cell, {})
    our_cuts, their_cuts = actual.cuts.get(cell, {}), amortized.cuts.get(cell, {})
    nothing = Decimal(0)
    for day in ours.keys() | theirs.keys():
        units = ours.get(day, 0) - theirs.get(day, 0)
        finer = EXACT.subtract(our_cuts.get(day, nothing), their_cuts.get(day, nothing))
        if EXACT.add(EXACT.scaleb(Decimal(units), -UNIT_SCALE), finer):
            yield day, units


def _contradiction(cell: Cell, settled: list[date], actual: Stated, amortized: Stated, location: str) -> SourceError:
    period, currency = cell
    day = settled[0]
    billed = {
        name: text_from_units(side.days.get(cell, {}).get(day, 0))
        for name, side in (("actual", actual), ("amortised", amortized))
    }
    days = f"{len(settled)} settled days" if len(settled) > 1 else "a settled day"
    return SourceError(
        f"actual and amortised costs of {period} do not bill the same on {days}, first on {day}: "
        f"{billed['actual']} {currency} against {billed['amortised']} {currency}, payments for commitments apart",
        where=location,
        expected="two exports of the same scope that agree on every day older than 72 hours",
        mend="run both exports of this month again; to use one of them alone, set `dataset: actual` or `amortized`",
    )


def _total(side: Stated, cell: Cell) -> str:
    units = EXACT.scaleb(Decimal(sum(side.days[cell].values())), -UNIT_SCALE)
    for cut in side.cuts.get(cell, {}).values():
        units = EXACT.add(units, cut)
    return format(units.normalize(EXACT), "f")


def _sums(cost: Numbers, places: Ints, count: int) -> list[int]:
    """The exact sum in units of each place."""
    total = [0] * count
    for limb, unit in ((cost.whole, UNITS_PER_ONE), (cost.pico, PICO_UNITS), (cost.fine, 1)):
        if limb is None:
            continue
        # NOTE: halves of 64 bits, as sums of many large ones would overflow
        high, low = np.zeros(count, np.int64), np.zeros(count, np.int64)
        np.add.at(high, places, limb >> _HALF)
        np.add.at(low, places, limb & _LOW)
        for place in range(count):
            total[place] += ((int(high[place]) << 32) + int(low[place])) * unit
    return total


def written_on(submitted: str) -> date | None:
    """The day of a run's ``YYYYMMDDhhmmss``; None where there is none."""
    try:
        return datetime.strptime(submitted[:8], "%Y%m%d").date()  # noqa: DTZ007  # a day only, in UTC as all of Azure's
    except ValueError:
        return None
