"""A double is the shortest decimal that names it: by its digits, without text, and never another one."""

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from agent.billing.reading.shortest_decimals import shortest_decimals

in_reach = st.floats(1e-5, 8.9e6)


def read(values: np.ndarray) -> list[Decimal | None]:
    pico, fine, unread = shortest_decimals(values)
    assert not (np.sign(pico) * np.sign(fine) < 0).any()
    limbs = zip(pico.tolist(), fine.tolist(), unread.tolist(), strict=True)
    return [None if left else Decimal(p).scaleb(-12) + Decimal(f).scaleb(-24) for p, f, left in limbs]


def told_wrong(values: np.ndarray) -> list[float]:
    found = zip(values.tolist(), read(values), strict=True)
    return [value for value, decimal in found if decimal is not None and decimal != Decimal(repr(value))]


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1))
@example([0.1, -0.3, 1 / 3, 5e-324, 0.0, -0.0, 8.999999999999999e6, 9007199254740993.0, 1.7976931348623157e308])
def test_any_double_is_its_shortest_decimal_or_left_to_text(values):
    assert told_wrong(np.array(values)) == []


@given(in_reach, st.integers(-40, 40))
def test_neighbours_of_short_decimals_powers_of_ten_and_of_two_are_told_apart(value, steps):
    near = [value, round(value, 6) or value, 10.0 ** round(np.log10(value)), 2.0 ** round(np.log2(value))]
    beside = [one + steps * np.spacing(one) for one in near]
    assert told_wrong(np.array(beside)) == []


@pytest.mark.parametrize("digits", [12, 13, 14, 15, 16, 17])
def test_decimals_of_every_length_are_read(digits):
    draw = np.random.default_rng(digits)
    integers = draw.integers(10 ** (digits - 1), 10**digits, 20_000).tolist()
    places = draw.integers(digits - 6, digits + 5, 20_000).tolist()
    values = np.array([float(f"{number}e-{place}") for number, place in zip(integers, places, strict=True)])
    assert told_wrong(values) == []
    assert read(values).count(None) < 200


def test_amortised_amounts_need_no_text():
    values = np.random.default_rng(1).integers(1, 10**9, 50_000) / 987654321.0
    assert told_wrong(values) == []
    assert read(values[values > 1e-5]).count(None) < 10
