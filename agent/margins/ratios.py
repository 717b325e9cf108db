"""Percentages and averages from integer units: exact rationals, rounded once at the edge."""

from decimal import Context, Decimal
from fractions import Fraction

PLACES = 6
_WIDE = Context(prec=60)


def percent(part: int, whole: int | None) -> Decimal | None:
    """100 x part / whole with six decimals, half-even; None where whole is unknown or not above 0 (ALLOCATION 8)."""
    if whole is None or whole <= 0:
        return None
    return rounded(Fraction(100 * part, whole))


def rounded(value: Fraction) -> Decimal:
    """A rational with six decimals, half-even (``round`` of a Fraction is exact)."""
    return _WIDE.scaleb(Decimal(round(value * 10**PLACES)), -PLACES)


def average(total: int, count: int) -> int | None:
    """Units per one of ``count``, truncated toward zero; None for none."""
    if count == 0:
        return None
    quotient = abs(total) // count
    return quotient if total >= 0 else -quotient
