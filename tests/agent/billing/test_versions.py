import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from agent.billing.ledger.versions import head, heads, periods, source_heads
from agent.period import Period
from tests.agent.billing.ledgers import OCTOBER, ingest, manifest, rows
from tests.focus_rows import write_focus

ROOT = Path(__file__).parents[3]


@pytest.fixture
def export(tmp_path):
    return tmp_path / "x" / "f.csv"


@pytest.fixture
def data(tmp_path):
    return tmp_path / "data"


def snapshot(data):
    """Every file with its content and time of change."""
    return {
        str(path.relative_to(data)): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in data.rglob("*")
        if path.is_file()
    }


def test_the_same_delivery_again_writes_nothing(export, data):
    write_focus(export, [{}, {"BillingPeriodStart": "2026-09-01"}])
    ingest(export.parent, data)
    before = snapshot(data)
    assert [d.changed for d in ingest(export.parent, data)] == [False, False]
    assert snapshot(data) == before


def test_a_changed_delivery_replaces_its_period_and_keeps_the_old_version(export, data):
    write_focus(export, [{"BilledCost": "1"}, {"BilledCost": "5", "BillingPeriodStart": "2026-09-01"}])
    ingest(export.parent, data)
    write_focus(
        export, [{"BilledCost": "1"}, {"BilledCost": "2"}, {"BilledCost": "5", "BillingPeriodStart": "2026-09-01"}]
    )
    delivered = ingest(export.parent, data)
    assert [(str(d.period), d.version, d.changed, d.billed_text) for d in delivered] == [
        ("2026-09", 2, True, "5 USD"),
        ("2026-10", 2, True, "3 USD"),
    ]
    folder = data / "ledger" / "bill" / "2026-10"
    assert json.loads((folder / "HEAD.json").read_text()) == {"version": 2}
    assert json.loads((folder / "v1" / "manifest.json").read_text())["ledger_sums"]["USD"]["BilledCost"] == "1"
    assert json.loads((folder / "v2" / "manifest.json").read_text())["ledger_version"] == 2


def test_a_period_whose_files_did_not_change_keeps_its_version(tmp_path, data):
    write_focus(tmp_path / "x" / "09.csv", [{"BillingPeriodStart": "2026-09-01"}])
    write_focus(tmp_path / "x" / "10.csv", [{"BilledCost": "1"}])
    ingest(tmp_path / "x", data)
    write_focus(tmp_path / "x" / "10.csv", [{"BilledCost": "2"}])
    assert [(d.version, d.changed) for d in ingest(tmp_path / "x", data)] == [(1, False), (2, True)]


def test_a_period_that_vanishes_keeps_its_last_version_marked_stale(tmp_path, data):
    old = write_focus(tmp_path / "x" / "09.csv", [{"BillingPeriodStart": "2026-09-01"}])
    write_focus(tmp_path / "x" / "10.csv", [{}])
    ingest(tmp_path / "x", data)
    raw = old.read_bytes()
    old.unlink()
    assert [str(d.period) for d in ingest(tmp_path / "x", data)] == ["2026-10"]
    assert manifest(data, Period(2026, 9)).stale
    assert not manifest(data).stale
    before = snapshot(data)
    ingest(tmp_path / "x", data)
    assert snapshot(data) == before
    old.write_bytes(raw)
    assert [(d.version, d.changed) for d in ingest(tmp_path / "x", data)] == [(1, False), (1, False)]
    assert not manifest(data, Period(2026, 9)).stale


def test_heads_and_periods_list_what_is_in_force(export, data):
    assert (periods(data), heads(data, OCTOBER)) == ([], [])
    write_focus(export, [{}, {"BillingPeriodStart": "2026-09-01"}])
    ingest(export, data, name="b")
    write_focus(export, [{"BillingAccountId": "other"}])
    ingest(export, data, name="a")
    assert periods(data) == [Period(2026, 9), OCTOBER]
    assert [version.source for version in heads(data, OCTOBER)] == ["a", "b"]
    assert [version.period for version in source_heads(data, "b")] == [Period(2026, 9), OCTOBER]
    [version] = source_heads(data, "a")
    assert [path.name for path in version.files] == ["part-0.parquet"]
    assert version.files[0].is_file()


def test_tag_sets_only_grow(export, data):
    write_focus(export, [{"Tags": '{"tenant": "acme"}'}])
    ingest(export, data)
    write_focus(export, [{"Tags": '{"tenant": "other"}'}])
    ingest(export, data)
    shutil.rmtree(data / "ledger" / "bill" / "2026-10" / "v1")
    assert {row["Tags"] for row in rows(data)} == {'{"tenant":"other"}'}
    import pyarrow.parquet as pq

    kept = pq.read_table(data / "ledger" / "tagsets.parquet")
    assert sorted(kept["Tags"].to_pylist()) == ['{"tenant":"acme"}', '{"tenant":"other"}', "{}"]
    assert kept["x_TagSetId"].to_pylist() == sorted(kept["x_TagSetId"].to_pylist())


STEPS = ["os.fsync", "Path.rename", "Path.replace"]
KILLED = """
import os, signal, sys
from pathlib import Path
sys.path.insert(0, {root!r})
left = {after}
def watched(do):
    def step(*arguments, **options):
        global left
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return do(*arguments, **options)
    return step
os.fsync = watched(os.fsync)
Path.rename = watched(Path.rename)
Path.replace = watched(Path.replace)
from tests.agent.billing.ledgers import ingest
ingest(Path({location!r}), Path({data!r}))
"""


def killed_after(steps, location, data):
    """Ingests in a process that is killed before its disk step of this number; whether it was."""
    script = KILLED.format(root=str(ROOT), after=steps, location=str(location), data=str(data))
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode in (0, -9), done.stderr
    return done.returncode == -9


def test_an_ingest_killed_at_any_step_leaves_every_period_whole(export, data):
    write_focus(export, [{"BilledCost": "1"}, {"BilledCost": "2", "BillingPeriodStart": "2026-09-01"}])
    ingest(export.parent, data)
    before = data.with_name("before")
    shutil.copytree(data, before)
    lines = [{"BilledCost": "7", "Tags": '{"a": "1"}'}, {"BilledCost": "5", "BillingPeriodStart": "2026-09-01"}]
    write_focus(export, lines)
    allowed = {OCTOBER: {"1", "7"}, Period(2026, 9): {"2", "5"}}
    steps = 0
    while True:
        shutil.rmtree(data)
        shutil.copytree(before, data)
        killed = killed_after(steps, export.parent, data)
        for period, sums in allowed.items():
            found = rows(data, period)  # every row's tag set is there, or this fails
            assert {row["Billed"] for row in found} <= sums
            assert manifest(data, period).ledger_sums["USD"]["BilledCost"] == found[0]["Billed"]
        delivered = ingest(export.parent, data)
        assert [d.billed_text for d in delivered] == ["5 USD", "7 USD"]
        assert not (data / ".tmp").exists()
        if not killed:
            break
        steps += 1
    assert steps > 10


def test_a_killed_first_ingest_leaves_an_empty_ledger(export, data):
    write_focus(export, [{}])
    assert killed_after(3, export.parent, data)
    assert periods(data) == []
    assert head(data, "bill", OCTOBER) is None
    assert ingest(export.parent, data)[0].version == 1


def test_the_ledger_does_not_depend_on_where_the_export_lies(tmp_path):
    written = []
    for place in ("one", "two/deeper"):
        write_focus(tmp_path / place / "f.csv", [{"Tags": '{"b": "2", "a": "1"}'}, {"BilledCost": "3"}])
        ingest(tmp_path / place, tmp_path / "data" / place)
        written.append(
            {
                str(path.relative_to(tmp_path / "data" / place)): path.read_bytes()
                for path in (tmp_path / "data" / place).rglob("*")
                if path.is_file()
            }
        )
    assert written[0] == written[1]
    assert os.fspath(tmp_path) not in str(written[0])
