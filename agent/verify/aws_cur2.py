"""AWS Data Exports, CUR 2.0, read line type by line type from AWS's own documentation of the report.

BilledCost is the unblended cost of every line. EffectiveCost is that cost too, but for usage that a commitment covers
(the commitment's effective cost), fees of commitments (what they left unused) and negations (nothing). Amounts net of
private discounts take the place of both where the delivery has them throughout.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from agent.verify.exact import ZERO, Costs, FileSums, Month, add, number
from agent.verify.rawfile import Row, columns, rows

COST = "line_item_unblended_cost"
RESERVED = "reservation_effective_cost"
PLANNED = "savings_plan_savings_plan_effective_cost"
UNUSED_UPFRONT = "reservation_unused_amortized_upfront_fee_for_billing_period"
UNUSED_RECURRING = "reservation_unused_recurring_fee"
COMMITTED = "savings_plan_total_commitment_to_date"
USED = "savings_plan_used_commitment"
NET = {
    COST: "line_item_net_unblended_cost",
    RESERVED: "reservation_net_effective_cost",
    PLANNED: "savings_plan_net_savings_plan_effective_cost",
    UNUSED_UPFRONT: "reservation_net_unused_amortized_upfront_fee_for_billing_period",
    UNUSED_RECURRING: "reservation_net_unused_recurring_fee",
}
AMOUNTS = (*NET, COMMITTED, USED, *NET.values())
EFFECTIVE: dict[str, tuple[tuple[str, int], ...]] = {
    "DiscountedUsage": ((RESERVED, 1),),
    "SavingsPlanCoveredUsage": ((PLANNED, 1),),
    "SavingsPlanNegation": (),
    "SavingsPlanRecurringFee": ((COMMITTED, 1), (USED, -1)),
    "SavingsPlanUpfrontFee": (),
    "RIFee": ((UNUSED_UPFRONT, 1), (UNUSED_RECURRING, 1)),
    "Fee of a reservation": (),
}
"""Line type -> the columns, with signs, whose sum is its EffectiveCost; any other type has its own cost."""


@dataclass(slots=True)
class Filled:
    """How many lines of a type have an amount, and whether any of them is not zero."""

    lines: int = 0
    counts: bool = False


@dataclass(slots=True)
class AwsLines:
    """Lines of one file in the period, summed by currency, line type and column."""

    present: frozenset[str]
    rows: int = 0
    sums: dict[tuple[str, str, str], Decimal] = field(default_factory=dict)
    filled: dict[tuple[str, str], Filled] = field(default_factory=dict)
    """By line type as delivered, and column. A net amount counts beside a gross one only."""


def read_lines(path: Path, period: str) -> AwsLines:
    """The lines of ``period``; ``ValueError`` names a column that is missing."""
    header = columns(path)
    header.needed(COST)
    fixed = ("bill_billing_period_start_date", "line_item_currency_code", "line_item_line_item_type")
    arn = [place for place in [header.place("reservation_reservation_a_r_n")] if place is not None]
    names = [name for name in AMOUNTS if header.place(name) is not None]
    places = (*map(header.needed, fixed), *map(header.needed, names), *arn)
    found = AwsLines(frozenset(names))
    wanted = Month(period)
    for start, currency, kind, *rest in rows(path, places):
        if wanted.holds(start):
            _count(found, str(currency).strip(), str(kind), names, tuple(rest))
    return found


def settle(files: Sequence[AwsLines]) -> list[FileSums]:
    """The costs of each file, net where the whole delivery is."""
    net = _net(files)
    return [FileSums(lines.rows, _costs(lines, net)) for lines in files]


def _count(found: AwsLines, currency: str, kind: str, names: Sequence[str], row: Row) -> None:
    found.rows += 1
    amounts = dict(zip(names, row, strict=False))
    bought = kind == "Fee" and len(row) > len(names) and row[-1] not in (None, "")
    summed = "Fee of a reservation" if bought else kind
    for name, value in amounts.items():
        if value in (None, ""):
            continue
        amount = number(value)
        found.sums[currency, summed, name] = found.sums.get((currency, summed, name), ZERO) + amount
        if amounts.get(GROSS_OF.get(name, name)) not in (None, ""):
            filled = found.filled.setdefault((kind, name), Filled())
            filled.lines += 1
            filled.counts |= bool(amount)


GROSS_OF = {net: gross for gross, net in NET.items()}


def _net(files: Sequence[AwsLines]) -> frozenset[tuple[str, str]]:
    """(line type, gross column) that are read net: all or none of a delivery.

    None, where net amounts are filled for a part of a type's lines only (a discount would count twice or never), or
    where they are all zero beside a bill that is not (a column that was never filled).
    """
    present = frozenset.intersection(*(lines.present for lines in files)) if files else frozenset()
    pairs = {gross: net for gross, net in NET.items() if {gross, net} <= present}
    if COST not in pairs:
        return frozenset()
    kinds = {kind for lines in files for kind, _ in lines.filled}
    told = {
        (kind, gross): (_all(files, kind, gross), _all(files, kind, net))
        for kind in kinds
        for gross, net in pairs.items()
    }
    if any(0 < net.lines < gross.lines for gross, net in told.values()):
        return frozenset()
    bill = [sides for (_, column), sides in told.items() if column == COST]
    if any(gross.counts for gross, _ in bill) and not any(net.counts for _, net in bill):
        return frozenset()
    return frozenset(key for key, (_, net) in told.items() if net.lines)


def _all(files: Sequence[AwsLines], kind: str, column: str) -> Filled:
    each = [lines.filled.get((kind, column), Filled()) for lines in files]
    return Filled(sum(filled.lines for filled in each), any(filled.counts for filled in each))


def _costs(lines: AwsLines, net: frozenset[tuple[str, str]]) -> Costs:
    costs: Costs = {}
    for currency, kind in {(currency, kind): None for currency, kind, _ in lines.sums}:
        delivered = "Fee" if kind == "Fee of a reservation" else kind

        def amount(column: str, key: tuple[str, str] = (currency, kind), delivered: str = delivered) -> Decimal:
            read = NET[column] if (delivered, column) in net else column
            return lines.sums.get((*key, read), ZERO)

        effective = sum((amount(column) * sign for column, sign in EFFECTIVE.get(kind, ((COST, 1),))), ZERO)
        costs = add(costs, {currency: (amount(COST), effective)})
    return costs
