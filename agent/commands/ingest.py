"""``apportion ingest``: what was taken into the ledger, and what was there already."""

from argparse import Namespace
from collections.abc import Iterator, Sequence
from datetime import date

from agent import ingestion, terminal
from agent.billing import Delivered
from agent.billing.interface import PROVEN
from agent.commands.clock import now
from agent.commands.interface import Answer
from agent.commands.project import opened
from agent.ingestion import Failed, Ingested
from agent.progress import Progress


def run(arguments: Namespace, progress: Progress) -> Answer:
    """One line a (source, month), then the sources that are not taken in."""
    settings = opened(arguments)
    periods = {arguments.period} if arguments.period else None
    done = ingestion.take_in(settings, periods, progress)
    return Answer(told(done, now().date()), record(done), done.exit_code)


def told(done: Ingested, today: date) -> str:
    """A table of deliveries, their notes below it, and what is missing."""
    delivered = done.delivered
    headers = ("source", "period", "version", "delivery", "lines", "ledger rows", "billed", "settled")
    changes = [terminal.cell(f"changed: {one.source} {one.period} {one.change}") for one in delivered if one.change]
    notes = [
        terminal.cell(f"note: {one.source} {one.period}: {note}") for one in delivered for note in _notes(one, today)
    ]
    rows = [_row(one, today) for one in delivered]
    return "\n".join([terminal.table(headers, rows, right=(4, 5, 6)), *changes, *notes, *_missing(done.failed)])


def _missing(failed: Sequence[Failed]) -> Iterator[str]:
    for one in failed:
        first, *rest = one.error.lines()
        yield f"not taken in: {one.source}: {first}; what it delivered before stays in force"
        yield from rest


def _notes(one: Delivered, today: date) -> Iterator[str]:
    if one.estimated_until is not None:
        yield f"{_settled(one.estimated_until, today)}: {one.source} {one.estimated_because}"
    if one.completeness != PROVEN:
        yield "completeness not proven: no manifest says what belongs to the delivery, so a missing file would not show"
    yield from one.notes


def _settled(until: str, today: date) -> str:
    """How an estimate stands on a day: after its day it is still one, and late."""
    if today <= date.fromisoformat(until):
        return f"estimated until {until}"
    return f"estimated, was due {until}"


def _row(one: Delivered, today: date) -> tuple[str, ...]:
    state = "new" if one.changed else "as before"
    counts = f"{one.lines:,}", f"{one.rows:,}"
    settled = _settled(one.estimated_until, today) if one.estimated_until else "invoiced"
    return one.source, str(one.period), f"v{one.version}", state, *counts, one.billed_text, settled


def record(done: Ingested) -> dict[str, object]:
    """The same for JSON."""
    failed = [
        {
            "source": one.source,
            "message": one.error.message,
            "where": one.error.where,
            "expected": one.error.expected,
            "mend": one.error.mend,
            "exit_code": one.error.exit_code,
        }
        for one in done.failed
    ]
    return {"delivered": _records(done.delivered), "failed": failed}


def _records(delivered: Sequence[Delivered]) -> list[dict[str, object]]:
    return [
        {
            "source": one.source,
            "period": str(one.period),
            "version": one.version,
            "changed": one.changed,
            "lines": one.lines,
            "rows": one.rows,
            "billed": one.billed_text,
            "change": one.change,
            "estimated_until": one.estimated_until,
            "estimated_because": one.estimated_because,
            "completeness": one.completeness,
            "notes": list(one.notes),
        }
        for one in delivered
    ]
