"""A driver: who used how much of something, by UTC day or hour."""

from dataclasses import dataclass
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
    ]
)
"""``date`` is the UTC day; ``hour`` 0 to 23 of an hourly driver, else null; ``customer`` as delivered, trimmed;
``quantity`` exact, of the driver's own unit, of any sign."""


NamedContent = tuple[str, bytes]
"""A file by the name that messages call it, and its bytes."""


@dataclass(frozen=True, slots=True)
class Driver:
    """All rows of one driver, unique by (date, hour, customer). A day without rows is absent, not zero."""

    name: str
    interval: Literal["day", "hour"]
    rows: pa.Table
    """Of schema :data:`ROWS`, in the order delivered."""

    @property
    def last_day(self) -> date | None:
        """The last UTC day with a row; None without any."""
        day: date | None = pc.max(self.rows["date"]).as_py()
        return day
