"""What is posted, and the keys that make each post happen once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

SECTION_CHARACTERS = 3000
"""Longest text of a section block: docs.slack.dev/reference/block-kit/blocks/section-block."""

BLOCKS = 50
"""Most blocks of a message: docs.slack.dev/reference/block-kit/blocks."""

Block = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Message:
    """``blocks`` as Slack takes them; ``text`` for notifications and for clients that draw no blocks."""

    blocks: Sequence[Block]
    text: str
    plain: Sequence[Block] = field(default=())
    """Blocks every client understands, sent when Slack refuses ``blocks``; empty: sections made of ``text``."""

    @classmethod
    def of_text(cls, text: str) -> "Message":
        """A message without blocks of its own. Nothing in ``text`` is read as markup, nor as a mention of everyone."""
        return cls(blocks=sections(text), text=text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"))

    @classmethod
    def restored(cls, content: Mapping[str, Any]) -> "Message":
        """The message an outbox row holds."""
        return cls(blocks=content["blocks"], text=content["text"], plain=content["plain"])

    @property
    def content(self) -> dict[str, Any]:
        """What the outbox keeps of it."""
        return {"blocks": list(self.blocks), "text": self.text, "plain": list(self.fallback)}

    @property
    def fallback(self) -> Sequence[Block]:
        return self.plain or sections(self.text)


def sections(text: str) -> list[dict[str, Any]]:
    """Plain text as section blocks within Slack's limits; what passes 50 blocks is cut and says so."""
    pieces = [text[start : start + SECTION_CHARACTERS] for start in range(0, len(text), SECTION_CHARACTERS)] or [" "]
    if len(pieces) > BLOCKS:
        pieces = [*pieces[: BLOCKS - 1], "… cut: the message is longer than Slack takes"]
    return [{"type": "section", "text": {"type": "plain_text", "text": piece}} for piece in pieces]


def digest_key(company: str, channel: str, day: date) -> str:
    """One digest per company, channel and day."""
    return f"digest:{company}:{channel}:{day.isoformat()}"


def alert_key(cause: str, channel: str, day: date) -> str:
    """One alert per cause, channel and day."""
    return f"alert:{cause}:{channel}:{day.isoformat()}"
