"""Customers by tier, plan, segment, cohort, kind and parent: percentages of sums, never means of percentages."""

from collections.abc import Sequence

from agent.margins.costs import Costs
from agent.margins.customers import Book, lines_by_row
from agent.margins.ratios import average, percent
from agent.margins.records import CustomerLine, Dimension, GroupLine

_OWN: tuple[Dimension, ...] = ("tier", "plan", "segment", "cohort", "kind")


def external(lines: Sequence[CustomerLine]) -> list[CustomerLine]:
    """Customers that are not our own: kinds paying, free and trial; also one that became internal within the month.

    Money falls under the kind valid on its day: what an internal customer cost is opex, so cost is of other days.
    """
    return [line for line in lines if not line.reserved and (line.kind != "internal" or line.cost)]


def group_lines(book: Book, costs: Costs, lines: Sequence[CustomerLine]) -> tuple[GroupLine, ...]:
    """All groups, by dimension, then by value; internal customers are in none, and only families have a parent.

    A customer whose tier, plan, ... changed within the month counts in each with the days it was in it.
    """
    outside = external(lines)
    parts = external([part for line in lines for part in lines_by_row(book, costs, line)])
    own = [
        _group(book, dimension, value, [part for part in parts if getattr(part, dimension) == value])
        for dimension in _OWN
        for value in sorted({getattr(part, dimension) for part in parts})
    ]
    tops = _tops(book, outside)
    families = [
        _group(book, "parent", top, [line for line in outside if tops.get(line.customer) == top])
        for top in sorted(set(tops.values()))
    ]
    return (*own, *families)


def _tops(book: Book, lines: Sequence[CustomerLine]) -> dict[str, str]:
    """The topmost parent of each customer of a family, the topmost itself included (the registry holds no cycles)."""
    above = {line.customer: parent for line in lines if (parent := book.registry.shown(line.customer, book.day).parent)}
    tops: dict[str, str] = {}
    for customer in above:
        top = customer
        while top in above:
            top = above[top]
        tops[customer] = tops[top] = top
    return tops


def _group(book: Book, dimension: Dimension, value: str, lines: Sequence[CustomerLine]) -> GroupLine:
    cost = sum(line.cost for line in lines)
    customers = {line.customer for line in lines}
    active = sum(book.active(customer) for customer in customers)
    known = [line for line in lines if line.revenue is not None]
    revenue = sum(line.revenue or 0 for line in known) if known else None
    margin = sum(line.margin or 0 for line in known) if known else None
    infra = sum(line.cost - line.prior_period - line.vendor for line in known)
    return GroupLine(
        dimension=dimension,
        value=value,
        customers=len(customers),
        active=active,
        cost=cost,
        average_cost=average(cost, active),
        revenue=revenue,
        margin=margin,
        margin_pct=percent(margin, revenue) if margin is not None else None,
        infra_margin_pct=percent(revenue - infra, revenue) if revenue is not None else None,
        members=tuple(sorted(customers)) if dimension == "parent" else (),
    )
