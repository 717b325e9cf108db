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
Doubles = npt.NDArray[np.float64]
Row = Mapping[str, Any]
"""A row of an Arrow table."""
_EXACT = Context(prec=60)
_PLACES = 12
"""Decimals of a driver's quantity."""
_SHOWN = Decimal("0.0001")
"""Percentages of the interval are shown with four decimals."""
_EXACT_FLOAT = 2**52
"""Whole numbers up to here are exact as doubles, so that a drawing's ratios are the same on every machine."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """One customer of a sampled pool, or a reserved id."""

    customer: str
    weight: int
    tier_median: bool
    """Not in the windows; the weight is the median of its tier."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """Percentages of the pool: what a customer has of it, and the interval in which that could as well lie."""

    share: Decimal
    low: Decimal
    high: Decimal


@dataclass(frozen=True, slots=True)
class Span:
    """Days of a pool that take part alike: its money (units, of any sign) and each estimate's days of taking part."""

    units: int
    days: tuple[int, ...]


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
    traced: tuple[Weights, ...]
    """Quantities by consumer of each hour (day, for a daily driver) that was traced on a valid day."""
    left_out: tuple[date, ...]
    """Days of the windows that have rows and may not be used."""
    estimates: tuple[Estimate, ...]
    drift: tuple[Drift, ...]

    @property
    def passes_on(self) -> bool:
        """Whether another pool is among its consumers, so that its money ends elsewhere than its ratios say."""
        return any(estimate.customer.startswith("@pool/") for estimate in self.estimates)

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
    assert pool.driver is not None  # noqa: S101  # the configuration says so
    windows = _windows(pool.sample, period)
    traced = _quantities(drivers[pool.driver], windows, consumers, registry)
    intervals = sorted(traced.by_interval, key=lambda interval: (interval[0], interval[1] or 0))
    weights = _weights(traced.by_interval, registry, period)
    live = None if pool.sample.live is None else drivers[pool.sample.live]
    drift = () if live is None or not windows else _drift(pool.sample, live, windows, period, consumers, registry)
    return Sampled(
        pool.name,
        tuple(windows),
        tuple(traced.by_interval[interval] for interval in intervals),
        traced.left_out,
        tuple(Estimate(name, *weights[name]) for name in sorted(weights)),
        tuple(drift),
    )


def _windows(sample: Sample, period: Period) -> list[tuple[date, date]]:
    month = str(period)
    return [(window.first, window.last) for window in sample.windows if window.from_ <= month <= window.until]


@dataclass(frozen=True, slots=True)
class _Traced:
    by_interval: dict[Interval, Weights]
    left_out: tuple[date, ...]


def _quantities(
    driver: Driver,
    spans: Sequence[tuple[date, date]],
    consumers: Mapping[str, str],
    registry: Registry,
    *,
    hours: bool = True,
) -> _Traced:
    """Quantities by interval (by day without ``hours``) and consumer, on the valid days of the spans.

    They are whole numbers: times the least power of ten that makes all of them whole.
    """
    inside = pc.scalar(value=False)
    for first, last in spans:
        inside |= (pc.field("date") >= first) & (pc.field("date") <= last)
    rows = driver.rows.filter(inside)
    # NOTE: Arrow's sums of 128 bits wrap without a word
    wide = rows["quantity"].cast(pa.decimal256(76, _PLACES))
    rows = rows.set_column(rows.column_names.index("quantity"), "quantity", wide)
    checks = [("quantity", "min"), ("quantity", "max"), ("hour", "count_distinct")]
    days = {row["date"]: _valid(driver, row) for row in rows.group_by("date").aggregate(checks).to_pylist()}
    keys = ["date", *(["hour"] if hours else []), "customer"]
    found = [row for row in rows.group_by(keys).aggregate([("quantity", "sum")]).to_pylist() if days[row["date"]]]
    whole = [int(_EXACT.scaleb(row["quantity_sum"], _PLACES)) for row in found]
    tens = next(places for places in range(_PLACES, -1, -1) if all(number % 10**places == 0 for number in whole))
    by_interval: dict[Interval, Weights] = {}
    for row, number in zip(found, whole, strict=True):
        weights = by_interval.setdefault((row["date"], row.get("hour")), {})
        consumer = registry.heir(consumers[row["customer"]], row["date"])
        weights[consumer] = weights.get(consumer, 0) + number // 10**tens
    return _Traced(by_interval, tuple(sorted(day for day, valid in days.items() if not valid)))


def _valid(driver: Driver, day: Row) -> bool:
    """Not a negative quantity, nor nothing but zeros, nor under 90 % of the day's intervals."""
    if day["quantity_min"] < 0 or day["quantity_max"] == 0:
        return False
    told = (day["hour_count_distinct"], 24 if driver.interval == "hour" else 1)
    seen, expected = driver.coverage.get(day["date"], told if driver.interval == "hour" else (1, 1))
    return 10 * int(seen) >= 9 * expected


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


def bounds(found: Sampled, sample: Sample, seed: str, spans: Sequence[Span]) -> list[Bounds]:
    """What each estimate has of the pool, in its order, and how sure that is; ``spans`` say who takes part when.

    A percentile interval: each drawing of the traced intervals gives ratios, and these what everybody would have had
    of the same money on the same days. A tier's median keeps its part of what was sampled. NOTE: sums are whole
    numbers and exact as doubles, and the same steps in the same order give the same doubles; only ratios are made
    of them, never money.
    """
    total = sum(abs(span.units) for span in spans)
    if not found.estimates or not total:
        return [Bounds(Decimal(0), Decimal(0), Decimal(0)) for _ in found.estimates]
    weights = np.array([float(Fraction(one.weight, _sum(found))) for one in found.estimates])
    base = _drawn(found, sample, seed)
    had, could = np.zeros(len(weights)), np.zeros(base.shape)
    for span in spans:
        part = span.units / total
        had += part * _shares_of(weights[None, :], span.days)[0]
        could += part * _shares_of(base, span.days)
    ordered = np.sort(could, axis=0)
    low = len(ordered) * (100 - sample.confidence_pct) // 200
    return [
        Bounds(*(_percent(float(value)) for value in (had[at], ordered[low, at], ordered[-1 - low, at])))
        for at in range(len(weights))
    ]


def _sum(found: Sampled) -> int:
    return sum(estimate.weight for estimate in found.estimates)


def _shares_of(ratios: Doubles, days: Sequence[int]) -> Doubles:
    """Shares of a span, row by row; none where nobody with a weight takes part, which is the fallback's."""
    weighed = ratios * np.array(days, np.float64)
    totals = weighed.sum(axis=1, keepdims=True)
    shares: Doubles = np.divide(weighed, totals, out=np.zeros_like(weighed), where=totals > 0)
    return shares


def _drawn(found: Sampled, sample: Sample, seed: str) -> Doubles:
    """Ratios of every drawing in which anything was used: a row a drawing, a column an estimate."""
    largest = len(found.traced) * max(sum(interval.values()) for interval in found.traced)
    divisor = max(1, -(-largest // _EXACT_FLOAT))
    own = [at for at, estimate in enumerate(found.estimates) if not estimate.tier_median]
    names = [found.estimates[at].customer for at in own]
    table = np.array([[interval.get(name, 0) // divisor for name in names] for interval in found.traced], np.int64)
    drawn = _drawings(seed, sample.resamples, len(found.traced)) @ table
    totals = drawn.sum(axis=1)
    usable = totals > 0
    ratios = np.array([[float(Fraction(one.weight, _sum(found))) for one in found.estimates]] * int(usable.sum()))
    kept = float(Fraction(sum(found.estimates[at].weight for at in own), _sum(found)))
    ratios[:, own] = drawn[usable] / totals[usable, None] * kept
    return ratios


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
    then, now = (
        _shares(_quantities(live, spans, consumers, registry, hours=False).by_interval)
        for spans in (windows, _month(period))
    )
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
