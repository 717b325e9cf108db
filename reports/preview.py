"""A message as it reads on a terminal: what ``digest`` prints. Blocks in, text out; colour only when asked for."""

import re
import textwrap
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from reports.digest import Digest

WIDTH = 96
_BOLD = re.compile(r"\*([^*\n]+)\*")
_WORD_JOINER = "\N{WORD JOINER}"


def render(digest: Digest, *, width: int = WIDTH, colour: bool = False) -> str:
    """The message as text of at most ``width`` columns, tables excepted; ends in a line feed."""
    pen = _Pen(width, colour=colour)
    parts = ["\n".join(pen.draw(block)) for block in digest.blocks]
    return "\n\n".join(part for part in parts if part) + "\n"


class _Pen:
    """Draws one block at a time."""

    def __init__(self, width: int, *, colour: bool) -> None:
        self._width = width
        self._colour = colour
        self._ways: dict[str, Callable[[Mapping[str, Any]], Iterator[str]]] = {
            "header": self._header,
            "section": self._section,
            "context": self._context,
            "table": self._table,
        }

    def draw(self, block: Mapping[str, Any]) -> Iterator[str]:
        return self._ways[block["type"]](block)

    def _header(self, block: Mapping[str, Any]) -> Iterator[str]:
        text = block["text"]["text"]
        yield self._strong(text)
        yield "=" * min(columns(text), self._width)

    def _section(self, block: Mapping[str, Any]) -> Iterator[str]:
        if "text" in block:
            yield from self._paragraph(block["text"]["text"])
        cells = [list(self._lines(field["text"])) for field in block.get("fields", ())]
        for row, left in enumerate(cells[::2]):
            right = cells[2 * row + 1] if 2 * row + 1 < len(cells) else []
            yield from [""] if row else []
            yield from self._beside(left, right)

    def _beside(self, left: Sequence[str], right: Sequence[str]) -> Iterator[str]:
        half = self._width // 2
        for place in range(max(len(left), len(right))):
            first = left[place] if place < len(left) else ""
            second = right[place] if place < len(right) else ""
            yield f"{pad(first, half)}{second}".rstrip()

    def _context(self, block: Mapping[str, Any]) -> Iterator[str]:
        for element in block["elements"]:
            yield from self._paragraph(element["text"])

    def _table(self, block: Mapping[str, Any]) -> Iterator[str]:
        rows = [[cell["text"] for cell in row] for row in block["rows"]]
        right = [setting["align"] == "right" for setting in block["column_settings"]]
        widths = [max(columns(row[place]) for row in rows) for place in range(len(right))]
        for number, row in enumerate(rows):
            cells = zip(row, widths, right, strict=True)
            drawn = "  ".join(pad(cell, width, right=to_right) for cell, width, to_right in cells)
            yield self._strong(drawn.rstrip()) if number == 0 else drawn.rstrip()
            if number == 0:
                yield "  ".join("-" * width for width in widths)

    def _paragraph(self, text: str) -> Iterator[str]:
        fenced = False
        for line in self._lines(text):
            if line == "```":
                fenced = not fenced
            elif fenced:
                yield line
            else:
                yield from textwrap.wrap(line, self._width, subsequent_indent="    ", break_on_hyphens=False) or [""]

    def _lines(self, text: str) -> Iterator[str]:
        plain = _BOLD.sub(lambda found: self._strong(found[1]), text).replace(_WORD_JOINER, "")
        yield from unescape(plain).split("\n")

    def _strong(self, text: str) -> str:
        return f"\x1b[1m{text}\x1b[0m" if self._colour else text


def unescape(text: str) -> str:
    """Slack's three escapes undone."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def pad(text: str, width: int, *, right: bool = False) -> str:
    """Text filled to ``width`` terminal columns."""
    fill = " " * max(width - columns(text), 0)
    return fill + text if right else text + fill


def columns(text: str) -> int:
    """Columns a terminal gives a text: wide signs take two, combining ones none, colour codes none."""
    plain = re.sub(r"\x1b\[\d*m", "", text)
    return sum(
        0 if unicodedata.combining(sign) else 2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in plain
    )
