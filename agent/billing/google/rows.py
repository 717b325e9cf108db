"""A block of export rows: scalar columns by dotted name, and repeated records as offsets into their fields."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from agent.billing.google.schema import FIELDS
from agent.billing.reading.batch import Ints, Words
from agent.billing.reading.columns import Columns

_ELEMENT = frozenset({"element", "item", "array_element", "array"})
_LIST = frozenset({"list", "bag", "array"})


@dataclass(frozen=True, slots=True)
class Records:
    """A repeated record: row ``i`` has the entries ``offsets[i]`` to ``offsets[i + 1]``; a null list has none."""

    offsets: Ints
    fields: Mapping[str, pa.Array]


@dataclass(frozen=True, slots=True)
class Rows:
    """Consecutive rows of one file. A repeated record is a text in dumps (JSON, or as Python prints a list)."""

    columns: Columns
    records: Mapping[str, Records] = field(default_factory=dict)
    texts: Mapping[str, Words] = field(default_factory=dict)


def leaf_name(path: str) -> str:
    """A leaf's dotted name without what only Parquet needs: ``labels.list.element.key`` is ``labels.key``."""
    parts = path.split(".")
    kept = [part for place, part in enumerate(parts) if not _is_wrapping(parts, place)]
    return ".".join(kept)


def _is_wrapping(parts: Sequence[str], place: int) -> bool:
    if not 0 < place < len(parts) - 1:
        return False
    return parts[place] in _LIST or (parts[place] in _ELEMENT and parts[place - 1] in _LIST | _ELEMENT)


def nested_rows(batch: pa.RecordBatch, first: int) -> Rows:
    """The rows of a batch with structs and lists of structs, as BigQuery and its exports hold them."""
    scalars: dict[str, pa.Array] = {}
    records: dict[str, Records] = {}
    for name, column in _flat(batch):
        if pa.types.is_list(column.type) or pa.types.is_large_list(column.type):
            records[name] = _records(column)
        else:
            scalars[name] = column
    # NOTE: a flat copy of the export may hold its repeated records as text
    texts = {name: scalars.pop(name) for name in FIELDS if name in scalars}
    columns = Columns(scalars, len(batch), first)
    cells = Columns(texts, len(batch), first)
    return Rows(columns, records, {name: cells.words(name) for name in texts})


def _flat(batch: pa.RecordBatch) -> Iterator[tuple[str, pa.Array]]:
    waiting = list(zip(batch.schema.names, batch.columns, strict=True))
    while waiting:
        name, column = waiting.pop()
        if not pa.types.is_struct(column.type):
            yield name, column
        elif column.type.num_fields == 1 and column.type.field(0).name in _LIST:
            waiting.append((name, column.flatten()[0]))
        else:
            names = (f"{name}.{inner.name}" for inner in column.type)
            waiting += zip(names, column.flatten(), strict=True)


def _records(column: pa.Array) -> Records:
    offsets, values = _entries(column)
    while pa.types.is_struct(values.type) and _wraps_one(values.type):
        values = values.flatten()[0]
    if not pa.types.is_struct(values.type):
        return Records(offsets, {})
    return Records(offsets, dict(zip((inner.name for inner in values.type), values.flatten(), strict=True)))


def _entries(column: pa.Array) -> tuple[Ints, pa.Array]:
    """Offsets from 0 on, and the entries they point into."""
    if not column.null_count:
        offsets = column.offsets.to_numpy().astype(np.int64)
        return offsets - offsets[0], column.values.slice(offsets[0], offsets[-1] - offsets[0])
    # NOTE: a null list may still stand before entries of its own, which flatten() leaves out
    offsets = np.zeros(len(column) + 1, np.int64)
    np.cumsum(pc.fill_null(pc.list_value_length(column), 0).to_numpy(), out=offsets[1:])
    return offsets, column.flatten()


def _wraps_one(kind: pa.StructType) -> bool:
    return kind.num_fields == 1 and kind.field(0).name in _ELEMENT and pa.types.is_struct(kind.field(0).type)
