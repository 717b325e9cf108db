"""Slack's limits on messages, checked as Slack does: from the pages of docs.slack.dev/reference/block-kit/blocks."""

from collections.abc import Iterator
from typing import Any

TYPES = {
    "actions", "alert", "card", "carousel", "container", "context", "data_table", "data_visualization", "divider",
    "header", "image", "markdown", "rich_text", "section", "table",
}  # fmt: skip


def faults(body: dict[str, Any], types: set[str] = TYPES) -> list[str]:
    """What Slack refuses about a chat.postMessage body; empty when it takes it."""
    blocks = body.get("blocks") or []
    found = ["no more than 50 items allowed [json-pointer:/blocks]"] if len(blocks) > 50 else []
    for at, block in enumerate(blocks):
        if block.get("type") not in types:
            found.append(f"unsupported type: {block.get('type')} [json-pointer:/blocks/{at}/type]")
        else:
            found += [f"{each} [json-pointer:/blocks/{at}]" for each in _block(block)]
    kinds = [block.get("type") for block in blocks]
    found += ["only one table block allowed"] if kinds.count("table") > 1 else []
    found += ["only two data_visualization blocks allowed"] if kinds.count("data_visualization") > 2 else []
    return found


def _block(block: dict[str, Any]) -> Iterator[str]:
    yield from _longer(block.get("block_id", ""), 255, "block_id")
    check = {
        "section": _section, "header": _header, "context": _context, "table": _table, "data_table": _data_table,
        "data_visualization": _chart, "markdown": _markdown, "image": _image,
    }.get(block["type"])  # fmt: skip
    if check:
        yield from check(block)


def _longer(text: str, limit: int, what: str) -> Iterator[str]:
    if len(text) > limit:
        yield f"must be less than {limit + 1} characters: {what}"


def _text(value: Any, limit: int, what: str, kinds: tuple[str, ...] = ("plain_text", "mrkdwn")) -> Iterator[str]:
    if not isinstance(value, dict) or value.get("type") not in kinds or not value.get("text"):
        yield f"missing or wrong text object: {what}"
    else:
        yield from _longer(value["text"], limit, what)


def _section(block: dict[str, Any]) -> Iterator[str]:
    if "text" in block:
        yield from _text(block["text"], 3000, "text")
    elif not block.get("fields"):
        yield "missing required field: text or fields"
    fields = block.get("fields", [])
    if len(fields) > 10:
        yield "no more than 10 items allowed: fields"
    for each in fields:
        yield from _text(each, 2000, "fields")


def _header(block: dict[str, Any]) -> Iterator[str]:
    yield from _text(block.get("text"), 150, "text", ("plain_text",))


def _context(block: dict[str, Any]) -> Iterator[str]:
    elements = block.get("elements", [])
    if not 1 <= len(elements) <= 10:
        yield "between 1 and 10 elements are needed: context"
    for each in elements:
        if each.get("type") != "image":
            yield from _text(each, 3000, "elements")


def _markdown(block: dict[str, Any]) -> Iterator[str]:
    yield from _longer(block.get("text", ""), 12_000, "text")


def _image(block: dict[str, Any]) -> Iterator[str]:
    if not block.get("alt_text"):
        yield "missing required field: alt_text"
    yield from _longer(block.get("image_url", ""), 3000, "image_url")


def _table(block: dict[str, Any]) -> Iterator[str]:
    yield from _rows(block, 100)


def _data_table(block: dict[str, Any]) -> Iterator[str]:
    if not block.get("caption"):
        yield "missing required field: caption"
    if not 1 <= block.get("page_size", 5) <= 100:
        yield "page_size is between 1 and 100"
    yield from _rows(block, 101)


def _rows(block: dict[str, Any], most: int) -> Iterator[str]:
    rows = block.get("rows", [])
    if not 1 <= len(rows) <= most:
        yield f"between 1 and {most} rows are needed"
    for row in rows:
        if not 1 <= len(row) <= 20 or len(row) != len(rows[0]):
            yield "between 1 and 20 cells are needed, in each row as many as in the first"
        for cell in row:
            if cell.get("type") not in ("raw_text", "raw_number", "rich_text"):
                yield f"unsupported cell: {cell.get('type')}"


def _chart(block: dict[str, Any]) -> Iterator[str]:
    yield from _longer(block.get("title", ""), 50, "title")
    chart = block.get("chart", block)
    for many in ("segments", "series"):
        if many in chart and not 1 <= len(chart[many]) <= 6:
            yield f"between 1 and 6 {many} are needed"
        for each in chart.get(many, []):
            yield from _longer(str(each.get("label", each.get("name", ""))), 20, "label")
