"""What ``file()`` and its kin may read: the checked folders and nothing else of the machine."""

import os
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from terraform_lint.source.module_files import read_bytes

_MOST_FILES = 10_000
_MOST_PATTERNS = 100


class CheckedFiles:
    """Files below ``allowed``, symbolic links resolved; relative paths start at ``start``.

    A pull request chooses the paths, and what is read may be printed: a runner's secrets lie elsewhere.
    """

    def __init__(self, start: Path, allowed: Iterable[Path]) -> None:
        self._start = start
        self._allowed = tuple(dict.fromkeys(Path(os.path.realpath(folder)) for folder in allowed))
        self._read: dict[str, bytes | str] = {}
        self._matched: dict[tuple[str, str], list[str] | str] = {}

    def read(self, path: str) -> bytes | str:
        """The file's bytes; or, as text, the reason why it is not read."""
        if path not in self._read:
            self._read[path] = self._content(path)
        return self._read[path]

    def matching(self, folder: str, pattern: str) -> list[str] | str:
        """Sorted paths of the files below ``folder`` that match, relative to it; or why it is not read."""
        if (folder, pattern) not in self._matched:
            self._matched[folder, pattern] = self._matching(folder, pattern)
        return self._matched[folder, pattern]

    def _matching(self, folder: str, pattern: str) -> list[str] | str:
        start = self._real(folder)
        if start is None:
            return f"{folder} lies outside the checked folders"
        if not start.is_dir():
            return f"{folder} is no folder"
        if pattern.startswith("/") or ".." in PurePosixPath(pattern).parts:
            return f"the pattern {pattern} leaves the folder"
        try:
            found = self._below(start, pattern)
        except (ValueError, NotImplementedError, OSError):
            return f"the pattern {pattern} is none that can be followed"
        return found if len(found) <= _MOST_FILES else f"{folder} holds more than {_MOST_FILES} such files"

    def _below(self, start: Path, pattern: str) -> list[str]:
        found: set[str] = set()
        for alternative in _alternatives(pattern):
            every_file = f"{alternative}/*" if PurePosixPath(alternative).name == "**" else alternative
            for path in start.glob(every_file):
                if path.is_file() and self._is_allowed(Path(os.path.realpath(path))):
                    found.add(path.relative_to(start).as_posix())
                if len(found) > _MOST_FILES:
                    break
        return sorted(found)

    def _content(self, path: str) -> bytes | str:
        real = self._real(path)
        if real is None:
            return f"{path} lies outside the checked folders"
        content = read_bytes(real)
        return content if isinstance(content, bytes) else f"{path} {content}"

    def _real(self, path: str) -> Path | None:
        if "\0" in path:
            return None
        real = Path(os.path.realpath(self._start / path))
        return real if self._is_allowed(real) else None

    def _is_allowed(self, real: Path) -> bool:
        return any(real.is_relative_to(folder) for folder in self._allowed)


def _alternatives(pattern: str) -> list[str]:
    """``*.{yml,yaml}`` as patterns without braces. Raises ``ValueError`` where they are too many."""
    ahead, found = [pattern], []
    while ahead:
        each = ahead.pop()
        opened = each.find("{")
        closed = each.find("}", opened)
        if opened < 0 or closed < 0:
            found.append(each)
        else:
            ahead += [each[:opened] + part + each[closed + 1 :] for part in each[opened + 1 : closed].split(",")]
        if len(ahead) + len(found) > _MOST_PATTERNS:
            raise ValueError("too many alternatives")
    return found
