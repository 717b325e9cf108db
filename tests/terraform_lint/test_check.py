"""From paths to a report: what a plan is known by besides its changes."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from policies.policy import PolicyFile
from policies.ruleset import Ruleset
from terraform_lint.check import CheckOptions, check

BUCKET = {
    "address": "aws_s3_bucket.b",
    "mode": "managed",
    "type": "aws_s3_bucket",
    "name": "b",
    "provider_name": "registry.terraform.io/hashicorp/aws",
    "change": {"actions": ["create"], "after": {"tags": None, "tags_all": {}}, "after_unknown": {}},
}


def options(folder: Path, tag: dict[str, Any] | None = None, **given: Any) -> CheckOptions:
    policy = PolicyFile.model_validate({"version": "1", "tags": [{"key": "tenant", **(tag or {})}]})
    return CheckOptions(Ruleset(policy), date(2027, 1, 1), base=folder, cache=False, **given)


def planned(file: Path) -> str:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({"format_version": "1.2", "resource_changes": [BUCKET]}))
    return str(file)


def test_a_match_by_path_holds_for_the_folder_that_a_plan_lies_in(tmp_path: Path) -> None:
    tag = {"scopes": [{"match": {"path": "live/dev"}, "mode": "warn"}]}
    paths = [planned(tmp_path / "live" / env / "plan.json") for env in ("dev", "prod")]
    findings = check(paths, options(tmp_path, tag)).report.findings
    assert [(each.path, each.mode) for each in findings] == [("live/dev", "warn"), ("live/prod", "block")]
    assert len({each.fingerprint for each in findings}) == 2


def test_a_plan_beside_the_check_lies_in_the_folder_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    planned(tmp_path / "plan.json")
    monkeypatch.chdir(tmp_path)
    [finding] = check(["plan.json"], options(tmp_path)).report.findings
    assert (finding.path, finding.file) == (".", "plan.json")


def test_a_plan_elsewhere_on_the_machine_keeps_its_findings_identity_wherever_it_lies(tmp_path: Path) -> None:
    base = tmp_path / "checkout"
    base.mkdir()
    paths = [planned(tmp_path / folder / "plan.json") for folder in ("run1", "run2")]
    found = [check([path], options(base)).report.findings[0] for path in paths]
    assert found[0].path == found[1].path == "."
    assert found[0].fingerprint == found[1].fingerprint


def test_a_match_by_workspace_holds_for_a_plan_too(tmp_path: Path) -> None:
    tag = {"scopes": [{"match": {"workspace": "dev"}, "mode": "warn"}]}
    path = planned(tmp_path / "plan.json")
    assert check([path], options(tmp_path, tag, workspace="dev")).report.exit_code == 0
    assert check([path], options(tmp_path, tag, environment={"TF_WORKSPACE": "dev"})).report.exit_code == 0
    assert check([path], options(tmp_path, tag, workspace="prod")).report.exit_code == 1


SOURCE = 'resource "aws_s3_bucket" "b" {\n  # apportion:ignore[missing-tag] only here\n}\n'


def test_of_two_roots_with_the_same_address_none_is_taken_for_the_place_of_a_planned_resource(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    (tmp_path / "a" / "main.tf").write_text(SOURCE)
    (tmp_path / "b" / "main.tf").write_text('\n\nresource "aws_s3_bucket" "b" {\n}\n')
    path = planned(tmp_path / "b" / "plan.json")
    report = check([path], options(tmp_path, source=tmp_path)).report
    [finding] = report.findings
    assert (finding.file, finding.line, finding.verdict) == ("b/main.tf", 3, "violation")


def test_a_plan_that_could_be_of_any_of_several_roots_is_placed_in_none_and_that_is_said(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "main.tf").write_text(SOURCE)
    path = planned(tmp_path / "plan.json")
    report = check([path], options(tmp_path, source=tmp_path)).report
    [finding] = report.findings
    assert (finding.file, finding.line, finding.verdict) == (path, None, "violation")
    assert any("a, b" in note and "--source" in note for note in report.notes)
