"""What lies in the data folder was damaged or changed by hand: no figure of it is shown, and one message says so."""

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from agent import cli
from tests.focus_rows import write_focus
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


PART = "data/ledger/cloud/2026-10/v1/part-0.parquet"
TAG_SETS = "data/ledger/tagsets.parquet"


def lose(path) -> None:
    path.unlink()


def overwrite(path) -> None:
    path.write_text("x\n")


def truncate(path) -> None:
    path.write_bytes(path.read_bytes()[:-40])


def swap_tags(path) -> None:
    table = pq.read_table(path)
    texts = table["Tags"].to_pylist()
    pq.write_table(table.set_column(1, "Tags", pa.array(texts[::-1], pa.string())), path)


def drop_tags(path) -> None:
    pq.write_table(pq.read_table(path).slice(0, 1), path)


def published(project) -> dict[str, bytes]:
    folder = project / RESULTS
    return {name: (folder / name).read_bytes() for name in ("allocation.parquet", "cost_per_customer.csv")}


@pytest.mark.parametrize(
    ("name", "damage"),
    [(PART, overwrite), (PART, lose), (PART, truncate)]
    + [(TAG_SETS, damage) for damage in (overwrite, lose, truncate, swap_tags, drop_tags)],
)
def test_a_damaged_ledger_is_named_by_allocate_and_mended_by_the_next_run(project, capsys, name, damage):
    before = published(project)
    damage(project / name)
    capsys.readouterr()
    assert run(project, "allocate") == 4
    message = capsys.readouterr().err
    assert name in message
    assert "mend:     apportion ingest" in message
    assert "Arrow" not in message
    assert run(project, "run") == 0
    assert published(project) == before
    assert run(project, "verify") == 0


def test_a_changed_ledger_is_found_though_it_can_be_read(project, capsys):
    path = project / PART
    pq.write_table(pq.read_table(path), path, compression="gzip")
    capsys.readouterr()
    assert run(project, "allocate") == 4
    assert PART in capsys.readouterr().err


def test_a_damaged_version_is_kept_and_a_new_one_made(project):
    (project / PART).write_text("x\n")
    assert run(project, "ingest") == 0
    assert json.loads((project / "data/ledger/cloud/2026-10/HEAD.json").read_text()) == {"version": 2}
    assert (project / PART).read_text() == "x\n"


def test_two_sources_are_both_mended_when_both_are_damaged(tmp_path):
    application = write_project(tmp_path)
    second = "sources:\n  - {name: other, kind: focus, location: other, late_after_days: 40}\n"
    application.write_text(application.read_text().replace("sources:\n", second))
    write_focus(tmp_path / "other" / "a.csv", [{"BillingAccountId": "2", "SubAccountId": "3"}])
    assert run(tmp_path, "run") == 0
    before = published(tmp_path)
    for name in ("cloud", "other"):
        (tmp_path / f"data/ledger/{name}/2026-10/v1/part-0.parquet").write_text("x\n")
    (tmp_path / TAG_SETS).unlink()
    assert run(tmp_path, "run") == 0
    assert published(tmp_path) == before


@pytest.mark.parametrize("name", [PART, TAG_SETS])
def test_the_doctor_tells_of_a_damaged_ledger_and_goes_on(project, capsys, name):
    (project / name).write_text("x\n")
    capsys.readouterr()
    run(project, "doctor")
    said = capsys.readouterr().out
    assert name.rpartition("/")[2] in said
    assert "slack" in said.lower()
