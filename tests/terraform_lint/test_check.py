"""From paths to a report: what a plan is known by besides its changes."""

import json
from datetime import date
from io import BytesIO, TextIOWrapper
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


def test_a_piped_plan_takes_no_comments_of_a_root_that_does_not_declare_all_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "main.tf").write_text(SOURCE)
    prod = tmp_path / "envs" / "prod"
    prod.mkdir(parents=True)
    (prod / "main.tf").write_text('resource "aws_s3_bucket" "b" {}\nresource "aws_s3_bucket" "c" {}\n')
    both = [BUCKET, BUCKET | {"address": "aws_s3_bucket.c", "name": "c"}]
    plan = json.dumps({"format_version": "1.2", "resource_changes": both}).encode()
    monkeypatch.setattr("sys.stdin", TextIOWrapper(BytesIO(plan)))
    found = check(["-"], options(tmp_path, source=tmp_path)).report.findings
    assert [(each.file, each.line, each.verdict) for each in found] == [
        ("envs/prod/main.tf", 1, "violation"),
        ("envs/prod/main.tf", 2, "violation"),
    ]


def test_a_plan_that_no_root_declares_whole_is_placed_nowhere_and_that_is_said(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "main.tf").write_text(SOURCE.replace('"b"', f'"{name}"'))
    path = tmp_path / "plan.json"
    both = [BUCKET | {"address": f"aws_s3_bucket.{name}"} for name in ("b", "c")]
    path.write_text(json.dumps({"format_version": "1.2", "resource_changes": both}))
    report = check([str(path)], options(tmp_path, source=tmp_path)).report
    assert {each.verdict for each in report.findings} == {"violation"}
    assert any("no root module of --source declares all of it" in note for note in report.notes)


def test_what_a_module_that_was_not_read_may_declare_does_not_keep_a_plan_from_its_root(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "main.tf").write_text(f'resource "aws_s3_bucket" "{name}" {{}}\n')
    with (tmp_path / "b" / "main.tf").open("a") as file:
        file.write('module "m" {\n  source = "example/m/aws"\n}\n')
    path = tmp_path / "plan.json"
    both = [BUCKET, BUCKET | {"address": 'module.m["x"].aws_s3_bucket.z', "module_address": 'module.m["x"]'}]
    path.write_text(json.dumps({"format_version": "1.2", "resource_changes": both}))
    found = check([str(path)], options(tmp_path, source=tmp_path)).report.findings
    assert {(each.address, each.line) for each in found} == {(both[0]["address"], 1), (both[1]["address"], None)}


def test_source_that_cannot_be_read_or_understood_is_said_beside_a_plan_too(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text("# apportion:ignore[no-such-rule] why\n" + SOURCE)
    (tmp_path / "broken.tf").write_text("resource {")
    report = check([planned(tmp_path / "plan.json")], options(tmp_path, source=tmp_path)).report
    assert [each.file for each in report.unread] == ["broken.tf"]
    assert report.exit_code == 2
    assert any("no-such-rule" in text for text in (*report.notes, *(each.message for each in report.findings)))


def test_a_file_of_variables_alone_is_nothing_to_check(tmp_path: Path) -> None:
    (tmp_path / "prod.tfvars").write_text('tenant = "acme"\n')
    checked = check([str(tmp_path / "prod.tfvars")], options(tmp_path))
    assert checked.found_nothing
    assert any("prod.tfvars" in note for note in checked.gathered.notes)


def test_a_plan_from_elsewhere_has_the_path_of_its_root_module_so_that_those_of_two_roots_are_told_apart(
    tmp_path: Path,
) -> None:
    base = tmp_path / "checkout"
    for name in ("dev", "prod"):
        (base / name).mkdir(parents=True)
        (base / name / "main.tf").write_text('resource "aws_s3_bucket" "b" {\n}\n')
    plan = planned(tmp_path / "elsewhere" / "plan.json")
    found = [check([plan], options(base, source=base / name)).report.findings[0] for name in ("dev", "prod")]
    assert [each.path for each in found] == ["dev", "prod"]
    source = check([str(base / "dev")], options(base)).report.findings[0]
    assert source.fingerprint == found[0].fingerprint != found[1].fingerprint


def test_a_plan_in_the_checkout_keeps_its_own_folder_though_its_root_is_another(tmp_path: Path) -> None:
    (tmp_path / "stack").mkdir()
    (tmp_path / "stack" / "main.tf").write_text('resource "aws_s3_bucket" "b" {\n}\n')
    paths = [planned(tmp_path / "plans" / env / "plan.json") for env in ("dev", "prod")]
    findings = check(paths, options(tmp_path, source=tmp_path / "stack")).report.findings
    assert [(each.path, each.file) for each in findings] == [
        ("plans/dev", "stack/main.tf"),
        ("plans/prod", "stack/main.tf"),
    ]
