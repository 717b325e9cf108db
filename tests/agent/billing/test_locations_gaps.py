"""One of several sources cannot be read: the others are taken in, and the gap is named wherever figures are shown."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from agent import cli
from agent.billing.ledger.unread import unread
from agent.billing.ledger.versions import heads
from tests.agent.billing.ledgers import OCTOBER
from tests.focus_rows import write_focus
from tests.project import write_project

OTHER = {"BillingAccountId": "888888888888", "SubAccountId": "000000000888", "BilledCost": "7"}


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Two sources: ``broken``, read first, and ``cloud``."""
    config = write_project(tmp_path)
    first = "sources:\n  - {name: broken, kind: focus, location: other, late_after_days: 40}"
    config.write_text(config.read_text().replace("sources:", first))
    write_focus(tmp_path / "other" / "october.csv", [OTHER])
    return config


def run(config: Path, command: str, *more: str) -> int:
    return cli.main([command, "--config", str(config), "--quiet", *more])


def in_force(config: Path) -> dict[str, int]:
    return {version.source: version.version for version in heads(config.parent / "data", OCTOBER)}


def test_a_source_that_is_not_there_keeps_no_other_back_and_ends_with_2(config: Path, capsys):
    shutil.rmtree(config.parent / "other")
    assert run(config, "ingest") == 2
    told = capsys.readouterr().out
    assert in_force(config) == {"cloud": 1}
    assert "not taken in: broken: the export's location does not exist" in told
    assert f"where:    {config.parent / 'other'}" in told


def test_a_source_that_is_refused_keeps_no_other_back_and_ends_with_2(config: Path, capsys):
    (config.parent / "other" / "october.csv").write_text("no,header\n1,2\n")
    assert run(config, "ingest", "--format", "json") == 2
    document = json.loads(capsys.readouterr().out)
    assert in_force(config) == {"cloud": 1}
    (failed,) = document["failed"]
    assert (failed["source"], failed["exit_code"]) == ("broken", 2)
    assert failed["where"] == "october.csv:1"
    assert [one["source"] for one in document["delivered"]] == ["cloud"]


def test_refused_outweighs_unreachable(config: Path):
    text = config.read_text().replace("usage:", "  - {name: gone, kind: focus, location: nowhere}\nusage:", 1)
    config.write_text(text)
    (config.parent / "other" / "october.csv").write_text("no,header\n1,2\n")
    assert run(config, "ingest") == 2
    assert sorted(unread(config.parent / "data")) == ["broken", "gone"]


def test_where_no_source_can_be_read_the_first_error_is_the_answer(config: Path, capsys):
    shutil.rmtree(config.parent / "other")
    shutil.rmtree(config.parent / "exports")
    assert run(config, "ingest") == 2
    assert "the export's location does not exist" in capsys.readouterr().err


WITHOUT_ROOTS_RIGHTS = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if os.geteuid() == 0 else []
"""Root may read everything, unless it gives that up."""


def test_a_folder_that_may_not_be_read_is_named(config: Path):
    command = [*WITHOUT_ROOTS_RIGHTS, Path(sys.executable).with_name("apportion"), "ingest", "--config", config]
    (config.parent / "other").chmod(0)
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    finally:
        (config.parent / "other").chmod(0o755)
    assert done.returncode == 4, done.stderr
    assert "may not be read" in done.stdout
    assert list(unread(config.parent / "data")) == ["broken"]


def test_figures_say_that_a_source_is_from_its_last_version(config: Path, capsys):
    assert run(config, "run") == 0
    shutil.rmtree(config.parent / "other")
    capsys.readouterr()
    assert run(config, "run") == 2
    gap = unread(config.parent / "data")["broken"]
    said = f"source broken could not be read on {gap.day} ({gap.why}); figures from its last version, v1"
    assert said in " ".join(capsys.readouterr().out.split())
    assert in_force(config) == {"broken": 1, "cloud": 1}
    reports = list((config.parent / "data").rglob("*.html"))
    assert reports
    assert all("figures from its last version" in path.read_text() for path in reports)
    assert run(config, "digest") == 0
    assert "could not be read" in " ".join(capsys.readouterr().out.split())


def test_figures_say_that_nothing_is_known_of_a_source(config: Path, capsys):
    shutil.rmtree(config.parent / "other")
    assert run(config, "run") == 2
    assert "nothing of it is known for 2026-10" in " ".join(capsys.readouterr().out.split())


def test_the_label_goes_when_the_source_is_read_again(config: Path, capsys):
    place = config.parent / "other"
    assert run(config, "ingest") == 0
    place.rename(config.parent / "away")
    assert run(config, "ingest") == 2
    (config.parent / "away").rename(place)
    assert run(config, "run") == 0
    assert unread(config.parent / "data") == {}
    assert "could not be read" not in capsys.readouterr().out
