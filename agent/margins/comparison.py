"""This month against the month before, per active day and over equally many days (ALLOCATION 8)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from agent.margins.active_days import active_days
from agent.margins.ratios import rounded
from agent.period import Period
from policies.registry import Registry

MIN_DAYS = 15
"""Fewer active days in either month say nothing about growth."""
_POINT = Fraction(1, 100)

Amounts = Callable[[str], int | None]
"""Units by customer id; None where unknown."""


@dataclass(frozen=True, slots=True)
class Month:
    """One side of the comparison: run cost over days ``first`` to ``last``, and the whole month's revenue."""

    first: date
    last: date
    cost: Amounts
    revenue: Amounts

    def days(self, registry: Registry, customer: str) -> int:
        """Active days within the compared days."""
        return active_days(registry, customer, self.first, self.last)

    def revenue_rate(self, registry: Registry, customer: str) -> Fraction | None:
        """Revenue per active day of the month; None where unknown or without active days."""
        amount = self.revenue(customer)
        days = active_days(registry, customer, self.first, Period.of(self.first).last_day)
        return Fraction(amount, days) if amount is not None and days else None


@dataclass(frozen=True, slots=True)
class Change:
    """How one customer's cost and revenue moved."""

    cost: int
    """Units: run cost less the prior rate times this month's active days."""
    cost_pct: Decimal | None
    revenue_pct: Decimal | None
    grows_faster: bool


def same_days(period: Period, day: date) -> tuple[date, date]:
    """First and last day of the month before that compare with this month's days through ``day``.

    A whole month compares with the whole month before; an open one with equally many days of it.
    """
    before = period.previous
    if day >= period.last_day:
        return before.first_day, before.last_day
    return before.first_day, min(before.last_day, before.first_day + timedelta(days=day.day - 1))


def compare(registry: Registry, customer: str, now: Month, before: Month, least: int) -> Change | None:
    """The change of one customer; None without cost in both months or without active days.

    Flagged when run cost per active day grew over one point faster than revenue per active day, with at least 15
    active days in both months, both priors above 0 and a change above ``least`` units.
    """
    cost, prior = now.cost(customer), before.cost(customer)
    days, prior_days = now.days(registry, customer), before.days(registry, customer)
    if cost is None or prior is None or not days or not prior_days:
        return None
    expected = Fraction(prior * days, prior_days)
    moved = Fraction(cost) - expected
    cost_growth = moved / expected if expected > 0 else None
    revenue_growth = _growth(now.revenue_rate(registry, customer), before.revenue_rate(registry, customer))
    flagged = (
        cost_growth is not None
        and revenue_growth is not None
        and cost_growth - revenue_growth > _POINT
        and min(days, prior_days) >= MIN_DAYS
        and moved > least
    )
    return Change(int(moved), _pct(cost_growth), _pct(revenue_growth), flagged)


def _growth(now: Fraction | None, before: Fraction | None) -> Fraction | None:
    return now / before - 1 if now is not None and before is not None and before > 0 else None


def _pct(growth: Fraction | None) -> Decimal | None:
    return rounded(100 * growth) if growth is not None else None
