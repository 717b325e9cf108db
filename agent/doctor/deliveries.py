"""Billing sources: is the export where it should be, what was taken in of it, and how fresh is that."""

from collections.abc import Iterator
from datetime import date, timedelta

from agent.billing.ledger.unread import unread
from agent.billing.ledger.versions import LedgerVersion, heads, periods
from agent.config.application import SourceConfig
from agent.config.loading import Settings
from agent.doctor.records import Finding, missing, ok, told, warn
from agent.errors import SourceError
from agent.reconciliation import closed, standing
from agent.storage import is_remote, opened
from agent.storage.locations import PULLED

SHOWN = 2
"""Months whose standing is told one by one."""
LOCK = "apportion close, once the month's invoices are there"


def sources(settings: Settings, today: date) -> Iterator[Finding]:
    """Every configured source, then what the ledger holds of others."""
    if not settings.app.sources:
        yield missing("sources", "no billing source is configured", "add one under sources: in apportion.yaml")
    newest = _newest(settings)
    for source in settings.app.sources:
        yield from _source(settings, source, newest.pop(source.name, ()), today)
    for name in sorted(newest):
        yield warn(f"source {name}", "is in the ledger but no longer configured; its months still count")


def _newest(settings: Settings) -> dict[str, tuple[LedgerVersion, ...]]:
    """The versions in force of each source, oldest month first."""
    found: dict[str, tuple[LedgerVersion, ...]] = {}
    for period in sorted(periods(settings.data)):
        for version in heads(settings.data, period):
            found[version.source] = (*found.get(version.source, ()), version)
    return found


def _source(
    settings: Settings, source: SourceConfig, versions: tuple[LedgerVersion, ...], today: date
) -> Iterator[Finding]:
    part = f"source {source.name}"
    found = _place(part, settings, source)
    if found.state != "ok" or is_remote(source.location):
        yield found
    if not versions:
        if found.state == "ok":
            yield warn(part, "nothing was taken in yet", "apportion ingest")
        return
    if (attempt := unread(settings.data).get(source.name)) is not None:
        yield warn(part, f"could not be read on {attempt.day}: {attempt.why}; its last version is used")
    last = versions[-1]
    completeness = last.manifest.completeness
    yield ok(part, f"{_span(versions)}, newest {last.period} v{last.version}, completeness {completeness}")
    yield from _freshness(part, source, last, today)
    yield from _settled(part, settings, versions, today)
    for version in versions:
        if version.manifest.stale:
            yield warn(part, f"{version.period} is no longer in the delivery; its last version is kept")


def _place(part: str, settings: Settings, source: SourceConfig) -> Finding:
    """Whether what the source is read from can be listed and read."""
    if source.location.startswith(PULLED):
        return ok(part, f"{source.location} is asked at each ingest")
    try:
        with opened(source, settings.data, settings.root) as folder:
            entries = folder.entries().values()
            if filled := [entry for entry in entries if entry.size]:
                folder.probe(min(filled, key=lambda entry: entry.size).shown)
    except SourceError as error:
        return told(part, error)
    size = sum(entry.size for entry in entries)
    return ok(part, f"{source.location} holds {len(entries):,} files of {size / 1e6:,.1f} MB and may be read")


def _settled(part: str, settings: Settings, versions: tuple[LedgerVersion, ...], today: date) -> Iterator[Finding]:
    """How the newest months stand, and how many older ones are not final."""
    moving = [standing(one, today, locked=closed(settings.data, one.period)) for one in versions]
    for month in moving[-SHOWN:]:
        text = f"{month.period} is {month.text}"
        yield warn(part, text, LOCK) if month.state == "overdue" else ok(part, text)
    older = [month.period for month in moving[:-SHOWN] if month.state != "final"]
    if older:
        count = f"{len(older)} older month{'s are' if len(older) != 1 else ' is'}"
        yield warn(part, f"{count} not final, from {older[0]}: charges name no invoice", LOCK)


def _span(versions: tuple[LedgerVersion, ...]) -> str:
    count = len(versions)
    return f"{count} month{'s' if count != 1 else ''} from {versions[0].period}"


def _freshness(part: str, source: SourceConfig, last: LedgerVersion, today: date) -> Iterator[Finding]:
    if last.manifest.usage_through is None:
        yield warn(part, f"{last.period} has no usage lines")
        return
    through = date.fromisoformat(last.manifest.usage_through)
    if today - through > timedelta(days=source.late_after_days + 1):
        yield warn(part, f"complete through {through}, {(today - through).days} days ago", "is the export still made?")
    else:
        yield ok(part, f"complete through {through}")
