"""One line a customer: its cost by class, its revenue, its margins; then the reserved rows that make it foot."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from agent.margins.active_days import active_days, is_active_customer, row_days
from agent.margins.comparison import Change
from agent.margins.costs import ClassSums, Costs
from agent.margins.ratios import percent
from agent.margins.records import CustomerLine
from agent.money import idiv, split
from agent.period import Period
from agent.revenue import Revenue
from policies.registry import Customer, Registry

AFTER_AS_OF = "@after_asof"
"""The reserved row of an open month: what the ledger already holds dated after day D."""
_RESERVED = (
    ("unallocated", "Unallocated"),
    ("opex", "Non-production and internal"),
    ("balance_sheet", "Balance sheet"),
)


@dataclass(frozen=True, slots=True)
class Book:
    """What lines are made from: who the customers are, what they cost, what they pay."""

    period: Period
    day: date
    registry: Registry
    revenue: Revenue | None

    def revenue_to_date(self, customer: str) -> int | None:
        """Units through day D: the month's revenue times active days through D over active days of the month.

        None where unknown: no revenue file, or a paying customer absent from it. Free, trial and internal have 0.
        """
        if self.revenue is None:
            return None
        amount = self.month_revenue(customer)
        if amount is None or self.day >= self.period.last_day:
            return amount
        days = active_days(self.registry, customer, self.period.first_day, self.period.last_day)
        to_date = active_days(self.registry, customer, self.period.first_day, self.day)
        return idiv(amount * to_date, days) if days else amount

    def month_revenue(self, customer: str) -> int | None:
        """The whole month's revenue in units; None where unknown."""
        if self.revenue is None:
            return None
        amount = self.revenue.units(self.period, customer)
        if amount is not None:
            return amount
        return None if self.registry.shown(customer, self.day).kind == "paying" else 0

    def active(self, customer: str) -> bool:
        """Whether it counts in the averages."""
        return is_active_customer(self.registry, customer, self.period.first_day, self.day)


def customer_lines(book: Book, costs: Costs, changes: dict[str, Change]) -> tuple[CustomerLine, ...]:
    """Every registry id in bytewise order, then the reserved rows; the column Cost sums to the source."""
    lines = [
        _line(book, customer, costs.customers.get(customer, ClassSums()), changes.get(customer),
              costs.nonproduction.get(customer, 0), costs.outside_dates.get(customer, 0))
        for customer in book.registry.ids
    ]  # fmt: skip
    reserved = [_bare(f"@{bucket}", name, costs.buckets[bucket]) for bucket, name in _RESERVED]
    if costs.after:
        reserved.append(_bare(AFTER_AS_OF, f"Dated after {book.day}", ClassSums(cost=costs.after)))
    return (*lines, *reserved)


def _line(
    book: Book, customer: str, sums: ClassSums, change: Change | None, nonproduction: int, outside: int
) -> CustomerLine:
    line = replace(
        _described(_bare(customer, "", sums), book.registry.shown(customer, book.day)),
        nonproduction=nonproduction,
        outside_dates=outside,
    )
    if change is not None:
        line = replace(
            line,
            grows_faster=change.grows_faster,
            cost_change_pct=change.cost_pct,
            revenue_change_pct=change.revenue_pct,
        )
    return _with_revenue(line, book.revenue_to_date(customer))


def lines_by_row(book: Book, costs: Costs, line: CustomerLine) -> list[CustomerLine]:
    """The customer's line, parted over its dated rows where it has several: what sums by tier, plan, ... are made of.

    Money falls under the row valid on its day; revenue goes by the rows' active days through day D, and is unknown
    for all parts where it is unknown. A row that neither was active nor cost anything is left out.
    """
    rows = [] if line.reserved else book.registry.rows(line.customer)
    if len(rows) <= 1:
        return [line]
    days = [row_days(row, book.period.first_day, book.day) for row in rows]
    revenue = _parted(line.revenue, days)
    parts = [
        _with_revenue(_described(_bare(line.customer, "", costs.by_row.get(row, ClassSums())), row), part)
        for row, part in zip(rows, revenue, strict=True)
    ]
    return [part for part, active in zip(parts, days, strict=True) if active or part.cost] or [line]


def _parted(revenue: int | None, days: Sequence[int]) -> Sequence[int | None]:
    if revenue is None:
        return [None] * len(days)
    return split(revenue, days) if any(days) else [0] * (len(days) - 1) + [revenue]


def _described(line: CustomerLine, row: Customer) -> CustomerLine:
    return replace(
        line,
        name=row.name,
        kind=row.kind,
        tier=row.tier,
        plan=row.plan,
        segment=row.segment,
        cohort=row.cohort,
    )


def _with_revenue(line: CustomerLine, revenue: int | None) -> CustomerLine:
    if revenue is None:
        return line
    infrastructure = line.cost - line.prior_period - line.vendor
    return replace(
        line,
        revenue=revenue,
        margin=revenue - line.cost,
        margin_pct=percent(revenue - line.cost, revenue),
        infra_margin_pct=percent(revenue - infrastructure, revenue),
    )


def _bare(customer: str, name: str, sums: ClassSums) -> CustomerLine:
    """A line of costs alone: all there is to a reserved row."""
    return CustomerLine(
        customer=customer,
        name=name,
        kind="",
        tier="",
        plan="",
        segment="",
        cohort="",
        direct=sums.by_class["direct"],
        shared=sums.by_class["shared"],
        untagged=sums.by_class["untagged"],
        idle=sums.by_class["idle"],
        charges=sums.by_class["charge"],
        third_party=sums.third_party,
        support=sums.support,
        prior_period=sums.prior,
        cost=sums.cost,
        cost_before_credits=sums.cost - sums.credits,
        revenue=None,
        margin=None,
        margin_pct=None,
        infra_margin_pct=None,
    )
