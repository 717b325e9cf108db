"""Which month is reported when nobody names one, and what is said when the disk does not play along."""

import json
import os
import shutil
import subprocess
import sys

import pytest

from agent import cli
from tests.focus_rows import write_focus
from tests.project import write_project

PROGRAM = "import sys; from agent.cli import main; sys.exit(main())"
FEE = {"ChargeCategory": "Purchase", "BilledCost": "0.24", "EffectiveCost": "0"}


@pytest.fixture
def project(tmp_path):
    return write_project(tmp_path).parent


def run(project, *arguments: str) -> int:
    return cli.main(["--quiet", "--config", str(project / "apportion.yaml"), *(arguments or ("run",))])


def test_a_fee_dated_into_a_month_without_usage_does_not_make_it_the_month_to_report(project, capsys):
    september = {"BillingPeriodStart": "2026-09-01T00:00:00Z"}
    write_focus(project / "exports" / "october.csv", [september, FEE])
    assert run(project, "run", "--format", "json") == 0
    assert json.loads(capsys.readouterr().out)["period"] == "2026-09"


def test_a_month_of_fees_alone_is_reported_when_there_is_no_other(project, capsys):
    write_focus(project / "exports" / "october.csv", [FEE])
    assert run(project, "run", "--format", "json") == 0
    assert json.loads(capsys.readouterr().out)["period"] == "2026-10"


def test_a_file_in_place_of_the_data_folder_is_said(project, capsys):
    (project / "data").write_text("")
    assert run(project) == 4
    message = capsys.readouterr().err
    assert "data" in message
    assert "report it" not in message


@pytest.mark.skipif(os.name != "posix", reason="limits a file's size as POSIX does")
@pytest.mark.parametrize("blocks", [1, 4, 20])
def test_a_full_disk_is_said_and_the_next_run_is_whole(project, blocks):
    command = [sys.executable, "-c", PROGRAM, "--quiet", "--config", str(project / "apportion.yaml")]
    limited = subprocess.run(
        ["bash", "-c", f'ulimit -f {blocks}; exec "$@"', "run", *command, "run"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert limited.returncode == 4
    assert "disk" in limited.stderr
    assert "report it" not in limited.stderr
    assert run(project) == 0
    assert run(project, "verify") == 0


def test_the_first_real_bill_after_the_example_is_what_is_reported(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert cli.main(["init", "."]) == 0
    assert "remove data" in capsys.readouterr().out
    assert cli.main(["--quiet", "run"]) == 0
    capsys.readouterr()
    shutil.rmtree("data")
    (tmp_path / "exports" / "example-focus.csv").unlink()
    write_focus(tmp_path / "exports" / "mine.csv", [{"BillingPeriodStart": "2024-09-01T00:00:00Z"}])
    assert cli.main(["--quiet", "--format", "json", "run"]) == 0
    assert json.loads(capsys.readouterr().out)["period"] == "2024-09"
