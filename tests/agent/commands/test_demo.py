import io
import json
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import pytest

from agent import cli

LINES = ["--lines", "3000", "--quiet"]


@dataclass(frozen=True)
class Told:
    folder: Path
    text: str


@pytest.fixture(scope="module")
def first_run(tmp_path_factory) -> Told:
    folder, out = tmp_path_factory.mktemp("demo") / "company", io.StringIO()
    with redirect_stdout(out):
        assert cli.main(["demo", str(folder), *LINES]) == 0
    return Told(folder, out.getvalue())


@pytest.fixture
def demo(first_run: Told) -> Path:
    return first_run.folder


def test_the_demo_prints_proof_table_digest_and_files(first_run: Told):
    told, demo = first_run.text, first_run.folder
    assert told.startswith("Proof: 2026-10: ")
    assert "difference 0" in told
    assert "dearest first" in told
    assert "Total cost to serve" in told
    for path in (demo / "data/results/2026-10/report").glob("cost-per-customer-*"):
        assert str(path) in told


def test_the_month_before_has_results_too(demo: Path):
    assert (demo / "data/results/2026-09/proof.json").is_file()


def test_the_demo_runs_again_in_its_own_folder(demo: Path, capsys):
    assert cli.main(["demo", str(demo), *LINES, "--format", "json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["version"] == 1
    assert {one["changed"] for one in document["delivered"]} == {False}
    assert "digest" in document


def test_every_other_command_accepts_the_demo(demo: Path, capsys):
    config = ["--config", str(demo / "apportion.yaml"), "--quiet"]
    for command in (["verify"], ["report"], ["digest"], ["allocate", "--period", "2026-09"], ["ingest"]):
        assert cli.main([*command, *config]) == 0, capsys.readouterr()


def test_the_doctor_misses_only_the_slack_token_of_the_demo(demo: Path, capsys):
    assert cli.main(["doctor", "--config", str(demo / "apportion.yaml"), "--format", "json"]) == 2
    findings = json.loads(capsys.readouterr().out)["findings"]
    assert [one["part"] for one in findings if one["state"] == "missing"] == ["slack"]


@pytest.mark.parametrize("content", ["mine.txt", "apportion.yaml"])
def test_a_folder_of_the_users_own_is_refused_and_left_as_it_is(content: str, tmp_path: Path, capsys):
    (tmp_path / content).write_text("version: 1\n")
    assert cli.main(["demo", str(tmp_path), *LINES]) == 2
    assert [path.name for path in tmp_path.iterdir()] == [content]
    assert "Traceback" not in capsys.readouterr().err


def test_lines_must_be_a_number(tmp_path: Path, capsys):
    assert cli.main(["demo", str(tmp_path), "--lines", "many"]) == 2
    assert "'many' is not a whole number" in capsys.readouterr().err
