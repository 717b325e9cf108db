"""Root modules: the folders that Terraform would be run in."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from terraform_lint.source.local_calls import local_sources
from terraform_lint.source.module_files import files_of, is_file, module_files, read_bytes

TERRAGRUNT = "terragrunt.hcl"
_DEEPEST = 40


@dataclass(frozen=True, slots=True)
class Root:
    """A root module. ``within``: the given folder it was found below, so that reading stays there."""

    folder: Path
    within: Path


def discover(paths: Sequence[Path]) -> list[Root]:
    """The root modules at and below the given folders; a given file stands for its folder alone.

    A given folder with source directly in it is one whoever calls it; a folder further down is one unless a module
    block of another found folder names it. Hidden folders are left out, symbolic links to folders are not followed.
    Empty where there is no source.
    """
    found: dict[Path, Root] = {}
    given: set[Path] = set()
    for path in paths:
        folder = path.resolve()
        if folder.is_dir():
            below = [each for each, files in _folders_below(folder) if module_files(files).names]
        else:
            folder = folder.parent
            below = [folder] if files_of(folder).names else []
        given.add(folder)
        for each in below:
            found.setdefault(each, Root(each, folder))
    calls = {folder: called_folders(folder) & found.keys() - {folder} for folder in found}
    called = set[Path]().union(*calls.values())
    roots = [folder for folder in found if folder in given or folder not in called]
    return [found[folder] for folder in sorted([*roots, *_callers_in_a_ring(calls, roots)])]


def called_folders(folder: Path) -> set[Path]:
    """The folders that the module blocks in a folder name by path."""
    called: set[Path] = set()
    for name in files_of(folder).names:
        content = read_bytes(folder / name)
        if isinstance(content, bytes):
            called.update(resolve_below(folder, source) for source in local_sources(content, name))
    return called


def resolve_below(folder: Path, source: str) -> Path:
    """The folder that a local source names, seen from the calling folder."""
    return Path(os.path.realpath(folder / source.replace("\\", "/")))


def _callers_in_a_ring(calls: Mapping[Path, set[Path]], roots: Iterable[Path]) -> Iterator[Path]:
    """One of each ring of folders that call each other and that no root reaches: else they'd be judged by nobody."""
    reached: set[Path] = set()
    _reach(roots, calls, reached)
    for folder in sorted(calls.keys() - reached):
        if folder not in reached:
            yield folder
            _reach([folder], calls, reached)


def _reach(start: Iterable[Path], calls: Mapping[Path, set[Path]], reached: set[Path]) -> None:
    ahead = list(start)
    while ahead:
        folder = ahead.pop()
        if folder not in reached:
            reached.add(folder)
            ahead += calls.get(folder, ())


def run_by_terragrunt(folder: Path) -> list[Path]:
    """The folders at and below a given one that hold no source, only what Terragrunt runs."""
    found = _folders_below(folder) if folder.is_dir() else ()
    return [each for each, files in found if TERRAGRUNT in files and not module_files(files).names]


def _folders_below(folder: Path, depth: int = 0) -> Iterator[tuple[Path, list[str]]]:
    """The folder and those below it, with their files. Never through a symbolic link, so never round in a loop."""
    try:
        with os.scandir(folder) as entries:
            listed = sorted(entries, key=lambda entry: entry.name)
            files = [entry.name for entry in listed if is_file(entry)]
            folders = [entry.name for entry in listed if entry.is_dir(follow_symlinks=False)]
    except OSError:
        return
    yield folder, files
    if depth < _DEEPEST:
        for name in folders:
            if not name.startswith("."):
                yield from _folders_below(folder / name, depth + 1)
