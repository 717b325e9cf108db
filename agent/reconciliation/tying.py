"""BilledCost against invoices, to the penny: one record for each invoice that the bill or the user names.

The bill's side is the ledger's BilledCost by InvoiceId. The invoice's side is invoices.csv, less the parts of it (tax,
support, credits) of which the export holds no line at all: those are named instead.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from agent.billing.ledger.versions import LedgerVersion, heads, kept_version
from agent.config.loading import Settings
from agent.inputs import Inputs, current
from agent.invoices import PARTS, Invoice
from agent.money import UNITS_PER_ONE, legible, units_from_text
from agent.period import Period

TOLERANCE = UNITS_PER_ONE // 100
"""0.01 of the currency an invoice: providers round an invoice, not its lines."""


@dataclass(frozen=True, slots=True)
class TieOut:
    """One invoice of a source and month; units of 1e-24 of ``currency``."""

    source: str
    invoice_id: str
    """Empty: lines that name no invoice; several ids joined by `` + `` where the export names none at all."""
    currency: str
    billed: int
    """Sum of BilledCost; 0 where the bill has no such invoice."""
    invoice_amount: int | None
    """As the user gave it, whole; None where no amount was given."""
    difference: int | None
    """``billed`` less the part of the amount that the export can hold; None without an amount."""
    within: bool
    """Whether there is an amount and the difference is at most 0.01."""
    gap: str
    """What accounts for the rest: parts of a tied invoice that the export lacks, or the reason the user gave. Empty:
    nothing is left over, or what is left over has no name."""
    told: str
    """The outcome in words."""


def tie_outs(
    settings: Settings, period: Period, versions: Mapping[str, int] | None = None, inputs: Inputs | None = None
) -> list[TieOut]:
    """Every invoice of ``period`` that the bill or invoices.csv names, by source, id and currency.

    ``versions``: the ledger version by source to read; by default the ones in force. ``inputs``: those that hold
    invoices.csv; by default the current ones. Without it the bill's own invoices are listed, none of them tied.
    """
    held = (
        heads(settings.data, period)
        if versions is None
        else [kept_version(settings.data, source, period, number) for source, number in sorted(versions.items())]
    )
    invoices = (inputs or current(settings.data)).invoices(settings)
    given = invoices.of(period) if invoices is not None else None
    names = sorted({version.source for version in held} | {row.source for row in given or ()})
    by_source = {version.source: version for version in held}
    return [
        tie
        for name in names
        for tie in _source(
            name, by_source.get(name), None if given is None else [row for row in given if row.source == name]
        )
    ]


def _source(name: str, version: LedgerVersion | None, given: Sequence[Invoice] | None) -> Iterator[TieOut]:
    bill = _billed(version)
    rows = {(row.invoice_id, row.currency): [row] for row in given or ()}
    if version is not None and not any(invoice for invoice, _ in bill):
        rows = {}
        for row in given or ():
            rows.setdefault(("", row.currency), []).append(row)
    kinds = frozenset(kind.split("/")[0] for kind in version.manifest.kinds) if version is not None else frozenset()
    for key in sorted({*bill, *rows}):
        if not key[0] and key not in rows and not bill[key]:
            continue  # what names no invoice sums to nothing, and nobody asks for it
        if key in rows:
            yield _tied(name, key, bill.get(key), rows[key], kinds)
        else:
            yield _untied(name, key, bill[key], listed=given is not None)


def _billed(version: LedgerVersion | None) -> dict[tuple[str, str], int]:
    """(invoice id, currency) -> units of BilledCost."""
    if version is None:
        return {}
    manifest = version.manifest
    # NOTE: a version of before invoices were recorded counts as one without ids
    invoices = manifest.invoices or {"": {cur: sums["BilledCost"] for cur, sums in manifest.ledger_sums.items()}}
    return {(invoice, cur): units_from_text(text) for invoice, by in invoices.items() for cur, text in by.items()}


def _untied(source: str, key: tuple[str, str], billed: int, *, listed: bool) -> TieOut:
    invoice, currency = key
    told = "not in invoices.csv" if listed and invoice else "not tied to an invoice"
    if not invoice:
        told += ": these lines name none"
    return TieOut(source, invoice, currency, billed, None, None, within=False, gap="", told=told)


def _tied(
    source: str, key: tuple[str, str], billed: int | None, rows: Sequence[Invoice], kinds: frozenset[str]
) -> TieOut:
    currency = key[1]
    invoice = " + ".join(row.invoice_id for row in rows if row.invoice_id)
    reason = "; ".join(row.gap_reason for row in rows if row.gap_reason)
    amounts = [row.amount for row in rows if row.amount is not None]
    if not amounts:
        told = f"no amount given: {reason}"
        return TieOut(source, invoice, currency, billed or 0, None, None, within=False, gap=reason, told=told)
    outside = _outside(rows, kinds)
    difference = (billed or 0) - (sum(amounts) - sum(outside.values()))
    within = billed is not None and abs(difference) <= TOLERANCE
    lacks = [f"{part} {legible(units)} {currency} is not in the export" for part, units in outside.items()]
    gap = "; ".join([*(lacks if within else ()), *([reason] if reason else ())])
    told = "; ".join([_outcome(billed, difference, currency, lacks, within=within), *([reason] if reason else ())])
    return TieOut(source, invoice, currency, billed or 0, sum(amounts), difference, within, gap, told)


def _outside(rows: Sequence[Invoice], kinds: frozenset[str]) -> dict[str, int]:
    """The parts of the amount that the export holds no line of in this month, without those of nothing."""
    sums: dict[str, int] = {}
    for column, kind in PARTS.items():
        units = sum(row.parts.get(column, 0) for row in rows)
        if units and kind not in kinds:
            sums[column] = units
    return sums


def _outcome(billed: int | None, difference: int, currency: str, lacks: Sequence[str], *, within: bool) -> str:
    if billed is None:
        return "the bill has no such invoice"
    if within:
        exact = "tied" if not difference else f"tied within 0.01: differs by {legible(difference)} {currency}"
        return f"{exact}; {'; '.join(lacks)}" if lacks else exact
    return "; ".join([f"differs by {legible(difference)} {currency}", *lacks])
