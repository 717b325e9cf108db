"""Registry and drivers of a company, asked by day."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from agent.config.allocation import Pool
from policies.registry import Customer
from policies.rules import Population
from tests.reference.records import Company, Driver
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
    """One driver: quantities of its valid days, by (part, consumer); part None is what names no key."""

    valid: Mapping[date, Mapping[tuple[str | None, str], Fraction]]

    def over(self, asked: Sequence[date], part: str | None) -> dict[str, Fraction]:
        """Sums by consumer, of one part or (None) of everything."""
        sums: dict[str, Fraction] = {}
        for day in asked:
            for (key, consumer), quantity in self.valid.get(day, {}).items():
                if part in (None, key):
                    sums[consumer] = sums.get(consumer, Fraction(0)) + quantity
        return sums

    def total(self, day: date, part: str | None) -> Fraction | None:
        """The sum of a valid day, or of a part of it; None where there is no row of it."""
        used = self.over([day], part)
        return sum(used.values(), Fraction(0)) if used else None


def read_driver(company: Company, name: str) -> Usage:
    """The valid days of a driver. Unknown customers are ``@unknown``; ``@opex`` and pools stay."""
    driver = company.drivers[name]
    ids = {fold(row.id): row.id for row in company.customers} | {"@opex": "@opex"}
    ids |= {f"@pool/{fold(pool.name)}": f"@pool/{pool.name}" for pool in company.allocation.pools}
    valid: dict[date, dict[tuple[str | None, str], Fraction]] = {}
    for day in {day for day, *_ in driver.rows}:
        rows = [(key, customer, Fraction(quantity)) for on, key, customer, quantity in driver.rows if on == day]
        quantities = [quantity for *_, quantity in rows]
        if _thin(driver, day) or min(quantities) < 0 or sum(quantities) == 0:
            continue
        used = valid[day] = {}
        for key, customer, quantity in rows:
            consumer = company.heir(ids.get(_without_space(fold(customer)), "@unknown"), day)
            at = (fold(key) if key is not None else None, consumer)
            used[at] = used.get(at, Fraction(0)) + quantity
    return Usage(valid)


def _without_space(folded: str) -> str:
    """``@pool/ name`` as ``@pool/name``."""
    first, mark, name = folded.partition("/")
    return f"{first}/{name.strip()}" if (first, mark) == ("@pool", "/") else folded


def _thin(driver: Driver, day: date) -> bool:
    """What the source says of a day goes before what its hours say."""
    if day in driver.told:
        seen, expected = driver.told[day]
        return seen < expected * ENOUGH
    return driver.covered.get(day, Decimal(1)) < ENOUGH


def _fits(population: Population, row: Customer) -> bool:
    asked = population.model_dump(exclude_none=True).items()
    return all(_any_of(texts, str(getattr(row, key))) for key, texts in asked)


def _any_of(texts: str | list[str], value: str) -> bool:
    return fold(value) in {fold(text) for text in ([texts] if isinstance(texts, str) else texts)}
