"""A billing period: one calendar month, written ``2026-10``."""

import calendar
import re
from dataclasses import dataclass
from datetime import date, timedelta

_TEXT = re.compile(r"(\d{4})-(\d{2})")


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """The month of BillingPeriodStart. Ordered by time."""

    year: int
    month: int

    @classmethod
    def parse(cls, text: str) -> "Period":
        """Reads ``YYYY-MM``; raises ``ValueError`` for anything else."""
        match = _TEXT.fullmatch(text.strip())
        if match is None or not 1 <= int(match[2]) <= 12:
            raise ValueError(f"{text!r} is not a month; write it as YYYY-MM, for example 2026-10")
        return cls(int(match[1]), int(match[2]))

    @classmethod
    def of(cls, day: date) -> "Period":
        return cls(day.year, day.month)

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.month:02d}"

    @property
    def first_day(self) -> date:
        return date(self.year, self.month, 1)

    @property
    def last_day(self) -> date:
        return date(self.year, self.month, self.days)

    @property
    def days(self) -> int:
        return calendar.monthrange(self.year, self.month)[1]

    @property
    def next(self) -> "Period":
        return Period.of(self.last_day + timedelta(days=1))

    @property
    def previous(self) -> "Period":
        return Period.of(self.first_day - timedelta(days=1))

    def dates(self) -> list[date]:
        """Every day of the month, in order."""
        return [self.first_day + timedelta(days=offset) for offset in range(self.days)]
