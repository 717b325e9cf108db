"""What each option of ``apportion lint`` changes in its findings, from the command line to the report."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from agent import cli

POLICY = "version: 1\ntags:\n  - {key: tenant, values: {one_of: [acme]}}\n"
SOURCE = 'variable "t" {}\nresource "aws_s3_bucket" "b" {\n  tags = { tenant = var.t }\n}\n'
UNTAGGED = 'resource "aws_s3_bucket" "b" {\n}\n'


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a policy and one bucket whose tag is a variable, as the current one."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("APPORTION_CACHE", str(tmp_path / "cache"))
    (tmp_path / "policy.yaml").write_text(POLICY)
    (tmp_path / "main.tf").write_text(SOURCE)
    return tmp_path


class Lint:
    """Runs the check and keeps what it printed."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *options: str) -> tuple[int, list[dict[str, Any]]]:
        """The exit code and the findings."""
        self._capsys.readouterr()
        paths = [] if options and not options[0].startswith("-") else ["."]
        code = cli.main(["lint", *paths, *options, "--quiet", "--format", "json"])
        findings: list[dict[str, Any]] = json.loads(self._capsys.readouterr().out)["findings"]
        return code, findings


@pytest.fixture
def lint(capsys: pytest.CaptureFixture[str]) -> Lint:
    return Lint(capsys)


@pytest.mark.usefixtures("checkout")
def test_a_variable_has_the_value_that_is_given(lint: Lint) -> None:
    assert [each["verdict"] for each in lint()[1]] == ["unknown"]
    assert lint("--var", "t=acme") == (0, [])
    code, (found,) = lint("--var", "t=other")
    assert (code, found["rule"], found["value"]) == (1, "invalid-value", "other")


def test_a_variable_file_gives_values_and_a_variable_wins_over_it(checkout: Path, lint: Lint) -> None:
    (checkout / "live.vars").write_text('t = "other"\n')
    assert [each["value"] for each in lint("--var-file", "live.vars")[1]] == ["other"]
    assert lint("--var-file", "live.vars", "--var", "t=acme") == (0, [])


@pytest.mark.parametrize("condition", ["environment", "account", "workspace"])
def test_a_scope_holds_for_what_is_given(checkout: Path, lint: Lint, condition: str) -> None:
    (checkout / "main.tf").write_text(UNTAGGED)
    scope = f"{{match: {{{condition}: 'prod*'}}, mode: block}}"
    (checkout / "policy.yaml").write_text(f"version: 1\ntags:\n  - {{key: tenant, mode: warn, scopes: [{scope}]}}\n")
    assert [lint(f"--{condition}", given)[0] for given in ("prod1", "dev1")] == [1, 0]
    assert lint()[0] == 0


def test_the_policy_that_apportion_yaml_names_is_taken_and_an_option_wins_over_it(checkout: Path, lint: Lint) -> None:
    (checkout / "policy.yaml").rename(checkout / "tags.yaml")
    (checkout / "apportion.yaml").write_text("version: 1\ncompany: Acme\npolicy: tags.yaml\n")
    assert [each["key"] for each in lint("--var", "t=other")[1]] == ["tenant"]
    (checkout / "mine.yaml").write_text("version: 1\ntags:\n  - {key: owner}\n")
    assert [each["key"] for each in lint("--policy", "mine.yaml")[1]] == ["owner"]


def test_parsed_source_is_kept_unless_told_otherwise(checkout: Path, lint: Lint) -> None:
    lint("--no-cache")
    assert not (checkout / "cache").exists()
    fresh = lint()
    kept = [file for file in (checkout / "cache").rglob("*") if file.is_file()]
    assert kept
    assert lint() == fresh == lint("--no-cache")


def bill(file: Path, *rows: tuple[str, int, str]) -> str:
    base = {"provider": "AWS", "service": "AmazonS3", "currency": "USD", "kind": ""}
    types = [base | {"account": name, "resources": count, "effective": sum_} for name, count, sum_ in rows]
    file.write_text(json.dumps({"version": 1, "period": "2026-10", "types": types}))
    return str(file)


def test_a_finding_carries_what_such_a_resource_cost_in_the_account(checkout: Path, lint: Lint) -> None:
    (checkout / "main.tf").write_text(UNTAGGED)
    costs = ["--costs", bill(checkout / "costs.json", ("1", 2, "30"), ("2", 1, "60"))]
    found = [lint(*options)[1][0] for options in ([], costs, [*costs, "--account", "1"], [*costs, "--account", "3"])]
    assert [(each["cost"], each["currency"]) for each in found] == [
        ("", ""),
        ("30.00", "USD"),
        ("15.00", "USD"),
        ("", ""),
    ]


def test_what_run_writes_is_what_the_check_reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lint: Lint) -> None:
    demo = tmp_path / "company"
    assert cli.main(["demo", str(demo), "--lines", "3000", "--quiet"]) == 0
    monkeypatch.chdir(demo)
    code, findings = lint("terraform", "--costs", "data")
    written = json.loads((demo / "data/results/2026-10/costs_by_type.json").read_text(encoding="utf-8"))
    stored = [row for row in written["types"] if row["service"] == "AmazonS3" and not row["kind"]]
    mean = sum(Decimal(row["effective"]) for row in stored) / sum(row["resources"] for row in stored)
    bucket = next(each for each in findings if each["address"] == "aws_s3_bucket.uploads" and each["key"] == "tenant")
    assert (code, Decimal(bucket["cost"]), bucket["currency"]) == (1, round(mean, 2), "USD")
    assert mean > 0
