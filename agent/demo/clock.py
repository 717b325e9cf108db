"""The hours of the demo's two months, how busy each is, and noise: integers only, so that bytes never change.

A factor is in thousandths: 1000 is the average hour.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from agent.period import Period

Integers = NDArray[np.int64]

PERIODS = (Period(2026, 9), Period(2026, 10))
REFERENCE = PERIODS[-1]
"""Monthly amounts in the tables are amounts of this month."""

_DAY = (620, 560, 520, 500, 510, 560, 680, 860, 1080, 1240, 1330, 1370,
        1360, 1370, 1390, 1380, 1340, 1280, 1200, 1120, 1040, 940, 820, 710)  # fmt: skip
_NIGHT = (2600, 3400, 3600, 3200, 2400, 1200, 400, 200) + (150,) * 14 + (600, 1600)
_WORK = (250,) * 7 + (700, 1600, 2100, 2200, 2200, 2000, 2100, 2200, 2100, 1900, 1500, 900, 500) + (250,) * 4
_HOURS = {"flat": (1000,) * 24, "day": _DAY, "night": _NIGHT, "work": _WORK}
_WEEKEND = {"flat": 1000, "day": 820, "night": 1000, "work": 300}


@dataclass(frozen=True, slots=True)
class Clock:
    """One month cut into equal steps of ``step`` hours (a divisor of 24)."""

    period: Period
    step: int

    @property
    def steps(self) -> int:
        return self.period.days * 24 // self.step

    def starts(self) -> NDArray[np.datetime64]:
        """Start of each step, UTC."""
        first = np.datetime64(self.period.first_day.isoformat(), "ms")
        starts: NDArray[np.datetime64] = first + np.arange(self.steps) * np.timedelta64(self.step * 3_600_000, "ms")
        return starts

    def per_step(self, hourly: Integers) -> Integers:
        """Sums of an array with one column an hour, one column a step."""
        sums: Integers = hourly.reshape(*hourly.shape[:-1], self.steps, self.step).sum(axis=-1)
        return sums


def curve(name: str, period: Period) -> Integers:
    """Thousandths of the average, one an hour of the month."""
    weekend = np.array([_WEEKEND[name] if day.weekday() >= 5 else 1000 for day in period.dates()], dtype=np.int64)
    hours = np.array(_HOURS[name], dtype=np.int64)
    return (weekend[:, None] * hours[None, :] // 1000).reshape(-1)


def noise(seed: int, key: int, size: int) -> Integers:
    """``size`` factors between 930 and 1070, from (seed, key) by splitmix64."""
    with np.errstate(over="ignore"):
        state = np.arange(1, size + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        state += np.uint64((seed * 1_000_003 + key) * 0x2545F4914F6CDD1D % 2**64)
        state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        state ^= state >> np.uint64(31)
    return (state % np.uint64(141)).astype(np.int64) + 930


def spread(monthly: int, name: str, period: Period, factors: Integers) -> Integers:
    """``monthly`` (an amount of October) over the hours of ``period``, by curve and noise."""
    busy = curve(name, period) * factors // 1000
    reference = int(curve(name, REFERENCE).sum())
    # NOTE: a quantity in millionths times a factor stays far below 2**63 for every row of the tables
    return monthly // 1000 * busy // (reference // 1000)
