"""``apportion export``: a month of the ledger, or of the allocation, as a FOCUS file for other tools."""

from argparse import Namespace
from pathlib import Path

from agent import terminal
from agent.commands.interface import Answer
from agent.commands.project import month, opened
from agent.config.loading import Settings
from agent.errors import UsageError
from agent.focus_export import AllocatedFile, AllocatedMonth, Exported, export, export_allocation, flows
from agent.period import Period
from agent.progress import Progress

DEFAULT = "focus-1.2"
DEFAULT_OF_SPLITS = "focus-1.3"


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
    folder = settings.data / "exports" / str(period)
    if arguments.allocated:
        release = DEFAULT_OF_SPLITS if arguments.format == "text" else release
        path = asked or folder / f"{release}-allocated.parquet"
        return _told_of_allocation(_allocated(settings, period, release, path, progress))
    return _told(export(settings.data, period, release, asked or folder / f"{release}.parquet", progress))


def _allocated(settings: Settings, period: Period, release: str, path: Path, progress: Progress) -> AllocatedFile:
    # NOTE: the passes run again, which the export of a ledger does without
    from agent.closing.posted import adjusting_rows
    from agent.explain.recomputing import published_month, recomputed

    month = published_month(settings, period)
    with recomputed(month, progress) as again:
        carried = adjusting_rows(month.folder, period)
        allocation = AllocatedMonth(
            period, flows(again), carried, again.facts.registry, month.folder / "allocation.parquet"
        )
        return export_allocation(allocation, release, path, progress)


def _told_of_allocation(written: AllocatedFile) -> Answer:
    sums = [
        f"{currency} {by['BilledCost']} billed, {by['EffectiveCost']} effective"
        for currency, by in written.sums.items()
    ]
    text = [
        f"{written.path}: {written.rows:,} rows of the allocation of {written.period}",
        f"equal to allocation.parquet to the last digit: {'; '.join(sums)}",
        "note: list and contracted cost, resources and tags are below the grain of the allocation and left empty",
    ]
    document = {
        "period": str(written.period),
        "format": written.release,
        "allocated": True,
        "file": str(written.path),
        "rows": written.rows,
        "sums": written.sums,
    }
    return Answer("\n".join(text), document)


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
