"""Splitting in fractions: cumulative rounding toward zero, a coarse and a fine part, keys in bytewise order."""

from collections.abc import Hashable, Iterable, Mapping
from fractions import Fraction
from typing import TypeVar

from tests.reference.records import Money

Key = TypeVar("Key", bound=Hashable)
COARSE = 10**12
BOUND = 10**14
MONEY_WEIGHT = 10**18
"""Weights that are money are EffectiveCost cut to 1e-6 of the currency."""


def toward_zero(value: Fraction | int) -> int:
    return int(value)


def money_weight(units: int) -> int:
    """Cut toward zero to 1e-6; negative counts as nothing."""
    return max(0, toward_zero(Fraction(units, MONEY_WEIGHT)))


def bounded(weights: Mapping[Key, int]) -> dict[Key, int]:
    """Weights above zero, all cut by tens until their total is below 1e14."""
    kept = {key: weight for key, weight in weights.items() if weight > 0}
    while sum(kept.values()) >= BOUND:
        kept = {key: weight // 10 for key, weight in kept.items()}
    return {key: weight for key, weight in kept.items() if weight > 0}


def shares(units: int, weights: list[int]) -> list[int]:
    """Shares in the order given."""
    total = sum(weights)
    coarse = toward_zero(Fraction(units, COARSE))
    fine = units - coarse * COARSE
    given, upto, found = 0, 0, []
    for weight in weights:
        upto += weight
        now = toward_zero(Fraction(coarse * upto, total)) * COARSE + toward_zero(Fraction(fine * upto, total))
        found.append(now - given)
        given = now
    return found


def split(money: Money, weights: Mapping[str, int]) -> dict[str, Money]:
    """Money over text keys in bytewise order. The weights must not all be zero."""
    fit = bounded(weights)
    keys = sorted(fit, key=str.encode)
    amounts = [fit[key] for key in keys]
    billed, effective = shares(money.billed, amounts), shares(money.effective, amounts)
    return {key: Money(b, e) for key, b, e in zip(keys, billed, effective, strict=True)}


def added(pairs: Iterable[tuple[Key, Money]]) -> dict[Key, Money]:
    """Sums by key."""
    sums: dict[Key, Money] = {}
    for key, money in pairs:
        sums[key] = sums.get(key, Money()) + money
    return sums
