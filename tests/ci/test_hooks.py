"""The pre-commit hooks: the command line that pre-commit would run, on the files it would pass."""

import re
import shlex
from pathlib import Path

import pytest
import yaml

from tests.ci.recipes import ROOT, recipes
from tests.ci.sandbox import Sandbox

HOOKS = {hook["id"]: hook for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())}


def run(sandbox: Sandbox, hook: str, files: list[str], arguments: list[str] | None = None) -> int:
    found = HOOKS[hook]
    words = [*found["entry"].split(), *(found.get("args", []) if arguments is None else arguments)]
    return sandbox.shell(shlex.join([*words, *(files if found.get("pass_filenames", True) else [])])).returncode


@pytest.mark.parametrize("hook", HOOKS)
@pytest.mark.parametrize(("tagged", "code"), [(True, 0), (False, 1)])
def test_a_hook_judges_the_files_of_a_commit(hook: str, tagged: bool, code: int, tmp_path: Path) -> None:
    assert run(Sandbox(tmp_path, tagged=tagged), hook, ["main.tf", "infra/main.tf"]) == code


def test_only_the_root_modules_touched_are_judged(tmp_path: Path) -> None:
    sandbox = Sandbox(tmp_path, tagged=True)
    (sandbox.root / "other").mkdir()
    (sandbox.root / "other" / "main.tf").write_text('resource "aws_s3_bucket" "old" {}\n')
    assert run(sandbox, "apportion-lint", ["infra/main.tf"]) == 0
    assert run(sandbox, "apportion-lint", ["other/main.tf"]) == 1
    assert run(sandbox, "apportion-lint-all", ["infra/main.tf"]) == 1


def test_a_file_of_variables_stands_for_its_root_module(tmp_path: Path) -> None:
    sandbox = Sandbox(tmp_path, tagged=True)
    (sandbox.root / "infra" / "main.tf").write_text(
        'variable "tenant" {}\nresource "aws_s3_bucket" "logs" {\n  tags = { tenant = var.tenant }\n}\n'
    )
    (sandbox.root / "infra" / "terraform.tfvars").write_text('tenant = "No Such Form"\n')
    assert run(sandbox, "apportion-lint", ["infra/terraform.tfvars"]) == 1


def test_the_recipe_uses_hooks_that_are_there(tmp_path: Path) -> None:
    (repository,) = recipes()[".pre-commit-config.yaml"].content["repos"]
    for hook in repository["hooks"]:
        assert run(Sandbox(tmp_path, tagged=False), hook["id"], ["main.tf"], hook["args"]) == 1


@pytest.mark.parametrize("hook", HOOKS)
@pytest.mark.parametrize("name", ["a.tf", "a.tofu", "b.tofu.json", "a/terraform.tfvars", "x.auto.tfvars.json"])
def test_a_hook_runs_on_every_file_of_terraform(hook: str, name: str) -> None:
    assert re.search(HOOKS[hook]["files"], name)


@pytest.mark.parametrize("hook", HOOKS)
@pytest.mark.parametrize("name", ["main.py", "plan.json", "a.tf.bak", "tfvars", "envs/prod.tfvars"])
def test_a_hook_leaves_other_files_alone(hook: str, name: str) -> None:
    assert not re.search(HOOKS[hook]["files"], name)
