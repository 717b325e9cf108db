"""``<data>/ledger/unread.json``: sources and live drivers that the last ingest could not take in, until one does.

What they delivered before stays in force; whoever shows figures says that they are from then.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

from agent.store import write_text

DRIVER = "usage "
"""Before the name of a live driver; no source's name holds a space."""


@dataclass(frozen=True, slots=True)
class Unread:
    """The day (UTC) of the last attempt, and what was in its way."""

    day: date
    why: str


def unread(data: Path) -> dict[str, Unread]:
    """By source name; empty when all were taken in. A file that cannot be read says nothing."""
    try:
        raw = json.loads(_path(data).read_text("utf-8"))
        return {name: Unread(date.fromisoformat(entry["day"]), str(entry["why"])) for name, entry in raw.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def keep_unread(data: Path, found: Mapping[str, Unread]) -> None:
    """Replaces what was kept. Call it under the writer lock; nothing is written when nothing changes."""
    if unread(data) == found:
        return
    texts = {name: {key: str(value) for key, value in asdict(entry).items()} for name, entry in sorted(found.items())}
    write_text(_path(data), json.dumps(texts, indent=1, ensure_ascii=False) + "\n")


def _path(data: Path) -> Path:
    return data / "ledger" / "unread.json"
