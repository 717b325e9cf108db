"""Billing lines of one month before they are written: resources by the step, and the charges beside them.

An amount is an integer of 1e-12 dollars, so that quantity times price is exact.
"""

from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from agent.demo.clock import Clock, Integers, noise, spread
from agent.demo.fleet import Resource
from agent.demo.tables import Account, rows
from agent.period import Period

SAVINGS_RATE_PERCENT = 72
"""What an hour costs under the savings plan, of its on-demand price."""
SHUTDOWN_DAYS = 3
"""A customer that leaves is switched off this many days later."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Quantities of resources (rows) by step (columns), in millionths of each resource's unit."""

    resources: list[Resource]
    quantity: Integers

    def cost(self) -> Integers:
        """On-demand cost in 1e-12 dollars."""
        return priced(self, [resource.rate_micros for resource in self.resources])


def priced(month: Usage, rates: list[int]) -> Integers:
    """Quantity times a price per resource (millionths of a dollar), in 1e-12 dollars."""
    cost: Integers = month.quantity * np.array(rates, dtype=np.int64)[:, None]
    return cost


def usage(resources: list[Resource], clock: Clock, seed: int) -> Usage:
    """What every resource used in each step of the month."""
    hourly = np.stack([_hours(resource, clock.period, seed, key) for key, resource in enumerate(resources)])
    return Usage(resources, clock.per_step(hourly))


def _hours(resource: Resource, period: Period, seed: int, key: int) -> Integers:
    hours = period.days * 24
    monthly = resource.quantity
    customer = resource.customer
    if period.month == 9:
        monthly = monthly * 1000 // (customer.growth_permille if customer else 1040)
    quantity = spread(monthly, resource.curve, period, noise(seed, key * 16 + period.month, hours))
    if customer is None:
        return quantity
    last = customer.end.toordinal() + SHUTDOWN_DAYS if customer.end else period.last_day.toordinal()
    running = [customer.start.toordinal() <= day.toordinal() <= last for day in period.dates()]
    return quantity * np.repeat(np.array(running, dtype=np.int64), 24)


@dataclass(frozen=True, slots=True)
class Commitment:
    """The savings plan by step: what was bought and what of it was used, in 1e-12 dollars."""

    bought: int
    used: Integers


def savings_rate(resource: Resource) -> int:
    """Price per unit under the savings plan, in millionths of a dollar."""
    return resource.rate_micros * SAVINGS_RATE_PERCENT // 100


def commitment(months: list[Usage], clocks: list[Clock]) -> dict[Period, Commitment]:
    """One commitment for both months, a tenth above the busiest step, so that every step leaves some unused."""
    used = {clock.period: _covered(month) for month, clock in zip(months, clocks, strict=True)}
    busiest = max(int(steps.max()) for steps in used.values())
    bought = busiest * 11 // 10 // 10**10 * 10**10
    return {period: Commitment(bought, steps) for period, steps in used.items()}


def _covered(month: Usage) -> Integers:
    used: Integers = priced(month, [savings_rate(r) if r.covered else 0 for r in month.resources]).sum(axis=0)
    return used


@dataclass(frozen=True, slots=True)
class Charge:
    """A line that is no usage of a resource: tax, support, credit, refund, discount, subscription."""

    type: str
    account: Account
    product: str
    usage_type: str
    bill_type: str
    entity: str
    description: str
    tax_type: str | None
    first_day: int
    days: int
    micros: int


def charges(period: Period, accounts: dict[str, Account]) -> list[Charge]:
    """The month's charges of charges.csv."""
    return [
        Charge(
            type=row["type"],
            account=accounts[row["account"]],
            product=row["product"],
            usage_type=row["usage_type"],
            bill_type=row["bill_type"],
            entity=row["entity"],
            description=row["description"],
            tax_type=row["tax_type"] or None,
            first_day=int(row["day"]),
            days=int(row["days"]),
            micros=int(Decimal(row["amount_usd"]) * 1_000_000),
        )
        for row in rows("charges.csv")
        if row["period"] == str(period)
    ]


DISCOUNTED = ("AmazonEC2", "AmazonRDS", "AmazonS3")
DISCOUNT_PERCENT = 6


def negotiated_discounts(month: Usage, period: Period) -> list[Charge]:
    """The enterprise discount: one negative line per account, product and day, on what no savings plan covers."""
    steps = month.quantity.shape[1] // period.days
    daily = month.cost().reshape(len(month.resources), period.days, steps).sum(axis=2)
    found: dict[tuple[str, str], tuple[Account, Integers]] = {}
    for resource, costs in zip(month.resources, daily, strict=True):
        if resource.product in DISCOUNTED and not resource.covered:
            key = (resource.account.id, resource.product)
            before = found[key][1] if key in found else np.zeros_like(costs)
            found[key] = (resource.account, before + costs)
    return [
        Charge(
            type="EdpDiscount", account=account, product=product, usage_type="EDP", bill_type="Anniversary",
            entity="AWS", description=f"Enterprise discount for {product}", tax_type=None,
            first_day=day + 1, days=1, micros=-int(cost) * DISCOUNT_PERCENT // 100 // 10**6,
        )
        for (_, product), (account, costs) in sorted(found.items(), key=lambda item: item[0])
        for day, cost in enumerate(costs)
    ]  # fmt: skip
