"""Prints of single lines by file: which file's lines are in other files too."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from agent.billing.reading.batch import Ints, Mask

Prints = npt.NDArray[np.uint64]
_MOST = 2**19
"""Prints kept: some 12 MB. Of more lines only those of the lowest lots (the highest bits of a print) are, in every file
alike, so that what is in two files is still seen in both."""
_BITS = 64
_TELLING_LINES = 2


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Of a file's ``lines`` that count ``equal`` are in other files, ``in_other`` of them in ``other``.

    ``scopes``: the account-days of these.
    """

    file: int
    other: int
    equal: int
    in_other: int
    lines: int
    scopes: Sequence[int]


@dataclass(frozen=True, slots=True)
class _Lines:
    files: Ints
    scopes: Ints
    prints: Prints

    def where(self, places: Ints | Mask) -> "_Lines":
        return _Lines(self.files[places], self.scopes[places], self.prints[places])


class LinePrints:
    """A 64-bit print of each line, with the numbers of its file and scope."""

    def __init__(self) -> None:
        self._pieces: list[_Lines] = []
        self._kept = 0
        self._shift = 0
        """How many of the highest bits are zero in every print kept."""

    def keeps(self, prints: Prints) -> Mask:
        """Which lines are of lots that are kept."""
        if not self._shift:
            return np.ones(len(prints), np.bool_)
        return np.asarray(prints < np.uint64(1 << (_BITS - self._shift)))

    def add(self, file: int, scopes: Ints, prints: Prints) -> None:
        """Counts in lines of the file with this number."""
        self._pieces.append(self._thinned(_Lines(np.full(len(prints), file), scopes, prints)))
        self._kept += len(self._pieces[-1].prints)
        while self._kept > _MOST:
            self._shift += 1
            self._pieces = [self._thinned(piece) for piece in self._pieces]
            self._kept = sum(len(piece.prints) for piece in self._pieces)

    def found_elsewhere(self, shared: Mask) -> Elsewhere | None:
        """The first file of whose lines in ``shared`` scopes two, and half, are in other files too.

        Lines that a file holds twice do not count: they are alike by nature, such as hours of machines without a name.
        """
        lines = self._alone(shared)
        same = lines.prints[1:] == lines.prints[:-1]
        found = np.zeros(len(lines.prints), np.bool_)
        found[1:] |= same
        found[:-1] |= same
        if not found.any():
            return None
        held, equal = np.bincount(lines.files), np.bincount(lines.files[found], minlength=int(lines.files.max()) + 1)
        copies = np.flatnonzero((equal >= _TELLING_LINES) & (2 * equal >= held))
        if not len(copies):
            return None
        file = int(copies[0])
        mine = lines.where(found & (lines.files == file))
        others = lines.files[np.isin(lines.prints, mine.prints) & (lines.files != file)]
        counts = np.bincount(others)
        other = int(counts.argmax())
        scopes = np.unique(mine.scopes).tolist()
        return Elsewhere(file, other, int(equal[file]), int(counts[other]), int(held[file]), scopes)

    def _alone(self, shared: Mask) -> _Lines:
        """Lines in shared scopes that their file holds once, ordered by print."""
        lines = _joined([piece.where(shared[piece.scopes]) for piece in self._pieces])
        lines = lines.where(np.lexsort((lines.files, lines.prints)))
        again = (lines.prints[1:] == lines.prints[:-1]) & (lines.files[1:] == lines.files[:-1])
        alike = np.zeros(len(lines.prints), np.bool_)
        alike[1:] |= again
        alike[:-1] |= again
        return lines.where(~alike)

    def _thinned(self, lines: _Lines) -> _Lines:
        return lines.where(self.keeps(lines.prints)) if self._shift else lines


def _joined(pieces: Sequence[_Lines]) -> _Lines:
    none = _Lines(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.uint64))
    return _Lines(
        np.concatenate([piece.files for piece in (none, *pieces)]),
        np.concatenate([piece.scopes for piece in (none, *pieces)]),
        np.concatenate([piece.prints for piece in (none, *pieces)]),
    )
