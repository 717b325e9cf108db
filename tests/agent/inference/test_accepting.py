"""Accepted proposals become rules that take nothing else, and a plan of tags; allocation.yaml is never touched."""

import csv
from pathlib import Path

import pytest
import yaml

from agent import cli
from agent.config.allocation import AllocationFile
from tests.project import ROWS, write_project

OWN = {"SubAccountId": "555", "Tags": "{}"}
BILL = (
    *ROWS,
    {"BilledCost": "5", "ResourceId": "vm-9", "ResourceName": "api-acme-7", "Tags": '{"owner": "kim"}'},
    {**OWN, "BilledCost": "8", "ResourceId": "x-1", "Tags": '{"tenant": "globex"}'},
    {**OWN, "BilledCost": "8", "ResourceId": "x-2", "Tags": '{"tenant": "globex"}'},
    {**OWN, "BilledCost": "9", "ResourceId": "x-3"},
    {"BilledCost": "4", "ResourceId": "=cmd-globex", "Tags": "{}"},
)


@pytest.fixture
def project(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """The proposals of a small company, which rows to accept, and what is then said."""

    class Project:
        proposals = tmp_path / "p.csv"

        def call(self, *argv: str) -> tuple[int, str]:
            capsys.readouterr()
            code = cli.main([*argv, "--config", str(tmp_path / "apportion.yaml"), "--quiet"])
            printed = capsys.readouterr()
            return code, printed.out + printed.err

        def proposed(self, rows=BILL) -> None:
            write_project(tmp_path, rows)
            assert self.call("ingest")[0] == 0
            assert self.call("infer", "--period", "2026-10", "--output", str(self.proposals))[0] == 0

        def accept(self, *resources: str, **changes: str) -> tuple[int, str]:
            rows = list(csv.DictReader(self.proposals.read_text().splitlines()))
            marked = [
                row | {"accept": "yes"} | changes if row["resource"].lstrip("'") in resources else row for row in rows
            ]
            with self.proposals.open("w", newline="") as file:
                writer = csv.DictWriter(file, rows[0])
                writer.writeheader()
                writer.writerows(marked)
            return self.call("infer", "--period", "2026-10", "--accept", str(self.proposals))

        def rules(self) -> list:
            fragment = yaml.safe_load((tmp_path / "p.rules.yaml").read_text())
            AllocationFile.model_validate({"version": "1", **fragment})
            return fragment["customer"]

        def plan(self) -> list[dict[str, str]]:
            return list(csv.DictReader((tmp_path / "p.tag-plan.csv").read_text().splitlines()))

    return Project()


def test_an_account_that_is_all_one_customers_becomes_an_account_rule(project) -> None:
    project.proposed()
    code, text = project.accept("x-3")
    assert (code, "1 accepted, 1 of them found by 1 rules" in text) == (0, True)
    assert project.rules() == [{"account": {"555": "globex"}}]


def test_names_become_a_pattern_and_the_rules_then_find_the_customer(project, tmp_path: Path) -> None:
    project.proposed()
    assert project.accept("vm-9", "x-3")[0] == 0
    rules = project.rules()
    assert [next(iter(rule)) for rule in rules] == ["account", "name"]
    written = tmp_path / "allocation.yaml"
    method = yaml.safe_load(written.read_text())
    method["customer"] += rules
    written.write_text(yaml.safe_dump(method))
    assert project.call("infer", "--period", "2026-10", "--output", str(project.proposals))[0] == 0
    left = list(csv.DictReader(project.proposals.read_text().splitlines()))
    assert [row["resource"] for row in left] == ["'=cmd-globex"]


def test_the_plan_says_which_tag_a_resource_should_carry_and_why(project) -> None:
    project.proposed()
    project.accept("vm-9", "=cmd-globex")
    first, second = project.plan()
    assert (first["resource"], first["proposed_tag"], first["rule"]) == ("'=cmd-globex", "tenant=globex", "name")
    assert (second["current_tags"], second["proposed_tag"]) == ('{"owner": "kim"}', "tenant=acme")
    assert (second["evidence"], second["confidence"]) == ("name: its name holds the id acme", "unknown")


def test_a_rule_that_would_take_something_that_was_not_accepted_is_not_written(project) -> None:
    others = (
        {"BilledCost": "1", "ResourceId": "acme-2", "Tags": "{}"},
        {**OWN, "BilledCost": "40", "ServiceName": "AmazonRDS", "ResourceId": "db-7"},
    )
    project.proposed((*BILL, *others))
    code, text = project.accept("vm-9", "x-3")
    assert (code, "2 accepted, 0 of them found by 0 rules" in text) == (0, True)
    assert project.rules() == []
    assert [row["rule"] for row in project.plan()] == ["", ""]


def test_an_account_with_charges_of_a_pool_that_name_no_resource_gets_no_rule(project) -> None:
    project.proposed((*BILL, {**OWN, "BilledCost": "40", "ServiceName": "AmazonRDS"}))
    project.accept("x-3")
    assert project.rules() == []


def test_nothing_is_accepted_that_nobody_marked_and_allocation_is_not_touched(project, tmp_path: Path) -> None:
    project.proposed()
    before = (tmp_path / "allocation.yaml").read_bytes()
    code, text = project.accept()
    assert (code, "0 accepted" in text, project.rules(), project.plan()) == (0, True, [], [])
    assert (tmp_path / "allocation.yaml").read_bytes() == before


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"accept": "maybe"}, "accept says 'maybe'; write yes, no or nothing"),
        ({"customer": "acmee"}, "no customer 'acmee' in customers.csv"),
        ({"period": "2026-09"}, "the proposal is of 2026-09, not of 2026-10"),
        ({"resource": "vm-1"}, "'vm-1' is not untagged in 2026-10; propose again"),
        ({"resource": "vm-404"}, "'vm-404' is not untagged in 2026-10; propose again"),
    ],
)
def test_a_row_that_does_not_hold_is_refused_with_its_line_and_nothing_is_written(
    project, tmp_path: Path, changes: dict[str, str], told: str
) -> None:
    project.proposed()
    code, text = project.accept("vm-9", **changes)
    assert (code, told in text) == (2, True)
    assert "p.csv:3" in text
    assert not (tmp_path / "p.rules.yaml").exists()


def test_a_file_that_is_no_proposal_and_one_that_is_not_there_are_told(project, tmp_path: Path) -> None:
    project.proposed()
    (tmp_path / "other.csv").write_text("id\nacme\n")
    code, text = project.call("infer", "--period", "2026-10", "--accept", str(tmp_path / "other.csv"))
    assert (code, "other.csv:1" in text) == (2, True)
    assert project.call("infer", "--period", "2026-10", "--accept", str(tmp_path / "none.csv"))[0] == 2
    assert project.call("infer", "--accept", "a.csv", "--output", "b.csv")[0] == 2
