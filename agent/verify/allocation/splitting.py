"""Dividing money: the exact share as a fraction, and the published one by cumulative rounding."""

from collections.abc import Hashable, Iterable, Mapping
from fractions import Fraction
from typing import Any, NamedTuple, TypeVar

COARSE = 10**12
"""Units (1e-24 of the currency) in a coarse one, 1e-12."""
BOUND = COARSE + 1
"""A rounded share differs from the exact one by less than this many units, for each split that made it."""
MILLIONTH = 10**18
"""Units in 1e-6 of the currency: money that weighs is cut to it."""
_MOST = 10**14
_SURELY = 17
"""Weights in total are held below this, by cutting tens."""

Key = TypeVar("Key", bound=Hashable)


class Money(NamedTuple):
    """BilledCost and EffectiveCost in units of 1e-24 of the currency."""

    billed: int = 0
    effective: int = 0

    def plus(self, other: "Money") -> "Money":
        """Both sums."""
        return Money(self.billed + other.billed, self.effective + other.effective)


NOTHING = Money()


class Exact(NamedTuple):
    """What a share is before it is rounded, and how many splits of a cell add up to it."""

    billed: Fraction = Fraction(0)
    effective: Fraction = Fraction(0)
    splits: int = 0


def cut(dividend: int, divisor: int) -> int:
    """The quotient without its fraction, toward zero; ``divisor`` is above zero."""
    return dividend // divisor if dividend >= 0 else -(-dividend // divisor)


def weight_of(units: int) -> int:
    """Money as a weight: cut to a millionth, negative as nothing."""
    return units // MILLIONTH if units > 0 else 0


def fitted(weights: Mapping[Key, int]) -> list[tuple[Key, int]]:
    """Weights above zero in bytewise order of their keys, cut by tens until their total is below 1e14."""
    listed: list[tuple[Any, int]] = sorted((key, weight) for key, weight in weights.items() if weight > 0)
    total = sum(weight for _, weight in listed)
    # NOTE: so many tens are too few for any number of keys that memory holds
    tens = max(0, len(str(total)) - _SURELY)
    while total >= _MOST:
        kept = [(key, weight // 10**tens) for key, weight in listed]
        total = sum(weight for _, weight in kept)
        if total < _MOST:
            return [(key, weight) for key, weight in kept if weight > 0]
        tens += 1
    return listed


def rounded(units: int, listed: list[tuple[Key, int]]) -> list[int]:
    """Shares in the order given: what has been due up to a key less what was due before it, coarse and fine apart."""
    total = sum(weight for _, weight in listed)
    coarse = cut(units, COARSE)
    fine = units - coarse * COARSE
    upto, given, found = 0, 0, []
    for _, weight in listed:
        upto += weight
        due = cut(coarse * upto, total) * COARSE + cut(fine * upto, total)
        found.append(due - given)
        given = due
    return found


def split(money: Money, weights: Mapping[Key, int]) -> dict[Key, Money]:
    """Money over the keys; the weights are not all zero."""
    listed = fitted(weights)
    effective = rounded(money.effective, listed)
    billed = effective if money.billed == money.effective else rounded(money.billed, listed)
    return {key: Money(b, e) for (key, _), b, e in zip(listed, billed, effective, strict=True)}


def part_of(money: Money, weights: Mapping[Key, int], wanted: Key) -> Money:
    """The share of one key, as :func:`split` gives it."""
    listed = fitted(weights)
    before = sum(weight for key, weight in listed if _less(key, wanted))
    own = dict(listed).get(wanted, 0)
    bounds = [("before", before), ("own", own), ("after", sum(weight for _, weight in listed) - before - own)]
    return Money(*(rounded(units, bounds)[1] for units in money))


def _less(key: Any, other: Any) -> bool:
    return bool(key < other)


def add(sums: dict[Key, Money], key: Key, money: Money) -> None:
    """Adds to one of many sums."""
    before = sums.get(key)
    sums[key] = money if before is None else before.plus(money)


def added(pairs: Iterable[tuple[Key, Money]]) -> dict[Key, Money]:
    """Sums by key."""
    sums: dict[Key, Money] = {}
    for key, money in pairs:
        add(sums, key, money)
    return sums
