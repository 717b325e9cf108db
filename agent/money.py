"""Money as integer units of 1e-24 of a currency: read, written and split exactly.

One constructor makes units from text (:func:`units_from_text`); a float never does. Splitting is cumulative
rounding over integer weights, the same arithmetic as ``idiv`` in the SQL bodies.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

UNIT_SCALE = 24
"""Decimal places of one unit: a unit is 1e-24 of the currency."""
UNITS_PER_ONE = 10**UNIT_SCALE
COARSE = 10**12
"""A split works on a coarse part (multiples of 1e12 units = 1e-12) and a fine part, so that units times weight
stays below 1e38 on every engine."""
MAX_TOTAL_WEIGHT = 10**14
MAX_UNITS = 10**38 - 1

_SHOWN = 12
"""Digits of an amount too small for a unit."""
_DECIMAL = re.compile(r"([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,4}))?")


class MoneyFormatError(ValueError):
    """The text is not a plain or E-notation decimal number, or does not fit 38 digits."""


@dataclass(frozen=True, slots=True)
class Amount:
    """An exact amount: ``units`` of 1e-24 of ``currency`` (ISO 4217). Two currencies cannot be added."""

    units: int
    currency: str

    def __add__(self, other: "Amount") -> "Amount":
        if self.currency != other.currency:
            raise ValueError(f"cannot add {other.currency} to {self.currency}")
        return Amount(self.units + other.units, self.currency)

    def __neg__(self) -> "Amount":
        return Amount(-self.units, self.currency)

    def __str__(self) -> str:
        return f"{text_from_units(self.units)} {self.currency}"


def units_and_cut(text: str) -> tuple[int, bool]:
    """Units of a decimal text, truncated toward zero, and whether anything finer than a unit was cut off."""
    match = _DECIMAL.fullmatch(text.strip())
    if match is None or not (match[2] or match[3]):
        raise MoneyFormatError(f"not a number: {text!r}")
    sign, whole, fraction, exponent = match[1], match[2] or "", match[3] or "", int(match[4] or 0)
    digits = int(whole + fraction)
    shift = UNIT_SCALE + exponent - len(fraction)
    if shift > 0 and digits and shift + len(str(digits)) > 60:
        raise MoneyFormatError(f"too large for 38 digits: {text!r}")
    # NOTE: below 10**-shift every digit is cut anyway; the bound keeps a hostile exponent from building a huge power
    units, rest = (digits * 10**shift, 0) if shift >= 0 else divmod(digits, 10 ** min(-shift, 10_000))
    if units > MAX_UNITS:
        raise MoneyFormatError(f"too large for 38 digits: {text!r}")
    return (-units if sign == "-" else units), rest != 0


def units_from_text(text: str) -> int:
    """Units of a decimal text such as ``12.50``, ``-3`` or ``5.2E-9``.

    Raises :class:`MoneyFormatError` for anything else, and for a value finer than 1e-24.
    """
    units, cut = units_and_cut(text)
    if cut:
        raise MoneyFormatError(f"finer than 1e-{UNIT_SCALE}: {text!r}")
    return units


def text_from_units(units: int) -> str:
    """Exact plain decimal text without trailing zeros: ``0``, ``-0.05``, ``12.5``."""
    sign = "-" if units < 0 else ""
    whole, fraction = divmod(abs(units), UNITS_PER_ONE)
    tail = f"{fraction:0{UNIT_SCALE}d}".rstrip("0")
    return f"{sign}{whole}.{tail}" if tail else f"{sign}{whole}"


def scientific(value: Decimal) -> str:
    """An amount too small for a unit, as people read it: ``4.56789E-28``; ``…`` stands for digits left out.

    Bills hold amounts of hundreds of decimals; the exact one stands in the manifest.
    """
    sign, places, _ = value.as_tuple()
    digits = "".join(map(str, places)).rstrip("0") or "0"
    shown = digits[:_SHOWN].rstrip("0") or "0"
    return (
        f"{'-' if sign else ''}{shown[0]}{'.' if shown[1:] else ''}{shown[1:]}"
        f"{'…' if len(digits) > _SHOWN else ''}E{value.adjusted()}"
    )


def legible(units: int) -> str:
    """The exact amount as people read it: thousands separators, two decimals or as many as there are."""
    whole, _, fraction = text_from_units(abs(units)).partition(".")
    return f"{'-' if units < 0 else ''}{int(whole):,}.{fraction:0<2}"


def signed(units: int) -> str:
    """A difference as people read it, its sign always there: ``+12.34``, ``-0.50``, ``0.00``."""
    return f"+{legible(units)}" if units > 0 else legible(units)


def idiv(dividend: int, divisor: int) -> int:
    """Integer division that truncates toward zero, as SQL does (Python's ``//`` floors)."""
    quotient = abs(dividend) // abs(divisor)
    return quotient if (dividend < 0) == (divisor < 0) else -quotient


def split(units: int, weights: Sequence[int]) -> list[int]:
    """Shares of ``units`` in proportion to ``weights`` (integers >= 0), in the order given; they sum to ``units``.

    Cumulative rounding: ``share_i = idiv(U*cum_i, W) - idiv(U*cum_(i-1), W)``, for the coarse and the fine part.
    A total weight of zero is the caller's case (fallback) and raises ``ValueError`` here.
    """
    total = sum(weights)
    if total <= 0 or min(weights, default=0) < 0:
        raise ValueError("weights must be >= 0 and sum to more than 0")
    coarse = idiv(units, COARSE)
    fine = units - coarse * COARSE
    shares: list[int] = []
    cumulative = before = 0
    for weight in weights:
        cumulative += weight
        upto = idiv(coarse * cumulative, total) * COARSE + idiv(fine * cumulative, total)
        shares.append(upto - before)
        before = upto
    return shares


def coarsen(weights: Sequence[int]) -> list[int]:
    """Weights cut by tens until their total is below 1e14, the bound that keeps every product inside 38 digits."""
    cut = list(weights)
    while sum(cut) >= MAX_TOTAL_WEIGHT:
        cut = [weight // 10 for weight in cut]
    return cut


def shown(units: Iterable[int], places: int = 2) -> list[str]:
    """Amounts cut to ``places`` decimals by cumulative rounding (half up on the running sum), so that columns foot.

    The shown figures sum to the rounded total; each is within one last place of its exact value.
    """
    step = 10 ** (UNIT_SCALE - places)
    texts: list[str] = []
    running = before = 0
    for value in units:
        running += value
        upto = idiv(running + (step // 2 if running >= 0 else -(step // 2)), step)
        texts.append(fixed(upto - before, places))
        before = upto
    return texts


def fixed(scaled: int, places: int) -> str:
    """An integer count of 10**-places as text with exactly that many decimals: ``fixed(-5, 2)`` is ``-0.05``."""
    sign = "-" if scaled < 0 else ""
    whole, fraction = divmod(abs(scaled), 10**places)
    return f"{sign}{whole}.{fraction:0{places}d}" if places else f"{sign}{whole}"
