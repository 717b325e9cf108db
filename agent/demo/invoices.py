"""Writes invoices.csv: what the providers invoiced for the months that are over, to the cent."""

import csv
import io
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from agent.period import Period

NAME = "invoices.csv"
_EXACT = pa.decimal128(38, 18)
_CENT = Decimal("0.01")
Amounts = dict[tuple[Period, str, str], Decimal]
"""By month, source and invoice id ('' where the export names none): the exact BilledCost."""


def by_invoice(lines: pa.Table) -> dict[str, Decimal]:
    """The exact unblended cost of each invoice of a CUR 2.0 month; lines without an invoice are not in it."""
    costs = pc.cast(lines["line_item_unblended_cost"], pa.string()).cast(_EXACT)
    summed = pa.table({"id": lines["bill_invoice_id"], "cost": costs}).group_by("id").aggregate([("cost", "sum")])
    found = zip(summed["id"].to_pylist(), summed["cost_sum"].to_pylist(), strict=True)
    return {invoice: amount for invoice, amount in found if invoice is not None}


def write_invoices(folder: Path, amounts: Amounts) -> Path:
    """Writes ``folder``/:data:`NAME`, one line an invoice."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("period", "source", "invoice_id", "amount", "currency"))
    for (period, source, invoice), amount in sorted(amounts.items(), key=lambda item: (str(item[0][0]), item[0][1:])):
        writer.writerow((period, source, invoice, amount.quantize(_CENT, ROUND_HALF_UP), "USD"))
    path = folder / NAME
    path.write_text(text.getvalue(), encoding="utf-8")
    return path
