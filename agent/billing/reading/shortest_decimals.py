"""The shortest decimal that names a double, without text: what a provider that stores doubles most likely meant.

Of the decimals with n digits the nearest to a double is the integer nearest to double x 10**p, for the p that leaves n
digits before the point. It names the double if it lies within half a step of doubles. The smallest n that has one is
the shortest (15, 16 or 17; what has fewer digits is found among 15), and the nearest of these is what is printed.

Both are decided on the exact product, kept as the sum of two doubles. What is too close to decide, too large or too
small is left to whoever can afford text.
"""

import numpy as np
import numpy.typing as npt

from agent.billing.reading.batch import PICO, Ints, Mask
from agent.money import UNIT_SCALE

Doubles = npt.NDArray[np.float64]
_LEAST, _MOST = 1e-5, 9e6
"""Here every power of ten that is needed is exact, and every value fits 64 bits as picos."""
_POWERS: Doubles = np.array([10.0**place for place in range(23)])
_TENS = 10 ** np.arange(19, dtype=np.int64)
_SPLITTER = 2.0**27 + 1
_DIGITS = (15, 16, 17)
_DOUBT = 1e-6
"""Far more than the error of what is compared below, which is of the order of 1e-15."""


def shortest_decimals(values: Doubles) -> tuple[Ints, Ints, Mask]:
    """Each double's shortest decimal, as counts of 1e-12 and of 1e-24 with its sign; and which are not known."""
    pico, fine = np.zeros(len(values), np.int64), np.zeros(len(values), np.int64)
    size = np.abs(values)
    # NOTE: below a power of two the step between doubles is half of what it is above
    plain = (size >= _LEAST) & (size < _MOST) & (np.frexp(size)[0] != 0.5)
    unread = ~plain
    left = np.flatnonzero(plain)
    for digits in _DIGITS:
        size_left = size[left]
        places = digits - 1 - np.floor(np.log10(size_left)).astype(np.int64)
        count, found, doubtful = _nearest(size_left, places, digits)
        rows = left[found]
        pico[rows], fine[rows] = _limbs(count[found], places[found], values[rows] < 0)
        unread[left[doubtful]] = True
        left = left[~(found | doubtful)]
    unread[left] = True
    return pico, fine, unread


def _nearest(size: Doubles, places: Ints, digits: int) -> tuple[Ints, Mask, Mask]:
    """The decimal of so many places nearest to each double, whether it names it, and where that is in doubt."""
    power = _POWERS[places]
    product, rest = _product(size, power)
    whole = np.rint(product)
    rest += product - whole
    nearest = np.rint(rest)
    count = whole.astype(np.int64) + nearest.astype(np.int64)
    away = np.abs(rest - nearest)
    step = np.spacing(size) * power / 2
    doubtful = (np.abs(away - 0.5) < _DOUBT) | (np.abs(away - step) < _DOUBT) | (count >= _TENS[digits])
    return count, (away < step) & ~doubtful, doubtful


def _product(left: Doubles, right: Doubles) -> tuple[Doubles, Doubles]:
    """The product rounded, and exactly what the rounding left out (Dekker)."""
    left_high, left_low = _halves(left)
    right_high, right_low = _halves(right)
    product = left * right
    rest = left_high * right_high - product + left_high * right_low + left_low * right_high + left_low * right_low
    return product, rest


def _halves(values: Doubles) -> tuple[Doubles, Doubles]:
    """Two doubles of half the bits each, whose sum is the value."""
    scaled = values * _SPLITTER
    high = scaled - (scaled - values)
    return high, values - high


def _limbs(count: Ints, places: Ints, negative: Mask) -> tuple[Ints, Ints]:
    """So many 10**-places as counts of 1e-12 and, below it, of 1e-24."""
    finer = np.maximum(places - PICO, 0)
    pico = count // _TENS[finer]
    fine = (count - pico * _TENS[finer]) * _TENS[np.minimum(UNIT_SCALE - places, PICO)]
    pico *= _TENS[np.maximum(PICO - places, 0)]
    sign = np.where(negative, -1, 1)
    return sign * pico, sign * fine
