"""``apportion diff --methodology``: what a method would move, on the same bill, and that nothing is published."""

import json
from decimal import Decimal
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from tests.books import AUGUST, JULY, Company

GOLDEN = Path(__file__).parent / "golden"
EVEN = ("method: usage, driver: requests", "method: even")


@pytest.fixture
def proposal(books: Company) -> Company:
    """The database split evenly instead of by requests, beside the rules in force."""
    text = (books.root / "allocation.yaml").read_text()
    books.write("proposal.yaml", text.replace(*EVEN).replace("id: 2026-H2", "id: even"))
    books.done("ingest")
    return books


def call(books: Company, *argv: str) -> int:
    return books.call("diff", *argv)


def asked(books: Company, capsys, *argv: str, after: str = "proposal.yaml") -> dict[str, Any]:
    capsys.readouterr()
    path = str(books.root / after) if after.endswith(".yaml") else after
    assert call(books, *argv, "--methodology", "current", path, "--format", "json") == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def ends(lines: list[dict[str, Any]], side: str, metric: str = "EffectiveCost") -> dict[str, str]:
    return {line["key"]: line[metric][side] for line in lines}


def test_what_moves_is_as_worked_out_by_hand(proposal: Company, capsys):
    """The database costs 40: by requests acorn has a quarter of it (10), evenly a half (20).

    The 10 of nobody follow 60 + 10 against 30 + 30, then 60 + 20 against 30 + 20: 5.384615… and 6.153846….
    """
    (month,) = asked(proposal, capsys, "2026-07")["months"]
    lines = month["by"]["customer"]
    assert {key: Decimal(text).quantize(Decimal("0.000001")) for key, text in ends(lines, "before").items()} == {
        "acorn": Decimal("75.384615"),
        "birch": Decimal("64.615385"),
    }
    assert {key: Decimal(text).quantize(Decimal("0.000001")) for key, text in ends(lines, "moved").items()} == {
        "acorn": Decimal("10.769231"),
        "birch": Decimal("-10.769231"),
    }
    assert ends(month["by"]["class"], "moved") == {"direct": "0", "shared": "0", "untagged": "0"}
    assert ends(month["by"]["pool"], "moved") == {"": "0", "database": "0"}


def test_the_moves_of_each_dimension_sum_to_nothing_in_both_metrics(proposal: Company, capsys):
    found = asked(proposal, capsys, "--months", "2")
    for by in (found["total"]["by"], *(month["by"] for month in found["months"])):
        for lines in by.values():
            for metric in ("BilledCost", "EffectiveCost"):
                assert sum(Decimal(line[metric]["moved"]) for line in lines) == 0


def test_before_is_what_is_published_and_after_is_what_the_merge_would_publish(proposal: Company, capsys):
    (month,) = asked(proposal, capsys, "2026-07")["months"]
    for side in ("before", "after"):
        proposal.done("allocate", "--period", "2026-07")
        published = {who: cost for who, cost in proposal.costs(JULY).items() if cost != "0"}
        assert ends(month["by"]["customer"], side) == published
        proposal.write("allocation.yaml", (proposal.root / "proposal.yaml").read_text())


def test_nothing_is_published(proposal: Company, capsys):
    before = {path: path.read_bytes() for path in sorted(proposal.data.rglob("*")) if path.is_file()}
    asked(proposal, capsys, "--months", "2")
    assert {path: path.read_bytes() for path in sorted(proposal.data.rglob("*")) if path.is_file()} == before


def test_margins_and_who_crosses_a_line(proposal: Company, capsys):
    """Birch pays 100 and costs 64.62, then 53.85: its margin goes from 35.4 % to 46.2 %; acorn's stays above 50 %."""
    proposal.config.write_text(proposal.config.read_text() + "targets: {infra_margin_pct: 40}\n")
    (month,) = asked(proposal, capsys, "2026-07")["months"]
    crossed = {line["customer"]: line["crosses"] for line in month["margins"]}
    assert crossed == {"acorn": [], "birch": ["infrastructure margin rises to the target of 40 %"]}
    margins = {line["customer"]: line["margin_pct"] for line in month["margins"]}
    assert margins["birch"] == {"before": "35.384615", "after": "46.153846"}


def test_a_customer_without_revenue_has_no_margin(proposal: Company, capsys):
    proposal.write("revenue.csv", "period,customer,amount,currency\n2026-07,acorn,200,USD\n")
    proposal.done("ingest")
    (month,) = asked(proposal, capsys, "2026-07")["months"]
    assert [line["customer"] for line in month["margins"]] == ["acorn"]


# Months, closed and open


def test_a_closed_month_is_computed_by_what_it_was_closed_with(proposal: Company, capsys):
    proposal.closed(JULY)
    closed = {who: cost for who, cost in proposal.costs(JULY).items() if cost != "0"}
    # What comes later: another registry, other usage, other rules.
    proposal.write("requests.csv", "date,customer,quantity\n2026-07-01,acorn,1\n2026-08-01,acorn,1\n")
    proposal.write("customers.csv", "id,name,kind\nacorn,Acorn,paying\nbirch,Birch,internal\n")
    proposal.done("ingest")
    found = asked(proposal, capsys, "--from-period", "2026-07", "--to-period", "2026-08")
    july, august = found["months"]
    assert (july["closed"], august["closed"]) == (True, False)
    assert ends(july["by"]["customer"], "before") == closed
    assert Decimal(ends(july["by"]["customer"], "moved")["acorn"]).quantize(Decimal(1)) == 11
    assert "@opex" in ends(august["by"]["customer"], "before")


def test_a_driver_that_a_closed_month_did_not_have_is_taken_as_last_measured_and_told(proposal: Company, capsys):
    proposal.closed(JULY)
    config = proposal.config.read_text()
    proposal.config.write_text(
        config.replace("usage:\n", "usage:\n  - {name: bytes, kind: csv, location: bytes.csv}\n")
    )
    days = [f"{day},acorn,1\n" for day in JULY.dates()]
    proposal.write("bytes.csv", "".join(["date,customer,quantity\n", *days]))
    text = (proposal.root / "allocation.yaml").read_text()
    proposal.write("bytes.yaml", text.replace("driver: requests", "driver: bytes"))
    proposal.done("ingest")
    (july,) = asked(proposal, capsys, "2026-07", after="bytes.yaml")["months"]
    assert july["notes"] == ["2026-07 was closed without the driver bytes: as it was last taken in"]
    assert Decimal(ends(july["by"]["customer"], "after")["acorn"]) > 100


def test_the_last_months_and_the_months_between(proposal: Company, capsys):
    def months(*argv: str) -> list[str]:
        return [month["period"] for month in asked(proposal, capsys, *argv)["months"]]

    assert months() == ["2026-08"]
    assert months("2026-07") == ["2026-07"]
    assert months("--months", "2") == ["2026-07", "2026-08"]
    assert months("2026-07", "--months", "2") == ["2026-07"]
    assert months("--from-period", "2026-01") == ["2026-07", "2026-08"]
    assert months("--from-period", "2026-01", "--to-period", "2026-07") == ["2026-07"]
    assert call(proposal, "2026-09", "--methodology", "current", "current") == 3
    assert "there is no billing data for 2026-09" in capsys.readouterr().err


def test_both_sides_have_one_day_whatever_driver_is_late(proposal: Company, capsys):
    """A driver that only the second method uses ends on the 30th: both are told through that day."""
    config = proposal.config.read_text()
    proposal.config.write_text(
        config.replace("usage:\n", "usage:\n  - {name: bytes, kind: csv, location: bytes.csv}\n")
    )
    proposal.write("bytes.csv", "".join(["date,customer,quantity\n", *(f"{d},acorn,1\n" for d in AUGUST.dates()[:-1])]))
    text = (proposal.root / "allocation.yaml").read_text()
    proposal.write("bytes.yaml", text.replace("driver: requests", "driver: bytes"))
    proposal.done("ingest")
    (month,) = asked(proposal, capsys, "2026-08", after="bytes.yaml")["months"]
    assert month["as_of"] == "2026-08-30"


# Which method


def test_a_version_is_named_by_its_id_and_a_closed_one_by_what_it_was(proposal: Company, capsys):
    proposal.closed(JULY)
    text = (proposal.root / "proposal.yaml").read_text()
    proposal.write("allocation.yaml", text.replace("from: 2026-07", "from: 2026-08, reason: fairer, approved_by: CFO"))
    found = asked(proposal, capsys, "2026-08", after="2026-H2")
    assert (found["before"]["id"], found["after"]["id"]) == ("even", "2026-H2")
    assert found["after"]["fingerprint"] == proposal.proof(JULY)["methodology"]["fingerprint"]


def test_what_is_no_method_is_refused_with_those_there_are(proposal: Company, capsys):
    assert call(proposal, "2026-07", "--methodology", "current", "2026-H3") == 2
    told = capsys.readouterr().err
    assert "no method '2026-H3'; did you mean '2026-H2'?" in told
    assert "current, 2026-H2, or the path of an allocation.yaml" in told


def test_a_proposal_is_checked_as_the_configuration_is(proposal: Company, capsys):
    path = proposal.root / "proposal.yaml"
    path.write_text(path.read_text().replace("method: even", "method: usage, driver: reqests"))
    assert call(proposal, "2026-07", "--methodology", "current", str(path)) == 2
    assert f"{path}:6" in (told := capsys.readouterr().err)
    assert "usage has no driver 'reqests'; did you mean 'requests'?" in told


@pytest.mark.parametrize(
    ("argv", "told"),
    [
        (["2026-07", "--months", "2"], "--months goes with --methodology"),
        (["2026-07", "--format", "markdown"], "--format markdown goes with --methodology"),
        ([], "which month?"),
        (["2026-07", "--methodology", "current", "x", "--from", "1"], "--from compares versions of the ledger"),
        (["--methodology", "a", "b", "--months", "2", "--from-period", "2026-07"], "both say where to begin"),
        (["2026-07", "--methodology", "a", "b", "--to-period", "2026-07"], "both say where to end"),
    ],
)
def test_options_that_say_nothing_together_are_refused(books: Company, capsys, argv, told):
    assert call(books, *argv) == 2
    assert told in capsys.readouterr().err


def test_months_that_differ_in_method_are_told_from_those_that_do_not(proposal: Company, capsys):
    """July was closed by requests; since then the file says evenly, which August's current method is too."""
    proposal.closed(JULY)
    closed_by = proposal.proof(JULY)["methodology"]["fingerprint"]
    text = (proposal.root / "proposal.yaml").read_text().replace("id: even", "id: 2026-H2")
    proposal.write("allocation.yaml", text)
    found = asked(proposal, capsys, "--months", "2", after="allocation.yaml")
    july, august = found["months"]
    assert found["differs"] == ["2026-07"]
    assert july["before"]["fingerprint"] == closed_by != july["after"]["fingerprint"]
    assert august["before"]["fingerprint"] == august["after"]["fingerprint"] == july["after"]["fingerprint"]
    assert july["changes"][-1] == "pools[0].method: usage became even"
    assert (august["changes"], august["additions"]) == ([], [])
    ends_of_july = [july[side]["fingerprint"][:12] for side in ("before", "after")]
    argv = ["--months", "2", "--methodology", "current", str(proposal.root / "allocation.yaml")]
    for form in ("text", "markdown"):
        assert call(proposal, *argv, "--format", form) == 0
        told = unescape(capsys.readouterr().out)
        assert f"2026-07: the method differs, fingerprints {' -> '.join(ends_of_july)}" in told
        assert f"2026-08: both are the same method, fingerprint {ends_of_july[1]}" in told
        assert "2026-07: changes: " in told
    assert found["lock"]["period"] == "2026-08"


# The lock


def test_a_free_quarter_takes_any_method(proposal: Company, capsys):
    lock = asked(proposal, capsys, "2026-07")["lock"]
    assert (lock["period"], lock["allowed"]) == ("2026-07", True)
    assert "no month of the fiscal quarter of 2026-07 is closed" in lock["told"]


def test_a_quarter_with_closed_months_says_what_the_change_needs(proposal: Company, capsys):
    proposal.closed(JULY)
    found = asked(proposal, capsys, "--months", "2")
    assert (found["lock"]["period"], found["lock"]["allowed"]) == ("2026-08", False)
    assert "the method changes inside a quarter of which 2026-07 is closed" in found["lock"]["told"]
    assert "reason, approved_by" in found["lock"]["needs"][-1]
    assert found["changes"][1:] == [
        "pools[0].driver: requests became the default",
        "pools[0].method: usage became even",
    ]


def test_a_version_with_its_approval_is_allowed_also_before_it_begins(proposal: Company, capsys):
    proposal.closed(JULY)
    path = proposal.root / "proposal.yaml"
    text = path.read_text().replace("from: 2026-07", "from: 2026-09, reason: fairer, approved_by: CFO")
    path.write_text(text)
    lock = asked(proposal, capsys, "2026-08")["lock"]
    assert (lock["allowed"], lock["told"]) == (
        True, "it changes the method of 2026-07, which is closed, as a version of its own",
    )  # fmt: skip


def test_an_addition_is_told_as_one(proposal: Company, capsys):
    proposal.closed(JULY)
    text = (proposal.root / "allocation.yaml").read_text()
    proposal.write("more.yaml", f"{text}  - {{name: compute, match: {{service: Compute}}, method: even}}\n")
    found = asked(proposal, capsys, "2026-08", after="more.yaml")
    assert len(found["additions"]) == 1
    assert found["lock"]["allowed"]
    assert "a home for 10 USD that nobody had" in found["lock"]["told"]


def test_of_closed_months_alone_the_earliest_open_month_is_asked(proposal: Company, capsys):
    proposal.closed(JULY)
    assert asked(proposal, capsys, "2026-07")["lock"]["period"] == "2026-08"
    proposal.closed(AUGUST)
    lock = asked(proposal, capsys, "2026-07")["lock"]
    assert (lock["allowed"], lock["told"]) == (
        None,
        "no month is open; closed ones keep the method they were closed with",
    )


# Forms


@pytest.mark.parametrize(("form", "ending"), [("text", "txt"), ("markdown", "md")])
@pytest.mark.parametrize(("name", "argv"), [("month", ["2026-07"]), ("backtest", ["--months", "2"])])
def test_the_forms_are_as_reviewers_read_them(proposal: Company, capsys, monkeypatch, form, ending, name, argv):
    proposal.deliver(AUGUST, [("60", "vm-1", "acorn"), ("30", "vm-2", "birch"), ("80", "db-1", "")])
    proposal.done("ingest")
    capsys.readouterr()
    monkeypatch.chdir(proposal.root)
    assert call(proposal, *argv, "--methodology", "current", "proposal.yaml", "--format", form) == 0
    assert capsys.readouterr().out == (GOLDEN / f"{name}.{ending}").read_text(encoding="utf-8")


def test_markdown_shows_hostile_names_as_they_are(proposal: Company, capsys):
    hostile = "a|b@team`x`"
    proposal.write("customers.csv", f"id,name,kind\nacorn,Acorn,paying\nbirch,Birch,paying\n{hostile},X,paying\n")
    proposal.done("ingest")
    capsys.readouterr()
    path = str(proposal.root / "proposal.yaml")
    assert call(proposal, "2026-07", "--methodology", "current", path, "--format", "markdown") == 0
    assert hostile not in (text := capsys.readouterr().out)
    assert all(line.count("|") in (0, 6, 9) for line in text.splitlines())
