"""Method ``sampled``: ratios from windows of telemetry, applied to the months they stand for (ALLOCATION 2).

The windows of a month are taken together: a customer's weight is the sum of its quantities on their valid days. A
customer that is active in the month and in no row of the windows has the median weight of its tier's sampled customers,
of all sampled customers where its tier has none; both are flagged. On days on which a customer is not active it has no
weight: the SQL bodies see to that, by the registry's dates.

How far the ratios are due to the hours that happened to be traced is told by a bootstrap (Efron's percentile interval):
the hours of the windows are drawn again with replacement, and each drawing gives ratios. It knows nothing of what lies
outside the windows, such as a quiet season; that is what the live driver is for.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Context, Decimal
from fractions import Fraction
from statistics import median
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from agent.config.allocation import Pool, Sample
from agent.money import coarsen
from agent.period import Period
from agent.usage.interface import Driver
from policies.registry import Registry

Weights = dict[str, int]
Interval = tuple[date, int | None]
Row = Mapping[str, Any]
"""A row of usage, by the columns of :data:`agent.usage.interface.ROWS`."""
_EXACT = Context(prec=60)
_PLACES = 12
"""Decimals of a driver's quantity."""
_SHOWN = Decimal("0.0001")
"""Percentages of the interval are shown with four decimals."""
_EXACT_FLOAT = 2**52
"""Whole numbers up to here are exact as doubles, so that a drawing's ratios are the same on every machine."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """One customer of a sampled pool. Percentages of the pool, through all days on which everybody is active."""

    customer: str
    weight: int
    tier_median: bool
    """Not in the windows; the weight is the median of its tier."""
    share: Decimal
    low: Decimal
    high: Decimal


@dataclass(frozen=True, slots=True)
class Drift:
    """A customer whose part of the live driver moved from the windows' days to the month; percent of the driver."""

    customer: str
    then: Decimal
    now: Decimal


@dataclass(frozen=True, slots=True)
class Sampled:
    """The ratios of one pool in one month; no estimates where no window stands for it, or none holds a valid day."""

    pool: str
    windows: tuple[tuple[date, date], ...]
    intervals: int
    """Hours (days, for a daily driver) that were traced."""
    estimates: tuple[Estimate, ...]
    drift: tuple[Drift, ...]

    @property
    def weights(self) -> Weights:
        """By customer or reserved id, cut by tens until their sum is below the bound of the split."""
        weights = coarsen([estimate.weight for estimate in self.estimates])
        return dict(zip((estimate.customer for estimate in self.estimates), weights, strict=True))


def sampled(
    pool: Pool, period: Period, drivers: Mapping[str, Driver], registry: Registry, consumers: Mapping[str, str]
) -> Sampled:
    """The ratios of a pool of method ``sampled`` in ``period``.

    ``consumers``: what each driver customer as delivered is: a registry id or a reserved one.
    """
    assert pool.sample is not None  # noqa: S101  # the configuration says so
    assert pool.driver is not None  # noqa: S101
    windows = _windows(pool.sample, period)
    traced = _quantities(drivers[pool.driver], windows, consumers, registry)
    intervals = sorted(traced, key=lambda interval: (interval[0], -1 if interval[1] is None else interval[1]))
    weights = _weights(traced, registry, period)
    estimates = _estimates(pool, period, [traced[interval] for interval in intervals], weights)
    live = None if pool.sample.live is None else drivers[pool.sample.live]
    drift = () if live is None or not windows else _drift(pool.sample, live, windows, period, consumers, registry)
    return Sampled(pool.name, tuple(windows), len(intervals), estimates, tuple(drift))


def _windows(sample: Sample, period: Period) -> list[tuple[date, date]]:
    month = str(period)
    return [(window.first, window.last) for window in sample.windows if window.from_ <= month <= window.until]


def _quantities(
    driver: Driver, spans: Sequence[tuple[date, date]], consumers: Mapping[str, str], registry: Registry
) -> dict[Interval, Weights]:
    """Quantities by interval and consumer, on the valid days of the spans.

    They are whole numbers: times the least power of ten that makes all of them whole.
    """
    inside = pc.scalar(value=False)
    for first, last in spans:
        inside |= (pc.field("date") >= first) & (pc.field("date") <= last)
    by_day: dict[date, list[Row]] = {}
    for row in driver.rows.filter(inside).to_pylist():
        by_day.setdefault(row["date"], []).append(row)
    valid = [row for day, rows in by_day.items() if _valid(driver, day, rows) for row in rows]
    whole = [int(_EXACT.scaleb(row["quantity"], _PLACES)) for row in valid]
    tens = next(places for places in range(_PLACES, -1, -1) if all(number % 10**places == 0 for number in whole))
    found: dict[Interval, Weights] = {}
    for row, number in zip(valid, whole, strict=True):
        weights = found.setdefault((row["date"], row["hour"]), {})
        consumer = registry.heir(consumers[row["customer"]], row["date"])
        weights[consumer] = weights.get(consumer, 0) + number // 10**tens
    return found


def _valid(driver: Driver, day: date, rows: Sequence[Row]) -> bool:
    """Not a negative quantity, nor nothing but zeros, nor under 90 % of the day's intervals."""
    quantities = [row["quantity"] for row in rows]
    if min(quantities) < 0 or max(quantities) == 0:
        return False
    hours = len({row["hour"] for row in rows})
    seen, expected = driver.coverage.get(day, (hours, 24 if driver.interval == "hour" else 1))
    return 10 * seen >= 9 * expected


def _weights(traced: Mapping[Interval, Weights], registry: Registry, period: Period) -> dict[str, tuple[int, bool]]:
    """(weight, whether it is its tier's median) by consumer; weights are twice the quantities, for medians of two."""
    sums: Weights = {}
    for weights in traced.values():
        for consumer, quantity in weights.items():
            sums[consumer] = sums.get(consumer, 0) + 2 * quantity
    if not any(sums.values()):
        return {}
    found = {consumer: (weight, False) for consumer, weight in sums.items()}
    for customer in _unsampled(registry, period, sums):
        found[customer] = (_median(_peers(registry, period, customer, sums)), True)
    return found


def _unsampled(registry: Registry, period: Period, sums: Weights) -> list[str]:
    """Customers active on a day of the month and in no row of the windows; parents are sums of their leaves."""
    parents = {row.parent for row in registry.customers if row.parent}
    days = [period.first_day + timedelta(days=n) for n in range((period.last_day - period.first_day).days + 1)]
    return [
        known
        for known in registry.ids
        if known not in sums and known not in parents and any(registry.active(known, day) for day in days)
    ]


def _peers(registry: Registry, period: Period, customer: str, sums: Weights) -> list[int]:
    def tier(known: str) -> str:
        return registry.shown(known, period.last_day).tier.casefold()

    sampled_ids = [known for known in registry.ids if known in sums]
    same = [sums[known] for known in sampled_ids if tier(known) == tier(customer)]
    return same or [sums[known] for known in sampled_ids]


def _median(weights: Sequence[int]) -> int:
    """Exact, since every weight is even; 0 of none."""
    return int(median(map(Fraction, weights))) if weights else 0


def _estimates(
    pool: Pool, period: Period, intervals: Sequence[Weights], weights: Mapping[str, tuple[int, bool]]
) -> tuple[Estimate, ...]:
    assert pool.sample is not None  # noqa: S101  # the configuration says so
    if not weights:
        return ()
    names = sorted(weights)
    total = sum(weight for weight, _ in weights.values())
    bounds = _bootstrap(pool.sample, f"{pool.name}\n{period}", intervals, weights, names)
    return tuple(
        Estimate(name, *weights[name], _percent(Fraction(weights[name][0], total)), low, high)
        for name, (low, high) in zip(names, bounds, strict=True)
    )


def _bootstrap(
    sample: Sample,
    seed: str,
    intervals: Sequence[Weights],
    weights: Mapping[str, tuple[int, bool]],
    names: Sequence[str],
) -> list[tuple[Decimal, Decimal]]:
    """The percentile interval of each share. A tier's median keeps its part of what was sampled.

    NOTE: sums are whole numbers and exact as doubles; a ratio of two is then the same double on every machine.
    """
    own = [name for name in names if not weights[name][1]]
    largest = len(intervals) * max(sum(interval.values()) for interval in intervals)
    divisor = max(1, -(-largest // _EXACT_FLOAT))
    table = np.array([[interval.get(name, 0) // divisor for name in own] for interval in intervals], np.int64)
    drawn = _drawings(seed, sample.resamples, len(intervals)) @ table
    totals = drawn.sum(axis=1)
    sampled_total = sum(weights[name][0] for name in own)
    all_total = sum(weight for weight, _ in weights.values())
    kept = float(Fraction(sampled_total, all_total))
    usable = totals > 0
    shares = np.sort(drawn[usable] / totals[usable, None] * kept, axis=0)
    low = len(shares) * (100 - sample.confidence_pct) // 200
    bounds = {
        name: (_percent(float(shares[low, at])), _percent(float(shares[-1 - low, at]))) for at, name in enumerate(own)
    }
    fixed = {name: _percent(Fraction(weight, all_total)) for name, (weight, is_median) in weights.items() if is_median}
    return [bounds[name] if name in bounds else (fixed[name], fixed[name]) for name in names]


def _drawings(seed: str, resamples: int, intervals: int) -> npt.NDArray[np.int64]:
    """How often each drawing holds each interval: the same for the same seed, whatever the version of numpy."""
    numbers = resamples * intervals
    blocks = (hashlib.sha256(f"{seed}\n{block}".encode()).digest() for block in range(-(-numbers // 4)))
    drawn = np.frombuffer(b"".join(blocks), ">u8")[:numbers].astype(np.uint64) % np.uint64(intervals)
    places = drawn.astype(np.int64).reshape(resamples, intervals) + np.arange(resamples)[:, None] * intervals
    return np.bincount(places.ravel(), minlength=numbers).reshape(resamples, intervals)


def _percent(share: Fraction | float) -> Decimal:
    exact = Fraction(share) * 100
    return (Decimal(exact.numerator) / Decimal(exact.denominator)).quantize(_SHOWN)


def _drift(
    sample: Sample,
    live: Driver,
    windows: Sequence[tuple[date, date]],
    period: Period,
    consumers: Mapping[str, str],
    registry: Registry,
) -> list[Drift]:
    """Customers whose part of the live driver moved by more than the limit, the most first."""
    then, now = (_shares(_quantities(live, spans, consumers, registry)) for spans in (windows, _month(period)))
    if not then or not now:
        return []
    zero = Fraction(0)
    moved = {name: abs(now.get(name, zero) - then.get(name, zero)) for name in {*then, *now}}
    limit = Fraction(sample.drift_points) / 100
    return [
        Drift(name, _percent(then.get(name, zero)), _percent(now.get(name, zero)))
        for name in sorted(moved, key=lambda name: (-moved[name], name))
        if moved[name] > limit
    ]


def _month(period: Period) -> list[tuple[date, date]]:
    return [(period.first_day, period.last_day)]


def _shares(quantities: Mapping[Interval, Weights]) -> dict[str, Fraction]:
    sums: Weights = {}
    for weights in quantities.values():
        for consumer, quantity in weights.items():
            sums[consumer] = sums.get(consumer, 0) + quantity
    total = sum(sums.values())
    return {consumer: Fraction(quantity, total) for consumer, quantity in sums.items()} if total else {}


TABLE = pa.schema(
    [pa.field("Pool", pa.string()), pa.field("Customer", pa.string()), pa.field("Weight", pa.decimal128(38, 0))]
)


def table(samples: Iterable[Sampled]) -> pa.Table:
    """The weights of all sampled pools, as the SQL bodies read them: ``sampled_weight``."""
    rows = [
        {"Pool": one.pool, "Customer": consumer, "Weight": Decimal(weight)}
        for one in samples
        for consumer, weight in sorted(one.weights.items())
        if weight > 0
    ]
    return pa.Table.from_pylist(rows, TABLE)
