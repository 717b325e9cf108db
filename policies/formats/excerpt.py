"""The lines of source that a finding is about, and the part of them to underline."""

import re
from typing import NamedTuple
from unicodedata import east_asian_width

from policies.finding import Finding
from policies.formats.printable import one_line
from policies.formats.source import SourceLines

_WIDEST = 110
_FARTHEST = 40
_CLOSE = 4
_STRING = r'"(?:[^"\\]|\\.)*"'
_SUBJECT = re.compile(rf'\s*((?:{_STRING}|[^={{(\[#:"/])*)')
_STRINGS = re.compile(_STRING)
_COMMENT = re.compile("#|//")
_NOT_CODE = re.compile(rf"{_STRING}|#.*|//.*")


class Marked(NamedTuple):
    """A line as it is to be printed; ``width`` columns from column ``start`` (from 0) are underlined, none if 0."""

    number: int
    text: str
    start: int = 0
    width: int = 0


def excerpt(source: SourceLines, finding: Finding) -> list[Marked]:
    """The line to change, and the line below it that holds the wrong value, where that stands in the same block."""
    if finding.line is None or not finding.file:
        return []
    text = source.line(finding.file, finding.line)
    if text is None:
        return []
    wrong = _wrong_value(source, finding, text)
    if wrong is None:
        return [_marked(finding.line, text, *_subject(text))]
    number, line, found = wrong
    marked = _marked(number, line, found.start(), found.end())
    above = range(finding.line, number) if number - finding.line <= _CLOSE else range(finding.line, finding.line + 1)
    return [*(_marked(at, source.line(finding.file, at) or "", 0, 0) for at in above), marked]


def whole_line(source: SourceLines, file: str, number: int | None) -> list[Marked]:
    """One line, underlined from its first to its last character."""
    text = source.line(file, number) if number is not None and file else None
    if number is None or text is None or not text.strip():
        return []
    return [_marked(number, text, len(text) - len(text.lstrip()), len(text.rstrip()))]


def _subject(text: str) -> tuple[int, int]:
    """Where the name of the attribute, or the header of the block, starts and ends."""
    found = _SUBJECT.match(text)
    if found is None or not found[1].strip():
        return len(text) - len(text.lstrip()), len(text.rstrip())
    return found.start(1), found.start(1) + len(found[1].rstrip())


def _wrong_value(source: SourceLines, finding: Finding, first: str) -> tuple[int, str, re.Match[str]] | None:
    """The line, from the finding's to the end of the block that opens on it, that writes the tag as found."""
    if finding.value is None or finding.line is None:
        return None
    name, value = re.escape(finding.spelling or finding.key), re.escape(finding.value)
    assigned = re.compile(rf'(?<![\w."-])"?{name}"?\s*[=:]\s*"{value}"')
    depth, line = 0, first
    for number in range(finding.line, finding.line + _FARTHEST):
        found = assigned.search(line)
        if found is not None and not _COMMENT.search(_STRINGS.sub("", line[: found.start()])):
            return number, line, found
        code = _NOT_CODE.sub("", line)
        depth += sum(map(code.count, "{[(")) - sum(map(code.count, "}])"))
        following = source.line(finding.file, number + 1)
        if depth <= 0 or following is None:
            return None
        line = following
    return None


def _marked(number: int, text: str, start: int, end: int) -> Marked:
    """Positions in the raw text become columns on the screen: tabs, escapes and wide letters count as they print."""
    before, within = _printed(text[:start]), _printed(text[start:end])
    whole = (before + within + _printed(text[end:])).rstrip()
    shown = whole if len(whole) <= _WIDEST else whole[:_WIDEST] + "…"
    column = _columns(before)
    if not within or column >= _WIDEST:
        return Marked(number, shown)
    return Marked(number, shown, column, min(_columns(within), _WIDEST - column))


def _printed(text: str) -> str:
    return one_line(text.replace("\t", "    "))


def _columns(text: str) -> int:
    return len(text) if text.isascii() else sum(2 if east_asian_width(char) in "WF" else 1 for char in text)
