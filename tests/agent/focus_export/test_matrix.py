"""Origins and ends of a split cell, tied in both directions."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.focus_export.matrix import parted, ratios

UNITS = st.integers(-(10**37), 10**37)


def test_every_origin_is_parted_in_the_proportions_of_the_cell():
    assert parted([60, 40], [75, 25]) == [[45, 15], [30, 10]]


def test_what_does_not_divide_is_rounded_so_that_rows_and_columns_foot():
    table = parted([1, 1, 1], [1, 2])
    assert [sum(row) for row in table] == [1, 1, 1]
    assert [sum(column) for column in zip(*table, strict=True)] == [1, 2]


def test_a_cell_that_comes_to_nothing_keeps_its_origins():
    assert parted([5, -5], [0, 0]) == [[5, 0], [-5, 0]]
    assert parted([0], [3, -3]) == [[3, -3]]


def test_sides_of_different_sums_are_refused():
    with pytest.raises(ValueError, match="origins sum to 3, ends to 2"):
        parted([3], [2])


def test_a_cell_without_money_has_no_parts():
    assert parted([], []) == []


@given(st.lists(UNITS, min_size=1, max_size=6), st.lists(UNITS, min_size=1, max_size=6))
def test_rows_sum_to_origins_and_columns_to_ends(origins, ends):
    ends = [*ends, sum(origins) - sum(ends)]
    table = parted(origins, ends)
    assert [sum(row) for row in table] == origins
    assert [sum(column) for column in zip(*table, strict=True)] == ends


@given(
    st.lists(st.integers(0, 10**37), min_size=1, max_size=6), st.lists(st.integers(1, 10**9), min_size=1, max_size=6)
)
def test_parts_are_within_two_units_of_the_exact_proportion(origins, weights):
    total, whole = sum(origins), sum(weights)
    upto = [sum(weights[: place + 1]) for place in range(len(weights))]
    cut = [total * each // whole for each in upto]
    ends = [after - before for before, after in zip([0, *cut], cut, strict=False)]
    for origin, row in zip(origins, parted(origins, ends), strict=True):
        for end, part in zip(ends, row, strict=True):
            assert abs(part - (Fraction(origin * end, total) if total else 0)) <= 2


@given(st.lists(UNITS, min_size=1, max_size=8))
def test_ratios_sum_to_exactly_one(ends):
    assert sum(ratios(ends, 18)) == 1
