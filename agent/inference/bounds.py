"""How sure a count makes: Wilson's lower bound of a share, in integers."""

from fractions import Fraction
from math import isqrt

from agent.inference.records import Measured

Z = Fraction(16449, 10000)
"""The lower end of the 90 % interval: the true share lies below it one time in twenty."""
_FINE = 10**12
PLACES = 4
"""Digits of a confidence; what is finer is cut off."""


def lower_bound(measured: Measured) -> Fraction:
    """The lower end of Wilson's score interval for ``right`` of ``seen`` (at least one), cut to four digits.

    E. B. Wilson, "Probable inference, the law of succession, and statistical inference" (1927).
    """
    seen, right = measured
    square = Z * Z
    spread = square * (square + Fraction(4 * right * (seen - right), seen))
    root = Fraction(isqrt(int(spread * _FINE * _FINE)) + 1, _FINE)
    bound = (2 * right + square - root) / (2 * (seen + square))
    return max(Fraction(0), cut(bound))


def cut(value: Fraction) -> Fraction:
    """``value``, at least 0, without what is finer than four digits."""
    scale = 10**PLACES
    return Fraction(int(value * scale), scale)
