"""Pools that serve each other: who uses each in the end, by linear equations in fractions."""

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from math import gcd, lcm

from agent.verify.allocation.folding import folded

POOL = "@pool/"
"""What a pool's name as a consumer begins with."""
Weights = dict[str, int]
Parts = Sequence[tuple[int, Weights]]
"""A pool's own weights: of each driver of its blend, beside the driver's weight in it."""


def named_pool(text: str, pools: Sequence[str]) -> str | None:
    """The consumer that a driver's customer stands for where it names a listed pool."""
    found = folded(text)
    if not found.startswith(POOL):
        return None
    name = found.removeprefix(POOL).strip()
    return next((POOL + pool for pool in pools if folded(pool) == name), None)


def left_out(pool: str, order: Sequence[str]) -> set[str]:
    """Consumers whose use of a pool counts for nothing: itself, and in step-down the pools closed before it."""
    before = order[: order.index(pool)] if pool in order else []
    return {POOL + name for name in (pool, *before)}


def passed_on(weights: Weights, row_of: Callable[[str], Parts]) -> Weights:
    """The weights once no pool is left among the consumers: the least whole numbers in their exact proportion."""
    rows: dict[str, Parts] = {}
    ahead = [name for name in weights if name.startswith(POOL)]
    while ahead:
        pool = ahead.pop()
        if pool not in rows:
            rows[pool] = row_of(pool.removeprefix(POOL))
            ahead += [name for _, part in rows[pool] for name in part if name.startswith(POOL)]
    terms: list[tuple[Fraction, Weights]] = [(Fraction(1), weights)]
    for pool, reached in _reached(weights, rows).items():
        whole = sum(blended for blended, _ in rows[pool])
        terms += [(reached * Fraction(blended, whole * sum(part.values())), part) for blended, part in rows[pool]]
    common = lcm(*(factor.denominator for factor, _ in terms))
    found: Weights = {}
    for factor, part in terms:
        times = int(factor * common)
        for consumer, weight in part.items():
            if not consumer.startswith(POOL) and times * weight:
                found[consumer] = found.get(consumer, 0) + times * weight
    shared = gcd(*found.values())
    return {consumer: weight // shared for consumer, weight in found.items()}


def _reached(weights: Weights, rows: Mapping[str, Parts]) -> dict[str, Fraction]:
    """How much comes through each pool: x(q) = used(q) + sum of x(p) times the share of p that q uses."""
    names = sorted(rows)
    equations = [[Fraction(q == p) - _share(rows[p], q) for p in names] + [Fraction(weights.get(q, 0))] for q in names]
    for at in range(len(names)):
        pivot = next(row for row in range(at, len(names)) if equations[row][at])
        equations[at], equations[pivot] = equations[pivot], equations[at]
        lead = equations[at][at]
        equations[at] = [value / lead for value in equations[at]]
        for row in range(len(names)):
            factor = equations[row][at]
            if row != at and factor:
                pairs = zip(equations[row], equations[at], strict=True)
                equations[row] = [value - factor * own for value, own in pairs]
    return {name: equation[-1] for name, equation in zip(names, equations, strict=True)}


def _share(parts: Parts, consumer: str) -> Fraction:
    whole = sum(blended for blended, _ in parts)
    return sum(
        (Fraction(blended * part.get(consumer, 0), whole * sum(part.values())) for blended, part in parts), Fraction(0)
    )
