"""A ledger row's identity as two or three 64-bit integers, without loss.

Each dimension's distinct values get dense codes; the codes of a row are packed side by side into words. Equal words
mean equal rows (no hash, no collision), and when codes are in the order of the values, sorting words sorts rows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from agent.billing.ledger.columns import DIMENSIONS
from agent.billing.reading.batch import NULL, Codes, Ints, Words

Packed = npt.NDArray[np.uint64]
WORD_BITS = 64


class Vocabulary:
    """The distinct values of one dimension, in order of appearance; code 0 is null."""

    __slots__ = ("_asked", "_codes", "_found", "values")

    def __init__(self) -> None:
        self.values: list[str | None] = [None]
        self._codes: dict[str | None, int] = {None: 0}
        self._asked: Sequence[str | None] = ()
        self._found: Ints = np.zeros(0, np.int64)

    def codes(self, values: Sequence[str | None]) -> Ints:
        """The code of each value, a new one for a value not seen before."""
        # NOTE: rows that a source makes beside its lines have the columns of these
        if values is not self._asked:
            self._asked, self._found = values, self._codes_of(values)
        return self._found

    def _codes_of(self, values: Sequence[str | None]) -> Ints:
        found = list(map(self._codes.get, values))
        # NOTE: of most columns most values are known from the batch before
        if None in found:
            for value in values:
                if value not in self._codes:
                    self._codes[value] = len(self.values)
                    self.values.append(value)
            found = list(map(self._codes.get, values))
        return np.array(found, np.int64)

    def ranks(self) -> tuple[list[str | None], Ints]:
        """All values sorted bytewise (UTF-8), null first, and the place of each code among them."""
        order = sorted(range(1, len(self.values)), key=lambda code: (self.values[code] or "").encode())
        ranks = np.zeros(len(self.values), np.int64)
        ranks[order] = np.arange(1, len(self.values))
        return [None, *(self.values[code] for code in order)], ranks


@dataclass(frozen=True, slots=True)
class Layout:
    """Where each dimension's code stands: (word, shift, bits), the first dimension highest."""

    places: tuple[tuple[int, int, int], ...]
    words: int

    @classmethod
    def holding(cls, sizes: Sequence[int]) -> "Layout":
        """The layout for codes 0 .. size-1 of each dimension."""
        places: list[tuple[int, int, int]] = []
        word, free = 0, WORD_BITS
        for size in sizes:
            bits = max(size - 1, 1).bit_length()
            if bits > free:
                word, free = word + 1, WORD_BITS
            free -= bits
            places.append((word, free, bits))
        return cls(tuple(places), word + 1)

    def code(self, packed: Sequence[Packed], dimension: int) -> Packed:
        word, shift, bits = self.places[dimension]
        return (packed[word] >> np.uint64(shift)) & np.uint64((1 << bits) - 1)

    def repack(self, packed: Sequence[Packed], other: "Layout", translation: Sequence[Ints]) -> list[Packed]:
        """The same rows in another layout, each dimension's codes translated by a table."""
        rows = len(packed[0])
        result = [np.zeros(rows, np.uint64) for _ in range(other.words)]
        for dimension, (word, shift, _) in enumerate(other.places):
            if len(translation[dimension]) == 1:
                # NOTE: a dimension that is null throughout has the code 0 everywhere
                continue
            table = translation[dimension].astype(np.uint64) << np.uint64(shift)
            result[word] |= table[self.code(packed, dimension).astype(np.int64)]
        return result


class Vocabularies:
    """One vocabulary for each dimension of the ledger."""

    def __init__(self) -> None:
        self._by_name = {name: Vocabulary() for name in DIMENSIONS}

    def __getitem__(self, name: str) -> Vocabulary:
        return self._by_name[name]

    def pack(self, words: Mapping[str, Words], rows: int) -> tuple[Layout, list[Packed]]:
        """The identity of every row; dimensions that are missing are null."""
        columns = [words.get(name, NULL) for name in DIMENSIONS]
        codes = [self._by_name[name].codes(column.values) for name, column in zip(DIMENSIONS, columns, strict=True)]
        layout = Layout.holding([len(self._by_name[name].values) for name in DIMENSIONS])
        same = [np.uint64(0)] * layout.words
        varying: dict[tuple[int, int, int], tuple[Packed, Codes]] = {}
        for column, local, (word, shift, _) in zip(columns, codes, layout.places, strict=True):
            table = local.astype(np.uint64) << np.uint64(shift)
            # NOTE: a bill has one currency, one payer, no invoice yet: what is the same in every row costs nothing, and
            # columns made of one another (a resource's id and name) are looked up once
            if column.codes is None or len(table) == 1:
                same[word] |= table[0]
            else:
                key = (word, id(column.codes), len(table))
                known = varying.get(key)
                varying[key] = (table if known is None else known[0] | table, column.codes)
        packed = [np.full(rows, start, np.uint64) for start in same]
        for (word, _, _), (table, places) in varying.items():
            packed[word] |= table[places]
        return layout, packed

    def ranked(self) -> "RankedDimensions":
        ranks = [self._by_name[name].ranks() for name in DIMENSIONS]
        layout = Layout.holding([len(values) for values, _ in ranks])
        return RankedDimensions(tuple(values for values, _ in ranks), tuple(order for _, order in ranks), layout)


@dataclass(frozen=True, slots=True)
class RankedDimensions:
    """Final codes: ``values[d][code]`` in sorted order, ``ranks[d]`` from codes of appearance to final codes."""

    values: tuple[list[str | None], ...]
    ranks: tuple[Ints, ...]
    layout: Layout
