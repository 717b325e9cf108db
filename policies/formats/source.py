"""Lines of source files, for the excerpts that stand beside findings."""

import os
import stat
from pathlib import Path
from typing import Protocol

_LARGEST_FILE = 4 << 20
_MOST_BYTES = 64 << 20


class SourceLines(Protocol):
    """Where excerpts come from. Formats ask only for files that a finding names together with a line."""

    def line(self, file: str, number: int) -> str | None:
        """Line ``number`` (from 1) without its line end; None where there is no such line or it cannot be shown."""


class SourceFiles:
    """Files below or beside ``root``, the folder that relative names start from; read on first use, then kept.

    A file is passed over if it is missing, no regular file, larger than 4 MiB, not UTF-8 or holds a NUL, and once
    64 MiB have been read: an excerpt is a courtesy. So is one that a link leads to out of ``root``: whoever opens a
    change could link to a secret of the machine, and the excerpt would print it.
    """

    def __init__(self, root: Path) -> None:
        self._root = root.resolve()
        self._read: dict[str, list[str] | None] = {}
        self._left = _MOST_BYTES

    def line(self, file: str, number: int) -> str | None:
        if file not in self._read:
            self._read[file] = self._lines(file)
        lines = self._read[file]
        return lines[number - 1].removesuffix("\r") if lines is not None and 1 <= number <= len(lines) else None

    def _lines(self, file: str) -> list[str] | None:
        try:
            path = Path(os.path.normpath(self._root / file))
            if (target := path.resolve()) != path and not target.is_relative_to(self._root):
                return None
            known = path.stat()
            if not stat.S_ISREG(known.st_mode) or known.st_size > min(_LARGEST_FILE, self._left):
                return None
            content = path.read_bytes()
            self._left -= len(content)
            # Lines end where parsers count them, at line feeds; str.splitlines() knows many more ends.
            return None if b"\0" in content else content.decode("utf-8-sig").split("\n")
        except (OSError, ValueError):
            return None
