"""Invoices as received against the ledger, to the penny: read and added up anew, by the rule that the docs state.

An invoice ties when the ledger's BilledCost under its id differs by at most 0.01 from its amount, less those parts
of it (tax, support, credits) of which the source's month has no row at all. Where the source names no invoice, all of
its invoices together tie to all of its month.
"""

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from agent.verify.charges import Charges
from agent.verify.compare import entries, equal
from agent.verify.exact import ZERO, number, plain, sha256
from agent.verify.recorded import Json, document
from agent.verify.records import Check

KEPT = Path("inputs") / "HEAD.json"
"""The list of inputs that are current, in the data folder."""
PENNY = Decimal("0.01")
PARTS = {"tax": "tax", "support": "support", "credits": "credit"}
SHOWN = 10
Row = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Received:
    """The kept copy of invoices.csv; ``rows`` of one month, None where no such file was taken in."""

    rows: Sequence[Row] | None
    check: Check | None = None

    def of(self, source: str) -> list[Row]:
        return [row for row in self.rows or () if row["source"].strip() == source]


def received(data: Path, period: str, listed: Path | None) -> Received:
    """What the user gave as invoices of ``period``; ``listed``: the list of inputs that names the kept copy, if any."""
    entry = document(listed).get("invoices") if listed is not None and listed.is_file() else None
    if not entry:
        return Received(None)
    path = data / "inputs" / "invoices" / entry["sha256"]
    if not path.is_file():
        detail = "the kept copy is gone: apportion ingest brings it back"
        return Received(None, Check("invoices: kept copy", "missing", entry["sha256"], "", ok=False, detail=detail))
    with path.open(encoding="utf-8-sig", newline="") as stream:
        rows = [row for row in csv.DictReader(stream, strict=True) if (row["period"] or "").strip() == period]
    return Received(rows, equal("invoices: sha256 of the kept copy", sha256(path), entry["sha256"]))


def recorded_checks(source: str, manifest: Json, charges: Charges) -> Iterator[Check]:
    """The manifest's invoices against the ledger; versions of before they were recorded have none."""
    if "invoices" not in manifest:
        return
    written = {
        f"{invoice or 'no invoice'}, {currency}": plain(number(text))
        for invoice, by_currency in manifest["invoices"].items()
        for currency, text in by_currency.items()
    }
    held = {f"{invoice or 'no invoice'}, {cur}": plain(amount) for (invoice, cur), amount in charges.invoices.items()}
    yield entries(f"{source}: invoices of the manifest == ledger", written, held)


def tie_checks(charges: Mapping[str, Charges], given: Received, statements: list[str]) -> Iterator[Check]:
    """A check for each invoice that the user gave; what nobody gave an amount for is a statement."""
    if given.check is not None:
        yield given.check
    for source in sorted({*charges, *(row["source"].strip() for row in given.rows or ())}):
        held = charges.get(source, Charges())
        tied: set[tuple[str, str]] = set()
        for key, rows in _matched(held, given.of(source)).items():
            tied.add(key)
            yield from _tie(source, held, key, rows, statements)
        statements += _untied(source, held, tied)


def _matched(held: Charges, rows: Sequence[Row]) -> dict[tuple[str, str], list[Row]]:
    """The rows by the ledger's (invoice id, currency)."""
    named = any(invoice for invoice, _ in held.invoices) or not held.invoices
    found: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        key = (row["invoice_id"].strip() if named else "", row["currency"].strip())
        found.setdefault(key, []).append(row)
    return found


def _tie(
    source: str, held: Charges, key: tuple[str, str], rows: Sequence[Row], statements: list[str]
) -> Iterator[Check]:
    currency = key[1]
    label = (
        f"{source}: invoice {' + '.join(filter(None, (row['invoice_id'].strip() for row in rows))) or 'of the month'}"
    )
    reasons = "; ".join(filter(None, (_cell(row, "gap_reason") for row in rows)))
    if not any(_cell(row, "amount") for row in rows):
        statements.append(f"{label}, {currency}: no amount given: {reasons}")
        return
    lacks = {
        part: amount
        for part, kind in PARTS.items()
        if kind not in held.kinds and (amount := sum((number(_cell(row, part)) for row in rows), ZERO))
    }
    amount = sum((number(_cell(row, "amount")) for row in rows), ZERO) - sum(lacks.values(), ZERO)
    billed = held.invoices.get(key)
    difference = (billed or ZERO) - amount
    within = billed is not None and abs(difference) <= PENNY
    details = [] if billed is not None else ["the bill has no such invoice"]
    details += [f"{part} {plain(units)} {currency} is not in the export" for part, units in lacks.items()]
    details += [f"gap named: {reasons}"] if reasons else []
    yield Check(
        f"{label} == BilledCost, {currency}",
        plain(billed or ZERO),
        plain(amount),
        plain(difference),
        within or bool(reasons),
        "; ".join(details),
    )


def _cell(row: Row, column: str) -> str:
    return (row.get(column) or "").strip()


def _untied(source: str, held: Charges, tied: set[tuple[str, str]]) -> Iterator[str]:
    left = {key: amount for key, amount in sorted(held.invoices.items()) if key not in tied and (key[0] or amount)}
    for currency in sorted({key[1] for key in left}):
        of = {invoice: amount for (invoice, cur), amount in left.items() if cur == currency}
        named = [f"{invoice or 'no invoice id'} {plain(amount)}" for invoice, amount in of.items()]
        listed = ", ".join(named[:SHOWN]) + (f" and {len(named) - SHOWN} more" if len(named) > SHOWN else "")
        whole = plain(sum(of.values(), ZERO))
        yield f"{source}: {whole} {currency} is not tied to an invoice: {listed if any(of) else 'its lines name none'}"
