"""Published results: made aside, then moved in file by file with the proof last.

A run is made in ``<data>/results/.runs/<id>/``. Publishing marks the run as complete, takes the old proof away, moves
every file and lastly the new proof. So at any moment, also after a kill, a ``proof.json`` that is there matches the
files beside it; a month without one is not published. The next command finishes what a killed one left.
"""

import json
import os
import shutil
from collections.abc import Iterable
from contextlib import suppress
from itertools import count
from pathlib import Path

from agent.period import Period

PROOF = "proof.json"
_MARKER = "COMPLETE"
"""In a run folder: everything is written; holds the period. Without it the run never happened."""


def folder(data: Path, period: Period) -> Path:
    """Where a month's results are published."""
    return data / "results" / str(period)


def published(data: Path, period: Period) -> bool:
    """Whether the month has results, proven and complete."""
    return (folder(data, period) / PROOF).is_file()


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


def publish(data: Path, period: Period, run: Path) -> Path:
    """Moves a finished run, ``proof.json`` included, to its month; returns that folder. Under the writer lock."""
    if not (run / PROOF).is_file():
        raise FileNotFoundError(run / PROOF)
    _sync(run.iterdir())
    write(run / _MARKER, str(period).encode())
    return _move(run, folder(data, period))


def repair(data: Path) -> list[str]:
    """Finishes runs that were complete and removes those that were not; says what it did. Under the writer lock."""
    done: list[str] = []
    for run in sorted((data / "results" / ".runs").glob("*")):
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


def write(path: Path, content: bytes) -> None:
    """Replaces ``path`` in one step: a reader sees the old content or the new, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    aside.write_bytes(content)
    _sync([aside])
    aside.replace(path)
    _sync([path.parent])


def _move(run: Path, target: Path) -> Path:
    """Every step may be the last before a kill, and the whole may be done again."""
    target.mkdir(parents=True, exist_ok=True)
    # NOTE: without a proof in the run folder all files have been moved, and the proof in place is the new one
    if (run / PROOF).is_file():
        (target / PROOF).unlink(missing_ok=True)
        _sync([target])
        for file in sorted(run.iterdir()):
            if file.name not in (PROOF, _MARKER):
                file.replace(target / file.name)
        _sync([target])
        (run / PROOF).replace(target / PROOF)
        _sync([target])
    shutil.rmtree(run)
    return target


def read_proof(data: Path, period: Period) -> dict[str, object] | None:
    """``proof.json`` of a published month as it stands, else None."""
    try:
        content: dict[str, object] = json.loads((folder(data, period) / PROOF).read_bytes())
    except FileNotFoundError:
        return None
    return content


def _sync(paths: Iterable[Path]) -> None:
    for path in paths:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
