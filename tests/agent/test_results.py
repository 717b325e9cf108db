import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

from agent import results
from agent.period import Period

OCTOBER = Period(2026, 10)

# Ends itself, as a power cut would, at the n-th change of the file system.
KILLED = """
import os, signal, sys
from pathlib import Path
from agent import results
from agent.period import Period

left = int(sys.argv[2])

def watch(event, arguments):
    global left
    if event in ("os.rename", "os.remove", "os.rmdir", "os.mkdir") or (event == "open" and arguments[1] in ("w", "wb")):
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

data = Path(sys.argv[1])
run = results.start(data, Period(2026, 10))
for name in ("allocation.parquet", "cost_per_customer.csv"):
    (run / name).write_text("new " + name)
proof = sys.argv[3]
sys.addaudithook(watch)
(run / "proof.json").write_text(proof)
results.publish(data, Period(2026, 10), run)
"""


def _proof(version):
    names = ("allocation.parquet", "cost_per_customer.csv")
    return json.dumps({"results": {n: hashlib.sha256(f"{version} {n}".encode()).hexdigest() for n in names}})


def _publish_old(data):
    run = results.start(data, OCTOBER)
    for name in ("allocation.parquet", "cost_per_customer.csv"):
        (run / name).write_text(f"old {name}")
    (run / "proof.json").write_text(_proof("old"))
    return results.publish(data, OCTOBER, run)


def _matches(folder):
    recorded = json.loads((folder / "proof.json").read_text())["results"]
    return all(hashlib.sha256((folder / name).read_bytes()).hexdigest() == sha for name, sha in recorded.items())


def test_publishing_moves_everything_and_leaves_no_run(tmp_path: Path):
    folder = _publish_old(tmp_path)
    assert sorted(path.name for path in folder.iterdir()) == [
        "allocation.parquet",
        "cost_per_customer.csv",
        "proof.json",
    ]
    assert list((tmp_path / "results" / ".runs").iterdir()) == []
    assert results.published(tmp_path, OCTOBER)


def test_publishing_keeps_the_report_folder(tmp_path: Path):
    report = _publish_old(tmp_path) / "report"
    results.write(report / "cost.csv", b"x")
    _publish_old(tmp_path)
    assert (report / "cost.csv").read_bytes() == b"x"


def test_a_run_without_a_proof_is_refused(tmp_path: Path):
    run = results.start(tmp_path, OCTOBER)
    with pytest.raises(FileNotFoundError):
        results.publish(tmp_path, OCTOBER, run)
    assert not results.published(tmp_path, OCTOBER)


def test_a_kill_at_any_step_leaves_old_or_new_and_never_a_mixture(tmp_path: Path):
    outcomes = set()
    for step in range(1, 40):
        data = tmp_path / str(step)
        folder = _publish_old(data)
        ended = subprocess.run([sys.executable, "-c", KILLED, data, str(step), _proof("new")], check=False)
        if results.published(data, OCTOBER):
            assert _matches(folder), f"a proof that does not match, killed at step {step}"
        results.repair(data)
        assert _matches(folder), f"not repaired, killed at step {step}"
        assert list((data / "results" / ".runs").iterdir()) == []
        outcomes.add((folder / "allocation.parquet").read_text().split()[0])
        if ended.returncode == 0:
            break
    else:
        pytest.fail("the steps never ended")
    assert outcomes == {"old", "new"}
    assert step > 8


def test_repair_says_what_it_did(tmp_path: Path):
    run = results.start(tmp_path, OCTOBER)
    (run / "allocation.parquet").write_text("half")
    assert results.repair(tmp_path) == [f"removed the unfinished run {run.name}"]
    assert results.repair(tmp_path) == []


def test_writing_replaces_in_one_step_and_leaves_no_other_file(tmp_path: Path):
    results.write(tmp_path / "report" / "a.csv", b"one")
    results.write(tmp_path / "report" / "a.csv", b"two")
    assert {path.name: path.read_bytes() for path in (tmp_path / "report").iterdir()} == {"a.csv": b"two"}


def test_the_proof_of_an_unpublished_month_is_none(tmp_path: Path):
    assert results.read_proof(tmp_path, OCTOBER) is None
    _publish_old(tmp_path)
    assert results.read_proof(tmp_path, OCTOBER) == json.loads(_proof("old"))
