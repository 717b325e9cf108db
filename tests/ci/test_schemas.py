"""Recipes, action and hooks against the schemas that their systems publish."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.ci.recipes import ROOT, recipes

SCHEMAS = {
    ".github/workflows/tags.yml": ["github-workflows"],
    ".github/workflows/tags-source.yml": ["github-workflows"],
    ".github/workflows/tags-plain.yml": ["github-workflows"],
    ".gitlab-ci.yml": ["gitlab-ci", "--data-transform", "gitlab-ci"],
    "azure-pipelines.yml": ["azure-pipelines", "--regex-variant", "nonunicode"],
}


def check(program: str, file: Path, schema: list[str]) -> str:
    done = subprocess.run(
        [program, "--builtin-schema", f"vendor.{schema[0]}", *schema[1:], str(file)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    return "" if done.returncode == 0 else done.stdout + done.stderr


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_recipe_has_the_form_its_system_asks_for(name: str, tool: Callable[[str], str], tmp_path: Path) -> None:
    file = tmp_path / Path(name).name
    file.write_text(recipes()[name].text)
    assert check(tool("check-jsonschema"), file, SCHEMAS[name]) == ""


def test_the_action_has_the_form_github_asks_for(tool: Callable[[str], str]) -> None:
    assert check(tool("check-jsonschema"), ROOT / "action.yml", ["github-actions"]) == ""


def test_a_key_that_does_not_exist_is_found(tool: Callable[[str], str], tmp_path: Path) -> None:
    file = tmp_path / "action.yml"
    file.write_text((ROOT / "action.yml").read_text().replace("composite", "composit"))
    assert check(tool("check-jsonschema"), file, ["github-actions"])
