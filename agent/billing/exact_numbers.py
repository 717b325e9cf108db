"""Arrow columns of costs and quantities -> exact integer limbs (:class:`Numbers`). No value passes through a float.

Text and decimals are cast by Arrow, which refuses to round; what it refuses is read digit by digit. A double that a
provider stores becomes the shortest decimal that names it, which for up to 15 digits is found without text.
"""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from agent.billing.batch import EXACT, Ints, Numbers
from agent.billing.ledger_columns import PICO, PICO_UNITS
from agent.money import MAX_UNITS, UNIT_SCALE, UNITS_PER_ONE, MoneyFormatError, text_from_units, units_and_cut

_PICO_TYPE = pa.decimal128(38, PICO)
_UNIT_TYPE = pa.decimal128(38, UNIT_SCALE)
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
    if pa.types.is_floating(column.type):
        return _doubles(column.cast(pa.float64()).to_numpy(zero_copy_only=False))
    return _decimals(column)


def exact_by_value(values: pa.Array) -> Callable[[npt.NDArray[np.int32]], Numbers]:
    """Reads distinct values once; the answer turns codes into the column. A fault names the first row using it."""

    def column(codes: npt.NDArray[np.int32]) -> Numbers:
        # NOTE: a dictionary may list values no row uses (nulls' text among them), so only used ones are judged
        used = np.unique(codes)
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
    with np.errstate(invalid="ignore", over="ignore"):
        scaled = np.rint(values * 1e12)
        fine = ~((np.abs(scaled) < _SHORT_DIGITS) & (scaled / 1e12 == values))
    if not fine.any():
        return Numbers(scaled.astype(np.int64))
    if not np.isfinite(values).all():
        row = int(np.argmin(np.isfinite(values)))
        raise NumberFault(row, str(values[row]))
    rows = np.flatnonzero(fine)
    rest = _decimals(pa.array(values[rows]).cast(pa.string()))
    pico = np.where(fine, 0, scaled).astype(np.int64)
    pico[rows] = rest.pico
    return Numbers(
        pico,
        None if rest.whole is None else _spread(rest.whole, rows, len(values)),
        None if rest.fine is None else _spread(rest.fine, rows, len(values)),
        {int(rows[row]): text for row, text in rest.cut.items()},
    )


def _spread(limb: Ints, rows: Ints, length: int) -> Ints:
    column = np.zeros(length, np.int64)
    column[rows] = limb
    return column


def _decimals(column: pa.Array) -> Numbers:
    """Text, decimals or integers: by the coarsest exact cast that holds them all, else digit by digit."""
    try:
        return _from_pico_decimals(pc.cast(column, _PICO_TYPE))
    except pa.ArrowInvalid:
        pass
    try:
        return _from_unit_decimals(pc.cast(column, _UNIT_TYPE))
    except pa.ArrowInvalid:
        return _digit_by_digit(column)


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
    texts = [value if isinstance(value, str) else str(value) for value in column.to_pylist()]
    units: list[int] = []
    cut: dict[int, str] = {}
    for row, text in enumerate(texts):
        try:
            value, finer = units_and_cut(text)
        except MoneyFormatError as error:
            raise NumberFault(row, text) from error
        units.append(value)
        if finer:
            cut[row] = _below_a_unit(text.strip(), value)
    return replace(_limbs(units), cut=cut)


def _below_a_unit(text: str, units: int) -> str:
    return str(EXACT.subtract(EXACT.create_decimal(text), EXACT.scaleb(Decimal(units), -UNIT_SCALE)))
