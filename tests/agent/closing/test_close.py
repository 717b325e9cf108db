"""``apportion close``: what it takes, what it writes, and what stays shut afterwards."""

import json
import shutil
from pathlib import Path

import pytest

from tests.books import AUGUST, BILL, JULY, POLICY, Company, company

EPOCH = "1790000000"
ON_THAT_DAY = "2026-09-21T14:13:20Z"


def refused(books: Company, capsys, *argv: str, code: int = 2) -> str:
    capsys.readouterr()
    assert books.call(*argv) == code
    return capsys.readouterr().err


def tree(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_month_is_closed_with_everything_it_was_made_from(books: Company, monkeypatch, capsys):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", EPOCH)
    books.done("ingest")
    books.done("allocate", "--period", "2026-07")
    books.done("report", "--period", "2026-07")
    capsys.readouterr()
    books.done("close", "--by", "Ada Byron", "--format", "json")
    said = json.loads(capsys.readouterr().out)
    entry = json.loads((books.entry(JULY) / "close.json").read_text())
    assert (said["period"], said["by"], said["at"], said["number"]) == ("2026-07", "Ada Byron", ON_THAT_DAY, 1)
    assert said["hash"] == entry["hash"]
    assert entry["previous"] is None
    assert [row["source"] for row in entry["ledger"]] == ["cloud"]
    assert entry["inputs"]["usage"].keys() == {"requests"}
    assert all(check["holds"] for check in entry["checks"])
    frozen = tree(books.entry(JULY))
    assert set(entry["files"]) == set(frozen) - {"close.json"}
    for name, kept in {"config/policy.yaml": "policy.yaml", "config/allocation.yaml": "allocation.yaml"}.items():
        assert frozen[name] == (books.root / kept).read_bytes()
    assert frozen["allocation.parquet"] == (books.results(JULY) / "allocation.parquet").read_bytes()
    assert "report/cost-per-customer-2026-07.xlsx" in frozen
    assert all((books.entry(JULY) / name).stat().st_mode & 0o222 == 0 for name in frozen)


def test_closing_the_same_month_of_the_same_company_gives_the_same_bytes(tmp_path, monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", EPOCH)
    made = [company(tmp_path / name, JULY).closed(JULY) for name in ("one", "two")]
    assert tree(made[0].entry(JULY)) == tree(made[1].entry(JULY))


def test_each_entry_names_the_one_before_it(books: Company):
    books.closed(JULY, AUGUST)
    first, second = (json.loads((books.entry(month) / "close.json").read_text()) for month in (JULY, AUGUST))
    assert (second["number"], second["previous"]) == (2, first["hash"])


def test_months_are_closed_in_order(books: Company, capsys):
    books.done("ingest")
    books.done("allocate", "--period", "2026-08")
    told = refused(books, capsys, "close", "2026-08")
    assert "2026-08 cannot be closed before 2026-07, which is open" in told
    assert "apportion close 2026-07" in told


def test_the_books_may_begin_later_than_the_ledger(books: Company, capsys):
    books.config.write_text(books.config.read_text().replace("close: {", 'close: {first: "2026-08", '))
    books.closed(AUGUST)
    assert "2026-07 is not in the books" in refused(books, capsys, "close", "2026-07", code=3)


def test_a_month_without_data_is_not_closed(books: Company, capsys):
    books.done("ingest")
    assert "2026-01 is not in the books" in refused(books, capsys, "close", "2026-01", code=3)


def test_a_month_that_was_not_allocated_since_its_facts_changed_is_not_closed(books: Company, capsys):
    books.done("ingest")
    assert "has no results, or they were made from something else" in refused(books, capsys, "close", "2026-07")
    books.done("allocate", "--period", "2026-07")
    books.write("policy.yaml", POLICY + "# a comment is a change of the file\n")
    told = refused(books, capsys, "close", "2026-07")
    assert "has no results, or they were made from something else" in told
    assert "apportion allocate --period 2026-07" in told


def test_results_that_were_edited_are_not_closed(books: Company, capsys):
    books.done("ingest")
    books.done("allocate", "--period", "2026-07")
    with (books.results(JULY) / "cost_per_customer.csv").open("a") as file:
        file.write("x")
    assert "cost_per_customer.csv is not the file that was proven" in refused(books, capsys, "close", code=1)


def test_a_month_that_is_closed_is_not_closed_twice(books: Company, capsys):
    books.closed(JULY)
    told = refused(books, capsys, "close", "2026-07")
    assert "2026-07 was closed by Ada on" in told
    assert "its figures stay as they are" in told


ENDS_EARLY = {
    "InvoiceId": "",
    "ChargePeriodStart": "2026-07-20T00:00:00Z",
    "ChargePeriodEnd": "2026-07-21T00:00:00Z",
}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"InvoiceId": ""}, "cloud: not final though 2026-08-14 has passed: cloud has no invoice yet"),
        (ENDS_EARLY, "figures run through 2026-07-20, not through 2026-07-31"),
    ],
    ids=["no invoice yet", "usage that ends early"],
)
def test_a_source_that_is_not_final_has_to_be_accepted(tmp_path, capsys, change, told):
    books = company(tmp_path / "company", JULY)
    books.deliver(JULY, **change)
    books.write("invoices.csv", "period,source,invoice_id,amount,currency\n2026-07,cloud,,140,USD\n")
    books.done("ingest")
    books.done("allocate", "--period", "2026-07")
    refusal = refused(books, capsys, "close")
    assert told in refusal
    assert "--accept-estimates REASON" in refusal
    books.done("close", "--accept-estimates", "the provider has gone out of business", "--by", "Ada")
    entry = json.loads((books.entry(JULY) / "close.json").read_text())
    assert entry["reasons"] == {"estimates": "the provider has gone out of business"}


def test_a_month_that_is_no_longer_delivered_has_to_be_accepted(books: Company, capsys):
    books.done("ingest")
    (books.root / "exports" / "2026-07.csv").unlink()
    books.done("ingest")
    books.done("allocate", "--period", "2026-07")
    assert "cloud no longer exports 2026-07; its last version is used" in refused(books, capsys, "close")
    books.done("close", "--accept-estimates", "the export was cut", "--by", "Ada")


SECOND = "sources:\n  - {name: other, kind: focus, location: elsewhere}\n"


def with_another_source(books: Company) -> Company:
    books.config.write_text(books.config.read_text().replace("sources:\n", SECOND))
    return books


def shown(books: Company, capsys, *argv: str) -> str:
    capsys.readouterr()
    books.done(*argv)
    return capsys.readouterr().out


@pytest.mark.parametrize("other", ["its location is not there", "it begins in a later month"])
def test_a_configured_source_that_delivered_nothing_for_the_month_has_to_be_accepted(books: Company, capsys, other):
    if other == "it begins in a later month":
        elsewhere = company(books.root / "second", AUGUST)
        elsewhere.deliver(AUGUST, SubAccountId="second")
        (books.root / "second" / "exports").rename(books.root / "elsewhere")
    with_another_source(books).call("ingest")
    told = "could not be read on" if other == "its location is not there" else "source other has no data for 2026-07"
    assert told in shown(books, capsys, "allocate", "--period", "2026-07")
    refusal = refused(books, capsys, "close", "2026-07")
    assert told in refusal
    assert "--accept-estimates REASON" in refusal
    books.done("close", "2026-07", "--accept-estimates", "other begins in August", "--by", "Ada")
    entry = json.loads((books.entry(JULY) / "close.json").read_text())
    check = next(found for found in entry["checks"] if found["check"] == "other is delivered")
    assert (check["holds"], check["accepted"]) == (False, "other begins in August")


def test_a_source_that_could_not_be_read_last_has_to_be_accepted_though_an_earlier_version_is_there(
    books: Company, capsys
):
    books.done("ingest")
    (books.root / "exports").rename(books.root / "gone")
    with_another_source(books)
    (books.root / "elsewhere").mkdir()
    books.call("ingest")
    assert "figures from its last version, v1" in shown(books, capsys, "allocate", "--period", "2026-07")
    assert "source cloud could not be read on" in refused(books, capsys, "close", "2026-07")


@pytest.mark.parametrize("amount", ["139.98", "140.02"])
def test_an_invoice_that_does_not_tie_has_to_be_named(books: Company, capsys, amount):
    books.invoices({JULY: amount})
    books.done("ingest")
    books.done("allocate", "--period", "2026-07")
    told = refused(books, capsys, "close")
    assert "invoice INV-2026-07 of cloud, billed 140.00 USD: differs by" in told
    assert "--accept-gap REASON" in told
    books.done("close", "--accept-gap", "rounding of the reseller", "--by", "Ada")


def test_an_invoice_may_differ_by_a_cent(books: Company):
    books.invoices({JULY: "140.01"})
    books.closed(JULY)


def test_a_gap_with_a_reason_in_the_file_is_named_already(books: Company):
    books.write(
        "invoices.csv",
        "period,source,invoice_id,amount,currency,gap_reason\n2026-07,cloud,INV-2026-07,99,USD,disputed\n",
    )
    books.closed(JULY)


def test_without_invoices_the_gap_is_the_lack_of_them(books: Company, capsys):
    books.config.write_text(books.config.read_text().replace("invoices: invoices.csv\n", ""))
    books.done("ingest")
    books.done("allocate", "--period", "2026-07")
    assert "not tied to an invoice" in refused(books, capsys, "close")


def test_too_much_that_is_unallocated_is_in_the_way(books: Company, capsys):
    books.write("requests.csv", "date,customer,quantity\n2026-07-31,nobody,1\n2026-07-31,acorn,1\n")
    books.done("ingest")
    books.done("allocate", "--period", "2026-07")
    told = refused(books, capsys, "close")
    assert "20.00 of 140.00 USD is unallocated, the limit being 5 %" in told
    assert "close.unallocated_pct" in told


def test_everything_in_the_way_is_told_at_once(books: Company, capsys):
    books.write("requests.csv", "date,customer,quantity\n2026-07-31,nobody,1\n")
    books.invoices({JULY: "1"})
    books.done("ingest")
    books.done("allocate", "--period", "2026-07")
    told = refused(books, capsys, "close")
    assert "2 things in the way" in told
    assert told.count("\n  - ") == 2


def test_a_closed_month_is_not_allocated_again(books: Company, capsys):
    books.closed(JULY)
    before = tree(books.results(JULY))
    told = refused(books, capsys, "allocate", "--period", "2026-07")
    assert "2026-07 was closed by Ada" in told
    assert "posts to the earliest open month" in told
    assert tree(books.results(JULY)) == before


def test_a_closed_month_is_shown_as_closed_whatever_came_since(books: Company, capsys):
    books.closed(JULY)
    books.done("report", "--period", "2026-07", "--format", "json")
    shown = {path.name: path.read_bytes() for path in (books.results(JULY) / "report").glob("*.csv")}
    books.deliver(JULY, [*BILL, ("999", "vm-9", "acorn")])
    books.write("customers.csv", "id,name,kind,start\nacorn,Oak,paying,2026-01-01\n")
    books.write("revenue.csv", "period,customer,amount,currency\n2026-07,acorn,1,USD\n")
    books.write("allocation.yaml", "version: 1\ncustomer: [{tag: tenant}]\n")
    books.done("ingest")
    books.done("report", "--period", "2026-07")
    assert {path.name: path.read_bytes() for path in (books.results(JULY) / "report").glob("*.csv")} == shown
    assert any(b"2026-07 was closed by Ada" in content for content in shown.values())


def test_a_run_for_a_closed_month_reports_it_and_allocates_nothing(books: Company, capsys):
    books.closed(JULY)
    before = tree(books.entry(JULY))
    capsys.readouterr()
    books.done("run", "--period", "2026-07", "--format", "json")
    said = json.loads(capsys.readouterr().out)
    assert said["period"] == "2026-07"
    assert "difference 0" in said["proof_line"]
    assert tree(books.entry(JULY)) == before


def test_report_and_close_are_about_the_earliest_open_month(books: Company, capsys):
    books.done("ingest")
    books.done("allocate", "--period", "2026-07")
    books.done("allocate", "--period", "2026-08")
    for month in ("2026-07", "2026-08"):
        capsys.readouterr()
        books.done("report", "--format", "json")
        assert json.loads(capsys.readouterr().out)["period"] == month
        books.done("close", "--by", "Ada", "--format", "json")
        assert json.loads(capsys.readouterr().out)["period"] == month
    books.done("report", "--format", "json")
    assert json.loads(capsys.readouterr().out)["period"] == "2026-08"
    books.done("digest", "--format", "json")
    assert json.loads(capsys.readouterr().out)["period"] == "2026-08"


def test_forgetting_the_state_database_forgets_no_close(books: Company, capsys):
    books.closed(JULY)
    for path in books.data.glob("state.db*"):
        path.unlink()
    assert "2026-07 was closed" in refused(books, capsys, "close", "2026-07")


def test_losing_the_published_results_loses_no_closed_month(books: Company, capsys):
    books.closed(JULY)
    shutil.rmtree(books.results(JULY))
    books.done("report", "--period", "2026-07")
    assert books.call("verify", "--period", "2026-07") == 0


def test_who_closes_is_the_user_of_the_machine_unless_named(books: Company, monkeypatch, capsys):
    monkeypatch.setenv("LOGNAME", "grace")
    books.done("ingest")
    books.done("allocate", "--period", "2026-07")
    books.done("close")
    assert json.loads((books.entry(JULY) / "close.json").read_text())["by"] == "grace"


def test_nothing_to_close_before_the_first_ingest(tmp_path, capsys):
    books = company(tmp_path / "company", JULY)
    assert "nothing was ingested yet" in refused(books, capsys, "close", code=3)


def test_accepting_attribution_needs_a_closed_month_with_something_new(books: Company, capsys):
    books.done("ingest")
    told = refused(books, capsys, "close", "2026-07", "--accept-attribution", "tags")
    assert "2026-07 is open" in told
    books.closed(JULY)
    told = refused(books, capsys, "close", "2026-07", "--accept-attribution", "tags")
    assert "nothing was delivered for 2026-07 since" in told
    told = refused(books, capsys, "close", "2026-07", "--accept-attribution", "tags", "--accept-gap", "x")
    assert "about a month that is closed already" in told


def test_close_says_what_it_looked_at(books: Company, capsys):
    books.done("ingest")
    books.done("allocate", "--period", "2026-07")
    capsys.readouterr()
    books.done("close", "--by", "Ada")
    text = capsys.readouterr().out
    assert "ok: 0.00 of 140.00 USD is unallocated" in text
    assert "ok: invoice INV-2026-07 of cloud, billed 140.00 USD: tied" in text
    assert "ok: cloud: final: every charge names its invoice" in text
