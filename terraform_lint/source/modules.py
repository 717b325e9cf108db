"""Modules as they are written: every folder is read and parsed once, however often it is called."""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from policies.finding import Unread
from terraform_lint.source.declarations import Module, SourceFile, declare
from terraform_lint.source.local_calls import local_sources
from terraform_lint.source.module_files import ModuleFiles, files_of, module_files, read_bytes
from terraform_lint.source.options import SourceOptions
from terraform_lint.source.roots import resolve_below
from terraform_lint.source.syntax.parse import parse_files
from terraform_lint.source.syntax.tree import Expression


class Modules:
    """The modules of a run, by folder. ``templates``: texts of template files that were parsed already."""

    def __init__(self, options: SourceOptions, allowed: Sequence[Path]) -> None:
        self._options = options
        self._allowed = allowed
        self._found: dict[Path, Module | None] = {}
        self.templates: dict[str, Expression] = {}

    def load(self, folders: Iterable[Path]) -> None:
        """Reads these modules and the local ones that they call, and parses them all at once."""
        ahead = list(folders)
        files: dict[Path, ModuleFiles] = {}
        contents: dict[str, bytes] = {}
        unread: dict[Path, list[Unread]] = {}
        while ahead:
            folder = ahead.pop()
            if folder in files or folder in self._found:
                continue
            files[folder] = self._files(folder)
            unread[folder] = []
            for name in files[folder].names:
                content = self._content(folder / name)
                if isinstance(content, str):
                    unread[folder].append(Unread(self._options.shown(folder / name), None, content))
                    continue
                contents[str(folder / name)] = content
                ahead += [resolve_below(folder, source) for source in local_sources(content, name)]
        parsed = parse_files(contents, self._options.cache)
        for folder, chosen in files.items():
            sources = [
                SourceFile(self._options.shown(folder / name), parsed[key], contents[key], name in chosen.overrides)
                for name in chosen.names
                if (key := str(folder / name)) in parsed
            ]
            self._found[folder] = self._module(folder, chosen, sources, unread[folder]) if chosen.names else None

    def module(self, folder: Path) -> Module | None:
        """The module in a folder; None where no source stands there."""
        if folder not in self._found:
            self.load([folder])
        return self._found[folder]

    def _module(self, folder: Path, chosen: ModuleFiles, sources: list[SourceFile], unread: list[Unread]) -> Module:
        module = declare(folder, sources)
        module.unread += unread
        module.broken |= {each.file: b"" for each in unread}
        where = self._options.shown(folder)
        if chosen.shadowed:
            module.notes.append(f"{where}: .tofu files take the place of {', '.join(chosen.shadowed)}, as in OpenTofu")
        elif chosen.both:
            module.notes.append(f"{where}: .tf and .tofu files are read together, as OpenTofu does")
        return module

    def _files(self, folder: Path) -> ModuleFiles:
        found = files_of(folder)
        more = [path.name for path in self._options.changed if path.parent == folder and path.name not in found.names]
        return module_files([*found.names, *found.shadowed, *more]) if more else found

    def _content(self, path: Path) -> bytes | str:
        if path in self._options.changed:
            return self._options.changed[path]
        if path.is_symlink():
            real = Path(os.path.realpath(path))
            if not any(real.is_relative_to(folder) for folder in (*self._allowed, path.parent)):
                return "is a symbolic link that leads out of the checked folders"
        return read_bytes(path)
