"""Exact costs of a raw export file in one billing period, read afresh.

``focus``: the columns as FOCUS names them, with the names of its drafts. ``aws-cur2``: BilledCost is the unblended
(or net unblended) cost of every line; EffectiveCost is read line type by line type from AWS's own documentation of
the Cost and Usage Report.
"""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from agent.verify.exact import ZERO, Costs, month, number
from agent.verify.rawfile import Columns, Row, columns, rows

Reading = Callable[[Row], tuple[Decimal, Decimal]]
"""Values of a row -> (BilledCost, EffectiveCost)."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Where a kind of export keeps period, currency and cost; the first two places are period and currency."""

    places: tuple[int, ...]
    reading: Reading


@dataclass(frozen=True, slots=True)
class FileSums:
    """Rows of the period in one file and their sums by currency."""

    rows: int
    costs: Costs


def sums(path: Path, kind: str, period: str) -> FileSums:
    """Rows and exact sums of ``period`` in one file of a source of ``kind``; ``ValueError`` if it cannot be read."""
    layout = LAYOUTS[kind](columns(path))
    months: dict[object, bool] = {}
    billed: dict[str, Decimal] = {}
    effective: dict[str, Decimal] = {}
    count = 0
    for row in rows(path, layout.places):
        start = row[0]
        if start not in months:
            months[start] = month(start) == period
        if not months[start]:
            continue
        count += 1
        currency = str(row[1]).strip()
        costs = layout.reading(row)
        billed[currency] = billed.get(currency, ZERO) + costs[0]
        effective[currency] = effective.get(currency, ZERO) + costs[1]
    return FileSums(count, {currency: (billed[currency], effective[currency]) for currency in billed})


def _needed(header: Columns, *accepted: str) -> int:
    place = header.place(*accepted)
    if place is None:
        raise ValueError(f"no column {accepted[0]}")
    return place


def focus(header: Columns) -> Layout:
    """FOCUS 1.0 to 1.4; an AmortizedCost column of the drafts is EffectiveCost."""
    places = (
        _needed(header, "BillingPeriodStart"),
        _needed(header, "BillingCurrency"),
        _needed(header, "BilledCost"),
        _needed(header, "EffectiveCost", "AmortizedCost"),
    )
    return Layout(places, lambda row: (number(row[2]), number(row[3])))


COST = ("line_item_net_unblended_cost", "line_item_unblended_cost")
"""What a line costs: net of discounts where the export carries that, else unblended."""
ZERO_WHEN_COVERED = frozenset({"SavingsPlanNegation", "SavingsPlanUpfrontFee"})
RESERVED = ("reservation_net_effective_cost", "reservation_effective_cost")
PLANNED = ("savings_plan_net_savings_plan_effective_cost", "savings_plan_savings_plan_effective_cost")
UNUSED_UPFRONT = (
    "reservation_net_unused_amortized_upfront_fee_for_billing_period",
    "reservation_unused_amortized_upfront_fee_for_billing_period",
)
UNUSED_RECURRING = ("reservation_net_unused_recurring_fee", "reservation_unused_recurring_fee")
COMMITTED = ("savings_plan_total_commitment_to_date",)
USED = ("savings_plan_used_commitment",)
ARN = ("reservation_reservation_a_r_n",)


def aws_cur2(header: Columns) -> Layout:
    """AWS Data Exports, CUR 2.0 (Parquet or CSV)."""
    fixed = (
        _needed(header, "bill_billing_period_start_date"),
        _needed(header, "line_item_currency_code"),
        _needed(header, "line_item_line_item_type"),
    )
    groups = (COST, RESERVED, PLANNED, UNUSED_UPFRONT, UNUSED_RECURRING, COMMITTED, USED, ARN)
    _needed(header, *reversed(COST))
    places = list(fixed)
    slots: dict[tuple[str, ...], tuple[int, ...]] = {}
    for group in groups:
        present = [place for name in group if (place := header.place(name)) is not None]
        slots[group] = tuple(range(len(places), len(places) + len(present)))
        places += present
    return Layout(tuple(places), lambda row: _aws_costs(row, slots))


def _aws_costs(row: Row, slots: dict[tuple[str, ...], tuple[int, ...]]) -> tuple[Decimal, Decimal]:
    def value(group: tuple[str, ...]) -> Decimal:
        given = [row[slot] for slot in slots[group] if row[slot] not in (None, "")]
        return number(given[0]) if given else ZERO

    kind = str(row[2])
    billed = value(COST)
    if kind == "DiscountedUsage":
        return billed, value(RESERVED)
    if kind == "SavingsPlanCoveredUsage":
        return billed, value(PLANNED)
    if kind == "SavingsPlanRecurringFee":
        return billed, value(COMMITTED) - value(USED)
    if kind == "RIFee":
        return billed, value(UNUSED_UPFRONT) + value(UNUSED_RECURRING)
    bought = kind == "Fee" and any(row[slot] not in (None, "") for slot in slots[ARN])
    return billed, ZERO if bought or kind in ZERO_WHEN_COVERED else billed


LAYOUTS: dict[str, Callable[[Columns], Layout]] = {"focus": focus, "aws-cur2": aws_cur2}
