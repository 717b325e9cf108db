"""Which closed months were made from a source: its ledger folder is theirs, and nothing may advise to remove it."""

import json
from pathlib import Path


def months_closed_with(data: Path, source: str) -> list[str]:
    """Months of the books that name the source, in order; an entry that cannot be read counts as one that does."""
    found = {path.parent.parent.name for path in (data / "closed").glob("*/v*/close.json") if _names(path, source)}
    return sorted(found)


def _names(path: Path, source: str) -> bool:
    try:
        return any(row["source"] == source for row in json.loads(path.read_bytes())["ledger"])
    except (OSError, ValueError, KeyError, TypeError):
        return True
