"""Amounts of more than 24 places, as in Azure's amortised costs: cut at a unit, and the cut kept, never rounded."""

from decimal import Decimal

import pyarrow as pa
import pytest

from agent.billing.reading.batch import EXACT
from agent.billing.reading.exact_numbers import NumberFault, exact

LONG = [
    "0.0000000191107392311096200000",
    "0.0000000191107392311096200001",
    "-0.0000000191107392311096209999",
    "-0.9999999999999999999999999999",
    "12345.1234567890123456789012345678",
    "+0.1000000000000000000000006",
    ".1000000000000000000000006",
    "-0.0000000000000000000000009",
    "0.0000000000000000000000000000",
]


def values(numbers):
    """Each row as it was written, from its limbs and what was cut."""
    nothing = [0] * len(numbers.pico)
    limbs = zip(
        nothing if numbers.whole is None else numbers.whole.tolist(),
        numbers.pico.tolist(),
        nothing if numbers.fine is None else numbers.fine.tolist(),
        strict=True,
    )
    return [
        EXACT.add(EXACT.scaleb(Decimal(whole * 10**24 + pico * 10**12 + fine), -24), Decimal(numbers.cut.get(row, "0")))
        for row, (whole, pico, fine) in enumerate(limbs)
    ]


@pytest.mark.parametrize("beside", [["0.1", "5.2E-9", "-3"], ["1e-30"], ["12345678901234"], []])
@pytest.mark.parametrize("coded", [True, False])
def test_every_digit_is_kept(beside, coded):
    texts = [*LONG, *beside]
    column = pa.array(texts)
    numbers = exact(column.dictionary_encode() if coded else column)
    assert values(numbers) == [Decimal(text) for text in texts]


def test_only_what_lies_below_a_unit_is_cut():
    numbers = exact(pa.array(["0.1000000000000000000000000000", "0.1000000000000000000000000001"]))
    assert {row: Decimal(text) for row, text in numbers.cut.items()} == {1: Decimal("1e-28")}


def test_a_word_among_long_fractions_is_named_with_its_row():
    with pytest.raises(NumberFault) as caught:
        exact(pa.array([LONG[1], "twelve"]))
    assert (caught.value.row, caught.value.text) == (1, "twelve")
