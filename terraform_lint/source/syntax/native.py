"""HCL's native syntax: the fast parser first, the reference where that is unsure."""

import re

from terraform_lint.source.syntax.faults import UnsureError, WrongTextError, too_deep
from terraform_lint.source.syntax.tree import Body, Comment, Expression, ParsedFile, Span

REFERENCE_LIMIT = 128 * 1024
"""Bytes of text that the reference is given. It reads some 200 KB a second, and less of hostile text."""

_MENTION = b"apportion:"
MOST_BLANKS = 1000
"""Blank characters that may follow each other. Both parsers need quadratic time for long runs in broken text."""

_LONG_BLANK = re.compile(rb"\s{%d}" % MOST_BLANKS)


def parse(source: bytes) -> ParsedFile:
    """The tree of ``source``: UTF-8 without a byte order mark, ending with a newline.

    Raises :class:`WrongTextError`.
    """
    from terraform_lint.source.syntax import fast, kinds

    _check_blanks(source, 1)
    try:
        body = fast.parse(source)
        comments = _comments(source, kinds.comment_spans(source)) if _MENTION in source else ()
        return ParsedFile(body, comments, None)
    except UnsureError:
        return _by_reference(source)
    except RecursionError:
        raise too_deep(1) from None


def _by_reference(source: bytes) -> ParsedFile:
    from terraform_lint.source.syntax import kinds
    from terraform_lint.source.syntax.scan import Scan

    text = source.decode()
    scan = Scan(text)
    if len(source) > REFERENCE_LIMIT:
        line = kinds.first_error(source)
        raise WrongTextError(line, f"this is no HCL, or not plain enough to be read in a file of {len(source)} bytes")
    body = _reference_body(text)
    spans = [(len(text[:start].encode()), len(text[:end].encode())) for start, end in scan.comments]
    return ParsedFile(body, _comments(source, spans) if _MENTION in source else (), None)


def _reference_body(text: str) -> Body:
    from terraform_lint.source.syntax import reference

    try:
        return reference.parse(text)
    except RecursionError:
        raise too_deep(1) from None


def parse_template(text: str, *, line: int = 1, one_line: bool = False) -> Expression:
    """The template that ``text`` is, whose first line is ``line``; with ``one_line`` all of it stands there.

    Raises :class:`WrongTextError`.
    """
    from terraform_lint.source.syntax import fast

    _check_blanks(text.encode(), line)
    try:
        return fast.parse_template(text, line=line, one_line=one_line)
    except UnsureError:
        pass
    except RecursionError:
        raise too_deep(line) from None
    from terraform_lint.source.syntax import reference

    if len(text) > REFERENCE_LIMIT:
        raise WrongTextError(line, "this is no template, or not plain enough to be read at its length")
    try:
        return reference.parse_template(text, line=line)
    except RecursionError:
        raise too_deep(line) from None


def _check_blanks(source: bytes, first_line: int) -> None:
    found = _LONG_BLANK.search(source)
    if found is not None:
        line = first_line + source.count(b"\n", 0, found.start())
        raise WrongTextError(line, f"{MOST_BLANKS} blank characters in a row start here: this is not followed")


def _comments(source: bytes, spans: list[Span]) -> tuple[Comment, ...]:
    found: list[Comment] = []
    for start, end in spans:
        written = source[start:end]
        if _MENTION not in written:
            continue
        line_start = source.rfind(b"\n", 0, start) + 1
        line_end = source.find(b"\n", end)
        alone = not source[line_start:start].strip() and not source[end:line_end].strip()
        found.append(Comment(source.count(b"\n", 0, start) + 1, _text(written.decode()), alone))
    return tuple(found)


def _text(written: str) -> str:
    if written.startswith("/*"):
        return written[2:-2].strip()
    return written[1 if written.startswith("#") else 2 :].strip()
