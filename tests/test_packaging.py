"""What is shipped: the wheel holds its data, the light install starts, and starting loads nothing heavy."""

import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

PACKAGES = ("agent", "policies", "terraform_lint", "reports")
HEAVY = (
    "alembic", "apscheduler", "azure", "boto3", "duckdb", "google", "hcl2", "jinja2", "numpy", "pyarrow", "pydantic",
    "rich", "slack_sdk", "sqlalchemy", "xlsxwriter", "yaml",
)  # fmt: skip


def run(*command, **keywords):
    """Standard output; a failure shows everything the command said."""
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False, **keywords)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.mark.parametrize("arguments", [[], ["--help"], ["run", "--help"], ["--version"]], ids=" ".join)
def test_starting_loads_nothing_heavy(arguments):
    program = f"import sys; sys.argv = ['apportion', *{arguments}]\nimport agent.cli\n"
    if arguments:
        program += "agent.cli.main()\n"
    program += f"print('LOADED', sorted(sys.modules.keys() & set({HEAVY})))"
    assert run(sys.executable, "-c", program).splitlines()[-1] == "LOADED []"


PLAN = """{"format_version": "1.2", "resource_changes": [{"address": "aws_vpc.a", "mode": "managed", "type": "aws_vpc",
"change": {"actions": ["create"], "after": {"tags": null}}}]}"""
SOURCE = 'resource "aws_vpc" "a" {\n  tags = { tenant = "acme" }\n}\n'


@pytest.mark.parametrize(("checked", "source_code_parsers"), [("plan.json", False), ("source", True)])
def test_the_terraform_check_loads_neither_engine_nor_cloud_sdk(tmp_path, checked, source_code_parsers):
    (tmp_path / "plan.json").write_text(PLAN)
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "main.tf").write_text(SOURCE)
    program = (
        "import sys; import agent.cli\n"
        f"agent.cli.main(['lint', '{checked}', '--policy', 'pack:tenant', '--quiet', '--no-cache'])\n"
        f"print('LOADED', sorted(sys.modules.keys() & set({(*HEAVY, 'tree_sitter')})))"
    )
    loaded = run(sys.executable, "-c", program, cwd=tmp_path).splitlines()[-1]
    # NOTE: the policy is YAML behind a model; source is parsed, and a plan is not
    assert loaded == f"LOADED {['pydantic', 'tree_sitter', 'yaml'] if source_code_parsers else ['pydantic', 'yaml']}"


@pytest.mark.parametrize("name", PACKAGES)
def test_each_package_is_the_one_of_this_distribution(name, root):
    module = __import__(name)
    assert Path(module.__file__).parent.parent == root
    assert (root / name / "py.typed").is_file()


@pytest.fixture(scope="module")
def wheel(root, tmp_path_factory):
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder, cwd=root)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def light(wheel, root, tmp_path_factory):
    """The scripts' folder of an environment with the wheel and its base dependencies only, as pinned."""
    home = tmp_path_factory.mktemp("light")
    venv.create(home, with_pip=True)
    pins = home / "pins.txt"  # pip refuses hashes on constraints
    lines = (root / "requirements.lock").read_text().splitlines()
    pins.write_text("\n".join(line.removesuffix(" \\") for line in lines if line and not line.startswith((" ", "#"))))
    run(home / "bin/pip", "install", "--quiet", "--constraint", pins, wheel, env={**os.environ, "PIP_NO_INPUT": "1"})
    return home / "bin"


@pytest.mark.slow
def test_the_wheel_holds_every_file_of_its_packages(wheel, root):
    shipped = set(zipfile.ZipFile(wheel).namelist())
    tracked = run("git", "ls-files", *PACKAGES, cwd=root).split()
    assert {Path(name).suffix for name in tracked} >= {".sql", ".yaml", ".j2", ".py", ".typed"}
    assert [name for name in tracked if name not in shipped] == []
    assert [name for name in shipped if name.startswith(("tests/", "docs/"))] == []


@pytest.mark.slow
def test_the_light_install_starts(light):
    assert "COMMAND" in run(light / "apportion", "--help")
    assert run(light / "apportion", "--version").startswith("apportion ")


@pytest.mark.slow
def test_the_light_install_leaves_the_engine_out_and_says_how_to_get_it(light, tmp_path):
    run(light / "apportion", "init", tmp_path / "job")
    done = subprocess.run(
        [light / "apportion", "run"], capture_output=True, text=True, check=False, cwd=tmp_path / "job"
    )
    assert done.returncode == 2
    assert "pip install 'apportion[" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_the_light_install_checks_terraform(light, tmp_path):
    (tmp_path / "plan.json").write_text(PLAN)
    (tmp_path / "main.tf").write_text(SOURCE)
    installed = run(light / "pip", "list", "--format", "freeze").casefold()
    assert [name for name in ("duckdb", "sqlalchemy", "pyarrow", "boto3", "google", "azure") if name in installed] == []
    command = [light / "apportion", "lint", "--policy", "pack:tenant", "--quiet"]
    plan = subprocess.run([*command, "plan.json"], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert (plan.returncode, "aws_vpc.a has no tag tenant" in plan.stdout) == (1, True), plan.stderr
    source = subprocess.run([*command, "."], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert source.returncode == 0, source.stdout + source.stderr


@pytest.mark.slow
def test_another_distribution_of_the_same_package_name_is_noticed(light, tmp_path):
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "__init__.py").touch()
    done = subprocess.run(
        [light / "apportion", "--help"], capture_output=True, text=True, check=False, env={"PYTHONPATH": str(tmp_path)}
    )
    assert done.returncode != 0
    assert "'policies'" in done.stderr
    assert "Traceback" not in done.stderr
