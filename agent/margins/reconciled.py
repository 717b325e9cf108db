"""What may still move and what ties to an invoice, added to a period's details from the ledger versions it names."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

from agent.billing.ledger.versions import Manifest, kept_version
from agent.config.loading import Settings
from agent.errors import NothingToDo
from agent.inputs import Inputs
from agent.margins.details import Details
from agent.margins.records import InvoiceLine, SourceLine
from agent.period import Period
from agent.reconciliation import TieOut, closed, tie_outs


def reconciled(settings: Settings, period: Period, details: Details, inputs: Inputs) -> Details:
    """The details with each source's day of settling and the invoices; a version that is gone says neither.

    ``inputs`` are those the month is shown with: a closed month keeps the invoices it was tied to, and moves no more,
    whatever its sources say. What was posted of closed months is held against their invoices as they are now.
    """
    manifests = {line.name: _manifest(settings, period, line) for line in details.sources}
    there = {line.name: line.version for line in details.sources if manifests[line.name] is not None}
    locked = closed(settings.data, period)
    return replace(
        details,
        sources=details.sources if locked else tuple(_estimated(line, manifests) for line in details.sources),
        invoices=tuple(map(_line, tie_outs(settings, period, there, inputs))),
        adjusted_invoices={
            origin: tuple(map(_line, _adjusted(settings, Period.parse(origin), versions, inputs)))
            for origin, versions in details.adjusted.items()
        },
    )


def _adjusted(settings: Settings, origin: Period, versions: Mapping[str, int], inputs: Inputs) -> list[TieOut]:
    """The invoices of a closed month against what it came to with all that was posted; none once that is gone."""
    try:
        return tie_outs(settings, origin, versions, inputs)
    except NothingToDo:
        return []


def estimated_until(details: Details) -> date | None:
    """The last day by which some source usually has settled; None when none can still move."""
    return max((line.estimated_until for line in details.sources if line.estimated_until is not None), default=None)


def _manifest(settings: Settings, period: Period, line: SourceLine) -> Manifest | None:
    try:
        return kept_version(settings.data, line.name, period, line.version).manifest
    except NothingToDo:
        return None


def _estimated(line: SourceLine, manifests: Mapping[str, Manifest | None]) -> SourceLine:
    manifest = manifests[line.name]
    if manifest is None or manifest.estimated_until is None:
        return line
    until = date.fromisoformat(manifest.estimated_until)
    return replace(line, estimated_until=until, estimated_because=manifest.estimated_because)


def _line(tie: TieOut) -> InvoiceLine:
    return InvoiceLine(
        tie.source,
        tie.invoice_id,
        tie.currency,
        tie.billed,
        tie.invoice_amount,
        tie.difference,
        tie.within,
        tie.gap,
        tie.told,
    )
