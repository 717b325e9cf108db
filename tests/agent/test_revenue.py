"""Revenue by customer and month: exact, summed, and nothing dropped."""

import pytest

from agent.errors import InputError
from agent.money import units_from_text
from agent.period import Period
from agent.revenue import Revenue, read_revenue
from policies.registry import read_registry

REGISTRY = read_registry(b"id\nacme\nglobex\n")
HEADER = "period,customer,amount,currency\n"
OCTOBER = Period(2026, 10)


def read(lines: str, header: str = HEADER) -> Revenue:
    return read_revenue((header + lines).encode(), REGISTRY, "USD")


def test_lines_of_a_customer_and_month_are_summed_exactly() -> None:
    revenue = read("2026-10,acme,0.1,USD\n2026-10, Acme ,0.2,USD\n2026-11,acme,5,USD\n2026-10,acme,-0.05,USD\n")
    assert revenue.units(OCTOBER, "acme") == units_from_text("0.25")
    assert revenue.units(OCTOBER.next, "acme") == units_from_text("5")
    assert (revenue.rows, revenue.currency, revenue.periods) == (4, "USD", [OCTOBER, OCTOBER.next])


def test_a_customer_without_a_line_has_unknown_revenue() -> None:
    revenue = read("2026-10,acme,0,USD\n")
    assert (revenue.units(OCTOBER, "acme"), revenue.units(OCTOBER, "globex")) == (0, None)


def test_customers_that_are_not_in_the_registry_are_listed() -> None:
    revenue = read("2026-10,zeta,1,USD\n2026-10,acne,2,USD\n2026-10,zeta,3,USD\n2026-11,acne,4,USD\n")
    assert revenue.unknown_customers(OCTOBER) == {"acne": units_from_text("2"), "zeta": units_from_text("4")}
    assert list(revenue.unknown_customers(OCTOBER)) == ["acne", "zeta"]


def test_a_file_without_lines_is_revenue_of_nobody() -> None:
    assert read("").rows == 0


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("2026-13,acme,1,USD", "'2026-13' is not a month; write it as YYYY-MM, for example 2026-10"),
        ("Oct 2026,acme,1,USD", "'Oct 2026' is not a month; write it as YYYY-MM, for example 2026-10"),
        ("2026-10,,1,USD", "customer is empty"),
        ("2026-10,acme,ten,USD", "amount: not a number: 'ten'"),
        ('2026-10,acme,"1,000",USD', "amount: not a number: '1,000'"),
        ("2026-10,acme,,USD", "amount: not a number: ''"),
        ("2026-10,acme,1,EUR", "currency 'EUR' is not the company's, USD; currencies never mix"),
        ("2026-10,acme,1", "3 cells, but the header has 4 columns"),
    ],
)
def test_a_mistake_is_told_with_its_line(line: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        read(f"2026-10,acme,1,USD\n{line}\n")
    assert (caught.value.message, caught.value.where) == (message, "revenue.csv:3")


def test_the_first_of_several_mistakes_is_told_with_their_number() -> None:
    with pytest.raises(InputError, match=r"amount: not a number: 'x' \(and 2 more in this file\)"):
        read("2026-10,acme,x,USD\n2026-10,acme,1,EUR\nshort\n")


def test_a_missing_column_is_told() -> None:
    with pytest.raises(InputError, match="column 'currency' is missing"):
        read("", "period,customer,amount\n")
