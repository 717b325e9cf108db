"""Shared cost: each pool's cells, split by the pool's own method or the fallback that is needed."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import takewhile
from math import lcm

from agent.config.allocation import Pool
from agent.config.usage import DriverCapacity
from tests.reference.classify import Classified
from tests.reference.company import ONE_DAY, People, days, read_driver
from tests.reference.network import PREFIX, served
from tests.reference.records import Company, Money
from tests.reference.rules import fold
from tests.reference.sampled import sampled
from tests.reference.split import added, money_weight, split

REASONS = {
    "@unknown": "unknown-driver-customer",
    "@no-driver": "no-driver",
    "@no-active-customer": "no-active-customer",
    "@fixed-remainder": "fixed-remainder",
    "@fixed-inactive": "fixed-inactive",
}
Weights = dict[str, int]
Amounts = dict[str, Fraction]
IDLE = "@idle"


@dataclass(frozen=True, slots=True)
class Cell:
    """What is split at once; ``part`` where the pool is split by one first."""

    pool: str
    part: str | None
    day: date
    end: date
    kind: str
    group: str
    cls: str
    currency: str


@dataclass(frozen=True, slots=True)
class Consumed:
    """What one consumer took of a cell; ``consumer`` is a customer, ``@opex`` or a key of ``REASONS``."""

    cell: Cell
    method: str
    fallback: str | None
    consumer: str
    idle: bool


Shared = dict[Consumed, Money]


class Pools:
    """Splits what was classified to pools."""

    def __init__(self, company: Company, direct: Mapping[str, int], development: int) -> None:
        """EffectiveCost of infrastructure in the period up to D: direct by customer, and ``development``, all opex."""
        self._company = company
        self._people = People(company)
        self._direct = {customer: money_weight(units) for customer, units in direct.items()}
        self._development = money_weight(development)
        self._pools = {pool.name: pool for pool in company.allocation.pools}
        names = {name for pool in company.allocation.pools for name in pool.drivers_used}
        self._drivers = {name: read_driver(company, name) for name in sorted(names)}

    def shared(self, classified: Classified) -> Shared:
        """Every pool cell, by consumer."""
        cells = added(
            (
                Cell(
                    placement.pool, placement.part, place.day, place.end, place.kind, place.group, cls, place.currency
                ),
                money,
            )
            for (place, placement, cls), money in classified.items()
            if placement.step == "pool" and placement.pool is not None
        )
        return added(pair for cell, money in cells.items() for pair in self._split(cell, money))

    def _split(self, cell: Cell, money: Money) -> Iterator[tuple[Consumed, Money]]:
        pool = self._pools[cell.pool]
        components = _components(pool)
        # NOTE: keys are numbered so that the listed order is the bytewise order
        keys = {f"{at:04d}": component for at, component in enumerate(components)}
        weights = dict(zip(keys, _scaled([weight for _, weight, _ in components]), strict=True))
        for key, part in split(money, weights).items():
            driver, _, capacity = keys[key]
            own, fallback = self._weights(pool, driver, capacity, cell)
            for consumer, share in split(part, self._served(own, cell)).items():
                idle = consumer == IDLE or (consumer == "@fixed-remainder" and pool.remainder == "idle")
                yield Consumed(cell, pool.method, fallback, consumer, idle), share

    def _served(self, weights: Weights, cell: Cell) -> Weights:
        """The weights of everybody who is no pool, once pools have passed on what they use."""
        if not any(key.startswith(PREFIX) for key, weight in weights.items() if weight):
            return weights
        network = self._company.allocation.network
        ends = served(_shares(weights), lambda name: self._row(name, cell), network.order)
        common = lcm(*(share.denominator for share in ends.values()))
        return {key: int(share * common) for key, share in ends.items()}

    def _row(self, name: str, cell: Cell) -> dict[str, Fraction]:
        """Who uses a pool on the days of a cell: of all its parts, in the mean of its drivers."""
        pool, row = self._pools[name], dict[str, Fraction]()
        for driver, blended, capacity in _components(pool):
            weights, _ = self._weights(pool, driver, capacity, replace(cell, pool=name, part=None))
            for consumer, share in _shares(weights).items():
                key = IDLE if consumer == "@fixed-remainder" and pool.remainder == "idle" else consumer
                row[key] = row.get(key, Fraction(0)) + Fraction(blended) * share
        whole = sum(row.values())
        return {consumer: share / whole for consumer, share in row.items()}

    def _weights(
        self, pool: Pool, driver: str | None, capacity: DriverCapacity | None, cell: Cell
    ) -> tuple[Weights, str | None]:
        own = self._allowed(pool, self._own(pool, driver, cell), cell)
        if any(own.values()):
            return _whole(own | self._idle(driver, capacity, self._days(cell), cell.part)), None
        for fallback in takewhile(lambda name: name != "unallocated", pool.fallback):
            weights = self._allowed(pool, self._fallback(pool, fallback, driver, cell), cell)
            if any(weights.values()):
                idle = self._idle(driver, capacity, self._period, cell.part) if fallback == "period" else {}
                return _whole(weights | idle), fallback
        return {"@no-active-customer" if pool.method == "even" else "@no-driver": 1}, "unallocated"

    def _idle(
        self, driver: str | None, capacity: DriverCapacity | None, asked: list[date], part: str | None
    ) -> Amounts:
        """What nobody used, over the driver's valid days on which the capacity is known."""
        if capacity is None:
            return {}
        rest = Fraction(0)
        for day in asked:
            used, there = self._drivers[str(driver)].total(day, part), capacity.quantity
            known = Fraction(there) if there is not None else self._drivers[str(capacity.driver)].total(day, part)
            if used is not None and known is not None:
                rest += known - used
        return {IDLE: rest} if rest > 0 else {}

    def _own(self, pool: Pool, driver: str | None, cell: Cell) -> Amounts:
        match pool.method:
            case "usage":
                return self._drivers[str(driver)].over(self._days(cell), cell.part)
            case "even":
                return self._even(pool, cell)
            case "cost":
                weights = self._direct | ({"@opex": self._development} if pool.consumers else {})
                return {customer: Fraction(weight) for customer, weight in weights.items()}
            case "sampled":
                return sampled(self._company, pool, self._drivers[str(pool.driver)], cell.day, cell.end)
        return self._fixed(pool, cell)

    def _days(self, cell: Cell) -> list[date]:
        if cell.end <= cell.day + ONE_DAY:
            return [cell.day]
        return days(cell.day, min(cell.end, self._company.through + ONE_DAY))

    @property
    def _period(self) -> list[date]:
        period = self._company.period
        return days(period.first_day, min(period.last_day, self._company.as_of) + ONE_DAY)

    def _even(self, pool: Pool, cell: Cell) -> Amounts:
        leaves = sorted(self._people.ids - {row.parent for row in self._company.customers})
        active = {customer: self._people.external_days(customer, cell.day, cell.end) for customer in leaves}
        active |= {"@opex": len(days(cell.day, cell.end))} if pool.consumers else {}
        return {customer: Fraction(count) for customer, count in active.items()}

    def _fixed(self, pool: Pool, cell: Cell) -> Amounts:
        percents = {**pool.shares, "@fixed-remainder": Decimal(100) - sum(pool.shares.values())}
        weights: Amounts = {}
        known = {fold(customer): customer for customer in self._people.ids}
        for written, percent in percents.items():
            customer = known.get(fold(written), written)
            stays = customer.startswith("@") or self._people.active(customer, cell.day)
            key = customer if stays else "@fixed-inactive"
            weights[key] = weights.get(key, Fraction(0)) + Fraction(percent)
        return weights

    def _fallback(self, pool: Pool, fallback: str, driver: str | None, cell: Cell) -> Amounts:
        if fallback == "period" and driver is not None and pool.method == "usage":
            return self._drivers[driver].over(self._period, cell.part)
        return self._even(pool, cell) if fallback == "even" else {}

    def _allowed(self, pool: Pool, weights: Amounts, cell: Cell) -> Amounts:
        """Within the pool's population (a fixed share outside it is inactive, never renormalised).

        Use by the pool itself does not count, nor by pools that step-down has closed before.
        A driver's ``@opex`` counts only where the pool has it as a consumer.
        """
        allowed: Amounts = {}
        order = self._company.allocation.network.order
        earlier = order[: order.index(pool.name)] if pool.name in order else []
        for consumer, weight in weights.items():
            if consumer in [PREFIX + name for name in (pool.name, *earlier)]:
                continue
            key = (
                "@unknown"
                if consumer == "@opex" and pool.method in ("usage", "sampled") and not pool.consumers
                else consumer
            )
            if not key.startswith("@") and not self._people.in_population(pool, key, cell.day):
                if pool.method != "fixed":
                    continue
                key = "@fixed-inactive"
            allowed[key] = allowed.get(key, Fraction(0)) + weight
        return allowed


def _components(pool: Pool) -> list[tuple[str | None, Decimal, DriverCapacity | None]]:
    if pool.drivers:
        return [(blend.driver, blend.weight, blend.capacity) for blend in pool.drivers]
    return [(pool.driver, Decimal(1), pool.capacity)]


def _shares(weights: Weights) -> dict[str, Fraction]:
    whole = sum(weights.values())
    return {consumer: Fraction(weight, whole) for consumer, weight in weights.items() if weight}


def _whole(amounts: Amounts) -> Weights:
    """Amounts times the least power of ten that makes all of them whole."""
    scale = 1
    while any((amount * scale).denominator > 1 for amount in amounts.values()):
        scale *= 10
    return {key: int(amount * scale) for key, amount in amounts.items()}


def _scaled(amounts: list[Decimal]) -> list[int]:
    """Decimals as integers of one scale."""
    exponents = [amount.as_tuple().exponent for amount in amounts]
    places = max(0, *(-exponent for exponent in exponents if isinstance(exponent, int)))
    return [int(amount.scaleb(places)) for amount in amounts]
