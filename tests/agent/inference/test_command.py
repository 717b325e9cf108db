"""``apportion infer`` on a small company and on the demo: its own tag is never evidence, sums are exact."""

import csv
import json
from decimal import Decimal
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from agent import cli
from tests.project import ALLOCATION, ROWS, write_project

BILL = (
    *ROWS,
    {"BilledCost": "5", "ResourceId": "vm-9", "ResourceName": "api-acme-7", "Tags": '{"owner": "kim"}'},
    {"BilledCost": "7.000000000000000000000001", "ResourceId": "vm-10", "Tags": '{"tenant": "acmme"}'},
    {"BilledCost": "3", "Tags": "{}"},
    {"BilledCost": "2", "ResourceId": "vm-11", "Tags": '{"tenant": "shared"}'},
    {"BilledCost": "4", "ResourceId": "=cmd-globex", "Tags": "{}"},
    {"BilledCost": "1", "ResourceId": "globex-dev", "Tags": '{"env": "dev"}'},
)


@pytest.fixture
def said(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    config = write_project(tmp_path, BILL)
    rules = ALLOCATION + "shared_values: [shared]\nenvironment: {rules: [{tag: env}], opex: [dev]}\n"
    (tmp_path / "allocation.yaml").write_text(rules)

    def call(*argv: str) -> tuple[int, str]:
        capsys.readouterr()
        code = cli.main([*argv, "--config", str(config), "--quiet"])
        printed = capsys.readouterr()
        return code, printed.out + printed.err

    return call


@pytest.fixture
def ingested(said):
    assert said("ingest")[0] == 0
    return said


def test_proposals_are_dearest_first_with_exact_costs_and_evidence(ingested) -> None:
    code, text = ingested("infer", "--period", "2026-10", "--format", "json")
    found = json.loads(text)
    assert (code, found["version"], found["period"]) == (0, 1, "2026-10")
    assert [(one["resource"], one["cost"], one["customer"]) for one in found["proposals"]] == [
        ("vm-10", "7.000000000000000000000001", "acme"),
        ("vm-9", "5", "acme"),
        ("=cmd-globex", "4", "globex"),
    ]
    assert [one["evidence"][0]["kind"] for one in found["proposals"]] == ["spelling", "name", "name"]
    assert {one["confidence"] for one in found["proposals"]} == {None}


def test_what_is_left_is_counted_and_nothing_of_the_untagged_cost_is_missing(ingested) -> None:
    found = json.loads(ingested("infer", "--period", "2026-10", "--format", "json")[1])
    assert found["without_proposal"] == {"no evidence": {"resources": 1, "cost": {"USD": "10"}}}
    assert found["without_resource"] == {"USD": "3"}


def test_the_tag_that_the_rules_read_is_no_evidence(ingested) -> None:
    found = json.loads(ingested("infer", "--period", "2026-10", "--format", "json")[1])
    kinds = {each["kind"] for each in found["calibration"]["kinds"]}
    assert kinds & {"tag", "value", "itself", "spelling"} == set()


def test_the_file_has_an_empty_column_to_accept_in_and_runs_no_formula(ingested, tmp_path: Path) -> None:
    path = tmp_path / "proposals.csv"
    code, text = ingested("infer", "--period", "2026-10", "--output", str(path))
    assert code == 0
    assert f"{path}: 3 proposals" in text
    rows = list(csv.DictReader(path.read_text().splitlines()))
    assert [row["resource"] for row in rows] == ["vm-10", "vm-9", "'=cmd-globex"]
    assert {row["accept"] for row in rows} == {""}
    first = path.read_bytes()
    ingested("infer", "--period", "2026-10", "--output", str(path))
    assert path.read_bytes() == first


def test_nothing_but_the_file_asked_for_is_written(ingested, tmp_path: Path) -> None:
    def files() -> dict[Path, bytes]:
        return {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}

    before = files()
    code, text = ingested("infer", "--period", "2026-10")
    assert (code, files()) == (0, before)
    assert "Nothing has been changed" in text
    assert "against" not in text


def test_a_month_without_a_ledger_is_nothing_to_do(ingested) -> None:
    code, text = ingested("infer", "--period", "2026-08")
    assert (code, "2026-08 has no ledger yet" in text) == (3, True)


def test_a_month_without_usage_has_nothing_to_propose(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = write_project(tmp_path, ({"BilledCost": "5", "ChargeCategory": "Tax"},))
    assert cli.main(["ingest", "--config", str(config), "--quiet"]) == 0
    capsys.readouterr()
    assert cli.main(["infer", "--period", "2026-10", "--config", str(config), "--quiet"]) == 0
    text = capsys.readouterr().out
    assert "2026-10: nothing is proposed" in text
    assert "every confidence is unknown" in text


def test_a_folder_that_is_not_there_is_told_before_anything_is_read(ingested, tmp_path: Path) -> None:
    code, text = ingested("infer", "--output", str(tmp_path / "no" / "p.csv"))
    assert (code, "there is no folder" in text) == (2, True)


def test_the_demo_knows_whose_the_mistyped_tag_is_and_says_how_little_it_knows(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["demo", str(tmp_path / "demo"), "--lines", "5000", "--quiet"]) == 0
    config = str(tmp_path / "demo" / "apportion.yaml")
    capsys.readouterr()
    assert cli.main(["infer", "--period", "2026-10", "--config", config, "--format", "json", "--quiet"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [one["customer"] for one in found["proposals"]] == ["brackenfold"]
    untagged = [found["without_resource"], *(each["cost"] for each in found["without_proposal"].values())]
    asked = sum(Decimal(one["cost"]) for one in found["proposals"]) + sum(Decimal(sums["USD"]) for sums in untagged)
    published = pq.read_table(tmp_path / "demo" / "data" / "results" / "2026-10" / "classification.parquet").to_pylist()
    lines = [line for line in published if (line["Class"], line["Kind"]) == ("untagged", "usage")]
    assert asked == sum(line["EffectiveCost"] for line in lines)
    assert found["calibration"]["kinds"][0]["kind"] == "name"
    assert found["calibration"]["kinds"][0]["held_out"]["precision"] == "1.0000"
