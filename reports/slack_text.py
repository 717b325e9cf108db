"""Words for Slack: names from outside made harmless, and the few block shapes that every workspace knows."""

import re
from collections.abc import Sequence

from reports.figures import ellipsis, one_line

Block = dict[str, object]
LONGEST_NAME = 60
_WORD_JOINER = "\N{WORD JOINER}"
_MENTION = re.compile("@(?=here|channel|everyone)", re.IGNORECASE)


def name(text: str, length: int = LONGEST_NAME) -> str:
    """Text from outside for mrkdwn: one line, cut, no mention, no link, no code block."""
    return escape(ellipsis(one_line(text), length).replace("`", "'"))


def escape(text: str) -> str:
    """``&``, ``<`` and ``>`` as Slack wants them, so that ``<!channel>`` is text; and ``@here`` calls nobody."""
    # NOTE: a joiner of no width is put into these words alone, so that ids are copied from Slack as they are
    silent = _MENTION.sub(f"@{_WORD_JOINER}", text)
    return silent.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def header(text: str) -> Block:
    """The title of a message: plain text of at most 150 characters."""
    return {"type": "header", "text": {"type": "plain_text", "text": ellipsis(one_line(text), 150), "emoji": False}}


def section(text: str) -> Block:
    """A paragraph of mrkdwn; whole lines that do not fit 3,000 characters are counted instead."""
    return {"type": "section", "text": mrkdwn(fit(text, 3000))}


def fields(pairs: Sequence[tuple[str, str]]) -> Block:
    """Label over value, in two columns; at most ten."""
    return {"type": "section", "fields": [mrkdwn(f"*{label}*\n{value}") for label, value in pairs[:10]]}


def context(lines: Sequence[str]) -> Block:
    """Small print, a line each."""
    return {"type": "context", "elements": [mrkdwn(fit("\n".join(lines), 2000))]}


def mrkdwn(text: str) -> dict[str, object]:
    """``verbatim`` keeps Slack from turning words into links, channels and mentions."""
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def table(rows: Sequence[Sequence[str]], right: Sequence[bool]) -> Block:
    """A table of raw text, first row the heading; ``right`` says which columns align right. Empty cells show a dash."""
    return {
        "type": "table",
        "column_settings": [{"align": "right" if each else "left"} for each in right],
        "rows": [[{"type": "raw_text", "text": cell or "\N{EN DASH}"} for cell in row] for row in rows],
    }


def fit(text: str, length: int) -> str:
    """Whole lines up to ``length`` characters; what is left out is counted in the last line."""
    if len(text) <= length:
        return text
    lines = text.split("\n")
    kept = 0
    used = 0
    while kept < len(lines) and used + len(lines[kept]) + 1 <= length - 24:
        used += len(lines[kept]) + 1
        kept += 1
    if kept == 0:
        return ellipsis(text, length)
    return "\n".join([*lines[:kept], f"and {len(lines) - kept} more lines"])
