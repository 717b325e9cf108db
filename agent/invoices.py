"""Invoices as received, from CSV: what each came to, and which parts of it a billing export does not hold.

    period,source,invoice_id,amount,currency[,tax][,support][,credits][,gap_reason]

Exact decimals. ``tax``, ``support`` and ``credits`` are parts of ``amount`` (credits negative, as printed).
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from agent.errors import InputError
from agent.money import MoneyFormatError, units_from_text
from agent.period import Period
from policies.faults import Fault, FaultsError
from policies.nearest import did_you_mean
from policies.table import Row, read_table

REQUIRED = ("period", "source", "invoice_id", "amount", "currency")
PARTS: Mapping[str, str] = {"tax": "tax", "support": "support", "credits": "credit"}
"""Column -> the kind of ledger row that holds such a part where the export has it."""
COLUMNS = (*REQUIRED, *PARTS, "gap_reason")
_EXPONENT = re.compile(r"[+-]?\d+(\.\d+)?[eE][+-]?\d+")
_CURRENCY = re.compile(r"[A-Z]{3}")


@dataclass(frozen=True, slots=True)
class Invoice:
    """One line of the file; units of 1e-24 of ``currency``."""

    line: int
    period: Period
    source: str
    invoice_id: str
    """Empty where the export names no invoice: then it is what was invoiced for the whole month."""
    currency: str
    amount: int | None
    """None: there is no invoice to hold against the bill, and ``gap_reason`` says why."""
    parts: Mapping[str, int]
    """Column of :data:`PARTS` -> how much of ``amount`` it is."""
    gap_reason: str
    """Why bill and invoice may differ, in the user's words; empty where they must not."""

    @property
    def key(self) -> tuple[Period, str, str, str]:
        return self.period, self.source, self.invoice_id, self.currency


@dataclass(frozen=True, slots=True)
class Invoices:
    """All lines of the file, in its order."""

    rows: tuple[Invoice, ...]

    def of(self, period: Period) -> list[Invoice]:
        """Those of a month."""
        return [row for row in self.rows if row.period == period]


def read_invoices(content: bytes, sources: Collection[str], name: str = "invoices.csv") -> Invoices:
    """Reads the file; ``sources`` are the names that its lines may use.

    Raises ``InputError`` naming the first line that is wrong: an unknown source, an amount that is not an exact
    decimal, the same invoice twice.
    """
    try:
        table = read_table(content, name, required=REQUIRED, allowed=COLUMNS)
    except FaultsError as error:
        raise InputError.of(error.faults) from error
    faults = list(table.faults)
    found: dict[tuple[Period, str, str, str], Invoice] = {}
    for row in table.rows:
        try:
            invoice = _invoice(row, sources)
        except ValueError as error:
            faults.append(Fault(name, row.line, str(error)))
            continue
        first = found.setdefault(invoice.key, invoice)
        if first is not invoice:
            faults.append(Fault(name, row.line, f"this invoice stands on line {first.line}, too"))
    if faults:
        raise InputError.of(sorted(faults, key=lambda fault: fault.line))
    return Invoices(tuple(found.values()))


def _invoice(row: Row, sources: Collection[str]) -> Invoice:
    source = row["source"]
    if source not in sources:
        raise ValueError(
            f"source {source!r} is neither configured nor in the ledger{did_you_mean(source, list(sources))}; "
            "after a rename the lines take the new name"
        )
    if _EXPONENT.fullmatch(row["invoice_id"]):
        raise ValueError(f"invoice_id {row['invoice_id']!r} was cut by a spreadsheet; format the column as text")
    if not _CURRENCY.fullmatch(row["currency"]):
        raise ValueError(f"currency {row['currency']!r} is no ISO 4217 code such as USD")
    if not row["amount"] and not row["gap_reason"]:
        raise ValueError("amount is empty; only a line with a gap_reason may leave it out")
    return Invoice(
        row.line,
        Period.parse(row["period"]),
        source,
        row["invoice_id"],
        row["currency"],
        _units(row, "amount") if row["amount"] else None,
        {column: _units(row, column) for column in PARTS if row[column]},
        row["gap_reason"],
    )


def _units(row: Row, column: str) -> int:
    text = row[column]
    if _EXPONENT.fullmatch(text):
        raise ValueError(f"{column} {text!r} was cut by a spreadsheet; write all its digits")
    try:
        return units_from_text(text)
    except MoneyFormatError as error:
        raise ValueError(f"{column}: {error}; write it as 1234.56") from error
