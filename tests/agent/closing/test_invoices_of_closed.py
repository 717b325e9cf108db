"""Invoices of a closed month: what was tied at the close stays, and what was posted since is held against them too."""

import json

import pytest

from tests.books import AUGUST, BILL, JULY, SEPTEMBER, Company

LATER = [*BILL, ("20", "vm-4", "birch")]


@pytest.fixture
def shut(books: Company) -> Company:
    """July closed at 140, tied to its invoice of 140; August open."""
    return books.closed(JULY)


def verified(books: Company, capsys, month=JULY) -> tuple[int, dict[str, dict]]:
    capsys.readouterr()
    code = books.call("verify", "--period", str(month), "--format", "json")
    (found,) = json.loads(capsys.readouterr().out)["periods"]
    return code, {check["name"]: check for check in found["checks"]}


def notes(books: Company, month) -> str:
    books.done("report", "--period", str(month))
    return next((books.results(month) / "report").glob("*.notes.txt")).read_text()


NAME = "cloud: invoice INV-2026-07 == BilledCost, USD"


def test_an_invoice_that_was_corrected_with_its_bill_ties_after_the_close(shut: Company, capsys):
    shut.deliver(JULY, LATER)
    shut.invoices({JULY: "160", AUGUST: "140"})
    shut.posted(AUGUST)
    code, checks = verified(shut, capsys)
    assert code == 0
    assert [checks[f"{when}: {NAME}"][side] for when in ("as closed", "now") for side in ("left", "right")] == [
        "140",
        "140",
        "160",
        "160",
    ]
    shown = "invoice INV-2026-07 of cloud for 2026-07, which is closed, with what was posted since: tied"
    assert shown in notes(shut, AUGUST)
    shut.done("report", "--period", "2026-07")
    assert "differs by" not in notes(shut, JULY)


def test_a_bill_that_moved_without_its_invoice_is_told_by_verify_report_and_close(shut: Company, capsys):
    shut.deliver(JULY, LATER)
    shut.posted(AUGUST)
    code, checks = verified(shut, capsys)
    assert (code, checks[f"as closed: {NAME}"]["ok"], checks[f"now: {NAME}"]["difference"]) == (1, True, "20")
    assert "with what was posted since: differs by 20.00 USD" in notes(shut, AUGUST)
    capsys.readouterr()
    shut.done("close", "2026-08", "--by", "Ada")
    assert "to be seen: invoice INV-2026-07 of cloud, billed 160.00 USD: differs by 20.00" in capsys.readouterr().out


def test_an_invoice_that_moved_without_its_bill_fails_as_it_stands_now(shut: Company, capsys):
    shut.invoices({JULY: "143", AUGUST: "140"})
    shut.done("ingest")
    code, checks = verified(shut, capsys)
    assert (code, checks[f"now: {NAME}"]["difference"]) == (1, "-3")


def test_a_gap_that_was_accepted_is_accepted_while_it_stays_what_it_was(books: Company, capsys):
    books.invoices({JULY: "139", AUGUST: "140"})
    books.done("ingest")
    books.done("allocate", "--period", "2026-07")
    books.done("close", "2026-07", "--accept-gap", "a seat billed apart", "--by", "Ada")
    code, checks = verified(books, capsys)
    assert (code, checks[f"as closed: {NAME}"]["detail"]) == (
        0,
        "accepted when the month was closed: a seat billed apart",
    )
    books.deliver(JULY, LATER)
    books.invoices({JULY: "159", AUGUST: "140"})
    books.done("ingest")
    assert verified(books, capsys)[0] == 0
    books.invoices({JULY: "158", AUGUST: "140"})
    books.done("ingest")
    assert verified(books, capsys)[0] == 1


def test_a_chain_of_three_months_verifies_at_its_end(shut: Company, capsys):
    shut.deliver(SEPTEMBER)
    shut.deliver(JULY, LATER)
    shut.invoices({JULY: "160", AUGUST: "140", SEPTEMBER: "140"})
    shut.posted(AUGUST)
    shut.done("close", "2026-08", "--by", "Ada")
    shut.posted(SEPTEMBER)
    shut.done("close", "2026-09", "--by", "Ada")
    assert [verified(shut, capsys, month)[0] for month in (JULY, AUGUST, SEPTEMBER)] == [0, 0, 0]
