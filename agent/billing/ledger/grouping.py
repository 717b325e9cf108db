"""Equal rows of a batch summed at once: most of a bill is the same resource hour after hour.

Rows are told apart by the codes that the batch itself has, so that all further work is done on what remains.
"""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from agent.billing.ledger.row_keys import Layout, Packed
from agent.billing.reading.batch import Codes, Ints, Words

_SAFE = 2.0**62
_WORTH_GROUPING = 0.8
"""A batch that shrinks less than this is left to the final grouping."""
_WORD_BYTES = 8


def grouped(
    words: Mapping[str, Words], measures: Mapping[str, Ints], rows: int
) -> tuple[dict[str, Words], dict[str, Ints], int]:
    """Columns, measures and number of the rows that remain, where summing is safe in 64 bits and worth the while.

    Two rows that stay apart may still be equal, as values of a column may repeat; the final grouping brings them
    together.
    """
    # NOTE: where nothing is amortised, several costs are one array: each is worked on once
    arrays = {id(values): values for values in measures.values()}
    if not all(_safe(values) for values in arrays.values()):
        return dict(words), dict(measures), rows
    codes: dict[int, Codes] = {}
    sizes: dict[int, int] = {}
    for column in words.values():
        if column.codes is not None:
            codes[id(column.codes)] = column.codes
            sizes[id(column.codes)] = max(len(column.values), sizes.get(id(column.codes), 0))
    layout = Layout.holding(list(sizes.values()))
    distinct, groups = _distinct(layout, list(codes.values()), rows)
    count = len(distinct[0])
    if count > _WORTH_GROUPING * rows:
        return dict(words), dict(measures), rows
    kept = {known: layout.code(distinct, place).astype(np.int32) for place, known in enumerate(codes)}
    of_group = np.bincount(groups, minlength=count)
    sums = {known: _summed(values, groups, of_group) for known, values in arrays.items()}
    return (
        {name: Words(c.values, None if c.codes is None else kept[id(c.codes)]) for name, c in words.items()},
        {name: sums[id(values)] for name, values in measures.items()},
        count,
    )


def _distinct(layout: Layout, columns: list[Codes], rows: int) -> tuple[list[Packed], Codes]:
    """The packed codes of the rows that differ, and for each row the place of its own among them."""
    packed = np.zeros((rows, layout.words), np.uint64)
    for column, (word, shift, _) in zip(columns, layout.places, strict=True):
        packed[:, word] |= column.astype(np.uint64) << np.uint64(shift)
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


def _summed(values: Ints, groups: Codes, of_group: Ints) -> Ints:
    """The sum of each group, which has ``of_group`` rows."""
    if values[0] == values[-1] and (values == values[0]).all():
        return np.asarray(of_group * values[0])
    sums = np.zeros(len(of_group), np.int64)
    np.add.at(sums, groups, values)
    return sums
