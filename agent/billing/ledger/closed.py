"""Which months of the ledger the user has closed."""

from pathlib import Path

from agent.period import Period


def closed(data: Path, period: Period) -> bool:
    """Whether the user has closed the month: the books have an entry of it."""
    folder = data / "closed" / str(period)
    return folder.is_dir() and any(folder.glob("v*/close.json"))
