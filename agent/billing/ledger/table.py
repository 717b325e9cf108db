"""Packed, summed rows -> the ledger's own columns, ready for Parquet."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Self

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from agent.billing.ledger.columns import DATES, DIMENSIONS, SCHEMA, UNITS
from agent.billing.ledger.row_keys import RankedDimensions
from agent.billing.reading.batch import PICO, Ints

ROW_GROUP = 131_072
_CODED = pa.schema(
    [
        field
        if field.name in DATES or field.name not in DIMENSIONS
        else field.with_type(pa.dictionary(pa.int32(), pa.string()))
        for field in SCHEMA
    ]
)


def ledger_table(summed: pa.Table, ranked: RankedDimensions) -> pa.Table:
    """The ledger columns of summed rows; texts stay dictionary-coded, each dictionary holding used values only."""
    summed = summed.combine_chunks()
    packed = [summed[f"w{word}"].to_numpy() for word in range(ranked.layout.words)]
    columns = [
        _dimension(name, ranked.layout.code(packed, place).astype(np.int64), ranked.values[place])
        for place, name in enumerate(DIMENSIONS)
    ]
    quantity = summed["ConsumedQuantity"].combine_chunks()
    columns.append(_rescaled(quantity, PICO))
    columns += [summed[name].combine_chunks() for name in (*UNITS.values(), "x_Lines")]
    return pa.Table.from_arrays(columns, schema=_CODED)


def _dimension(name: str, codes: Ints, values: Sequence[str | None]) -> pa.Array:
    used = np.flatnonzero(np.bincount(codes, minlength=len(values)))
    place = np.zeros(len(values), np.int32)
    if len(used) and used[0] == 0:
        used = used[1:]
    place[used] = np.arange(len(used), dtype=np.int32)
    indices = pa.array(place[codes], mask=codes == 0)
    texts = [values[code] for code in used.tolist()]
    if name in DATES:
        days = pa.array([None if text is None else date.fromisoformat(text) for text in texts], pa.date32())
        return days.take(indices)
    return pa.DictionaryArray.from_arrays(indices, pa.array(texts, pa.string()))


def _rescaled(integers: pa.Array, places: int) -> pa.Array:
    """A DECIMAL(38,0) count of 10**-places as DECIMAL(38,places): the same bytes under another type."""
    return pa.Array.from_buffers(
        pa.decimal128(38, places), len(integers), integers.buffers(), integers.null_count, integers.offset
    )


class LedgerFile:
    """A ledger Parquet file being written: same rows, same bytes."""

    def __init__(self, path: Path) -> None:
        self._writer = pq.ParquetWriter(path, _CODED, compression="zstd", store_schema=False)

    def write(self, table: pa.Table) -> None:
        self._writer.write_table(table, row_group_size=ROW_GROUP)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._writer.close()
