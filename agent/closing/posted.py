"""Published rows of closed months read back in units: what a month came to, and what was posted to it before."""

from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from agent.allocation.beside import KEYS, PLACE, ROWS, UNITS
from agent.closing.books import Closed
from agent.period import Period

ALLOCATION = "allocation.parquet"
_MONEY = {"BilledCost": "BilledUnits", "EffectiveCost": "EffectiveUnits"}


def own_rows(month: Closed) -> pa.Table:
    """What the month came to when it was closed, without adjustments of months before it."""
    return _rows(month.folder / ALLOCATION, month.period)


def posted_rows(books: Iterable[Closed], origin: Period) -> pa.Table:
    """What closed months carry of ``origin``."""
    carried = [month for month in books if month.period != origin and str(origin) in _answered(month)]
    return pa.concat_tables([ROWS.empty_table(), *(_rows(month.folder / ALLOCATION, origin) for month in carried)])


def _answered(month: Closed) -> frozenset[str]:
    return frozenset(month.entry.content["adjusts"])


def _rows(path: Path, origin: Period) -> pa.Table:
    return _read(path, pc.field("OriginPeriod") == str(origin))


def _read(path: Path, kept: pc.Expression) -> pa.Table:
    read = pq.read_table(path, columns=["OriginPeriod", *KEYS, *_MONEY], filters=kept)
    columns = {name: read[name].combine_chunks() for name in ("OriginPeriod", *KEYS)}
    columns |= {name: pc.fill_null(columns[name], "") for name in PLACE}
    columns |= {units: _units(read[money].combine_chunks()) for money, units in _MONEY.items()}
    return pa.table({name: column.cast(ROWS.field(name).type) for name, column in columns.items()}, schema=ROWS)


def _units(money: pa.Array) -> pa.Array:
    """DECIMAL(38,24) read as integers of 1e-24: a view of one buffer, no arithmetic."""
    return pa.Decimal128Array.from_buffers(UNITS, len(money), money.buffers(), offset=money.offset)


def adjusting_rows(folder: Path, period: Period) -> pa.Table:
    """The adjustments of other months that the published month in ``folder`` carries."""
    return _read(folder / ALLOCATION, pc.field("OriginPeriod") != str(period))
