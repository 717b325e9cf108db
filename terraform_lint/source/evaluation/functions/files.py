"""Functions that read files, and those over paths."""

import posixpath
from base64 import b64encode
from collections.abc import Callable
from typing import TypeAlias

from terraform_lint.source.evaluation.functions.hashes import DIGESTS
from terraform_lint.source.evaluation.functions.registry import Family, Implementation
from terraform_lint.source.evaluation.knowledge import MOST_LETTERS, Map, TooLargeError
from terraform_lint.source.evaluation.scope import Files
from terraform_lint.source.evaluation.values import EvaluationError, Unknown, Value, ValueSet

Template: TypeAlias = Callable[[str, Map], Value]
"""Renders a template's text with names; raises ``EvaluationError`` where it cannot be right."""

PATHS = Family()
_DEEPEST_TEMPLATE = 8
_MOST_TEMPLATES = 5_000


@PATHS("basename", "text")
def basename(path: str) -> Value:
    """The last part."""
    if not path:
        return "."
    return path.rstrip("/").rpartition("/")[2] or "/"


@PATHS("dirname", "text")
def dirname(path: str) -> Value:
    """All but the last part, cleaned."""
    folder = path[: path.rfind("/") + 1]
    cleaned = posixpath.normpath(folder) if folder else "."
    return "/" if cleaned == "//" else cleaned


@PATHS("abspath", "text")
def abspath(path: str) -> Value:
    """Unknown unless it is absolute: it depends on where Terraform runs."""
    return posixpath.normpath(path) if path.startswith("/") else Unknown("abspath() depends on where Terraform runs")


@PATHS("pathexpand", "text")
def pathexpand(path: str) -> Value:
    """The path itself unless it starts with ``~``."""
    return Unknown("the home folder is that of whoever runs Terraform") if path.startswith("~") else path


def file_functions(files: Files, template: Template) -> Family:
    """Those that read ``files``."""
    family = Family()
    reader = _Reader(files, template)
    family("file", "text")(reader.file)
    family("fileexists", "text")(reader.fileexists)
    family("fileset", "text", "text")(reader.fileset)
    family("templatefile", "text", "map", unknown="inside")(reader.templatefile)
    family("templatestring", "text", "map", unknown="inside")(reader.templatestring)
    for name, digest in {"base64": _base64, **DIGESTS}.items():
        family(f"file{name}", "text")(reader.digested(digest))
    return family


class _Reader:
    """What a file that is not read would say is unknown, with the reason."""

    def __init__(self, files: Files, template: Template) -> None:
        self._files = files
        self._template = template
        self._depth = 0
        self._left = _MOST_TEMPLATES

    def _content(self, path: str) -> bytes | Unknown:
        content = self._files.read(path)
        if isinstance(content, str):
            return Unknown(content)
        if len(content) > MOST_LETTERS:
            raise TooLargeError("a file is too large to evaluate")
        return content

    def file(self, path: str) -> Value:
        content = self._content(path)
        return content if isinstance(content, Unknown) else _text(content)

    def fileexists(self, path: str) -> Value:
        content = self._content(path)
        return content if isinstance(content, Unknown) else True

    def fileset(self, folder: str, pattern: str) -> Value:
        found = self._files.matching(folder, pattern)
        return Unknown(found) if isinstance(found, str) else ValueSet(found)

    def templatefile(self, path: str, names: Map) -> Value:
        content = self._content(path)
        return content if isinstance(content, Unknown) else self.templatestring(_text(content), names)

    def templatestring(self, text: str, names: Map) -> Value:
        """Templates may render each other (Terraform forbids it, OpenTofu does not), within bounds."""
        if self._depth == _DEEPEST_TEMPLATE or not self._left:
            return Unknown("templates that render each other so often are not evaluated")
        self._depth += 1
        self._left -= 1
        try:
            return self._template(text, names)
        finally:
            self._depth -= 1

    def digested(self, digest: Callable[[bytes], str]) -> Implementation:
        def digested(path: str) -> Value:
            content = self._content(path)
            return content if isinstance(content, Unknown) else digest(content)

        return digested


def _base64(content: bytes) -> str:
    return b64encode(content).decode()


def _text(content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise EvaluationError("the file is not UTF-8 text") from None
