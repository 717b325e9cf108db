"""Whole numbers parted over rows and columns at once: what each origin gave to each end, both margins exact.

A split cell of the allocation knows what went in (its origins) and what came out (its ends), not which part of an
origin became which part of an end. Every origin is parted in the proportions of the cell; cumulative rounding in both
directions makes each row sum to its origin and each column to its end, to the last unit.
"""

from collections.abc import Iterator, Sequence
from fractions import Fraction

from agent.money import idiv


def parted(origins: Sequence[int], ends: Sequence[int]) -> list[list[int]]:
    """``result[i][j]``: the part of origin i that is in end j. Rows sum to the origins, columns to the ends.

    ``ValueError`` unless both sums are equal. Where they are 0 no proportion is known: the first end takes every
    origin, and the ends themselves stand in the first row.
    """
    total = sum(origins)
    if total != sum(ends):
        raise ValueError(f"origins sum to {total}, ends to {sum(ends)}")
    if not origins or not ends:
        return [[] for _ in origins]
    if total == 0:
        return _without_total(origins, ends)
    table, before = [], [0] * len(ends)
    given = 0
    for origin in origins:
        given += origin
        reached = [idiv(given * upto, total) for upto in _cumulated(ends)]
        table.append(_differences([now - then for now, then in zip(reached, before, strict=True)]))
        before = reached
    return table


def _without_total(origins: Sequence[int], ends: Sequence[int]) -> list[list[int]]:
    table = [[origin, *[0] * (len(ends) - 1)] for origin in origins]
    table[0] = [mine + end for mine, end in zip(table[0], ends, strict=True)]
    return table


def _cumulated(values: Sequence[int]) -> Iterator[int]:
    upto = 0
    for value in values:
        upto += value
        yield upto


def _differences(values: Sequence[int]) -> list[int]:
    return [value - before for before, value in zip([0, *values], values, strict=False)]


def ratios(ends: Sequence[int], places: int) -> list[Fraction]:
    """The proportions of the ends as decimals of so many places that sum to exactly 1; all 0 but the first of none."""
    total, one = sum(ends), 10**places
    if total == 0:
        return [Fraction(1), *[Fraction(0)] * (len(ends) - 1)]
    return [Fraction(part, one) for part in _differences([idiv(upto * one, total) for upto in _cumulated(ends)])]
