"""What splitting, reading and showing money promise for every input."""

from decimal import Context, Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.money import (
    COARSE,
    MAX_TOTAL_WEIGHT,
    UNITS_PER_ONE,
    MoneyFormatError,
    coarsen,
    idiv,
    shown,
    split,
    text_from_units,
    units_and_cut,
    units_from_text,
)

EXACT = Context(prec=200)
any_units = st.integers(-(10**33), 10**33)
some_weights = st.lists(st.integers(0, 10**12), min_size=1, max_size=12).filter(any)


@given(any_units, some_weights)
def test_shares_sum_to_what_was_split(units, weights):
    assert sum(split(units, weights)) == units


@given(any_units, st.dictionaries(st.text(min_size=1), st.integers(1, 10**9), min_size=1, max_size=8), st.randoms())
def test_order_of_input_does_not_matter_where_keys_are_sorted(units, weights, random):
    shuffled = list(weights.items())
    random.shuffle(shuffled)

    def shares(pairs):
        ordered = sorted(pairs, key=lambda pair: pair[0].encode("utf-8", "surrogatepass"))
        return dict(zip([key for key, _ in ordered], split(units, [weight for _, weight in ordered]), strict=True))

    assert shares(shuffled) == shares(weights.items())


@given(any_units, some_weights, st.integers(1, 1000))
def test_scaling_all_weights_changes_nothing(units, weights, factor):
    assert split(units, [weight * factor for weight in weights]) == split(units, weights)


@given(any_units, some_weights)
def test_negating_the_money_negates_each_share(units, weights):
    assert split(-units, weights) == [-share for share in split(units, weights)]


@given(any_units, some_weights)
def test_a_zero_weight_takes_nothing(units, weights):
    assert all(share == 0 for share, weight in zip(split(units, weights), weights, strict=True) if weight == 0)


@given(any_units, some_weights)
def test_no_share_has_the_wrong_sign(units, weights):
    assert all(share * units >= 0 for share in split(units, weights))


@given(any_units, some_weights)
def test_a_share_is_within_one_coarse_and_one_fine_unit_of_the_exact_one(units, weights):
    total = sum(weights)
    for share, weight in zip(split(units, weights), weights, strict=True):
        assert abs(share - Fraction(units * weight, total)) <= COARSE + 1


@given(st.integers(-(COARSE - 1), COARSE - 1), some_weights)
def test_below_a_coarse_unit_a_share_is_less_than_one_unit_off(units, weights):
    total = sum(weights)
    for share, weight in zip(split(units, weights), weights, strict=True):
        assert abs(share - Fraction(units * weight, total)) < 1


@given(st.integers(-(COARSE - 1), COARSE - 1), st.integers(1, 10**12), st.integers(1, 50))
def test_equal_weights_differ_by_one_unit_at_most(units, weight, count):
    shares = split(units, [weight] * count)
    assert max(shares) - min(shares) <= 1


@given(any_units, st.integers(1, 50))
def test_equal_weights_of_large_money_differ_by_a_coarse_and_a_fine_unit_at_most(units, count):
    shares = split(units, [1] * count)
    assert max(shares) - min(shares) <= COARSE + 1


@pytest.mark.parametrize("weights", [[], [0], [0, 0], [3, -1]])
def test_weights_that_cannot_split_are_refused(weights):
    with pytest.raises(ValueError, match="weights"):
        split(100, weights)


@given(st.lists(st.integers(0, 10**20), max_size=6))
def test_coarsened_weights_keep_their_bound_and_their_digits(weights):
    cut = coarsen(weights)
    assert sum(cut) < MAX_TOTAL_WEIGHT
    powers = [10**power for power in range(22)]
    assert cut in [[weight // power for weight in weights] for power in powers]


@given(st.integers(-(10**40), 10**40), st.integers(1, 10**20))
def test_idiv_truncates_toward_zero_as_sql_does(dividend, divisor):
    assert idiv(dividend, divisor) == int(Fraction(dividend, divisor))


@given(st.integers(-(10**38) + 1, 10**38 - 1))
def test_units_survive_their_text(units):
    assert units_from_text(text_from_units(units)) == units


@given(st.decimals(min_value=-(10**13), max_value=10**13, places=18))
def test_text_is_read_exactly_with_and_without_an_exponent(value):
    expected = int(value.scaleb(24, EXACT).to_integral_exact(context=EXACT))
    assert units_from_text(f"{value:f}") == expected
    assert units_from_text(f"{value:E}") == expected


@given(st.integers(-(10**30), 10**30))
def test_what_is_finer_than_a_unit_is_cut_toward_zero_and_said(scaled):
    value = Decimal(scaled).scaleb(-28, EXACT)
    units, cut = units_and_cut(f"{value:E}")
    assert units == int(Fraction(scaled, 10**4))
    assert cut == (scaled % 10**4 != 0)
    if cut:
        with pytest.raises(MoneyFormatError, match="finer"):
            units_from_text(f"{value:f}")


@given(st.text(alphabet="0123456789.eE+-_ naif,$()", max_size=8))
def test_only_decimal_numbers_are_numbers(text):
    try:
        units, _ = units_and_cut(text)
    except MoneyFormatError:
        return
    assert not set(text) & set("_naif,$()")
    assert units == int(Decimal(text.strip()).scaleb(24, Context(prec=20_000)))


@given(st.lists(st.integers(-(10**30), 10**30), max_size=20), st.integers(0, 6))
def test_shown_figures_foot_to_the_rounded_total(units, places):
    step = Decimal(1).scaleb(-places)
    total = Decimal(sum(units)).scaleb(-24, EXACT).quantize(step, rounding="ROUND_HALF_UP", context=EXACT)
    assert sum(map(Decimal, shown(units, places))) == total


@given(st.lists(st.integers(-(10**30), 10**30), min_size=1, max_size=20))
def test_a_shown_figure_is_within_a_cent_of_the_exact_one(units):
    for text, value in zip(shown(units), units, strict=True):
        assert abs(Fraction(text) - Fraction(value, UNITS_PER_ONE)) <= Fraction(1, 100)
