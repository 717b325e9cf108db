"""Registry and drivers of a company, asked by day."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from agent.config.allocation import Pool
from policies.registry import Customer
from policies.rules import Population
from tests.reference.records import Company
from tests.reference.rules import fold

EXTERNAL = ("paying", "free", "trial")
ENOUGH = Decimal("0.9")
ONE_DAY = timedelta(days=1)


def days(start: date, end: date) -> list[date]:
    """Days from ``start`` to before ``end``."""
    return [start + timedelta(days=offset) for offset in range((end - start).days)]


@dataclass(frozen=True)
class People:
    """Who is active, internal, or in a population, on a day."""

    company: Company

    def row(self, customer: str, day: date) -> Customer:
        """The dated row valid on ``day``, else the nearest in time."""
        rows = sorted(
            (row for row in self.company.customers if row.id == customer), key=lambda row: row.start or date.min
        )
        return min(rows, key=lambda row: row.days_away(day))

    def active(self, customer: str, day: date) -> bool:
        return any(row.covers(day) for row in self.company.customers if row.id == customer)

    def internal(self, customer: str, day: date) -> bool:
        return customer in self.ids and self.row(customer, day).kind == "internal"

    @property
    def ids(self) -> set[str]:
        return {row.id for row in self.company.customers}

    def in_population(self, pool: Pool, customer: str, day: date) -> bool:
        return pool.customers is None or _fits(pool.customers, self.row(customer, day))

    def external_days(self, customer: str, start: date, end: date) -> int:
        """Active days as paying, free or trial customer."""
        rows = [row for row in self.company.customers if row.id == customer and row.kind in EXTERNAL]
        return sum(any(row.covers(day) for row in rows) for day in days(start, end))


@dataclass(frozen=True)
class Usage:
    """One driver: integer quantities of its valid days, by consumer."""

    valid: Mapping[date, Mapping[str, int]]

    def on(self, day: date) -> dict[str, int]:
        return dict(self.valid.get(day, {}))

    def between(self, start: date, end: date) -> dict[str, int]:
        sums: dict[str, int] = {}
        for day in days(start, end):
            for consumer, quantity in self.on(day).items():
                sums[consumer] = sums.get(consumer, 0) + quantity
        return sums


def read_driver(company: Company, name: str) -> Usage:
    """The valid days of a driver. Unknown customers are ``@unknown``; ``@opex`` stays."""
    driver = company.drivers[name]
    ids = {fold(row.id): row.id for row in company.customers} | {"@opex": "@opex"}
    quantities = [quantity for day in driver.days.values() for quantity in day.values()]
    scale = 10 ** max((_decimals(quantity) for quantity in quantities), default=0)
    valid: dict[date, dict[str, int]] = {}
    for day, by_customer in driver.days.items():
        thin = driver.covered.get(day, Decimal(1)) < ENOUGH
        if thin or min(by_customer.values(), default=Decimal(0)) < 0 or sum(by_customer.values()) <= 0:
            continue
        valid[day] = {}
        for customer, quantity in by_customer.items():
            consumer = ids.get(fold(customer), "@unknown")
            valid[day][consumer] = valid[day].get(consumer, 0) + int(quantity * scale)
    return Usage(valid)


def _decimals(quantity: Decimal) -> int:
    exponent = quantity.normalize().as_tuple().exponent
    assert isinstance(exponent, int)
    return max(0, -exponent)


def _fits(population: Population, row: Customer) -> bool:
    asked = population.model_dump(exclude_none=True).items()
    return all(_any_of(texts, str(getattr(row, key))) for key, texts in asked)


def _any_of(texts: str | list[str], value: str) -> bool:
    return fold(value) in {fold(text) for text in ([texts] if isinstance(texts, str) else texts)}
