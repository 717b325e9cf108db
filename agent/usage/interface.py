"""A driver: who used how much of something, by UTC day or hour."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

import pyarrow as pa
import pyarrow.compute as pc

ROWS = pa.schema(
    [
        pa.field("date", pa.date32(), nullable=False),
        pa.field("hour", pa.int8()),
        pa.field("customer", pa.string(), nullable=False),
        pa.field("quantity", pa.decimal128(38, 12), nullable=False),
        pa.field("key", pa.string()),
    ]
)
"""``date`` is the UTC day; ``hour`` 0 to 23 of an hourly driver, else null; ``customer`` as delivered, trimmed;
``quantity`` exact, of the driver's own unit, of any sign; ``key`` the part (region, cluster, ...) it was used in, for
pools that are split ``by`` such parts first, else null."""


NamedContent = tuple[str, bytes]
"""A file by the name that messages call it, and its bytes."""


@dataclass(frozen=True, slots=True)
class Driver:
    """All rows of one driver, unique by (date, hour, customer, key). A day without rows is absent, not zero."""

    name: str
    interval: Literal["day", "hour"]
    rows: pa.Table
    """Of schema :data:`ROWS`, in the order delivered."""
    coverage: Mapping[date, tuple[int, int]] = field(default_factory=dict)
    """Day -> (intervals seen, intervals there should be), where the source knows; other days by their hours."""
    method: str = ""
    """How a live source was asked and its samples added up; for reports and :command:`explain`."""
    notes: tuple[str, ...] = ()
    """What an owner should know: counters that reset, samples left out, units that look wrong."""

    @property
    def last_day(self) -> date | None:
        """The last UTC day with a row; None without any."""
        day: date | None = pc.max(self.rows["date"]).as_py()
        return day


@dataclass(frozen=True, slots=True)
class Pulled:
    """What a live source answered for the days asked for, ends included; a day that is not over is never asked for."""

    rows: pa.Table
    """Of schema :data:`ROWS`, sorted by (date, hour, customer, key), unique by them."""
    coverage: Mapping[date, tuple[int, int]]
    """Every day asked for -> (intervals with samples, intervals of the day)."""
    method: str
    """One line: the question and how its answer was added up, such as ``raw counter deltas, resets included``."""
    notes: tuple[str, ...] = ()
