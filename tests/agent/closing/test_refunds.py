"""Refunds and corrections that are about a closed month go where that month's money went."""

from decimal import Decimal

import pyarrow.parquet as pq
import pytest

from tests.books import AUGUST, JULY, SEPTEMBER, Company
from tests.focus_rows import write_focus

REFUND = {
    "BilledCost": "-9",
    "ChargeCategory": "Adjustment",
    "ChargeClass": "Correction",
    "ChargeDescription": "Refund for July",
    "BillingPeriodStart": "2026-08-01T00:00:00Z",
    "ChargePeriodStart": "2026-07-31T00:00:00Z",
    "ChargePeriodEnd": "2026-08-01T00:00:00Z",
    "ServiceName": "Compute",
    "InvoiceId": "INV-2026-08",
}


@pytest.fixture
def refunded(books: Company) -> Company:
    """August's bill gives 9 back for July's machines; in August only birch has any."""
    books.deliver(AUGUST, [("30", "vm-2", "birch")])
    write_focus(books.root / "exports" / "refund.csv", [REFUND])
    books.invoices({JULY: "140", AUGUST: "21"})
    return books


def charged(books: Company, month, origin: str = "2026-08") -> dict[tuple[str, str | None], Decimal]:
    sums: dict[tuple[str, str | None], Decimal] = {}
    for row in pq.read_table(books.results(month) / "allocation.parquet").to_pylist():
        if row["Class"] == "charge" and row["OriginPeriod"] == origin:
            key = (row["Customer"], row["Reason"])
            sums[key] = sums.get(key, Decimal(0)) + row["EffectiveCost"]
    return {key: amount.normalize() for key, amount in sums.items()}


def test_while_the_month_is_open_a_refund_follows_its_own_bill(refunded: Company):
    refunded.done("ingest")
    refunded.done("allocate", "--period", "2026-08")
    assert charged(refunded, AUGUST) == {("birch", None): Decimal(-9)}


def test_once_it_is_closed_a_refund_takes_its_frozen_distribution(refunded: Company):
    """July's machines became acorn 60, birch 30 and untagged 10: -5.4, -2.7 and -0.9.

    The untagged 10 went by 70 : 60. Weights that are money are cut to 1e-6: 5.384615 and 4.615384, of 9.999999. So its
    -0.9 is acorn -0.484615398461 and birch -0.415384601539.
    """
    refunded.closed(JULY)
    refunded.done("allocate", "--period", "2026-08")
    assert charged(refunded, AUGUST) == {
        ("acorn", None): Decimal("-5.884615398461"),
        ("birch", None): Decimal("-3.115384601539"),
    }
    assert list(refunded.proof(AUGUST)["frozen"]) == ["2026-07"]
    assert refunded.call("verify", "--period", "2026-08") == 0


def test_closing_the_month_that_is_refunded_puts_the_refunding_one_out_of_date(refunded: Company, capsys):
    refunded.done("ingest")
    refunded.done("allocate", "--period", "2026-08")
    refunded.closed(JULY)
    assert refunded.call("close", "2026-08") == 2
    assert "made from something else than what is there now" in capsys.readouterr().err
    refunded.done("allocate", "--period", "2026-08")
    refunded.done("close", "2026-08", "--by", "Ada")


def test_a_refund_of_a_service_that_the_closed_month_did_not_have_goes_by_its_account(books: Company):
    books.deliver(AUGUST, [("30", "vm-2", "birch")])
    write_focus(books.root / "exports" / "refund.csv", [REFUND | {"ServiceName": "Queue", "BilledCost": "-14"}])
    books.invoices({JULY: "140", AUGUST: "16"})
    books.closed(JULY)
    books.done("allocate", "--period", "2026-08")
    # July's account: acorn 60, birch 30, untagged 10 (70 : 60), database 40 (10 : 30), so -6 -3 -1 -4
    assert charged(books, AUGUST) == {
        ("acorn", None): Decimal("-7.538461553846"),
        ("birch", None): Decimal("-6.461538446154"),
    }


def test_a_closed_month_with_a_refund_is_adjusted_with_the_distribution_it_was_closed_with(refunded: Company):
    refunded.closed(JULY)
    refunded.done("allocate", "--period", "2026-08")
    refunded.done("close", "2026-08", "--by", "Ada")
    refunded.deliver(SEPTEMBER)
    refunded.invoices({JULY: "140", AUGUST: "12", SEPTEMBER: "140"})
    write_focus(refunded.root / "exports" / "refund.csv", [REFUND | {"BilledCost": "-18"}])
    # twice as much, each share cut toward zero, less what it was
    assert refunded.posted(SEPTEMBER) == {
        ("2026-08", "acorn"): "-5.884615398462",
        ("2026-08", "birch"): "-3.115384601538",
    }
    assert refunded.call("verify") == 0


def test_a_refund_to_a_customer_that_is_registered_no_more_is_unallocated(refunded: Company):
    refunded.closed(JULY)
    refunded.write("customers.csv", "id,name,kind,start\nbirch,Birch,paying,2026-01-01\n")
    refunded.write("revenue.csv", "period,customer,amount,currency\n2026-08,birch,100,USD\n")
    refunded.done("ingest")
    refunded.done("allocate", "--period", "2026-08")
    assert charged(refunded, AUGUST) == {
        ("@unallocated", "not-registered:acorn"): Decimal("-5.884615398461"),
        ("birch", None): Decimal("-3.115384601539"),
    }
