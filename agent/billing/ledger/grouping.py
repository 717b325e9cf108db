"""Equal rows of a batch brought together: most of a bill is the same resource hour after hour.

Rows are told apart by the codes that the batch itself has, so that all further work is done on what remains.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from agent.billing.ledger.row_keys import Layout, Packed
from agent.billing.reading.batch import Codes, Ints, Words

_SAFE = 2.0**62
_WORD_BYTES = 8


@dataclass(frozen=True, slots=True)
class Groups:
    """The rows of a batch that differ in a column.

    Two of them may still be equal, as values of a column may repeat; the ledger's final grouping brings them together.
    """

    words: Mapping[str, Words]
    """The columns of these rows."""
    rows: int
    of_row: Codes
    """For each row of the batch the place of its own among them."""
    sizes: Ints
    """How many rows of the batch each stands for."""


def groups_of(words: Mapping[str, Words], rows: int) -> Groups:
    """The groups of ``rows`` rows with these columns."""
    codes: dict[int, Codes] = {}
    sizes: dict[int, int] = {}
    for column in words.values():
        if column.codes is not None:
            codes[id(column.codes)] = column.codes
            sizes[id(column.codes)] = max(len(column.values), sizes.get(id(column.codes), 0))
    layout = Layout.holding(list(sizes.values()))
    distinct, of_row = _distinct(layout, list(codes.values()), rows)
    count = len(distinct[0])
    kept = {known: layout.code(distinct, place).astype(np.int32) for place, known in enumerate(codes)}
    columns = {name: Words(c.values, None if c.codes is None else kept[id(c.codes)]) for name, c in words.items()}
    return Groups(columns, count, of_row, np.bincount(of_row, minlength=count))


def summed(measures: Mapping[str, Ints], groups: Groups) -> dict[str, Ints] | None:
    """The sum of each group; None where it may not fit 64 bits."""
    # NOTE: where nothing is amortised, several costs are one array: each is worked on once
    arrays = {id(values): values for values in measures.values()}
    if not all(_safe(values) for values in arrays.values()):
        return None
    sums = {known: _sums(values, groups) for known, values in arrays.items()}
    return {name: sums[id(values)] for name, values in measures.items()}


def _distinct(layout: Layout, columns: list[Codes], rows: int) -> tuple[list[Packed], Codes]:
    """The packed codes of the rows that differ, and for each row the place of its own among them."""
    packed = np.zeros((rows, layout.words), np.int64)
    free = [0] * layout.words
    for column, (word, shift, bits) in zip(columns, layout.places, strict=True):
        packed[:, word] <<= bits
        packed[:, word] |= column
        free[word] = shift
    packed <<= np.array(free, np.int64)
    kind = pa.uint64() if layout.words == 1 else pa.binary(layout.words * _WORD_BYTES)
    encoded = pa.Array.from_buffers(kind, rows, [None, pa.py_buffer(packed)]).dictionary_encode()
    count = len(encoded.dictionary)
    found = np.frombuffer(encoded.dictionary.buffers()[1], np.uint64, count * layout.words).reshape(count, -1)
    return [np.ascontiguousarray(found[:, word]) for word in range(layout.words)], encoded.indices.to_numpy()


def _safe(values: Ints) -> bool:
    """Whether any sum of some of these values fits 64 bits."""
    if max(abs(int(values.min())), abs(int(values.max()))) * len(values) < _SAFE:
        return True
    return float(np.abs(values.astype(np.float64)).sum()) < _SAFE


def _sums(values: Ints, groups: Groups) -> Ints:
    if values[0] == values[-1] and (values == values[0]).all():
        return np.asarray(groups.sizes * values[0])
    sums = np.zeros(groups.rows, np.int64)
    np.add.at(sums, groups.of_row, values)
    return sums
