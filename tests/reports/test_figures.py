from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.money import UNITS_PER_ONE, shown, units_from_text
from reports import figures


@pytest.mark.parametrize(
    ("plain", "grouped"),
    [("0.00", "0.00"), ("-0.05", "-0.05"), ("1234567.5", "1,234,567.5"), ("-1234.50", "-1,234.50"), ("999", "999")],
)
def test_thousands_are_set_apart_and_a_sign_survives(plain, grouped):
    assert figures.grouped(plain) == grouped


@pytest.mark.parametrize(
    ("amount", "currency", "said"),
    [
        ("999.994", "USD", "$999.99"),
        ("1000", "USD", "$1,000"),
        ("-182345.4", "USD", "-$182,345"),
        ("12345678.9", "USD", "$12,345,679"),
        ("182345.6", "EUR", "182,346 EUR"),
        ("0", "JPY", "0.00 JPY"),
    ],
)
def test_a_message_says_whole_amounts_and_hides_no_digits(amount, currency, said):
    assert figures.whole(units_from_text(amount), currency) == said


@pytest.mark.parametrize(
    ("value", "said"), [("62.45", "62.4 %"), ("62.55", "62.6 %"), ("-0.04", "0.0 %"), ("-3.16", "-3.2 %")]
)
def test_a_percentage_rounds_half_even_and_is_never_minus_zero(value, said):
    assert figures.percent(Decimal(value)) == said


def test_a_change_carries_its_sign():
    assert figures.signed_percent(Decimal("4.21")) == "+4.2 %"
    assert figures.change_pct(90, 100) == -10


def test_text_from_outside_becomes_one_harmless_line():
    assert figures.one_line(" a\x1b[31mb\r\nc\u202ed\u2028e ") == "a [31mb c d e"


def test_a_long_text_shows_that_it_was_cut():
    assert figures.ellipsis("abcdef", 4) == "abc\N{HORIZONTAL ELLIPSIS}"
    assert figures.ellipsis("abcd", 4) == "abcd"


amounts = st.integers(min_value=-(10**12) * UNITS_PER_ONE, max_value=10**12 * UNITS_PER_ONE)


@given(st.lists(st.one_of(st.none(), amounts)))
def test_a_column_with_gaps_foots_to_its_rounded_total(units):
    cents = [text for text in figures.footing(units) if text is not None]
    known = [value for value in units if value is not None]
    assert sum(map(Decimal, cents)) == (Decimal(shown([sum(known)])[0]) if known else 0)
    assert [value is None for value in units] == [text is None for text in figures.footing(units)]


@given(st.lists(st.lists(amounts, min_size=1, max_size=5), min_size=1, max_size=6))
def test_parts_of_a_row_foot_to_the_cents_its_column_shows(rows):
    before = 0
    for row, cents in zip(rows, shown([sum(row) for row in rows]), strict=True):
        assert sum(map(Decimal, figures.continued(before, row))) == Decimal(cents)
        before += sum(row)
