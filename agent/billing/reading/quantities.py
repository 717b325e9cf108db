"""Consumed quantities -> exact integer limbs. They are no money: storage in byte-seconds passes 1e18 on one line."""

from decimal import Decimal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from agent.billing.reading.batch import EXACT, PICO, Numbers
from agent.billing.reading.exact_numbers import NumberFault, exact, named

MOST_QUANTITY = 2**63 - 1
_LARGE = 1e13
"""From here on a value is read apart; below, it fits what holds money."""
_DIGITS = 19


def quantities(column: pa.Array) -> Numbers:
    """Limbs of a column without nulls, each value cut below 1e-12. Raises :class:`NumberFault` as ``exact`` does."""
    column = named(column)
    try:
        return exact(column)
    except NumberFault as fault:
        plain = column.dictionary_decode() if pa.types.is_dictionary(column.type) else column
        try:
            large = np.abs(pc.cast(plain, pa.float64()).to_numpy(zero_copy_only=False)) >= _LARGE
        except pa.ArrowInvalid:
            raise fault from None
        return _with_large(plain, large)


def _with_large(column: pa.Array, large: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> Numbers:
    rest = exact(pc.if_else(pa.array(large), pa.scalar("0" if _is_text(column) else 0).cast(column.type), column))
    pico = rest.pico
    whole = np.zeros(len(column), np.int64) if rest.whole is None else rest.whole
    for row in np.flatnonzero(large).tolist():
        whole[row], pico[row] = _read(row, column[row].as_py())
    return Numbers(pico, whole)


def _is_text(column: pa.Array) -> bool:
    return bool(pa.types.is_string(column.type) or pa.types.is_large_string(column.type))


def _read(row: int, value: object) -> tuple[int, int]:
    """Whole and 1e-12 part of a large number; both have its sign."""
    number = Decimal(str(value).strip())
    if not number.is_finite() or number.adjusted() > _DIGITS or abs(int(number)) > MOST_QUANTITY:
        raise NumberFault(row, str(value))
    whole = int(number)
    return whole, int(EXACT.scaleb(EXACT.subtract(number, Decimal(whole)), PICO))
