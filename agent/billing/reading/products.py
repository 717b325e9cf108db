"""Prices times quantities, exactly: two counts of picos (1e-12) make a count of units (1e-24)."""

import numpy as np

from agent.billing.reading.batch import PICO_UNITS, Mask, Numbers

_STEP = np.int64(10**6)
_MOST_HIGH = 4e12
_MOST_PICO = 9e18


def product(left: Numbers, right: Numbers) -> tuple[Numbers, Mask]:
    """Row by row the exact product, and where it is known; 0 elsewhere.

    Not known where a factor has digits below 1e-12 or where factors or product pass some millions.
    """
    ours, theirs = np.abs(left.pico), np.abs(right.pico)
    our_high, our_low = np.divmod(ours, _STEP)
    their_high, their_low = np.divmod(theirs, _STEP)
    known = (our_high < _MOST_HIGH) & (their_high < _MOST_HIGH)
    known &= our_high.astype(np.float64) * their_high.astype(np.float64) < _MOST_PICO
    for factor in (left, right):
        for limb in (factor.whole, factor.fine):
            known &= True if limb is None else limb == 0
    # NOTE: where it is not known the integers wrap; those rows become 0
    middle, carried = np.divmod(our_high * their_low + our_low * their_high, _STEP)
    fine = carried * _STEP + our_low * their_low
    carry, fine = np.divmod(fine, np.int64(PICO_UNITS))
    sign = np.where(known, np.sign(left.pico) * np.sign(right.pico), 0)
    return Numbers((our_high * their_high + middle + carry) * sign, None, fine * sign), known
