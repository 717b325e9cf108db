"""The named columns of one batch of a file, each turned into words, exact numbers or moments.

Whatever cannot be read raises :class:`ReadFault` with the row, which the file's reader turns into a line number.
"""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from agent.billing.reading.batch import NULL, Ints, Mask, Numbers, Words
from agent.billing.reading.csv_files import NULL_TOKENS
from agent.billing.reading.exact_numbers import NumberFault, exact
from agent.billing.reading.moments import FORMS, MomentFault, moments
from agent.billing.reading.quantities import MOST_QUANTITY, quantities

_MANGLED = re.compile(r"\d(?:[.,]\d+)?E\+\d+")
_NULLS = frozenset(NULL_TOKENS)


class ReadFault(Exception):
    """A cell that cannot be taken: ``row`` is 0-based in the file."""

    def __init__(self, message: str, row: int, expected: str = "", mend: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.row = row
        self.expected = expected
        self.mend = mend


class Columns:
    """Columns of consecutive rows by their known names; ``first`` is the number of the first row in its file."""

    def __init__(self, arrays: Mapping[str, pa.Array], rows: int, first: int) -> None:
        self.arrays = {name: _decoded(column) for name, column in arrays.items()}
        self.rows = rows
        self.first = first
        self._read: list[tuple[pa.Array, Callable[[pa.Array], Numbers], Numbers]] = []

    def fault(self, message: str, row: int, expected: str = "", mend: str = "") -> ReadFault:
        return ReadFault(message, self.first + row, expected, mend)

    def words(self, name: str) -> Words:
        """A text column with the null tokens as null; a missing column is null throughout."""
        column = self.arrays.get(name)
        if column is None:
            return NULL
        self._refuse_no_text(name, column)
        return words_of(column)

    def texts(self, name: str) -> pa.Array:
        """The same column uncoded, for texts that hardly repeat; the null tokens are left as they are."""
        column = self.arrays[name]
        self._refuse_no_text(name, column)
        return pc.cast(column.dictionary_decode() if pa.types.is_dictionary(column.type) else column, pa.string())

    def _refuse_no_text(self, name: str, column: pa.Array) -> None:
        if pa.types.is_floating(column.type):
            raise self.fault(
                f"{name} is stored as a floating-point number",
                0,
                "text: an id keeps its leading zeros and all its digits",
                "export the column as text",
            )
        if pa.types.is_nested(column.type) or _is_binary(column.type):
            raise self._stored(name, column, "text", "export the column as text")

    def key_values(self, name: str) -> pa.Array | None:
        """A column of tags as maps, or as lists of {key, value}, of texts; None where it is absent or no nesting."""
        column = self.arrays.get(name)
        if column is None or not pa.types.is_nested(column.type):
            return None
        if not _holds_key_values(column.type):
            raise self._stored(
                name, column, "JSON text, a map of texts, or a list of {key, value}", "export the tags in one of these"
            )
        return column

    def ids(self, name: str) -> Words:
        """A text column of ids; refuses what a spreadsheet has turned into a number."""
        words = self.words(name)
        if mangled := words.first(_is_mangled, self.rows):
            value, rows = mangled
            raise self.fault(
                f"{name} holds {value!r}: a spreadsheet has rounded this id",
                int(rows[0]),
                "the id as text",
                "deliver the export itself, not a copy saved by a spreadsheet",
            )
        return words

    def required(self, name: str, words: Words) -> Words:
        """The same words; refuses a null."""
        if empty := words.first(lambda value: value is None, self.rows):
            raise self.fault(f"{name} is empty", int(empty[1][0]), "a value in every row")
        return words

    def known(
        self,
        words: Words,
        test: Callable[[str | None], bool],
        told: Callable[[str | None, int], str],
        expected: str,
        mend: str = "",
    ) -> Words:
        """The same words; refuses the first value that does not pass, as ``told`` of it and the number of its rows."""
        if strange := words.first(lambda value: not test(value), self.rows):
            value, rows = strange
            raise self.fault(told(value, len(rows)), int(rows[0]), expected, mend)
        return words

    def cost(self, name: str) -> Numbers:
        """A cost that every row must have. A missing value, words, NaN and infinity are refused."""
        column = self.arrays[name]
        if column.null_count:
            row = int(np.argmin(column.is_valid().to_numpy(zero_copy_only=False)))
            raise self.fault(f"{name} is empty", row, "an amount in every row; 0 where nothing is charged")
        return self._exact(name, column, exact, "below 100,000,000,000,000 of a currency")

    def optional(self, name: str) -> tuple[Numbers, Mask] | None:
        """An amount that may be absent: null counts as 0; with it, which rows have one. None without the column."""
        return self._optional(name, exact, "below 100,000,000,000,000 of a currency")

    def quantity(self, name: str) -> tuple[Numbers, Mask] | None:
        """The same for a quantity, which may be larger than any cost."""
        return self._optional(name, quantities, f"at most {MOST_QUANTITY:,}")

    def _optional(self, name: str, read: Callable[[pa.Array], Numbers], bound: str) -> tuple[Numbers, Mask] | None:
        column = self.arrays.get(name)
        if column is None:
            return None
        if pa.types.is_null(column.type):
            return Numbers(np.zeros(self.rows, np.int64)), np.zeros(self.rows, np.bool_)
        known = column.is_valid().to_numpy(zero_copy_only=False)
        return self._exact(name, _filled(column) if column.null_count else column, read, bound), known

    def _exact(self, name: str, column: pa.Array, read: Callable[[pa.Array], Numbers], bound: str) -> Numbers:
        if not _is_number(column.type):
            raise self._stored(name, column, "a number, or text that is one", "export the column as a decimal")
        for other, how, numbers in self._read:
            # NOTE: what is billed at list price is stated twice, and then read once
            if how is read and other.equals(column):
                return numbers
        try:
            numbers = read(column)
        except NumberFault as fault:
            found, expected = ("too large", bound) if _is_finite(fault.text) else ("no number", "a plain decimal")
            raise self._unreadable(name, fault.text, fault.row, found, expected) from fault
        self._read.append((column, read, numbers))
        return numbers

    def _stored(self, name: str, column: pa.Array, expected: str, mend: str) -> ReadFault:
        return self.fault(f"{name} is stored as {column.type}", 0, expected, mend)

    def _unreadable(self, name: str, text: str | None, row: int, found: str, expected: str) -> ReadFault:
        if text is not None and text.strip().casefold() == name.casefold():
            return self.fault(
                "a second header stands among the rows",
                row,
                "one header line a file",
                "deliver the files one by one; these were joined by hand",
            )
        return self.fault(f"{name} holds {text!r}, which is {found}" if text else f"{name} is empty", row, expected)

    def rewritten(self, name: str, change: Callable[[str], str | None], found: str, expected: str) -> "Columns":
        """The column of texts ``name`` alone, every distinct text changed; None says that a text is ``found`` instead.

        Raises :class:`ReadFault` at the first row of such a text. Nulls stay nulls.
        """
        column = self.arrays[name]
        coded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
        codes = np.asarray(coded.indices.fill_null(-1).to_numpy(zero_copy_only=False))
        changed: list[str] = []
        for code, text in enumerate(coded.dictionary.to_pylist()):
            new = change(text)
            # NOTE: a dictionary may list texts of other batches, so only those that rows use are judged
            if new is None and (codes == code).any():
                raise self.fault(f"{name} holds {text!r}, which is {found}", int(np.argmax(codes == code)), expected)
            changed.append(new or "")
        texts = pa.DictionaryArray.from_arrays(coded.indices, pa.array(changed, pa.string()))
        return Columns({name: texts}, self.rows, self.first)

    def ends(self, name: str, start: str, starts: Ints) -> Ints:
        """The moments of an end; refuses one before its start. They may be equal."""
        ends = self.moments(name)
        backwards = np.flatnonzero(ends < starts)
        if len(backwards):
            raise self.fault(
                f"{name} lies before {start} in {len(backwards)} row{'s' if len(backwards) > 1 else ''}",
                int(backwards[0]),
                "a charge that ends when it starts, or later",
                "deliver the export again; dates edited by hand cannot be trusted",
            )
        return ends

    def firsts_of_months(self, name: str, days: Words, rows: Mask | None = None) -> Words:
        """The same ISO dates; refuses one, among ``rows`` or all, that does not begin a month."""
        odd = days.mask(lambda day: day is not None and not day.endswith("-01"), self.rows)
        wrong = np.flatnonzero(odd if rows is None else odd & rows)
        if len(wrong):
            raise self.fault(
                f"{name} holds {days.value(int(wrong[0]))}, which is no first day of a month",
                int(wrong[0]),
                "billing periods that are calendar months, as this provider bills them",
                "deliver the export itself; if the provider bills from another day on, please report it",
            )
        return days

    def moments(self, name: str) -> Ints:
        if not _is_date(self.arrays[name].type):
            raise self._stored(
                name, self.arrays[name], "a timestamp, a date, or text", "export the column as a timestamp"
            )
        try:
            return moments(self.arrays[name])
        except MomentFault as fault:
            raise self._unreadable(name, fault.text, fault.row, fault.found, f"a date such as {FORMS}") from fault


def _is_mangled(value: str | None) -> bool:
    # NOTE: nearly every id is told by the first half, which is much faster than the pattern
    return value is not None and "E+" in value and _MANGLED.fullmatch(value) is not None


def _decoded(column: pa.Array) -> pa.Array:
    """Codes stay where they stand for texts; a dictionary of anything else is read as the plain column."""
    if pa.types.is_dictionary(column.type) and not _is_text(column.type.value_type):
        return column.dictionary_decode()
    return column


def _is_text(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        return _is_text(kind.value_type)
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _is_binary(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_binary(kind)
        or pa.types.is_large_binary(kind)
        or pa.types.is_binary_view(kind)
        or pa.types.is_fixed_size_binary(kind)
    )


def _is_number(kind: pa.DataType) -> bool:
    numeric = pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
    return bool(numeric or pa.types.is_null(kind) or _is_text(kind))


def _is_date(kind: pa.DataType) -> bool:
    return bool(pa.types.is_timestamp(kind) or pa.types.is_date(kind) or pa.types.is_null(kind) or _is_text(kind))


def _holds_key_values(kind: pa.DataType) -> bool:
    if pa.types.is_map(kind):
        return _is_text(kind.key_type) and _is_text(kind.item_type)
    if not pa.types.is_list(kind) or not pa.types.is_struct(kind.value_type):
        return False
    fields = list(kind.value_type)
    # NOTE: tags are read by place, so a record that begins with its value would be read backwards
    return [field.name.casefold() for field in fields[:2]] == ["key", "value"] and all(
        _is_text(field.type) for field in fields[:2]
    )


def _is_finite(text: str | None) -> bool:
    if "_" in (text or ""):  # which Python's numbers may hold
        return False
    try:
        return Decimal((text or "").strip()).is_finite()
    except InvalidOperation:
        return False


def words_of(column: pa.Array) -> Words:
    """Distinct values and codes of a column of text, integers or dictionary-coded text."""
    if pa.types.is_null(column.type):
        return NULL
    if not pa.types.is_dictionary(column.type):
        column = pc.cast(column, pa.string()).dictionary_encode()
    values = [None if value in _NULLS else value for value in column.dictionary.to_pylist()]
    indices = column.indices
    if indices.null_count:
        indices = indices.fill_null(len(values))
        values.append(None)
    if not values:
        return NULL
    if len(values) == 1:
        return Words.same(values[0])
    return Words(values, indices.to_numpy(zero_copy_only=False).astype(np.int32, copy=False))


def _filled(column: pa.Array) -> pa.Array:
    if pa.types.is_dictionary(column.type):
        values = pa.concat_arrays([column.dictionary.cast(pa.string()), pa.array(["0"])])
        return pa.DictionaryArray.from_arrays(column.indices.fill_null(len(values) - 1), values)
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        return column.fill_null("0")
    return column.fill_null(pa.scalar(0).cast(column.type))
