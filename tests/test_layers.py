"""Imports point one way. The contracts stand in pyproject.toml; here they are run, and shown to cover every module."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

APART = {"agent.verify": "has a contract of its own: shares nothing with what it checks"}


@pytest.fixture(scope="module")
def contracts(root):
    linter = tomllib.loads((root / "pyproject.toml").read_text())["tool"]["importlinter"]
    return {contract["id"]: contract for contract in linter["contracts"]}


def test_the_contracts_hold(root):
    # NOTE: in a process of its own: called here, it would disable every logger that later tests read.
    linter = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([linter, "--no-cache", "--no-logo"], cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_module_of_the_agent_has_a_layer(root, contracts):
    named = {name for line in contracts["layers"]["layers"] for name in re.findall(r"[a-z_.]+", line)}
    modules = {
        f"agent.{path.stem}"
        for path in (root / "agent").iterdir()
        if path.suffix == ".py" or (path / "__init__.py").is_file()
    } - {"agent.__init__"}
    assert modules - named - APART.keys() == set()


def test_no_layer_is_a_leftover(root, contracts):
    named = {name for line in contracts["layers"]["layers"] for name in re.findall(r"agent\.[a-z_]+", line)}
    there = {
        name
        for name in named
        if (root / f"{name.replace('.', '/')}.py").is_file() or (root / name.replace(".", "/")).is_dir()
    }
    assert named - there == set()
