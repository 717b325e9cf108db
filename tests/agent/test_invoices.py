"""invoices.csv: read strictly, every mistake with its line."""

import pytest

from agent.errors import InputError
from agent.invoices import read_invoices
from agent.money import units_from_text
from agent.period import Period

HEAD = "period,source,invoice_id,amount,currency"


def read(*lines: str, head: str = HEAD, sources=("aws", "azure")):
    return read_invoices("\n".join([head, *lines, ""]).encode(), sources)


def test_amounts_are_exact_and_parts_stand_beside_them():
    head = f"{HEAD},tax,support,credits,gap_reason"
    found = read("2026-10,azure,G12,1234.5600000001,EUR,205.76,,-10,", head=head)
    (invoice,) = found.of(Period(2026, 10))
    assert invoice.amount == units_from_text("1234.5600000001")
    assert invoice.parts == {"tax": units_from_text("205.76"), "credits": units_from_text("-10")}
    assert found.of(Period(2026, 9)) == []


def test_an_invoice_id_may_be_empty_and_leading_zeros_stay():
    ids = [row.invoice_id for row in read("2026-10,azure,,5,EUR", "2026-10,aws,00417,5,USD").rows]
    assert ids == ["", "00417"]


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("2026-10,awz,1,5,USD", "source 'awz' is neither configured nor in the ledger; did you mean 'aws'?"),
        ("2026-13,aws,1,5,USD", "'2026-13' is not a month"),
        ('2026-10,aws,1,"1,234.50",USD', "amount: not a number: '1,234.50'"),
        ("2026-10,aws,1,1.2E+05,USD", "was cut by a spreadsheet"),
        ("2026-10,aws,1.23457E+11,5,USD", "invoice_id '1.23457E+11' was cut by a spreadsheet"),
        ("2026-10,aws,1,5,usd", "currency 'usd' is no ISO 4217 code"),
        ("2026-10,aws,1,,USD", "amount is empty"),
        ("2026-10,aws,1,5", "4 cells, but the header has 5 columns"),
    ],
)
def test_a_wrong_line_is_named(line, found):
    with pytest.raises(InputError) as caught:
        read("2026-10,aws,first,1,USD", line)
    assert found in caught.value.message
    assert caught.value.where == "invoices.csv:3"


def test_the_same_invoice_twice_is_refused():
    with pytest.raises(InputError, match="this invoice stands on line 2, too") as caught:
        read("2026-10,aws,1,5,USD", "2026-09,aws,1,5,USD", "2026-10,aws,1,6,USD")
    assert caught.value.where == "invoices.csv:4"


def test_a_gap_may_stand_without_an_amount_but_not_without_a_reason():
    (row,) = read("2026-10,aws,1,,USD,paid by the reseller", head=f"{HEAD},gap_reason").rows
    assert (row.amount, row.gap_reason) == (None, "paid by the reseller")


def test_an_unknown_column_is_named():
    with pytest.raises(InputError, match="unknown column 'vat'"):
        read(head=f"{HEAD},vat")
