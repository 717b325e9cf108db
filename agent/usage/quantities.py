"""Exact quantities added up by moment, customer and key: what every live source makes its rows with."""

from collections.abc import Mapping
from datetime import date
from decimal import ROUND_DOWN, Context, Decimal, DecimalException, Inexact, InvalidOperation

import pyarrow as pa

from agent.errors import InputError
from agent.usage.interface import ROWS

UNKNOWN = "@unknown"
"""The weight of what names no customer; no customer's id begins so."""
Moment = tuple[date, int | None]
"""A UTC day, and the hour of an hourly driver, else None."""
_TYPE = ROWS.field("quantity").type
_CUT = Decimal(1).scaleb(-_TYPE.scale)
_MOST = Decimal(10) ** (_TYPE.precision - _TYPE.scale)
_LARGEST_EXPONENT = 400
"""Of a double's text; beyond it a number is no quantity, and adding it up would take its time."""
_EXACT = Context(prec=1600, traps=[Inexact, InvalidOperation])
"""Holds the sum of any two numbers that :func:`number` lets through, digit for digit."""
_CUTTING = Context(prec=_TYPE.precision, rounding=ROUND_DOWN)


def number(text: str, where: str) -> Decimal:
    """A server's number by its text, exact. Raises ``InputError`` for what is no finite number of a usual size."""
    try:
        found = Decimal(text)
    except DecimalException:
        found = Decimal("NaN")
    if not found.is_finite() or abs(found.adjusted()) > _LARGEST_EXPONENT:
        raise InputError(f"the quantity {text!r} is not a number", where=where, expected="a plain decimal")
    return found


def difference(later: Decimal, earlier: Decimal) -> Decimal:
    """``later`` less ``earlier``, exact."""
    return _EXACT.subtract(later, earlier)


def added(one: Decimal, other: Decimal) -> Decimal:
    """The sum of two numbers, exact."""
    return _EXACT.add(one, other)


class Quantities:
    """Sums by (moment, customer, key). ``where`` names the server in messages."""

    def __init__(self, where: str) -> None:
        self._where = where
        self._sums: dict[tuple[Moment, str, str | None], Decimal] = {}

    def __len__(self) -> int:
        return len(self._sums)

    def add(self, moment: Moment, customer: str, quantity: Decimal, key: str | None = None) -> None:
        """Adds a quantity, of any sign. A customer without a name is ``@unknown``; a key without one is none."""
        place = moment, customer.strip() or UNKNOWN, (key or "").strip() or None
        self._sums[place] = _EXACT.add(self._sums.get(place, Decimal(0)), quantity)

    def rows(self) -> tuple[pa.Table, tuple[str, ...]]:
        """The sums as :data:`ROWS`, sorted, and what to say of them: sums are cut after the twelfth decimal.

        Raises ``InputError`` for a sum of more than 26 digits before the point.
        """
        cut = {place: self._cut(place, total) for place, total in self._sums.items()}
        lost = sum(cut[place] != total for place, total in self._sums.items())
        digits = _TYPE.scale
        notes = (f"{lost} quantities have more than {digits} decimals and were cut there",) if lost else ()
        return table(cut), notes

    def _cut(self, place: tuple[Moment, str, str | None], total: Decimal) -> Decimal:
        if abs(total) >= _MOST:
            (day, _), customer, _ = place
            raise InputError(
                f"the quantity of {customer!r} on {day} has more than {_TYPE.precision - _TYPE.scale} digits",
                where=self._where,
                mend="ask for it in a larger unit",
            )
        return total.quantize(_CUT, context=_CUTTING)


def table(sums: Mapping[tuple[Moment, str, str | None], Decimal]) -> pa.Table:
    """Quantities of at most 12 decimals as :data:`ROWS`, sorted by (date, hour, customer, key)."""
    places = sorted(sums, key=lambda place: (place[0][0], place[0][1] or 0, place[1], place[2] or ""))
    columns = {
        "date": [day for (day, _), _, _ in places],
        "hour": [hour for (_, hour), _, _ in places],
        "customer": [customer for _, customer, _ in places],
        "quantity": [sums[place] for place in places],
        "key": [key for _, _, key in places],
    }
    return pa.table(columns, ROWS)
