"""64-bit prints of lines: equal for equal lines, of any file and batch of one ingest, and else only by a rare chance.

A print is a sum of the line's numbers, each times an odd number of its own, and of the hashes of its texts, stirred at
the end so that prints in turn can be added up.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from agent.billing.ledger.grouping import Groups
from agent.billing.reading.batch import NULL, PICO_UNITS, Batch, Ints, Mask, Numbers, Words
from agent.money import UNITS_PER_ONE

Prints = npt.NDArray[np.uint64]
SAME_IN_EVERY_DOWNLOAD = ("ServiceName", "RegionId", "SkuId", "ResourceId")
"""NOTE: neither tags, names nor the invoice: a later download of the same line may have them filled."""
_MORE_OF_A_LINE = ("x_TagSetId", "CommitmentDiscountId", "ResourceName", "ServiceCategory")
_START, _BILLED, _EFFECTIVE, _END, _SCOPE, _QUANTITY = (
    np.uint64(odd)
    for odd in (
        0x9E3779B97F4A7C15,
        0xC2B2AE3D27D4EB4F,
        0x165667B19E3779F9,
        0xD6E8FEB86659FD93,
        0xA0761D6478BD642F,
        0xE7037ED1A0B428DB,
    )
)
_COLUMNS = np.arange(1, 5, dtype=np.uint64) * _START
_STIR = np.uint64(0xFF51AFD7ED558CCD)
_HALF = np.uint64(32)
_LOT_BITS = np.uint64(24)


class CostUnits:
    """BilledCost and EffectiveCost of each line in units of 1e-24, modulo 2**64, and which lines cost anything."""

    def __init__(self, batch: Batch) -> None:
        billed, effective = batch.costs["BilledCost"], batch.costs["EffectiveCost"]
        self.billed = _units(billed)
        self.costly = _nonzero(billed)
        # NOTE: where nothing is amortised both are one column
        self.effective = self.billed if effective is billed else _units(effective)
        if effective is not billed:
            self.costly = self.costly | _nonzero(effective)
        self.both: Prints = self.billed * _BILLED
        self.both += self.effective * _EFFECTIVE
        """One number for both."""


def prints_of(batch: Batch, groups: Groups, costs: CostUnits) -> Prints:
    """Prints of what is the same in every download of a line: its moment, both costs, and the columns named above."""
    prints = batch.starts.view(np.uint64) * _START
    prints += costs.both
    prints += _texts(groups, SAME_IN_EVERY_DOWNLOAD)[groups.of_row]
    return _stirred(prints)


def strict_prints(batch: Batch, groups: Groups, prints: Prints, scopes: Ints, rows: Ints) -> Prints:
    """Prints of the lines at ``rows`` with all that tells them apart within a file: account and day, end, tags, amount.

    ``prints``: their prints, whose highest bits (the line's lot) the answer has too. ``scopes``: number of account-day.
    """
    strict = prints + scopes.view(np.uint64) * _SCOPE
    strict += batch.ends[rows].view(np.uint64) * _END
    strict += _texts(groups, _MORE_OF_A_LINE)[groups.of_row[rows]]
    if batch.quantity is not None:
        strict += _units(batch.quantity.where(rows)) * _QUANTITY
    strict = _stirred(strict) >> _LOT_BITS
    lot = np.uint64(64) - _LOT_BITS
    strict |= prints >> lot << lot
    return strict


def _texts(groups: Groups, names: Sequence[str]) -> Prints:
    """The sum of the hashes of these columns, by group."""
    total = np.zeros(groups.rows, np.uint64)
    for place, name in enumerate(names):
        words = groups.words.get(name, NULL)
        total += _hashes(words, place)[words.coded(groups.rows)]
    return total


def _hashes(words: Words, place: int) -> Prints:
    """A number for each value, another in every column."""
    table = np.fromiter(map(hash, words.values), np.int64, len(words.values)).view(np.uint64)
    return _stirred(table + _COLUMNS[place])


def _stirred(prints: Prints) -> Prints:
    prints ^= prints >> _HALF
    prints *= _STIR
    prints ^= prints >> _HALF
    return prints


def _units(numbers: Numbers) -> Prints:
    """Units of 1e-24 modulo 2**64: of one value the same, whichever limbs its batch keeps it in."""
    units = numbers.pico.view(np.uint64) * np.uint64(PICO_UNITS)
    if numbers.whole is not None:
        units += numbers.whole.view(np.uint64) * np.uint64(UNITS_PER_ONE % 2**64)
    if numbers.fine is not None:
        units += numbers.fine.view(np.uint64)
    return units


def _nonzero(numbers: Numbers) -> Mask:
    nonzero: Mask = numbers.pico != 0
    for limb in (numbers.whole, numbers.fine):
        if limb is not None:
            nonzero |= limb != 0
    return nonzero
