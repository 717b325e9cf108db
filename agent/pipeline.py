"""The money, from bills to digest, as one straight page: open this file first.

Each step takes the settings, does its part on disk and returns what it made; ``run`` is all of them in order.
The first step stands in :mod:`agent.ingestion`. Nothing here prints or knows a provider. A step that writes holds the
writer lock of the data folder.
"""

from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from agent import basis, closing, margins, results, summary
from agent.allocation import Beside, Proof, default_period
from agent.allocation import allocate as split_and_prove
from agent.bounds import crossed
from agent.closing import Closed, Terms
from agent.config.loading import Settings
from agent.errors import ClosedError, NothingToDo
from agent.ingestion import Ingested, ingest, take_in
from agent.margins.records import Note, PeriodReport
from agent.period import Period
from agent.progress import Progress
from reports import files as report_files
from reports.alert import Crossing
from reports.digest import Digest
from reports.digest import blocks as digest_blocks
from reports.table import render_csv

__all__ = [
    "RunOutcome",
    "accept_attribution",
    "allocate",
    "close",
    "digest",
    "figures",
    "ingest",
    "report",
    "run",
    "take_in",
]


@dataclass(frozen=True, slots=True)
class RunOutcome:
    """What one run did. ``alerts`` are the bounds that were passed; ``posted`` names what is now in Slack.

    ``ingested`` names the sources that are missing or stood still; the figures say so too.
    """

    period: Period
    ingested: Ingested
    proof: Proof | None
    """None for a closed month: nothing was allocated."""
    figures: PeriodReport
    files: tuple[Path, ...]
    digest: Digest
    alerts: tuple[Crossing, ...]
    posted: tuple[str, ...]


def allocate(settings: Settings, period: Period, progress: Progress) -> Proof:
    """Splits a month, proves it and publishes the results; a run that does not prove publishes nothing."""
    with results.writing(settings.data):
        closing.refuse_closed(settings.data, period)
        posted = closing.adjustments(settings, period, progress)
        return _published(settings, period, replace(posted, methodology=closing.governed(settings, period)), progress)


def _published(settings: Settings, period: Period, beside: Beside, progress: Progress) -> Proof:
    with results.running(settings.data, period) as folder:
        proof = split_and_prove(settings, period, folder, progress, beside)
        shown = margins.summarise(settings, period, folder, _month_before(settings, period), days=False)
        results.write(folder / "cost_per_customer.csv", render_csv(shown).encode())
        results.write(folder / "summary.json", summary.render(shown))
        basis.seal(settings, period, folder, proof)
    return proof


def figures(settings: Settings, period: Period) -> PeriodReport:
    """The published results of a month as records, ready to render.

    Raises ``NothingToDo`` without them, and ``ProofError`` when they were changed since they were proven.
    """
    month = closing.closed_month(settings.data, period)
    if month is not None:
        return _closed_figures(settings, month)
    if not results.published(settings.data, period):
        raise NothingToDo(f"{period} has no results yet", mend=f"apportion allocate --period {period}")
    results.refuse_changed(settings.data, period)
    folder = results.folder(settings.data, period)
    return margins.summarise(settings, period, folder, _month_before(settings, period))


def _closed_figures(settings: Settings, month: Closed) -> PeriodReport:
    """A closed month by its own files, configuration and inputs, whatever has come since."""
    closing.refuse_faults(settings.data)
    frozen, kept = closing.frozen_settings(settings, month), closing.frozen_inputs(settings, month)
    before = _month_before(settings, month.period)
    shown = margins.summarise(frozen, month.period, month.folder, before, inputs=kept)
    said = Note("info", f"{month.line}, entry {month.entry.number} of the books, hash {month.entry.hash[:12]}")
    return replace(shown, notes=(*shown.notes, said))


def close(settings: Settings, period: Period, terms: Terms, progress: Progress) -> Closed:
    """Freezes a month whose results are published, proven and up to date: see ``agent.closing``."""
    with results.writing(settings.data):
        progress.step(f"close {period}")
        closing.refuse_out_of_turn(settings, period)
        if basis.out_of_date(settings, period):
            raise ClosedError(
                f"{period} cannot be closed: it has no results, or they were made from something else than what is "
                "there now",
                mend=f"apportion allocate --period {period}",
            )
        return closing.close(settings, period, terms)


def accept_attribution(settings: Settings, period: Period, terms: Terms, reason: str, progress: Progress) -> Closed:
    """Lets later tags of a closed month count: what they move posts to the earliest open month from then on."""
    with results.writing(settings.data):
        progress.step(f"accept what changed hands in {period}")
        return closing.accept_attribution(settings, period, terms, reason)


def report(settings: Settings, period: Period, progress: Progress) -> list[Path]:
    """Writes finance's files of a month from its published results."""
    return _reported(settings, period, progress)[1]


def digest(settings: Settings, period: Period) -> Digest:
    """The leads' digest of a month, from its published results."""
    return digest_blocks(figures(settings, period))


def run(
    settings: Settings, period: Period | None, progress: Progress, *, send: bool, day: date | None = None
) -> RunOutcome:
    """The whole job for a month, by default that of the last complete day.

    ``day`` is the local day that alerts and digest are posted for, once each; by default today. Raises ``PartialRun``
    when all else is done and Slack did not take a message.
    """
    if send:
        # NOTE: brings the database and Slack's SDK, which only a run that posts needs
        from agent import announce

        announce.ready(settings)
    ingested = take_in(settings, None, progress)
    month = period or default_period(settings)
    for earlier in _waiting(settings, month):
        allocate(settings, earlier, progress)
    proof = None if closing.closed_month(settings.data, month) else allocate(settings, month, progress)
    shown, files = _reported(settings, month, progress)
    posted = _post(settings, shown, day, progress) if send else ()
    alerts = crossed(settings, shown)
    return RunOutcome(month, ingested, proof, shown, tuple(files), digest_blocks(shown), alerts, posted)


def _waiting(settings: Settings, month: Period) -> list[Period]:
    """What must be allocated before ``month``: the month before it, and the open one that adjustments post to."""
    books = closing.closed_months(settings.data)
    earlier = {month.previous, *(closing.open_months(settings, books)[:1] if books else ())}
    return [period for period in sorted(earlier) if period < month and basis.out_of_date(settings, period)]


def _reported(settings: Settings, period: Period, progress: Progress) -> tuple[PeriodReport, list[Path]]:
    progress.step(f"writing the report of {period}")
    with results.writing(settings.data):
        shown = figures(settings, period)
        month = closing.closed_month(settings.data, period)
        proof = month.folder / results.PROOF if month is not None else None
        return shown, results.write_report(settings.data, period, report_files.render(shown), proof)


def _post(settings: Settings, shown: PeriodReport, on: date | None, progress: Progress) -> tuple[str, ...]:
    from agent import announce

    progress.step("posting to Slack")
    day = on or announce.local_day(settings)
    messages = [*announce.alerts_of(settings, shown, day), announce.digest_of(settings, shown, day)]
    return announce.post_all(settings, messages)


def _month_before(settings: Settings, period: Period) -> Path | None:
    before = period.previous
    month = closing.closed_month(settings.data, before)
    if month is not None:
        return month.folder
    return results.folder(settings.data, before) if results.published(settings.data, before) else None
