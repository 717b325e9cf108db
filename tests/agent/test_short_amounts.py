"""Amounts far below a unit in short, for people; the two sides that do so agree without knowing each other."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.money import scientific
from agent.verify.exact import UNIT, brief
from agent.verify.records import Check, Verification

LONG = "0." + "0" * 43 + "1" + "0" * 255 + "5"


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        ("4.56789E-28", "4.56789E-28"),
        ("-5E-25", "-5E-25"),
        ("10E-26", "1E-25"),
        (LONG, "1…E-44"),
        ("-0.1234567890123456E-30", "-1.23456789012…E-31"),
        ("1E-400", "1E-400"),
    ],
)
def test_the_first_digits_are_told(amount: str, text: str) -> None:
    assert scientific(Decimal(amount)) == text
    assert brief(Decimal(amount)) == text


def test_what_a_unit_holds_is_told_in_full() -> None:
    assert brief(Decimal("0.000000000000000000000001")) == "0.000000000000000000000001"
    assert brief(Decimal("12.5")) == "12.5"
    assert brief(Decimal(0)) == "0"


@given(st.decimals(allow_nan=False, allow_infinity=False, places=60, min_value=-1, max_value=1))
def test_both_sides_tell_it_alike(drawn: Decimal) -> None:
    amount = drawn.scaleb(-25)
    if amount and abs(amount) < UNIT:
        assert scientific(amount) == brief(amount)


def test_the_table_tells_it_in_short_and_json_in_full() -> None:
    verification = Verification("2026-10", (Check("sums", LONG, LONG, "-" + LONG, ok=True),))
    assert "ok  sums   1…E-44  1…E-44  -1…E-44" in verification.text()
    assert LONG in str(verification.records())
