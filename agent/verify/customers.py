"""cost_per_customer.csv against allocation.parquet and the proof, row by row and column by column."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

from agent.verify.compare import amount, cells, equal
from agent.verify.exact import ZERO, Costs, number
from agent.verify.recorded import Outcome, Outcomes, csv_rows
from agent.verify.records import Check

CLASS_COLUMNS = {"direct": "Direct", "shared": "Shared", "untagged": "Untagged", "idle": "Idle", "charge": "Charges"}
AFTER_AS_OF = "@after_asof"
"""The reserved row of what the ledger holds dated after the as-of day, whoever it is for."""
VENDOR_COLUMNS = {"third_party": "ThirdParty", "support": "Support"}
ADDENDS = (*CLASS_COLUMNS.values(), *VENDOR_COLUMNS.values(), "PriorPeriod")

Amounts = dict[tuple[str, ...], tuple[Decimal]]
"""(currency, customer, column) -> EffectiveCost, without the zeros."""


def customer_checks(path: Path, ended: Outcomes, whole: Costs) -> Iterator[Check]:
    """Every check of the CSV. ``whole``: source and adjustments by currency, which the column Cost foots to."""
    rows = csv_rows(path)
    currencies = {row["Currency"] for row in rows}
    once = {(row["Currency"], row["Customer"]) for row in rows}
    yield equal("cost_per_customer: rows == customers", str(len(rows)), str(len(once)))
    printed = _printed(rows, ("Cost", *ADDENDS))
    for currency in sorted(currencies):
        foot = sum((cost for (key, _, column), (cost,) in printed.items() if (key, column) == (currency, "Cost")), ZERO)
        yield amount(f"cost_per_customer foots to source + adjustments, {currency}", foot, whole[currency][1])
    shown = {key: pair for key, pair in ended.items() if key.currency in currencies}
    yield cells("allocation == cost_per_customer, Cost", _added(shown, ("Cost",)), _printed(rows, ("Cost",)))
    columns = {key: cost for key, cost in printed.items() if key[2] != "Cost" and not key[1].startswith("@")}
    yield cells("allocation == cost_per_customer, each column", _added(shown, ADDENDS), columns)


def unseen(path: Path, ended: Outcomes) -> list[str]:
    """Currencies of the allocation that the CSV does not show."""
    return sorted({key.currency for key in ended} - {row["Currency"] for row in csv_rows(path)})


def _printed(rows: list[dict[str, str]], columns: tuple[str, ...]) -> Amounts:
    found: Amounts = {}
    for row in rows:
        for column in columns:
            if cost := number(row[column]):
                found[row["Currency"], row["Customer"], column] = (cost,)
    return found


def _added(ended: Outcomes, columns: tuple[str, ...]) -> Amounts:
    """The allocation summed to the rows and ``columns`` of the CSV. Reserved rows have a Cost only."""
    found: Amounts = {}
    for outcome, (_, effective) in ended.items():
        row = _row(outcome)
        for column in ("Cost", _column(outcome)):
            if column in columns and (column == "Cost" or not row.startswith("@")):
                key = (outcome.currency, row, column)
                found[key] = (found.get(key, (ZERO,))[0] + effective,)
    return {key: cost for key, cost in found.items() if cost[0]}


def _row(outcome: Outcome) -> str:
    if outcome.late:
        return AFTER_AS_OF
    return outcome.customer if outcome.bucket == "customer" else f"@{outcome.bucket}"


def _column(outcome: Outcome) -> str:
    if outcome.prior:
        return "PriorPeriod"
    if outcome.cls == "vendor":
        return VENDOR_COLUMNS.get(outcome.group or "", "")
    return CLASS_COLUMNS.get(outcome.cls or "", "")
