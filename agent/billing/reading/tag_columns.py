"""Tags delivered as one column a key -> maps, so that equal sets are found as fast as among delivered maps."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from agent.billing.reading.batch import Codes, Words


def tag_maps(columns: Sequence[tuple[str, Words]], rows: int) -> pa.MapArray:
    """A map of texts for each row: the keys, in order of the columns, whose column is not null there.

    Two columns may be of one key.

    Four hundred columns that are empty almost everywhere cost what is in them, not what they span.
    """
    filled = [np.flatnonzero(words.filled(rows)) for _, words in columns]
    offsets = np.zeros(rows + 1, np.int32)
    for held in filled:
        offsets[held + 1] += 1
    np.cumsum(offsets, out=offsets)
    keys, values = np.empty(offsets[-1], np.int32), np.empty(offsets[-1], np.int32)
    free = offsets[:-1].copy()
    """Where the next entry of each row stands."""
    texts: list[str] = []
    for number, ((_, words), held) in enumerate(zip(columns, filled, strict=True)):
        places = free[held]
        keys[places] = number
        values[places] = words.coded(rows)[held] + np.int32(len(texts))
        free[held] = places + 1
        texts += [value or "" for value in words.values]
    return pa.MapArray.from_arrays(pa.array(offsets), _coded(keys, [key for key, _ in columns]), _coded(values, texts))


def _coded(codes: Codes, texts: list[str]) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(pa.array(codes), pa.array(texts, pa.string()))
