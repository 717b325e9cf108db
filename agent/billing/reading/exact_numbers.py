"""Arrow columns of costs and quantities -> exact integer limbs (:class:`Numbers`). No value passes through a float.

Text and decimals are cast by Arrow, which refuses to round; what it refuses is read digit by digit. A double that a
provider stores becomes the shortest decimal that names it, which for up to 15 digits is found without text.
"""

import re
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from agent.billing.reading.batch import EXACT, PICO, PICO_UNITS, Ints, Numbers
from agent.billing.reading.shortest_decimals import shortest_decimals
from agent.money import MAX_UNITS, UNIT_SCALE, UNITS_PER_ONE, MoneyFormatError, text_from_units, units_and_cut

_PICO_TYPE = pa.decimal128(38, PICO)
_UNIT_TYPE = pa.decimal128(38, UNIT_SCALE)
_LARGE, _TINY, _LONG = 1e13, 1e-20, 34
_INT64 = 2**63 - 1
_DIGIT = re.compile(r"[^eE]*[1-9]")
_LONG_FRACTION = re.compile(r"^([+-]?)([0-9]*\.[0-9]{24})([0-9]+)$")
_FINER = (15, 18, 21)
"""Decimal places tried, after picos, for doubles of at most 15 digits."""
_SHORT_DIGITS = 1e15
"""An integer below this many times 10**-n is the only shortest decimal of its double: 15 digits always round-trip."""


class NumberFault(ValueError):
    """``row`` (0-based in the column) holds ``text``, which is no exact number."""

    def __init__(self, row: int, text: str | None) -> None:
        super().__init__(f"{text!r} is not a number")
        self.row = row
        self.text = text


def exact(column: pa.Array) -> Numbers:
    """Limbs of a column without nulls: double, decimal, integer, text or dictionary of text.

    Raises :class:`NumberFault` for words, NaN, infinities and values that do not fit 38 digits.
    """
    if pa.types.is_dictionary(column.type):
        distinct = exact_by_value(column.dictionary)
        return distinct(column.indices.to_numpy(zero_copy_only=False))
    column = named(column)
    if pa.types.is_floating(column.type):
        return _doubles(column.to_numpy(zero_copy_only=False))
    return _decimals(column)


def named(column: pa.Array) -> pa.Array:
    """A column of floats narrower than doubles as the shortest texts that name them; any other as it is.

    NOTE: made a double, the float that was written as 0.1 would be named 0.10000000149011612.
    """
    if pa.types.is_float32(column.type):
        return column.cast(pa.string())
    if pa.types.is_float16(column.type):
        # NOTE: Arrow names these by the double they make
        return pa.array([value if value is None else str(np.float16(value)) for value in column.to_pylist()])
    return column


def exact_by_value(values: pa.Array) -> Callable[[npt.NDArray[np.int32]], Numbers]:
    """Reads distinct values once; the answer turns codes into the column. A fault names the first row using it."""

    def column(codes: npt.NDArray[np.int32]) -> Numbers:
        # NOTE: a dictionary may list values no row uses (nulls' text among them), so only used ones are judged
        used = np.flatnonzero(np.bincount(codes, minlength=len(values)))
        try:
            numbers = _decimals(values.take(pa.array(used)))
        except NumberFault as fault:
            raise NumberFault(int(np.argmax(codes == used[fault.row])), fault.text) from fault
        place = np.zeros(len(values), np.int64)
        place[used] = np.arange(len(used))
        rows = place[codes]
        cut = {}
        if numbers.cut:
            cut = {row: numbers.cut[int(code)] for row, code in enumerate(rows) if int(code) in numbers.cut}
        return Numbers(
            numbers.pico[rows],
            None if numbers.whole is None else numbers.whole[rows],
            None if numbers.fine is None else numbers.fine[rows],
            cut,
        )

    return column


def _doubles(values: npt.NDArray[np.float64]) -> Numbers:
    if not np.isfinite(values).all():
        row = int(np.argmin(np.isfinite(values)))
        raise NumberFault(row, str(values[row]))
    pico, unread = _scaled(values, PICO)
    if not unread.any():
        return Numbers(pico)
    rows = np.flatnonzero(unread)
    rest = _fine_doubles(values[rows])
    pico[rows] = rest.pico
    return replace(_spread_out(rest, rows, len(values)), pico=pico)


def _scaled(values: npt.NDArray[np.float64], places: int) -> tuple[Ints, npt.NDArray[np.bool_]]:
    """Each double as a count of 10**-places (0 where it is none of at most 15 digits), and where it is none."""
    power = 10.0**places  # exact up to 1e22, and so the division below rounds once
    with np.errstate(over="ignore"):
        scaled = np.rint(values * power)
    unread = ~((np.abs(scaled) < _SHORT_DIGITS) & (scaled / power == values))
    return np.where(unread, 0, scaled).astype(np.int64), unread


def _fine_doubles(values: npt.NDArray[np.float64]) -> Numbers:
    """Doubles that are not whole picos: most by their digits, small ones by a finer scale, the rest through text."""
    pico, fine, unread = shortest_decimals(values)
    left = np.flatnonzero(unread)
    for places in _FINER if len(left) else ():
        counts, unread = _scaled(values[left], places)
        step = 10 ** (places - PICO)
        coarse = np.trunc(counts / step).astype(np.int64)  # below 1e15, so the quotient's whole part is exact
        pico[left] = coarse
        fine[left] = (counts - coarse * step) * 10 ** (UNIT_SCALE - places)
        left = left[unread]
    if not len(left):
        return Numbers(pico, None, fine)
    rest = _shortest(values[left])
    pico[left] = rest.pico
    if rest.fine is not None:
        fine[left] = rest.fine
    whole = None if rest.whole is None else _spread(rest.whole, left, len(values))
    return Numbers(pico, whole, fine, {int(left[row]): text for row, text in rest.cut.items()})


def _shortest(values: npt.NDArray[np.float64]) -> Numbers:
    """Doubles of any digits, through the shortest text that names each."""
    texts = pa.array(values).cast(pa.string())
    size = np.abs(values)
    if size.max() < _LARGE and size.min() >= _TINY:
        try:
            return _from_unit_decimals(pc.cast(texts, _UNIT_TYPE))
        except pa.ArrowInvalid:
            pass
    return _digit_by_digit(texts)


def _spread(limb: Ints, rows: Ints, length: int) -> Ints:
    column = np.zeros(length, np.int64)
    column[rows] = limb
    return column


def _decimals(column: pa.Array) -> Numbers:
    """Text, decimals or integers: by the coarsest exact cast that holds them all, else digit by digit."""
    if pa.types.is_decimal256(column.type):
        return _wide_decimals(column)
    if pa.types.is_decimal128(column.type) and 0 <= column.type.scale <= UNIT_SCALE:
        return _plain_decimals(column)
    return _cast_decimals(column)


def _plain_decimals(column: pa.Array) -> Numbers:
    """Decimals of at most 24 places: those whose integers fit 64 bits by integer arithmetic, the others by Arrow."""
    low, high = _words_of(column)
    values, places = low.view(np.int64), column.type.scale
    room = _INT64 // 10 ** max(0, PICO - places)
    small = (high == values >> 63) & (values >= -room) & (values <= room)
    if small.all():
        return _from_integers(values, places)
    rows = np.flatnonzero(~small)
    numbers = _from_integers(np.where(small, values, 0), places)
    try:
        rest = _cast_decimals(column.take(pa.array(rows)))
    except NumberFault as fault:
        raise NumberFault(int(rows[fault.row]), fault.text) from fault
    return numbers.plus(_spread_out(rest, rows, len(column)))


def _from_integers(values: Ints, places: int) -> Numbers:
    """Counts of 10**-places as limbs; both limbs of a value have its sign."""
    if places <= PICO:
        return Numbers(values * 10 ** (PICO - places))
    step = 10 ** (places - PICO)
    pico = np.sign(values) * (np.abs(values) // step)
    fine = (values - pico * step) * 10 ** (UNIT_SCALE - places)
    return Numbers(pico, None, fine if fine.any() else None)


def _spread_out(numbers: Numbers, rows: Ints, length: int) -> Numbers:
    """A column that has these values at ``rows``, and zero elsewhere."""
    return Numbers(
        _spread(numbers.pico, rows, length),
        None if numbers.whole is None else _spread(numbers.whole, rows, length),
        None if numbers.fine is None else _spread(numbers.fine, rows, length),
        {int(rows[row]): text for row, text in numbers.cut.items()},
    )


def _cast_decimals(column: pa.Array) -> Numbers:
    numbers = _by_arrow(column)
    if numbers is None and _is_text(column):
        numbers = _with_long_fractions(column)
    return _digit_by_digit(column) if numbers is None else numbers


def _by_arrow(column: pa.Array) -> Numbers | None:
    """The column by Arrow's casts; None where they cannot hold all of it."""
    if _arrow_is_exact(column):
        try:
            return _from_pico_decimals(pc.cast(column, _PICO_TYPE))
        except pa.ArrowInvalid:
            pass
        try:
            return _from_unit_decimals(pc.cast(column, _UNIT_TYPE))
        except pa.ArrowInvalid:
            pass
    return None


def _with_long_fractions(column: pa.Array) -> Numbers | None:
    """Texts of which some have more than 24 places, as Azure writes them: those are cut there, and all read by Arrow.

    None where that is not what stands in the way.
    """
    long = pc.match_substring_regex(column, _LONG_FRACTION.pattern).to_numpy(zero_copy_only=False)
    rows = np.flatnonzero(long)
    if not len(rows):
        return None
    heads: list[str] = []
    cut: dict[int, str] = {}
    for row, text in zip(rows.tolist(), column.take(pa.array(rows)).to_pylist(), strict=True):
        sign, head, tail = _LONG_FRACTION.match(text).groups()  # type: ignore[union-attr]  # the rows that match it
        heads.append(sign + head)
        if tail.strip("0"):
            cut[row] = f"{sign}{tail}E-{UNIT_SCALE + len(tail)}"
    numbers = _by_arrow(pc.replace_with_mask(column, pa.array(long), pa.array(heads, column.type)))
    return None if numbers is None else replace(numbers, cut=cut)


def _wide_decimals(column: pa.Array) -> Numbers:
    """Decimals of 256 bits: those that whole units hold by Arrow, the few others digit by digit."""
    narrow = pc.cast(column, _UNIT_TYPE, safe=False)
    wide = pa.decimal256(76, max(UNIT_SCALE, column.type.scale))
    same = pc.equal(pc.cast(narrow, wide, safe=False), pc.cast(column, wide, safe=False))
    size = np.abs(pc.cast(column, pa.float64()).to_numpy(zero_copy_only=False))
    plain = same.to_numpy(zero_copy_only=False) & (size < _LARGE)
    if plain.all():
        return _decimals(narrow)
    rows = np.flatnonzero(~plain)
    numbers = _decimals(pc.if_else(pa.array(plain), narrow, pa.scalar(Decimal(0), _UNIT_TYPE)))
    try:
        rest = _digit_by_digit(column.take(pa.array(rows)))
    except NumberFault as fault:
        raise NumberFault(int(rows[fault.row]), fault.text) from fault
    return numbers.plus(_spread_out(rest, rows, len(column)))


def _arrow_is_exact(column: pa.Array) -> bool:
    """Whether Arrow's casts to decimal hold what they are given, or say that they do not.

    NOTE: they are silent past their tables: '9e-115' becomes 0, and a value that overflows 128 bits when scaled up
    comes back as another number (pyarrow 26). Seen only for large values, tiny ones, and texts of very many digits.
    """
    try:
        size = np.abs(pc.cast(column, pa.float64()).to_numpy(zero_copy_only=False))
    except pa.ArrowInvalid:
        return False
    if not (size < _LARGE).all() or ((size > 0) & (size < _TINY)).any():
        return False
    if not _is_text(column):
        return True
    if (pc.max(pc.binary_length(column)).as_py() or 0) > _LONG:
        return False
    # NOTE: '9e-400' is zero as a double; a zero that spells a digit before its exponent is none
    zeros = pc.unique(column.filter(pa.array(size == 0))).to_pylist()
    return not any(_DIGIT.match(text) for text in zeros)


def _is_text(column: pa.Array) -> bool:
    return bool(pa.types.is_string(column.type) or pa.types.is_large_string(column.type))


def _words_of(decimals: pa.Array) -> tuple[npt.NDArray[np.uint64], Ints]:
    """Low and high 64 bits of each decimal's integer."""
    raw = np.frombuffer(decimals.buffers()[1], np.uint64)[2 * decimals.offset : 2 * (decimals.offset + len(decimals))]
    return raw[0::2], raw[1::2].view(np.int64)


def _from_pico_decimals(decimals: pa.Array) -> Numbers:
    low, high = _words_of(decimals)
    pico = low.view(np.int64)
    if np.array_equal(high, pico >> 63):
        return Numbers(np.ascontiguousarray(pico))
    return _limbs([int(value.scaleb(PICO, EXACT)) * PICO_UNITS for value in decimals.to_pylist()])


def _from_unit_decimals(decimals: pa.Array) -> Numbers:
    coarse = pc.cast(decimals, _PICO_TYPE, safe=False)
    numbers = _from_pico_decimals(coarse)
    if numbers.whole is not None:
        return _limbs([int(value.scaleb(UNIT_SCALE, EXACT)) for value in decimals.to_pylist()])
    # NOTE: the rest is below 1e12, so its low 64 bits, taken modulo 2**64, are all of it
    units, _ = _words_of(decimals)
    picos, _ = _words_of(coarse)
    return Numbers(numbers.pico, None, (units - picos * np.uint64(PICO_UNITS)).view(np.int64))


def _limbs(units: list[int]) -> Numbers:
    for row, value in enumerate(units):
        if abs(value) > MAX_UNITS:
            raise NumberFault(row, text_from_units(value))
    signs = [-1 if value < 0 else 1 for value in units]
    parts = [(abs(value) // UNITS_PER_ONE, abs(value) % UNITS_PER_ONE) for value in units]
    return Numbers(
        np.array([sign * (below // PICO_UNITS) for sign, (_, below) in zip(signs, parts, strict=True)], np.int64),
        np.array([sign * whole for sign, (whole, _) in zip(signs, parts, strict=True)], np.int64),
        np.array([sign * (below % PICO_UNITS) for sign, (_, below) in zip(signs, parts, strict=True)], np.int64),
    )


def _digit_by_digit(column: pa.Array) -> Numbers:
    known: dict[str, tuple[int, str | None]] = {}
    read: list[tuple[int, str | None]] = []
    for row, value in enumerate(column.to_pylist()):
        text = str(value)
        if text not in known:
            try:
                units, finer = units_and_cut(text)
            except MoneyFormatError as error:
                raise NumberFault(row, text) from error
            known[text] = units, _below_a_unit(text.strip(), units) if finer else None
        read.append(known[text])
    cut = {row: finer for row, (_, finer) in enumerate(read) if finer is not None}
    return replace(_limbs([units for units, _ in read]), cut=cut)


def _below_a_unit(text: str, units: int) -> str:
    return str(EXACT.subtract(EXACT.create_decimal(text), EXACT.scaleb(Decimal(units), -UNIT_SCALE)))
