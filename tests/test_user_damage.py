"""What lies in the data folder was damaged or changed by hand: no figure of it is shown, and one message says so."""

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from agent import cli
from tests.project import write_project

RESULTS = "data/results/2026-10"


@pytest.fixture
def project(tmp_path):
    application = write_project(tmp_path)
    assert cli.main(["--quiet", "--config", str(application), "run"]) == 0
    return tmp_path


def run(project, command: str) -> int:
    return cli.main(["--quiet", "--config", str(project / "apportion.yaml"), command])


def add_a_thousand(path) -> None:
    table = pq.read_table(path)
    place = table.column_names.index("EffectiveCost")
    costs = table["EffectiveCost"].to_pylist()
    changed = pa.array([costs[0] + 1000, *costs[1:]], table.schema.field(place).type)
    pq.write_table(table.set_column(place, table.schema.field(place), changed), path)


@pytest.mark.parametrize("command", ["report", "digest"])
def test_nothing_is_written_from_results_that_are_not_those_proven(project, capsys, command):
    add_a_thousand(project / RESULTS / "allocation.parquet")
    reports = {path: path.read_bytes() for path in (project / RESULTS / "report").iterdir()}
    capsys.readouterr()
    assert run(project, command) == 1
    said = capsys.readouterr()
    assert "allocation.parquet" in said.err
    assert "1,1" not in said.out
    assert {path: path.read_bytes() for path in reports} == reports


@pytest.mark.parametrize("command", ["report", "digest"])
@pytest.mark.parametrize("content", ["{", "[]", "{}", '{"results": {"allocation.parquet": 1}}'])
def test_a_proof_that_cannot_be_read_proves_nothing(project, capsys, command, content):
    (project / RESULTS / "proof.json").write_text(content)
    capsys.readouterr()
    assert run(project, command) == 1
    assert "2026-10" in capsys.readouterr().err


def test_the_next_allocation_mends_changed_results(project):
    add_a_thousand(project / RESULTS / "allocation.parquet")
    assert run(project, "allocate") == 0
    assert run(project, "report") == 0


@pytest.mark.parametrize("content", ["{", "[]", "{}", json.dumps({"version": "x"})])
def test_a_ledger_head_that_cannot_be_read_is_named_with_a_way_out(project, capsys, content):
    (project / "data/ledger/cloud/2026-10/HEAD.json").write_text(content)
    capsys.readouterr()
    assert run(project, "allocate") == 4
    message = capsys.readouterr().err
    assert "cloud" in message
    assert "ingest" in message
    assert "report it" not in message


@pytest.mark.parametrize("content", ["{", "[]", "{}"])
def test_an_input_head_that_cannot_be_read_is_named_and_mended_by_an_ingest(project, capsys, content):
    (project / "data/inputs/HEAD.json").write_text(content)
    capsys.readouterr()
    assert run(project, "allocate") == 2
    assert "ingest" in capsys.readouterr().err
    assert run(project, "ingest") == 0
    assert run(project, "allocate") == 0
