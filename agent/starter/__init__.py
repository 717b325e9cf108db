"""The files ``apportion init`` writes: a small project that runs as it is, with comments that say what to change."""

from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from agent.errors import UsageError

__all__ = ["FILES", "write_starter"]

FILES = (
    "apportion.yaml",
    "policy.yaml",
    "allocation.yaml",
    "customers.csv",
    "revenue.csv",
    "usage/requests.csv",
    "exports/example-focus.csv",
)
"""What is written, relative to the folder, in the order a newcomer reads it."""


def write_starter(folder: Path) -> list[Path]:
    """Writes the starter project and returns its files.

    Raises :class:`UsageError` naming every file that is already there; then nothing is written.
    """
    if present := [name for name in FILES if (folder / name).exists()]:
        raise UsageError(
            f"{folder} already holds {', '.join(present)}; nothing was written",
            expected="a folder without these files",
            mend="name another folder, or move these files away",
        )
    return [_copy(name, folder / name) for name in FILES]


def _copy(name: str, target: Path) -> Path:
    source: Traversable = files("agent.starter").joinpath("files", *name.split("/"))
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(source.read_bytes())
    return target
