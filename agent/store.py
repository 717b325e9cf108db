"""Writing under <data>: one writer at a time, and every file whole or not there at all."""

import fcntl
import hashlib
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from agent.errors import ApportionError

_held: dict[tuple[Path, int], int] = {}
_held_guard = threading.Lock()
_POLL_SECONDS = 0.05


@contextmanager
def lock(data: Path, wait_seconds: float = 600.0) -> Iterator[None]:
    """Holds ``<data>/.lock``: one writer at a time, over processes and threads. May be nested in one thread.

    Raises ``ApportionError`` when another writer keeps it longer than ``wait_seconds``. The kernel frees the lock of
    a process that dies.
    """
    data.mkdir(parents=True, exist_ok=True)
    key = (data.resolve(), threading.get_ident())
    with _held_guard:
        nested = key in _held
        if nested:
            _held[key] += 1
    if nested:
        try:
            yield
        finally:
            with _held_guard:
                _held[key] -= 1
        return
    with (data / ".lock").open("a") as file:
        _acquire(file.fileno(), data, wait_seconds)
        with _held_guard:
            _held[key] = 0
        try:
            yield
        finally:
            with _held_guard:
                del _held[key]


def _acquire(descriptor: int, data: Path, wait_seconds: float) -> None:
    until = time.monotonic() + wait_seconds
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= until:
                raise ApportionError(
                    "another apportion is writing here",
                    where=str(data / ".lock"),
                    mend="wait for it to finish; two writers would mix their results",
                ) from None
            time.sleep(_POLL_SECONDS)
        else:
            return


@contextmanager
def scratch(data: Path) -> Iterator[Path]:
    """A folder below ``<data>/.tmp`` for one job, gone afterwards. Call it under :func:`lock`."""
    folder = data / ".tmp" / uuid4().hex
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        sweep(data)


def sweep(data: Path) -> None:
    """Removes what killed jobs left in ``<data>/.tmp``. Call it under :func:`lock`: it then belongs to nobody."""
    shutil.rmtree(data / ".tmp", ignore_errors=True)


def write_text(path: Path, text: str) -> None:
    """The file with this text, or as it was before: temp name, fsync, rename."""
    write_file(path, lambda part: part.write_text(text, "utf-8"))


def write_file(path: Path, write: Callable[[Path], object]) -> None:
    """As :func:`write_text`, for a writer that is given the temporary path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{uuid4().hex}")
    try:
        write(part)
        sync(part)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    sync(path.parent)


def move_folder(folder: Path, target: Path) -> None:
    """Moves a finished folder to its place in one step, its files safely on disk first."""
    for file in folder.iterdir():
        sync(file)
    sync(folder)
    target.parent.mkdir(parents=True, exist_ok=True)
    folder.rename(target)
    sync(target.parent)


def sync(path: Path) -> None:
    """Waits until the file or folder is on disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sha256(path: Path) -> str:
    """The sha256 of the file's bytes, in hex."""
    # NOTE: unbuffered: each byte is copied once, into a buffer that stays in the cache
    with path.open("rb", buffering=0) as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
