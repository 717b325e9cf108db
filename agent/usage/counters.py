"""Counters added up from their raw samples, digit for digit: nothing is extrapolated, and a reset loses nothing seen.

The increase from one sample to the next belongs to the interval that the later sample lies in; an interval holds its
end, not its beginning, for a sample at midnight tells of the day before.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import groupby, pairwise

from agent.errors import InputError
from agent.usage.quantities import Moment, Quantities, added, difference, number

HOUR_MS = 3_600_000
DAY_HOURS = 24
_REPLICA_LABELS = frozenset({"replica", "prometheus_replica", "__replica__", "rule_replica", "prometheus"})
"""What a pair of servers that scrape the same targets is told apart by."""
_ALIKE = Decimal("0.01")
_MANY_RESETS = 10
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Labels = tuple[tuple[str, str], ...]
Sample = tuple[int, str]
"""Milliseconds since 1970, and the value as text."""


@dataclass(slots=True)
class _Series:
    customer: str
    key: str
    text: str = ""
    """The last value that counts; empty before one."""
    value: Decimal = Decimal(0)
    known: bool = False
    """Whether there was a value before: without one the next is new."""
    total: Decimal = Decimal(0)


def moment_of(milliseconds: int, *, hourly: bool) -> Moment:
    """The interval that a moment ends or lies in."""
    when = _EPOCH + timedelta(milliseconds=milliseconds - 1)
    return when.date(), when.hour if hourly else None


def is_finite(text: str) -> bool:
    """Whether a sample is a number at all."""
    return text[-1:].isdigit() or text.lstrip("+-").lower() not in ("nan", "inf", "infinity")


class Counters:
    """Adds up series in order of time. ``where`` names the server in messages."""

    def __init__(self, customer_label: str, key_label: str | None, *, hourly: bool, where: str) -> None:
        self._labels = customer_label, key_label
        self._hourly = hourly
        self._where = where
        self._series: dict[Labels, _Series] = {}
        self._hours: set[int] = set()
        self._first: int | None = None
        self._looked_back = False
        self.sums = Quantities(where)
        self._resets = self._samples = self._not_finite = self._twice = self._appeared = self._based = 0
        self._from_zero = Decimal(0)

    def base(self, labels: Mapping[str, str], text: str) -> None:
        """The last value before the first interval: it counts nothing itself."""
        series = self._of(labels)
        self._looked_back = True
        series.known = True
        if is_finite(text):
            series.text, series.value = text, number(text, self._where)

    def take(self, found: Iterable[tuple[Mapping[str, str], Sequence[Sample]]]) -> None:
        """All series of one span of time, which lies after the span before; samples in any order."""
        merged: dict[Labels, list[Sample]] = {}
        for labels, samples in found:
            self._of(labels)
            merged.setdefault(_key(labels), []).extend(samples)
        ordered = {labels: self._once(samples) for labels, samples in merged.items()}
        if self._first is None:
            self._first = min((samples[0][0] for samples in ordered.values() if samples), default=None)
        for key, counted in ordered.items():
            self._add(self._series[key], counted)

    def _of(self, labels: Mapping[str, str]) -> _Series:
        customer, key = self._labels
        new = _Series(labels.get(customer, ""), labels.get(key, "") if key else "")
        return self._series.setdefault(_key(labels), new)

    def _once(self, samples: Sequence[Sample]) -> list[Sample]:
        """Finite samples in order of time, each moment once."""
        finite = sorted(sample for sample in samples if is_finite(sample[1]))
        self._not_finite += len(samples) - len(finite)
        if all(one[0] < other[0] for one, other in pairwise(finite)):
            return finite
        once: list[Sample] = []
        for sample in finite:
            if once and once[-1][0] == sample[0]:
                self._refuse_contradiction(once[-1], sample)
                self._twice += 1
            else:
                once.append(sample)
        return once

    def _refuse_contradiction(self, one: Sample, other: Sample) -> None:
        if number(one[1], self._where) != number(other[1], self._where):
            when = _EPOCH + timedelta(milliseconds=one[0])
            raise InputError(
                f"one series has two values at {when:%Y-%m-%d %H:%M:%S} UTC: {one[1]} and {other[1]}",
                where=self._where,
            )

    def _add(self, series: _Series, samples: Sequence[Sample]) -> None:
        self._samples += len(samples)
        for hour, group in groupby(samples, key=_hour_of):
            self._hours.add(hour)
            quantity = self._grown(series, group)
            series.total = added(series.total, quantity)
            moment = moment_of((hour + 1) * HOUR_MS, hourly=self._hourly)
            self.sums.add(moment, series.customer, quantity, series.key)

    def _grown(self, series: _Series, samples: Iterable[Sample]) -> Decimal:
        """What samples of one hour count. Between resets it is the last value less the first: no sum of steps."""
        counted, since = Decimal(0), series.value
        for at, text in samples:
            if text == series.text:
                continue
            value = number(text, self._where)
            if value < 0:
                raise InputError(
                    f"a sample is {text}: no counter is below zero",
                    where=self._where,
                    mend="ask for a gauge with `query`",
                )
            if not series.text:
                since = value if series.known else difference(value, self._begun(value, at))
            elif value < series.value:
                self._resets += 1
                counted = added(counted, difference(series.value, since))
                since = Decimal(0)
            series.text, series.value, series.known = text, value, True
        return added(counted, difference(series.value, since))

    def _begun(self, value: Decimal, at: int) -> Decimal:
        """What the first sample of a series counts: all of it, unless there is nothing to tell that it is new."""
        if not self._looked_back and (self._first is None or at - self._first <= HOUR_MS):
            self._based += 1
            return Decimal(0)
        self._appeared += 1
        self._from_zero = added(self._from_zero, value)
        return value

    def coverage(self, first: date, last: date) -> dict[date, tuple[int, int]]:
        """Every day -> (hours with a sample of any series, 24)."""
        return {day: (sum(hour in self._hours for hour in hours), len(hours)) for day, hours in _hours(first, last)}

    def notes(self) -> Iterator[str]:
        """What an owner should know of the samples."""
        if self._resets:
            yield f"{self._resets} resets: a counter that dropped counts from 0"
        if self._resets * _MANY_RESETS > self._samples > _MANY_RESETS:
            yield "the counter drops at every tenth sample or more: is it a gauge? a gauge is asked for with `query`"
        if self._appeared:
            yield f"{self._appeared} series appeared; their first values, {self._from_zero:f} in all, count from 0"
        if self._based:
            yield f"nothing lies before the first samples: the first value of {self._based} series counts nothing"
        if self._not_finite:
            yield f"{self._not_finite} samples are NaN or infinite and were left out"
        if self._twice:
            yield f"{self._twice} samples came twice and count once"
        if unnamed := sum(not series.customer.strip() for series in self._series.values()):
            yield f"{unnamed} series have no label {self._labels[0]!r}: they count as @unknown"
        yield from self._replicas()

    def _replicas(self) -> Iterator[str]:
        """Pairs that differ by a replica's label alone and grow alike: the same target, scraped by two servers."""
        groups: dict[Labels, list[Decimal]] = {}
        for labels, series in self._series.items():
            rest = tuple(pair for pair in labels if pair[0] not in _REPLICA_LABELS)
            if rest != labels and series.total:
                groups.setdefault(rest, []).append(series.total)
        pairs = [totals for totals in groups.values() if len(totals) > 1]
        alike = sum(max(totals) - min(totals) <= _ALIKE * max(totals) for totals in pairs)
        if alike * 2 > len(pairs):
            yield (
                f"{alike} groups of series differ by a replica's label alone and grow alike: if two servers scrape the "
                "same targets, each increase counts twice; choose one in the selector, or ask a deduplicating endpoint"
            )


def _hour_of(sample: Sample) -> int:
    """Hours since 1970; an hour holds its end."""
    return (sample[0] - 1) // HOUR_MS


def _key(labels: Mapping[str, str]) -> Labels:
    return tuple(sorted(labels.items()))


def _hours(first: date, last: date) -> Iterator[tuple[date, range]]:
    for offset in range((last - first).days + 1):
        day = first + timedelta(days=offset)
        begin = (datetime(day.year, day.month, day.day, tzinfo=UTC) - _EPOCH) // timedelta(hours=1)
        yield day, range(begin, begin + DAY_HOURS)
