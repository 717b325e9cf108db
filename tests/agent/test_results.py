import fcntl
import hashlib
import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from agent import results
from agent.errors import ProofError
from agent.period import Period

OCTOBER = Period(2026, 10)

# Publishes in a child per step; the n-th child ends itself, as a power cut would, at the n-th change on disk.
KILLED = """
import os, signal, sys
from pathlib import Path
from agent import results
from agent.period import Period

left = None

def watch(event, arguments):
    global left
    changes = event in ("os.rename", "os.remove", "os.rmdir", "os.mkdir")
    if left and (changes or event == "open" and "w" in str(arguments[1])):
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

def publish(data, proof):
    run = results.start(data, Period(2026, 10))
    for name in ("allocation.parquet", "cost_per_customer.csv"):
        (run / name).write_text("new " + name)
    (run / "proof.json").write_text(proof)
    results.publish(data, Period(2026, 10), run)

sys.addaudithook(watch)
for step, data in enumerate(sys.argv[2:], 1):
    child = os.fork()
    if child == 0:
        left = step
        publish(Path(data), sys.argv[1])
        os._exit(0)
    _, status = os.waitpid(child, 0)
    print(status)
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
    places = [tmp_path / str(step) for step in range(1, 31)]
    folders = [_publish_old(data) for data in places]
    told = subprocess.run(
        [sys.executable, "-c", KILLED, _proof("new"), *places], capture_output=True, text=True, check=True
    )
    statuses = [int(line) for line in told.stdout.split()]
    assert statuses.count(signal.SIGKILL) > 10
    assert statuses[-1] == 0
    outcomes = set()
    for data, folder in zip(places, folders, strict=True):
        if results.published(data, OCTOBER):
            assert _matches(folder), f"a proof that does not match, killed at step {data.name}"
        results.repair_if_free(data)
        assert _matches(folder), f"not repaired, killed at step {data.name}"
        assert list((data / "results" / ".runs").iterdir()) == []
        outcomes.add((folder / "allocation.parquet").read_text().split()[0])
    assert outcomes == {"old", "new"}


def _run_that_fails(data):
    with results.writing(data), results.running(data, OCTOBER) as run:
        (run / "allocation.parquet").write_text("half")
        raise ProofError("the sums differ")


def test_a_run_that_fails_leaves_the_results_as_they_were(tmp_path: Path):
    folder = _publish_old(tmp_path)
    with pytest.raises(ProofError):
        _run_that_fails(tmp_path)
    assert _matches(folder)
    assert list((tmp_path / "results" / ".runs").iterdir()) == []


def test_a_run_that_ends_well_is_published(tmp_path: Path):
    with results.writing(tmp_path), results.running(tmp_path, OCTOBER) as run:
        (run / "proof.json").write_text("{}")
    assert results.published(tmp_path, OCTOBER)


def test_repair_waits_for_nobody_while_another_process_writes(tmp_path: Path):
    run = results.start(tmp_path, OCTOBER)
    with (tmp_path / ".lock").open("a") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        results.repair_if_free(tmp_path)
        assert run.is_dir()
    results.repair_if_free(tmp_path)
    assert not run.exists()


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
