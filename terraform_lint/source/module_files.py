"""Which files of a folder make a module, as Terraform and OpenTofu choose them."""

import os
from dataclasses import dataclass
from pathlib import Path

_TOFU = {".tofu": ".tf", ".tofu.json": ".tf.json"}
_ENDINGS = (".tf", ".tofu", ".tf.json", ".tofu.json")
LARGEST = 10 * 1024 * 1024
"""Bytes of a file that is read at most: no source that people write is longer."""


@dataclass(frozen=True, slots=True)
class ModuleFiles:
    """The files of a module in the order of their names, overrides last.

    ``shadowed``: the ``.tf`` files that a ``.tofu`` file of the same name takes the place of. ``both``: files of both
    tools stand in the folder.
    """

    names: tuple[str, ...]
    overrides: frozenset[str]
    shadowed: tuple[str, ...] = ()
    both: bool = False


def module_files(names: list[str]) -> ModuleFiles:
    """Sorts out the names in a folder."""
    source = {name for name in names if name.endswith(_ENDINGS) and not _is_editors(name)}
    shadowed = {_twin(name) for name in source if _twin(name) in source}
    overrides = frozenset(name for name in source if _is_override(name))
    kept = source - shadowed
    tofu = any(_twin(name) for name in source)
    return ModuleFiles(
        names=tuple(sorted(kept, key=lambda name: (name in overrides, name))),
        overrides=overrides,
        shadowed=tuple(sorted(shadowed)),
        both=tofu and any(not _twin(name) for name in source),
    )


def files_of(folder: Path) -> ModuleFiles:
    """The files of a module's folder; none where the folder cannot be read."""
    try:
        with os.scandir(folder) as entries:
            return module_files([entry.name for entry in entries if is_file(entry)])
    except OSError:
        return module_files([])


def is_file(entry: "os.DirEntry[str]") -> bool:
    """Whether it is no folder. What then cannot be read is said, not passed over: a link to nothing, a device."""
    try:
        return not entry.is_dir()
    except OSError:
        return True


def read_bytes(path: Path) -> bytes | str:
    """A file's bytes; or, as text, why it is not read."""
    try:
        if not path.is_file():
            return "is not there" if not path.exists() else "is no file"
        if path.stat().st_size > LARGEST:
            return f"is larger than {LARGEST // 1024 // 1024} MB"
        return path.read_bytes()
    except OSError as error:
        return f"cannot be read: {error.strerror or error}"


def _twin(name: str) -> str:
    """The ``.tf`` name of a ``.tofu`` file; empty for others."""
    for tofu, terraform in _TOFU.items():
        if name.endswith(tofu):
            return name.removesuffix(tofu) + terraform
    return ""


def _is_editors(name: str) -> bool:
    return name.startswith((".", "#")) or name.endswith("~")


def _is_override(name: str) -> bool:
    stem = name.removesuffix(".json").rpartition(".")[0]
    return stem == "override" or stem.endswith("_override")
