"""A source renamed or taken out after months were closed with it: the books stay whole, and so does the advice."""

import shutil

import pytest

from tests.books import AUGUST, BILL, JULY, Company
from tests.focus_rows import write_focus


@pytest.fixture
def shut(books: Company) -> Company:
    """July closed, August open."""
    return books.closed(JULY)


def renamed(books: Company) -> Company:
    books.config.write_text(books.config.read_text().replace("name: cloud", "name: sky"))
    return books


def refused(books: Company, capsys, *argv: str) -> str:
    capsys.readouterr()
    assert books.call(*argv) != 0
    return capsys.readouterr().err


def test_a_rename_after_a_close_is_told_to_be_taken_back_and_never_to_remove_the_ledger(shut: Company, capsys):
    told = refused(renamed(shut), capsys, "ingest")
    assert "give it its old name back in apportion.yaml and invoices.csv" in told
    assert "2026-07 was closed with cloud, and its ledger must stay" in told
    assert "remove" not in told


def test_a_rename_before_any_close_may_start_its_ledger_anew(books: Company, capsys):
    books.done("ingest")
    told = refused(renamed(books), capsys, "ingest")
    ledger = books.data / "ledger" / "cloud"
    assert f"give it its old name back in apportion.yaml, or remove {ledger}" in told
    shutil.rmtree(ledger)
    told = refused(books, capsys, "ingest")
    assert "source 'cloud' is neither configured nor in the ledger" in told
    assert "after a rename the lines take the new name" in told
    books.write("invoices.csv", (books.root / "invoices.csv").read_text().replace("cloud", "sky"))
    books.closed(JULY)


def test_invoices_of_a_source_that_was_taken_out_stand_while_the_ledger_holds_it(shut: Company):
    books = renamed(shut)
    text = books.config.read_text().replace("location: exports", "location: elsewhere")
    books.config.write_text(text.replace("close: {", "close: {fiscal_year_start: 2, "))
    write_focus(books.root / "elsewhere" / "2026-09.csv", [{"BillingPeriodStart": "2026-09-01T00:00:00Z"}])
    books.done("ingest")
    books.done("allocate", "--period", "2026-08")
    books.done("report", "--period", "2026-07")
    books.done("verify", "--period", "2026-07")


def test_a_ledger_that_was_removed_and_ingested_again_is_not_taken_for_the_closed_one(shut: Company, capsys):
    shutil.rmtree(shut.data / "ledger" / "cloud" / "2026-07")
    shut.deliver(JULY, [*BILL, ("20", "vm-4", "birch")])
    shut.done("ingest")
    told = refused(shut, capsys, "allocate", "--period", "2026-08")
    assert "2026-07 was closed with another version 1 of cloud than is there" in told


def test_a_closed_month_that_vanished_from_its_export_is_the_closed_one_still(shut: Company):
    (shut.root / "exports" / "2026-07.csv").unlink()
    assert shut.posted(AUGUST) == {}
    shut.done("verify")


@pytest.mark.parametrize("month", ["2026-07", "2026-08"])
def test_a_head_that_cannot_be_read_is_brought_back_where_the_month_is_closed(shut: Company, capsys, month):
    (shut.data / "ledger" / "cloud" / month / "HEAD.json").write_text("{")
    told = refused(shut, capsys, "ingest")
    assert "from a backup" in told
    assert ("or remove it" in told) == (month == "2026-08")
