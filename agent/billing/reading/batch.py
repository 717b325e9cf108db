"""What a source gives the ledger: batches of FOCUS-shaped rows, each column as distinct values and codes.

All text work of a source happens on ``values`` (distinct, few); a row is touched only as integers.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Context, Decimal, Inexact, InvalidOperation

import numpy as np
import numpy.typing as npt

from agent.money import UNITS_PER_ONE

Ints = npt.NDArray[np.int64]
Codes = npt.NDArray[np.int32]
Mask = npt.NDArray[np.bool_]
EXACT = Context(prec=40_000, traps=[Inexact, InvalidOperation])
"""Decimal arithmetic wider than any sum of bill lines; it raises rather than rounds."""
PICO = 12
"""Decimal places of a pico: most costs, and every quantity kept, are whole picos (1e-12)."""
PICO_UNITS = 10**12
"""Units (1e-24) in a pico (1e-12)."""
_HALF = 32


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
        """A small integer per row, or one for all of them, worked out once per distinct value."""
        table = np.fromiter((test(value) for value in self.values), np.int32, len(self.values))
        # NOTE: most questions have one answer for all values, and then no row is looked at
        return int(table[0]) if self.codes is None or (table == table[0]).all() else table[self.codes]

    def mask(self, test: Callable[[str | None], bool], rows: int) -> Mask:
        """Which of all ``rows`` have a value that passes, asked once per distinct value."""
        told = np.fromiter(map(test, self.values), np.bool_, len(self.values))
        if self.codes is None or told.all() or not told.any():
            return np.full(rows, told[0], np.bool_)
        return np.asarray(told[self.codes])

    def filled(self, rows: int) -> Mask:
        """Which of all ``rows`` are not null."""
        return self.mask(lambda value: value is not None, rows)

    def places(
        self, place: Callable[[str | None], int], rows: int, unknown: Callable[[int, str | None, int], Exception]
    ) -> Codes:
        """A small integer per row, of all ``rows``, worked out once per distinct value; below 0 for an unknown value.

        Raises what ``unknown`` makes of the number of rows with unknown values, the first of these and its row.
        """
        found = np.array(np.broadcast_to(self.flags(place), rows), np.int32)
        strange = np.flatnonzero(found < 0)
        if len(strange):
            row = int(strange[0])
            raise unknown(len(strange), self.value(row), row)
        return found

    def first(self, test: Callable[[str | None], bool], rows: int) -> tuple[str | None, Ints] | None:
        """The first distinct value that passes and is used, and which of all ``rows`` hold it; None without one."""
        for code, value in enumerate(self.values):
            if test(value):
                found = np.arange(rows) if self.codes is None else np.flatnonzero(self.codes == code)
                if len(found):
                    return value, found
        return None

    def value(self, row: int) -> str | None:
        """The value in one row."""
        return self.values[0 if self.codes is None else int(self.codes[row])]

    def used(self) -> list[str]:
        """The values that rows have, without null."""
        codes = [0] if self.codes is None else np.unique(self.codes).tolist()
        return [value for code in codes if (value := self.values[code]) is not None]

    def coded(self, rows: int) -> Codes:
        """The code of each of all ``rows``, also where they all have the same."""
        return np.zeros(rows, np.int32) if self.codes is None else self.codes

    def where(self, rows: Ints) -> "Words":
        """The rows at these positions, in order."""
        return self if self.codes is None else Words(self.values, self.codes[rows])

    def narrowed(self) -> "Words":
        """The column as one value where all rows have the same: a bill has one currency, one payer, no invoice yet."""
        codes = self.codes
        if codes is None or not len(codes) or codes[0] != codes[-1] or not (codes == codes[0]).all():
            return self
        return Words.same(self.values[int(codes[0])])

    def only(self, rows: Mask) -> "Words":
        """The column with null in every row outside ``rows``."""
        if rows.all():
            return self
        if not rows.any():
            return NULL
        return Words([*self.values, None], np.where(rows, self.coded(len(rows)), np.int32(len(self.values))))

    def otherwise(self, other: "Words") -> "Words":
        """The column with the value of ``other`` in every row where it is null."""
        if None not in self.values:
            return self
        empty = self.flags(lambda value: value is None)
        if isinstance(empty, int):
            return other if empty else self
        if not empty.any():
            return self
        return chosen(empty == 1, other, self)


NULL = Words.same(None)


def chosen(rows: Mask, there: Words, elsewhere: Words) -> Words:
    """``there`` in these rows, ``elsewhere`` in all others."""
    own, others = elsewhere.coded(len(rows)), there.coded(len(rows))
    shift = np.int32(len(elsewhere.values))
    return Words([*elsewhere.values, *there.values], np.where(rows, others + shift, own))


def in_rows(words: Words, rows: Ints, other: Words, length: int) -> Words:
    """A column of ``length`` rows: at the positions ``rows`` the values of ``other``, which has just these rows."""
    codes = words.coded(length).copy()
    codes[rows] = other.coded(len(rows)) + np.int32(len(words.values))
    return Words([*words.values, *other.values], codes)


def combinations(columns: Sequence[Words]) -> set[tuple[str | None, ...]]:
    """The distinct value combinations that occur."""
    return {values for values, _ in _coded(columns)[0]}


def rows_by_values(*columns: Words) -> Iterator[tuple[tuple[str | None, ...], Mask | None]]:
    """Each combination of values that occurs, and its rows; None for all rows."""
    found, code = _coded(columns)
    for values, combined in found:
        yield values, None if len(found) == 1 else code == combined


def numbered(columns: Sequence[Words], rows: int) -> tuple[list[tuple[str | None, ...]], Ints]:
    """The combinations of values that occur, and for each row the place of its own among them."""
    found, code = _coded(columns)
    combined = np.array([number for _, number in found], np.int64)
    last = int(combined.max(initial=0))
    if last < _FEW:
        table = np.zeros(last + 1, np.int64)
        table[combined] = np.arange(len(found))
        places = table[code]
    else:
        places = np.searchsorted(combined, code)
    return [values for values, _ in found], np.broadcast_to(places, rows)


_FEW = 100_000


def _coded(columns: Sequence[Words]) -> tuple[list[tuple[tuple[str | None, ...], int]], Ints]:
    """The combinations that occur with the number of each, and the number of each row's."""
    code: Ints = np.zeros(1, np.int64)
    size = 1
    for column in columns:
        if column.codes is not None:
            code = code * len(column.values) + column.codes
            size *= len(column.values)
    found = []
    for combined in (np.flatnonzero(np.bincount(code, minlength=size)) if size < _FEW else np.unique(code)).tolist():
        rest, values = combined, []
        for column in reversed(columns):
            place = 0
            if column.codes is not None:
                rest, place = divmod(rest, len(column.values))
            values.append(column.values[place])
        found.append((tuple(reversed(values)), combined))
    return found, code


@dataclass(frozen=True, slots=True)
class Numbers:
    """An exact decimal column as integer limbs: value = whole + pico * 1e-12 + fine * 1e-24, per row.

    ``whole`` and ``fine`` are None where no row needs them. ``cut`` is what lies below 1e-24, as exact text per row
    number: almost always empty.
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
        if rows.all():
            return self
        return Numbers(
            np.where(rows, self.pico, 0),
            None if self.whole is None else np.where(rows, self.whole, 0),
            None if self.fine is None else np.where(rows, self.fine, 0),
            {row: text for row, text in self.cut.items() if rows[row]},
        )

    def plus(self, other: "Numbers", *, times: int = 1) -> "Numbers":
        """Row by row, this plus ``times`` (1 or -1) the other."""
        cut = {row: Decimal(text) for row, text in self.cut.items()}
        for row, text in other.cut.items():
            cut[row] = EXACT.add(cut.get(row, Decimal(0)), EXACT.multiply(Decimal(text), Decimal(times)))
        return Numbers(
            self.pico + times * other.pico,
            _limb_sum(self.whole, other.whole, times),
            _limb_sum(self.fine, other.fine, times),
            {row: str(part) for row, part in cut.items()},
        )

    def signs(self) -> Ints:
        """-1, 0 or 1 for each row, of an amount as read (limbs of one value share its sign; those of a sum may not)."""
        signs = np.sign(self.pico)
        for limb in (self.whole, self.fine):
            if limb is not None:
                signs = np.where(signs == 0, np.sign(limb), signs)
        return signs

    @classmethod
    def zero(cls, rows: int) -> "Numbers":
        return cls(np.zeros(rows, np.int64))


def sum_units(numbers: Numbers) -> int:
    """The exact sum in units of 1e-24, of the limbs kept."""
    total = _sum(numbers.pico) * PICO_UNITS
    if numbers.whole is not None:
        total += _sum(numbers.whole) * UNITS_PER_ONE
    if numbers.fine is not None:
        total += _sum(numbers.fine)
    return total


def _sum(values: Ints) -> int:
    """An exact sum of 64-bit integers, in halves that cannot overflow where the sum could."""
    if len(values) and max(-int(values.min()), int(values.max())) * len(values) < 2**63:
        return int(values.sum())
    return (int(np.sum(values >> _HALF)) << _HALF) + int(np.sum(values & np.int64(2**_HALF - 1)))


def _limb_sum(left: Ints | None, right: Ints | None, times: int) -> Ints | None:
    if right is None:
        return left
    return times * right if left is None else left + times * right


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows of one file. ``words`` holds ledger dimensions by name (missing = null), dates as ISO text.

    ``usage_end`` is the end of each row's charge period in microseconds since 1970 (UTC), before the cut to days.
    ``lines`` is 1 for rows that stand for a raw line, 0 for rows a source derives beside them.

    ``left_out``: why these lines become no ledger rows, '' when they do. Only their period, account, currency and costs
    as written are given; the manifest counts them with their sums, so that every line of a file is accounted for.
    """

    rows: int
    words: Mapping[str, Words]
    costs: Mapping[str, Numbers]
    quantity: Numbers | None
    quantity_known: Mask | None
    starts: Ints
    ends: Ints
    lines: int = 1
    left_out: str = ""

    def narrowed(self) -> "Batch":
        """The same, with every column that has one value throughout as such: nothing is then looked up row by row."""
        return replace(self, words={name: words.narrowed() for name, words in self.words.items()})

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
