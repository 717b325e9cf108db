"""Published results: made aside, then moved in file by file with the proof last.

A run is made in ``<data>/results/.runs/<id>/``. Publishing marks the run as complete, takes the old proof away, moves
every file and lastly the new proof. So at any moment, also after a kill, a ``proof.json`` that is there matches the
files beside it; a month without one is not published. The next command finishes what a killed one left.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any

from agent.errors import ApportionError, ProofError
from agent.period import Period
from agent.store import lock, sync, write_file

PROOF = "proof.json"
REPORT_HASHES = "hashes.json"
"""In the report folder: sha256 by file name, and under ``proof`` that of the proof it was made from."""
_MARKER = "COMPLETE"
"""In a run folder: everything is written; holds the period. Without it the run never happened."""


def folder(data: Path, period: Period) -> Path:
    """Where a month's results are published."""
    return data / "results" / str(period)


def published(data: Path, period: Period) -> bool:
    """Whether the month has results, proven and complete."""
    return (folder(data, period) / PROOF).is_file()


def refuse_changed(data: Path, period: Period) -> None:
    """Raises ``ProofError`` when a published result is not, byte for byte, the one its proof names."""
    place = folder(data, period)
    try:
        listed: dict[str, str] = json.loads((place / PROOF).read_bytes())["results"]
        changed = [name for name, sha256 in listed.items() if _sha256(place / name) != sha256]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _unproven("its proof cannot be read", place / PROOF, period) from error
    if changed:
        raise _unproven(f"{changed[0]} is not the file that was proven", place / changed[0], period)


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


def _unproven(found: str, where: Path, period: Period) -> ProofError:
    return ProofError(
        f"nothing is shown of {period}: {found}", where=str(where), mend=f"apportion allocate --period {period}"
    )


@contextmanager
def writing(data: Path) -> Iterator[None]:
    """Holds the writer lock, with what a killed run left put right first.

    NOTE: not to be nested: repair would take the outer's run folder for an abandoned one.
    """
    with lock(data):
        repair(data)
        yield


def repair_if_free(data: Path) -> None:
    """Puts right what a killed run left, unless someone is writing: then it is theirs to do."""
    if _left_behind(data):
        with suppress(ApportionError), lock(data, wait_seconds=0):
            repair(data)


def start(data: Path, period: Period) -> Path:
    """A new, empty run folder. The caller holds the writer lock until the run is published."""
    runs = data / "results" / ".runs"
    runs.mkdir(parents=True, exist_ok=True)
    for number in count(1):
        run = runs / f"{period}-{os.getpid()}-{number}"
        with suppress(FileExistsError):
            run.mkdir()
            return run
    raise AssertionError("unreachable: count() does not end")


@contextmanager
def running(data: Path, period: Period) -> Iterator[Path]:
    """A run folder that is published when the work in it ends well and removed when it does not."""
    run = start(data, period)
    try:
        yield run
    except BaseException:
        shutil.rmtree(run)
        raise
    publish(data, period, run)


def publish(data: Path, period: Period, run: Path) -> Path:
    """Moves a finished run, ``proof.json`` included, to its month; returns that folder. Under the writer lock."""
    if not (run / PROOF).is_file():
        raise FileNotFoundError(run / PROOF)
    for file in run.iterdir():
        sync(file)
    write(run / _MARKER, str(period).encode())
    return _move(run, folder(data, period))


def repair(data: Path) -> list[str]:
    """Finishes runs that were complete and removes those that were not; says what it did. Under the writer lock."""
    done: list[str] = []
    for run in _left_behind(data):
        marker = run / _MARKER
        if marker.is_file():
            period = Period.parse(marker.read_text())
            _move(run, folder(data, period))
            done.append(f"finished publishing {period}")
        else:
            shutil.rmtree(run)
            done.append(f"removed the unfinished run {run.name}")
    for aside in (data / "results").glob("*/report/.*"):
        aside.unlink()
    return done


def _left_behind(data: Path) -> list[Path]:
    """Run folders; whatever else a file manager or a backup puts there is not ours."""
    return sorted(path for path in (data / "results" / ".runs").glob("*") if path.is_dir())


def write(path: Path, content: bytes) -> Path:
    """Replaces ``path`` in one step: a reader sees the old content or the new, never a part."""
    write_file(path, lambda part: part.write_bytes(content))
    return path


def _move(run: Path, target: Path) -> Path:
    """Every step may be the last before a kill, and the whole may be done again."""
    target.mkdir(parents=True, exist_ok=True)
    # NOTE: without a proof in the run folder all files have been moved, and the proof in place is the new one
    if (run / PROOF).is_file():
        (target / PROOF).unlink(missing_ok=True)
        sync(target)
        for file in sorted(run.iterdir()):
            if file.name not in (PROOF, _MARKER):
                file.replace(target / file.name)
        sync(target)
        (run / PROOF).replace(target / PROOF)
        sync(target)
    shutil.rmtree(run)
    return target


def write_report(data: Path, period: Period, files: Mapping[str, bytes], proof: Path | None = None) -> list[Path]:
    """Writes the report beside the results, and lastly the list of hashes that ``verify`` checks.

    ``proof``: the one it was made from; by default that of the results.
    """
    place = folder(data, period)
    listed = place / "report" / REPORT_HASHES
    # NOTE: killed between two files there is no list, and so none that calls a whole file an edited one
    listed.unlink(missing_ok=True)
    written = [write(place / "report" / name, content) for name, content in files.items()]
    hashes = {path.name: _sha256(path) for path in written} | {"proof": _sha256(proof or place / PROOF)}
    write(listed, json.dumps(hashes, indent=1).encode() + b"\n")
    return written


def read_proof(data: Path, period: Period) -> dict[str, Any] | None:
    """``proof.json`` of a published month as it stands, else None."""
    try:
        content: dict[str, Any] = json.loads((folder(data, period) / PROOF).read_bytes())
    except FileNotFoundError:
        return None
    return content
