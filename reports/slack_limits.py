"""Slack's limits, checked before anything is sent: Slack refuses a whole message for one block that is too long.

Source: the Block Kit reference (docs.slack.dev/reference/block-kit/blocks). The SDK checks only two of them.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

BLOCKS = 50
HEADER = 150
SECTION_TEXT = 3000
FIELDS = 10
FIELD_TEXT = 2000
CONTEXT_ELEMENTS = 10
TABLE_ROWS = 100
TABLE_COLUMNS = 20
TABLE_TEXT = 10_000
TABLES = 1
FALLBACK_TEXT = 4000
MESSAGE_TEXT = 12_000
"""Characters over all blocks: our own bound, below what Slack has been seen to take."""


class SlackLimitError(ValueError):
    """A message breaks Slack's limits; ``faults`` holds every one of them."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__("; ".join(faults))
        self.faults = tuple(faults)


def check(blocks: Sequence[Mapping[str, Any]], text: str) -> None:
    """Raises :class:`SlackLimitError` unless Slack would take this message."""
    if faults := list(find_faults(blocks, text)):
        raise SlackLimitError(faults)


def find_faults(blocks: Sequence[Mapping[str, Any]], text: str) -> Iterator[str]:
    """Every limit that the message breaks, each as a sentence with the block's place."""
    yield from _within("message: blocks", len(blocks), BLOCKS)
    yield from _length("message: text", text, FALLBACK_TEXT)
    yield from _within("message: characters", sum(map(_characters, blocks)), MESSAGE_TEXT)
    yield from _within("message: tables", sum(block["type"] == "table" for block in blocks), TABLES)
    for place, block in enumerate(blocks):
        check_block = _CHECKS.get(block["type"])
        if check_block is None:
            yield f"block {place}: unknown type {block['type']}"
        else:
            yield from (f"block {place}: {fault}" for fault in check_block(block))


def _header(block: Mapping[str, Any]) -> Iterator[str]:
    yield from _length("header", block["text"]["text"], HEADER)


def _section(block: Mapping[str, Any]) -> Iterator[str]:
    if "text" not in block and not block.get("fields"):
        yield "section without text and fields"
    if "text" in block:
        yield from _length("section text", block["text"]["text"], SECTION_TEXT)
    yield from _within("fields", len(block.get("fields", ())), FIELDS)
    for field in block.get("fields", ()):
        yield from _length("field", field["text"], FIELD_TEXT)


def _context(block: Mapping[str, Any]) -> Iterator[str]:
    if not block["elements"]:
        yield "context without elements"
    yield from _within("context elements", len(block["elements"]), CONTEXT_ELEMENTS)
    for element in block["elements"]:
        yield from _length("context text", element["text"], FIELD_TEXT)


def _table(block: Mapping[str, Any]) -> Iterator[str]:
    rows = block["rows"]
    if not rows:
        yield "table without rows"
    yield from _within("table rows", len(rows), TABLE_ROWS)
    widths = {len(row) for row in rows}
    if len(widths) > 1:
        yield "table rows of different width"
    yield from _within("table columns", max(widths, default=0), TABLE_COLUMNS)
    yield from _within("column settings", len(block.get("column_settings", ())), TABLE_COLUMNS)
    yield from _within("table characters", _characters(block), TABLE_TEXT)
    if any(not cell["text"] for row in rows for cell in row):
        yield "table cell without text"


def _divider(_: Mapping[str, Any]) -> Iterator[str]:
    yield from ()


_CHECKS = {"header": _header, "section": _section, "context": _context, "table": _table, "divider": _divider}


def _length(what: str, text: str, most: int) -> Iterator[str]:
    if not text.strip():
        yield f"{what} is empty"
    yield from _within(f"{what} characters", len(text), most)


def _within(what: str, found: int, most: int) -> Iterator[str]:
    if found > most:
        yield f"{what}: {found}, at most {most}"


def _characters(node: object) -> int:
    """Characters of all texts inside a block."""
    if isinstance(node, Mapping):
        inner = sum(_characters(value) for value in node.values() if isinstance(value, Mapping | list))
        return inner + (len(node["text"]) if isinstance(node.get("text"), str) else 0)
    return sum(map(_characters, node)) if isinstance(node, list) else 0
