"""Plain text for a terminal: tables, wrapped sentences and JSON, safe to print whatever the data holds.

A tag, a file name or a customer's name may carry escape sequences; none of them reaches the terminal.
"""

import re
from collections.abc import Mapping, Sequence

WIDTH = 100
_UNSAFE = "\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069"
"""Control characters but tab and newline, and those that turn the direction of text around."""
_CONTROL = re.compile(f"[{_UNSAFE}]")
_BREAKS = re.compile(r"\s+")


def clean(text: str) -> str:
    """``text`` without control characters; newlines and tabs stay."""
    return _CONTROL.sub("", text)


def cell(text: str) -> str:
    """``text`` as one line, without control characters."""
    return clean(_BREAKS.sub(" ", text)).strip()


def folded(text: str) -> str:
    """A paragraph wrapped at the width of help texts."""
    from textwrap import fill

    return fill(text, WIDTH)


def table(headers: Sequence[str], rows: Sequence[Sequence[str]], *, right: Sequence[int] = ()) -> str:
    """Columns under their headers, two spaces apart; columns numbered in ``right`` are set to the right."""
    lines = [[cell(text) for text in row] for row in (headers, *rows)]
    widths = [max(len(row[column]) for row in lines) for column in range(len(headers))]

    def line(row: Sequence[str]) -> str:
        texts = (
            text.rjust(width) if column in right else text.ljust(width)
            for column, (text, width) in enumerate(zip(row, widths, strict=True))
        )
        return "  ".join(texts).rstrip()

    return "\n".join([line(lines[0]), line(["-" * width for width in widths]), *map(line, lines[1:])])


def document(content: Mapping[str, object]) -> str:
    """``content`` as indented JSON, control characters escaped."""
    import json

    # NOTE: json leaves DEL, C1 and bidirectional controls as they are
    text = json.dumps(content, ensure_ascii=False, indent=2)
    return _CONTROL.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
