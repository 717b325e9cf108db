"""AWS's Cost and Usage Reports, legacy and 2.0, read line type by line type from AWS's own documentation of them.

BilledCost is the unblended cost of every line. EffectiveCost is that cost too, but for usage that a commitment covers
(the commitment's effective cost), fees of commitments (what they left unused), refunds of such fees and negations
(nothing). Amounts net of private discounts take the place of both where the delivery has them throughout.

A line with a parent resource is a part of an instance (split cost allocation data). Its split cost is taken from the
instance's own line, so both together cost what the instance costs: a file's sums hold the part's own cost, which AWS
leaves at zero, and the instance's whole cost.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from agent.verify.exact import ZERO, Costs, FileSums, Month, add, number
from agent.verify.rawfile import columns, rows

COST = "line_item_unblended_cost"
RESERVED = "reservation_effective_cost"
PLANNED = "savings_plan_savings_plan_effective_cost"
UNUSED_UPFRONT = "reservation_unused_amortized_upfront_fee_for_billing_period"
UNUSED_RECURRING = "reservation_unused_recurring_fee"
COMMITTED = "savings_plan_total_commitment_to_date"
USED = "savings_plan_used_commitment"
SPLIT, SPLIT_UNUSED = "split_line_item_split_cost", "split_line_item_unused_cost"
"""Read only to tell whether net amounts are filled throughout."""
NET = {
    COST: "line_item_net_unblended_cost",
    RESERVED: "reservation_net_effective_cost",
    PLANNED: "savings_plan_net_savings_plan_effective_cost",
    UNUSED_UPFRONT: "reservation_net_unused_amortized_upfront_fee_for_billing_period",
    UNUSED_RECURRING: "reservation_net_unused_recurring_fee",
    SPLIT: "split_line_item_net_split_cost",
    SPLIT_UNUSED: "split_line_item_net_unused_cost",
}
AMOUNTS = (*NET, COMMITTED, USED, *NET.values())
EFFECTIVE: dict[str, tuple[tuple[str, int], ...]] = {
    "DiscountedUsage": ((RESERVED, 1),),
    "SavingsPlanCoveredUsage": ((PLANNED, 1),),
    "SavingsPlanNegation": (),
    "SavingsPlanRecurringFee": ((COMMITTED, 1), (USED, -1)),
    "SavingsPlanUpfrontFee": (),
    "RIFee": ((UNUSED_UPFRONT, 1), (UNUSED_RECURRING, 1)),
    "Fee of a commitment": (),
    "Refund of a commitment": (),
}
"""Line type -> the columns, with signs, whose sum is its EffectiveCost; any other type has its own cost."""
COVERABLE = frozenset({"Usage", "DiscountedUsage", "SavingsPlanCoveredUsage"})
BOUGHT = {"Fee": "Fee of a commitment", "Refund": "Refund of a commitment"}
"""Told by the commitment that a line names; a refund also by its product, as savings plans are products."""
FIXED = ("bill_billing_period_start_date", "line_item_currency_code", "line_item_line_item_type")
NAMED = (
    "reservation_reservation_a_r_n",
    "savings_plan_savings_plan_a_r_n",
    "line_item_product_code",
    "split_line_item_parent_resource_id",
)
"""Columns that tell lines of one type apart; a report may lack them."""


@dataclass(slots=True)
class Filled:
    """How many lines of a type have an amount, and whether any of them is not zero."""

    lines: int = 0
    counts: bool = False


@dataclass(slots=True)
class AwsLines:
    """Lines of one file in the period, summed by currency, line type as delivered, as read, and column."""

    present: frozenset[str]
    rows: int = 0
    sums: dict[tuple[str, str, str, str], Decimal] = field(default_factory=dict)
    filled: dict[tuple[str, str], Filled] = field(default_factory=dict)
    """By line type as delivered, and column. A net amount counts beside a gross one only."""


def read_lines(path: Path, period: str) -> AwsLines:
    """The lines of ``period``; ``ValueError`` names a column that is missing."""
    header = columns(path)
    header.needed(COST)
    amounts = [name for name in AMOUNTS if header.place(name) is not None]
    named = [name for name in NAMED if header.place(name) is not None]
    places = tuple(header.needed(name) for name in (*FIXED, *named, *amounts))
    found = AwsLines(frozenset(amounts))
    wanted = Month(period)
    for start, currency, kind, *rest in rows(path, places):
        if wanted.holds(start):
            texts = dict(zip(named, map(_text, rest), strict=False))
            line = _Line(str(kind), str(currency).strip(), texts)
            _count(found, line, dict(zip(amounts, rest[len(named) :], strict=True)))
    return found


def settle(files: Sequence[AwsLines]) -> list[FileSums]:
    """The costs of each file, net where the whole delivery is."""
    net = _net(files)
    return [FileSums(lines.rows, _costs(lines, net)) for lines in files]


@dataclass(frozen=True, slots=True)
class _Line:
    kind: str
    currency: str
    texts: dict[str, str]

    @property
    def part(self) -> bool:
        return bool(self.texts.get("split_line_item_parent_resource_id"))

    @property
    def read_as(self) -> str:
        if self.part and self.kind in COVERABLE:
            return "Part of an instance"
        reserved = bool(self.texts.get("reservation_reservation_a_r_n"))
        planned = bool(self.texts.get("savings_plan_savings_plan_a_r_n"))
        product = self.texts.get("line_item_product_code", "").casefold().replace(" ", "")
        bought = reserved or (self.kind == "Refund" and (planned or "savingsplan" in product))
        return BOUGHT.get(self.kind, self.kind) if bought else self.kind


def _text(value: object) -> str:
    text = "" if value is None else str(value)
    return "" if text in NULL_WORDS else text


NULL_WORDS = ("NULL", "null", "None")


def _count(found: AwsLines, line: _Line, amounts: dict[str, object]) -> None:
    found.rows += 1
    read_as, part = line.read_as, line.part
    for name, value in amounts.items():
        if value in (None, ""):
            continue
        amount = number(value)
        key = (line.currency, line.kind, read_as, name)
        found.sums[key] = found.sums.get(key, ZERO) + amount
        gross = GROSS_OF.get(name, name)
        if amounts.get(gross) not in (None, "") and part == (gross in (SPLIT, SPLIT_UNUSED)):
            filled = found.filled.setdefault((line.kind, name), Filled())
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
    for currency, kind, read_as in dict.fromkeys(key[:3] for key in lines.sums):

        def amount(column: str, key: tuple[str, str, str] = (currency, kind, read_as)) -> Decimal:
            return lines.sums.get((*key, NET[column] if (key[1], column) in net else column), ZERO)

        effective = sum((amount(column) * sign for column, sign in EFFECTIVE.get(read_as, ((COST, 1),))), ZERO)
        costs = add(costs, {currency: (amount(COST), effective)})
    return costs
