"""Tags delivered as one column a key -> maps, so that equal sets are found as fast as among delivered maps."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from agent.billing.reading.batch import Ints, Words


def tag_maps(columns: Sequence[tuple[str, Words]], rows: int) -> pa.MapArray:
    """A map of texts for each row: the keys, in order of the columns, whose column is not null there.

    Two columns may be of one key.

    Four hundred columns that are empty almost everywhere cost what is in them, not what they span.
    """
    places: list[Ints] = [np.zeros(0, np.int64)]
    keys: list[Ints] = [np.zeros(0, np.int64)]
    values: list[Ints] = [np.zeros(0, np.int64)]
    texts: list[str] = []
    for number, (_, words) in enumerate(columns):
        codes = np.zeros(rows, np.int32) if words.codes is None else words.codes
        known = np.array([value is not None for value in words.values], np.bool_)
        filled = np.flatnonzero(known[codes])
        places.append(filled)
        keys.append(np.full(len(filled), number, np.int64))
        values.append(codes[filled].astype(np.int64) + len(texts))
        texts += [value or "" for value in words.values]
    row = np.concatenate(places)
    order = np.argsort(row, kind="stable")
    offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(np.bincount(row, minlength=rows))])
    return pa.MapArray.from_arrays(
        pa.array(offsets.astype(np.int32)),
        _coded(np.concatenate(keys)[order], [key for key, _ in columns]),
        _coded(np.concatenate(values)[order], texts),
    )


def _coded(codes: Ints, texts: list[str]) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(pa.array(codes.astype(np.int32)), pa.array(texts, pa.string()))
