"""Every recipe of docs/ci.md runs as it stands, and ends as the check says."""

import json
import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
import yaml

from tests.ci.recipes import ROOT, recipes, shell_of
from tests.ci.sandbox import Sandbox

RECIPES = recipes()
SHELL = [name for name in RECIPES if name != ".pre-commit-config.yaml" and shell_of(RECIPES[name])]
GATES = [name for name in SHELL if name not in (".github/workflows/tags.yml", "baseline.sh")]
SHELL_OPTIONS = {"Jenkinsfile": "-e", "repos.yaml": "-u"}
"""How each runs its shell where it is not GitHub's way."""


def run(sandbox: Sandbox, name: str) -> int:
    """Runs a recipe's scripts until one fails; its exit code."""
    for script in shell_of(RECIPES[name]):
        done = sandbox.shell(script, options=SHELL_OPTIONS.get(name, "-eo pipefail"))
        if done.returncode:
            assert "Traceback" not in done.stderr
            return done.returncode
    return 0


def test_the_page_has_a_recipe_for_each_system() -> None:
    assert set(RECIPES) == {
        ".github/workflows/tags.yml",
        ".github/workflows/tags-source.yml",
        ".github/workflows/tags-plain.yml",
        ".gitlab-ci.yml",
        "repos.yaml",
        "azure-pipelines.yml",
        "Jenkinsfile",
        ".pre-commit-config.yaml",
        "tags.sh",
        "baseline.sh",
    }


@pytest.mark.parametrize("name", [name for name in RECIPES if RECIPES[name].language == "yaml"])
def test_the_yaml_can_be_read(name: str) -> None:
    assert isinstance(RECIPES[name].content, dict)


@pytest.mark.parametrize("name", GATES)
@pytest.mark.parametrize(("tagged", "code"), [(True, 0), (False, 1)])
def test_a_gate_passes_what_is_tagged_and_stops_what_is_not(name: str, tagged: bool, code: int, tmp_path: Path) -> None:
    assert run(Sandbox(tmp_path, tagged=tagged), name) == code


@pytest.mark.parametrize("name", [name for name in GATES if "tags-" not in name])
def test_a_plan_that_fails_stops_the_job(name: str, tmp_path: Path) -> None:
    sandbox = Sandbox(tmp_path, tagged=True)
    sandbox.program("terraform", '#!/bin/sh\n[ "$1" = init ] || { echo "Error: no credentials" >&2; exit 1; }\n')
    assert run(sandbox, name) in (1, 2)


@pytest.mark.parametrize(
    ("name", "reports"),
    [
        (".gitlab-ci.yml", ["gl-code-quality-report.json", "junit.xml"]),
        ("azure-pipelines.yml", ["junit.xml"]),
        ("Jenkinsfile", ["junit.xml"]),
    ],
)
def test_the_reports_that_a_job_publishes_are_there_when_it_fails(
    name: str, reports: list[str], tmp_path: Path
) -> None:
    sandbox = Sandbox(tmp_path, tagged=False)
    assert run(sandbox, name) == 1
    for report in reports:
        assert RECIPES[name].text.count(report) == 2  # written, and published
        text = (sandbox.root / report).read_text()
        assert len(ET.fromstring(text) if report.endswith("xml") else json.loads(text)) == 1


def test_the_baseline_lets_old_findings_pass_and_stops_new_ones(tmp_path: Path) -> None:
    sandbox = Sandbox(tmp_path, tagged=False)
    assert run(sandbox, "baseline.sh") == 0
    (sandbox.root / "new.tf").write_text('resource "aws_s3_bucket" "new" {}\n')
    assert sandbox.shell("apportion lint . --baseline tags-baseline.json").returncode == 1


def test_the_job_without_the_action_comments(tmp_path: Path) -> None:
    done = Sandbox(tmp_path, tagged=False).shell(shell_of(RECIPES[".github/workflows/tags-plain.yml"])[-1])
    assert "no comment: GITHUB_EVENT_PATH is not set" in done.stderr


def test_what_the_workflows_give_the_action_are_inputs_it_has() -> None:
    action = yaml.safe_load((ROOT / "action.yml").read_text())
    for name in (".github/workflows/tags.yml", ".github/workflows/tags-source.yml"):
        (job,) = RECIPES[name].content["jobs"].values()
        (step,) = [step for step in job["steps"] if step.get("uses", "").startswith("OWNER/apportion@")]
        assert step["with"].keys() <= action["inputs"].keys()
    used = set(re.findall(r"steps\.tags\.outputs\.([\w-]+)", RECIPES[".github/workflows/tags-source.yml"].text))
    assert used == {"sarif"}
    assert used <= action["outputs"].keys()


def test_the_page_names_every_input_and_output_of_the_action() -> None:
    action = yaml.safe_load((ROOT / "action.yml").read_text())
    page = (ROOT / "docs" / "ci.md").read_text()
    assert [name for name in (*action["inputs"], *action["outputs"]) if f"`{name}`" not in page] == []
