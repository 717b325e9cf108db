"""What a source gives the ledger: batches of FOCUS-shaped rows, each column as distinct values and codes.

All text work of a source happens on ``values`` (distinct, few); a row is touched only as integers.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Codes = npt.NDArray[np.int32]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Words:
    """A text column: row ``i`` is ``values[codes[i]]``; ``codes`` None means every row is ``values[0]``.

    Values may repeat, and need not all be used. None is null; '' never stands for it.
    """

    values: Sequence[str | None]
    codes: Codes | None = None

    @classmethod
    def same(cls, value: str | None) -> "Words":
        return cls((value,))

    def mapped(self, change: Callable[[str | None], str | None]) -> "Words":
        """The column with every distinct value changed."""
        return Words([change(value) for value in self.values], self.codes)

    def flags(self, test: Callable[[str | None], int]) -> Codes | int:
        """A small integer per row, worked out once per distinct value."""
        table = np.fromiter((test(value) for value in self.values), np.int32, len(self.values))
        return int(table[0]) if self.codes is None else table[self.codes]

    def where(self, rows: Mask | Ints) -> "Words":
        return self if self.codes is None else Words(self.values, self.codes[rows])

    def at(self, row: int) -> str | None:
        return self.values[0 if self.codes is None else int(self.codes[row])]


NULL = Words.same(None)


@dataclass(frozen=True, slots=True)
class Numbers:
    """An exact decimal column as integer limbs: value = whole + pico * 1e-12 + fine * 1e-24, per row.

    ``whole`` and ``fine`` are None where no row needs them; limbs of one row have one sign. ``cut`` is what lies
    below 1e-24, as exact text per row number: almost always empty.
    """

    pico: Ints
    whole: Ints | None = None
    fine: Ints | None = None
    cut: Mapping[int, str] = field(default_factory=dict)

    def where(self, rows: Ints) -> "Numbers":
        """The rows at these positions (ascending), in order."""
        cut = {}
        if self.cut:
            places = {int(row): place for place, row in enumerate(rows)}
            cut = {places[row]: text for row, text in self.cut.items() if row in places}
        return Numbers(
            self.pico[rows],
            None if self.whole is None else self.whole[rows],
            None if self.fine is None else self.fine[rows],
            cut,
        )

    def only(self, rows: Mask) -> "Numbers":
        """The column with zero in every row outside ``rows``."""
        return Numbers(
            np.where(rows, self.pico, 0),
            None if self.whole is None else np.where(rows, self.whole, 0),
            None if self.fine is None else np.where(rows, self.fine, 0),
            {row: text for row, text in self.cut.items() if rows[row]},
        )


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows of one file. ``words`` holds ledger dimensions by name (missing = null), dates as ISO text.

    ``usage_end`` is the end of each row's charge period in microseconds since 1970 (UTC), before the cut to days.
    ``lines`` is 1 for rows that stand for a raw line, 0 for rows a source derives beside them.
    """

    rows: int
    words: Mapping[str, Words]
    costs: Mapping[str, Numbers]
    quantity: Numbers | None
    quantity_known: Mask | None
    starts: Ints
    ends: Ints
    lines: int = 1

    def where(self, rows: Ints) -> "Batch":
        """The rows at these positions (ascending), in order."""
        return replace(
            self,
            rows=len(rows),
            words={name: words.where(rows) for name, words in self.words.items()},
            costs={name: numbers.where(rows) for name, numbers in self.costs.items()},
            quantity=None if self.quantity is None else self.quantity.where(rows),
            quantity_known=None if self.quantity_known is None else self.quantity_known[rows],
            starts=self.starts[rows],
            ends=self.ends[rows],
        )
