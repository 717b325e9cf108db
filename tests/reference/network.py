"""Pools that serve each other, in fractions: linear equations by plain elimination, or one pool after the other.

A row says what part of a pool each consumer uses; consumers that are pools are written ``@pool/<name>``.
"""

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction

PREFIX = "@pool/"
Row = Mapping[str, Fraction]


class UnsolvableError(Exception):
    """Some pools only serve one another."""


def served(row: Row, row_of: Callable[[str], Row], order: Sequence[str]) -> dict[str, Fraction]:
    """Who uses what ``row`` describes in the end; ``order`` of step-down, empty for all at once."""
    rows = _rows(row, row_of)
    ends = _one_by_one(rows, order) if order else _all_at_once(rows)
    return _passed_on(row, ends)


def _passed_on(row: Row, ends: Mapping[str, Row]) -> dict[str, Fraction]:
    found: dict[str, Fraction] = {}
    for consumer, share in row.items():
        pool = _pool(consumer)
        for end, part in ({consumer: Fraction(1)} if pool is None else ends[pool]).items():
            found[end] = found.get(end, Fraction(0)) + share * part
    return found


def _pool(consumer: str) -> str | None:
    return consumer[len(PREFIX) :] if consumer.startswith(PREFIX) else None


def _rows(row: Row, row_of: Callable[[str], Row]) -> dict[str, Row]:
    """The rows of all pools that ``row`` leads to."""
    rows: dict[str, Row] = {}
    wanted = [pool for consumer in row if (pool := _pool(consumer)) is not None]
    while wanted:
        pool = wanted.pop()
        if pool not in rows:
            rows[pool] = row_of(pool)
            wanted += [other for consumer in rows[pool] if (other := _pool(consumer)) is not None]
    return rows


def _one_by_one(rows: Mapping[str, Row], order: Sequence[str]) -> dict[str, Row]:
    """The pool closed last passes nothing on; each one before it passes on to those already known."""
    ends: dict[str, Row] = {}
    for pool in reversed(order):
        if pool in rows:
            ends[pool] = _passed_on(rows[pool], ends)
    return ends


def _all_at_once(rows: Mapping[str, Row]) -> dict[str, Row]:
    """x(p) - sum of share(p, q) x(q) over the pools q = share(p, consumer): one equation a pool."""
    pools = sorted(rows)
    outside = sorted({consumer for row in rows.values() for consumer in row if _pool(consumer) is None})
    equations = [
        [Fraction(p == q) - rows[p].get(PREFIX + q, Fraction(0)) for q in pools]
        + [rows[p].get(consumer, Fraction(0)) for consumer in outside]
        for p in pools
    ]
    for at in range(len(pools)):
        pivot = next((row for row in range(at, len(pools)) if equations[row][at]), None)
        if pivot is None:
            raise UnsolvableError(pools)
        equations[at], equations[pivot] = equations[pivot], equations[at]
        equations[at] = [value / equations[at][at] for value in equations[at]]
        for row in range(len(pools)):
            if row != at and equations[row][at]:
                factor = equations[row][at]
                equations[row] = [
                    value - factor * own for value, own in zip(equations[row], equations[at], strict=True)
                ]
    found = (row[len(pools) :] for row in equations)
    return {
        pool: {consumer: share for consumer, share in zip(outside, shares, strict=True) if share}
        for pool, shares in zip(pools, found, strict=True)
    }
