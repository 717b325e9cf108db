"""``apportion export``: a month of the ledger as a FOCUS file for other tools."""

from argparse import Namespace
from pathlib import Path

from agent import terminal
from agent.commands.interface import Answer
from agent.commands.project import month, opened
from agent.errors import UsageError
from agent.focus_export import Exported, export
from agent.progress import Progress

DEFAULT = "focus-1.2"


def run(arguments: Namespace, progress: Progress) -> Answer:
    """Where the file is, and its exact sums."""
    settings = opened(arguments)
    period = month(settings, arguments)
    release = arguments.format if arguments.format.startswith("focus-") else DEFAULT
    asked = Path(arguments.output) if arguments.output else None
    if asked is not None and not asked.parent.is_dir():
        raise UsageError(
            f"there is no folder {str(asked.parent)!r}", where="--output", mend="make the folder, or name another file"
        )
    path = asked or settings.data / "exports" / str(period) / f"{release}.parquet"
    return _told(export(settings.data, period, release, path, progress))


def _told(exported: Exported) -> Answer:
    sums = [
        f"{currency} {by['BilledCost']} billed, {by['EffectiveCost']} effective"
        for currency, by in exported.sums.items()
    ]
    text = [
        f"{exported.path}: {exported.rows:,} rows of {exported.period} from {', '.join(exported.sources)}",
        f"equal to the ledger to the last digit: {'; '.join(sums)}",
        *(terminal.cell(f"note: {note}") for note in exported.notes),
    ]
    document = {
        "period": str(exported.period),
        "format": exported.release,
        "file": str(exported.path),
        "rows": exported.rows,
        "sources": list(exported.sources),
        "sums": exported.sums,
        "notes": list(exported.notes),
    }
    return Answer("\n".join(text), document)
