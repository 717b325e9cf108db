"""Which months are explained: open ones that are up to date, closed ones by what they were closed with."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.books import AUGUST, BILL, JULY, Company, books

__all__ = ["books"]


@pytest.fixture
def said(books: Company, capsys: pytest.CaptureFixture[str]):
    """Exit code and output of ``apportion explain``."""

    def call(*argv: str, format: str = "text") -> tuple[int, str]:  # noqa: A002  # as the option is called
        capsys.readouterr()
        code = books.call("explain", *argv, "--format", format)
        printed = capsys.readouterr()
        return code, printed.out + printed.err

    return call


@pytest.fixture
def july(books: Company) -> Company:
    books.done("ingest")
    books.done("allocate", "--period", str(JULY))
    return books


def parts(document: dict, *names: str) -> dict:
    found = document["tree"]
    for name in names:
        found = next(part for part in found["parts"] if part["name"] == name)
    return found


@pytest.mark.usefixtures("july")
def test_a_walk_that_holds_ends_in_zero_and_says_so(said) -> None:
    code, text = said("acorn", "--period", str(JULY))
    # 60 direct, a quarter of 40, and (60 + 10) of 130 of what is untagged
    assert code == 0
    assert "acorn (Acorn): EffectiveCost of 2026-07 through 2026-07-31, USD 75.384615384615" in text
    assert "difference exactly 0" in text


@pytest.mark.usefixtures("july")
def test_an_unknown_customer_is_told_with_the_nearest(said) -> None:
    code, text = said("acron", "--period", str(JULY))
    assert code == 2
    assert "no customer 'acron'; did you mean acorn?" in text
    assert "@unallocated" in text


@pytest.mark.usefixtures("july")
def test_an_unknown_pool_is_told_with_those_that_are_there(said) -> None:
    code, text = said("acorn", "--period", str(JULY), "--pool", "databse")
    assert (code, "no pool 'databse'" in text, "one of database" in text) == (2, True, True)


@pytest.mark.usefixtures("july")
def test_a_month_without_results_is_nothing_to_explain(said) -> None:
    code, text = said("acorn", "--period", str(AUGUST))
    assert code == 3
    assert f"apportion allocate --period {AUGUST}" in text


def _new_rules(company: Company) -> None:
    rules = (company.root / "allocation.yaml").read_text()
    company.write("allocation.yaml", rules.replace("method: usage, driver: requests", "method: even"))


def _new_usage(company: Company) -> None:
    usage = (company.root / "requests.csv").read_text()
    company.write("requests.csv", usage.replace(f"{JULY}-31,acorn,1", f"{JULY}-31,acorn,2"))
    company.done("ingest")


def _new_bill(company: Company) -> None:
    company.deliver(JULY, [("61", "vm-1", "acorn"), *BILL[1:]])
    company.done("ingest")


@pytest.mark.parametrize("change", [_new_rules, _new_usage, _new_bill])
def test_results_of_something_else_than_is_there_now_are_not_explained(july: Company, said, change) -> None:
    change(july)
    code, text = said("acorn", "--period", str(JULY))
    assert code == 2
    assert f"the results of {JULY} are out of date" in text
    assert f"apportion allocate --period {JULY}" in text


def test_published_files_that_were_changed_are_not_explained(july: Company, said) -> None:
    path = july.results(JULY) / "cost_per_customer.csv"
    path.write_text(path.read_text().replace("75.38", "75.39"))
    code, text = said("acorn", "--period", str(JULY))
    assert (code, "cost_per_customer.csv is not the file that was proven" in text) == (1, True)


def test_a_closed_month_is_explained_by_what_it_was_closed_with(books: Company, said) -> None:
    books.closed(JULY)
    _new_rules(books)
    _new_usage(books)
    _new_bill(books)
    code, text = said("acorn", "--period", str(JULY))
    assert code == 0
    assert "USD 75.384615384615; 2026-07 was closed by Ada" in " ".join(text.split())
    assert "usage by requests; 25.0000 % of the pool's 40.00" in text


def test_adjustments_are_shown_by_the_month_they_are_about(books: Company, said) -> None:
    books.closed(JULY)
    books.deliver(JULY, [("66", "vm-1", "acorn"), *BILL[1:]])
    posted = books.posted(AUGUST)
    code, text = said("acorn", "--period", str(AUGUST), format="json")
    assert code == 0
    found = parts(json.loads(text), "Prior period", str(JULY))
    assert found["amount"] == posted[str(JULY), "acorn"]
    assert sum(part["kind"] == "adjustment" for part in found["parts"]) > 1


def test_a_month_with_adjustments_is_explained_when_it_is_closed_too(books: Company, said) -> None:
    books.closed(JULY)
    books.deliver(JULY, [("66", "vm-1", "acorn"), *BILL[1:]])
    books.invoices({JULY: "146", AUGUST: "140"})
    books.posted(AUGUST)
    books.done("close", str(AUGUST), "--by", "Ada", "--accept-gap", "July was delivered again")
    code, text = said("acorn", "--period", str(AUGUST))
    assert (code, "Prior period" in text, "difference exactly 0" in text) == (0, True, True)


@pytest.mark.parametrize("columns", ["40", "60", "80"])
def test_no_line_is_wider_than_the_terminal(july: Company, said, monkeypatch, columns: str) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    _, text = said("acorn", "--period", str(JULY), "--pool", "database", "--rows")
    assert max(map(len, text.splitlines())) <= int(columns)


def shown_cents(lines: Sequence[str], depth: int) -> list[int]:
    """Cents of the tree's amounts that stand at a depth."""
    at = [line for line in lines if len(line) - len(line.lstrip()) == depth * 2 and line[-3:-2] == "."]
    return [int(line.split()[-1].replace(",", "").replace(".", "")) for line in at]


@pytest.mark.usefixtures("july")
def test_cents_foot_at_each_step(said) -> None:
    _, text = said("acorn", "--period", str(JULY))
    lines = text.splitlines()[2:]
    tree = lines[: lines.index("")]
    assert sum(shown_cents(tree, 1)) == shown_cents(tree, 0)[0]


def test_what_was_computed_otherwise_than_it_was_published_is_not_explained(
    july: Company, said, tmp_path: Path
) -> None:
    """As when another version of the program made the results: the proof and its files are consistent."""
    folder = july.results(JULY)
    allocation = folder / "allocation.parquet"
    table = pq.read_table(allocation)
    pq.write_table(table.slice(0, len(table) - 1).combine_chunks(), tmp_path / "other.parquet")
    allocation.write_bytes((tmp_path / "other.parquet").read_bytes())
    proof = json.loads((folder / "proof.json").read_text())
    proof["results"]["allocation.parquet"] = hashlib.sha256(allocation.read_bytes()).hexdigest()
    (folder / "proof.json").write_text(json.dumps(proof))
    code, text = said("acorn", "--period", str(JULY))
    assert (code, "computed again it has other rows than were published" in text) == (1, True)


@pytest.fixture
def open_july(books: Company) -> Company:
    """Usage is measured through the 30th; of the bill the 31st has vm-1 of acorn and vm-3 of nobody, 70 together."""
    books.deliver(JULY, BILL, ChargePeriodStart=f"{JULY}-30T00:00:00Z", ChargePeriodEnd=f"{JULY}-31T00:00:00Z")
    early = (books.root / "exports" / f"{JULY}.csv").read_text().splitlines()
    books.deliver(JULY, [BILL[0], BILL[2]])
    late = (books.root / "exports" / f"{JULY}.csv").read_text().splitlines()[1:]
    (books.root / "exports" / f"{JULY}.csv").write_text("\n".join([*early, *late, ""]))
    usage = (books.root / "requests.csv").read_text().splitlines()
    books.write("requests.csv", "\n".join([line for line in usage if line[:10] <= f"{JULY}-30" or line[:4] == "date"]))
    books.done("ingest")
    books.done("allocate", "--period", str(JULY))
    return books


@pytest.mark.usefixtures("open_july")
def test_what_is_dated_after_day_d_is_told_with_its_sum_by_class(said) -> None:
    code, text = said("@after_asof", "--period", str(JULY))
    assert code == 0
    told = " ".join(text.split())
    assert "@after_asof: EffectiveCost of 2026-07 through 2026-07-30, USD 70" in told
    assert "cost dated after 2026-07-30" in told
    assert "it is in nobody's figures yet" in told
    code, text = said("@after_asof", "--period", str(JULY), format="json")
    parts = json.loads(text)["tree"]["parts"]
    assert {part["name"]: part["amount"] for part in parts} == {"Direct": "60", "Untagged": "10"}


@pytest.mark.usefixtures("july")
def test_where_nothing_is_dated_after_day_d_its_row_is_nothing_and_says_so(said) -> None:
    code, text = said("@after_asof", "--period", str(JULY))
    assert (code, "nothing is dated after 2026-07-31: the row is not published" in " ".join(text.split())) == (0, True)


@pytest.mark.usefixtures("open_july")
def test_the_base_of_an_open_month_is_that_through_day_d(said) -> None:
    code, text = said("acorn", "--period", str(JULY))
    told = " ".join(text.split())
    assert code == 0
    assert "direct and shared cost, no less than 0, through 2026-07-30" in told
    assert "whole month" not in told
