"""The options of ``apportion lint``: each mistake is one sentence with exit code 2, and no option is passed over."""

import json
import shutil
from pathlib import Path

import pytest

from agent import cli

POLICY = "version: 1\ntags:\n  - {key: tenant}\n"
SOURCE = 'provider "aws" {}\nresource "aws_s3_bucket" "b" {\n}\n'


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a policy and one bucket without a tag, as the current one."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("APPORTION_CACHE", "off")
    (tmp_path / "policy.yaml").write_text(POLICY)
    (tmp_path / "main.tf").write_text(SOURCE)
    return tmp_path


def lint(*options: str) -> int:
    return cli.main(["lint", ".", "--quiet", *options])


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--customers", "none.csv"], "none.csv: there is no such file"),
        (["--customers", "folder"], "folder: cannot be read: Is a directory"),
        (["--config", "none.yaml"], "--config: there is no none.yaml"),
        (["--baseline", "none/b.json", "--write-baseline"], "none/b.json: cannot be written: No such file"),
        (["--output", "json=folder"], "folder: cannot be written: Is a directory"),
        (["--output", "json=main.tf/x.json"], "main.tf/x.json: cannot be written: "),
        (["--output", "json=a", "--output", "json=b"], "--output json is given twice"),
        (["--fix", "none/p.patch"], "none/p.patch: cannot be written: No such file"),
        (["--set", "tenant=acme"], "--set does nothing without --fix"),
    ],
)
def test_an_option_that_cannot_be_followed_is_said_and_ends_with_2(
    checkout: Path, capsys: pytest.CaptureFixture[str], options: list[str], said: str
) -> None:
    (checkout / "folder").mkdir()
    assert lint(*options) == 2
    told = capsys.readouterr().err
    assert said in told
    assert "apportion failed" not in told


def test_a_mistake_in_the_customers_names_the_file_that_was_given(
    checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (checkout / "people.csv").write_text("id,kind\nacme,wrong\n")
    assert lint("--customers", "people.csv") == 2
    assert "people.csv:2:" in capsys.readouterr().err


def test_a_policy_that_asks_for_nothing_is_said(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (checkout / "policy.yaml").write_text("version: 1\n")
    assert lint() == 0
    assert "policy.yaml asks for no tag" in capsys.readouterr().out


def test_a_source_folder_without_source_is_said(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (checkout / "folder").mkdir()
    (checkout / "plan.json").write_text(json.dumps({"format_version": "1.2", "resource_changes": []}))
    assert cli.main(["lint", "plan.json", "--source", "folder", "--quiet"]) == 0
    assert "--source folder: there is no Terraform source" in capsys.readouterr().out


def test_the_life_of_a_baseline(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write = ["--baseline", "b.json", "--write-baseline"]
    assert lint() == 1
    assert lint(*write) == 0
    assert lint("--baseline", "b.json") == 0
    (checkout / "new.tf").write_text('resource "aws_s3_bucket" "new" {}\n')
    assert lint(*write) == 1, "it never adds"
    shutil.copy("b.json", "before.json")
    (checkout / "main.tf").write_text(SOURCE.replace("\n}", '\n  tags = { tenant = "acme" }\n}'))
    assert lint("--baseline", "b.json") == 1
    assert "1 of 1 baseline entry is gone" in capsys.readouterr().out
    assert (checkout / "b.json").read_bytes() == (checkout / "before.json").read_bytes()
    assert lint(*write) == 1
    assert json.loads((checkout / "b.json").read_text())["findings"] == []


def test_a_file_that_cannot_be_read_takes_nothing_out_of_the_baseline(checkout: Path) -> None:
    lint("--baseline", "b.json", "--write-baseline")
    before = (checkout / "b.json").read_bytes()
    (checkout / "main.tf").write_text('resource "aws_s3_bucket" {{{')
    assert lint("--baseline", "b.json", "--write-baseline") == 2
    assert (checkout / "b.json").read_bytes() == before


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("tennant=acme", "--set tennant: the policy asks for no such tag; did you mean 'tenant'?"),
        ("tenant=", "--set tenant: the value is empty"),
        ("tenant= ", "--set tenant: the value is empty"),
        ("tenant=acne", '--set tenant: "acne" is no customer; did you mean "acme"?'),
        ("tenant=ACME", '--set tenant: "ACME" is to be written "acme"'),
    ],
)
def test_a_value_that_the_policy_refuses_is_not_put_into_a_patch(
    checkout: Path, capsys: pytest.CaptureFixture[str], value: str, said: str
) -> None:
    (checkout / "policy.yaml").write_text("version: 1\ntags:\n  - {key: tenant, values: {known: customers}}\n")
    (checkout / "customers.csv").write_text("id\nacme\n")
    assert lint("--fix", "p.patch", "--set", value) == 2
    assert said in capsys.readouterr().err
    assert not (checkout / "p.patch").exists()


def test_a_patch_for_a_plan_asks_for_the_source(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (checkout / "plan.json").write_text(json.dumps({"format_version": "1.2", "resource_changes": []}))
    assert cli.main(["lint", "plan.json", "--fix", "p.patch", "--quiet"]) == 2
    assert "--fix needs the source" in capsys.readouterr().err
