"""Shared cost: each pool's cells, split by the pool's own method or the fallback that is needed."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import takewhile

from agent.config.allocation import Pool
from tests.reference.classify import Classified
from tests.reference.company import ONE_DAY, People, Usage, days, read_driver
from tests.reference.records import Company, Money
from tests.reference.rules import fold
from tests.reference.split import added, money_weight, split

REASONS = {
    "@unknown": "unknown-driver-customer",
    "@no-driver": "no-driver",
    "@no-active-customer": "no-active-customer",
    "@fixed-remainder": "fixed-remainder",
    "@fixed-inactive": "fixed-inactive",
}
Weights = dict[str, int]


@dataclass(frozen=True, slots=True)
class Cell:
    """What is split at once."""

    pool: str
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

    def __init__(self, company: Company, direct: Mapping[str, int]) -> None:
        """``direct``: direct infrastructure EffectiveCost by customer, in the period up to D."""
        self._company = company
        self._people = People(company)
        self._direct = {customer: money_weight(units) for customer, units in direct.items()}
        self._pools = {pool.name: pool for pool in company.allocation.pools}
        names = {name for pool in company.allocation.pools for name, _ in _components(pool) if name}
        self._drivers = {name: read_driver(company, name) for name in sorted(names)}

    def shared(self, classified: Classified) -> Shared:
        """Every pool cell, by consumer."""
        cells = added(
            (Cell(placement.pool, place.day, place.end, place.kind, place.group, cls, place.currency), money)
            for (place, placement, cls), money in classified.items()
            if placement.step == "pool" and placement.pool is not None
        )
        return added(pair for cell, money in cells.items() for pair in self._split(cell, money))

    def _split(self, cell: Cell, money: Money) -> Iterator[tuple[Consumed, Money]]:
        pool = self._pools[cell.pool]
        components = _components(pool)
        # NOTE: keys are numbered so that the listed order is the bytewise order
        keys = {f"{at:04d}": name for at, (name, _) in enumerate(components)}
        weights = dict(zip(keys, _scaled([weight for _, weight in components]), strict=True))
        for key, part in split(money, weights).items():
            consumers, fallback = self._weights(pool, keys[key], cell)
            for consumer, share in split(part, consumers).items():
                idle = consumer == "@fixed-remainder" and pool.remainder == "idle"
                yield Consumed(cell, pool.method, fallback, consumer, idle), share

    def _weights(self, pool: Pool, driver: str | None, cell: Cell) -> tuple[Weights, str | None]:
        own = self._allowed(pool, self._own(pool, driver, cell), cell)
        if any(own.values()):
            return own, None
        for fallback in takewhile(lambda name: name != "unallocated", pool.fallback):
            weights = self._allowed(pool, self._fallback(pool, fallback, driver, cell), cell)
            if any(weights.values()):
                return weights, fallback
        return {"@no-active-customer" if pool.method == "even" else "@no-driver": 1}, "unallocated"

    def _own(self, pool: Pool, driver: str | None, cell: Cell) -> Weights:
        match pool.method:
            case "usage":
                return self._used(self._drivers[str(driver)], cell)
            case "even":
                return self._even(pool, cell)
            case "cost":
                return dict(self._direct)
        return self._fixed(pool, cell)

    def _used(self, usage: Usage, cell: Cell) -> Weights:
        if cell.end <= cell.day + ONE_DAY:
            return usage.on(cell.day)
        return usage.between(cell.day, min(cell.end, self._company.through + ONE_DAY))

    def _even(self, pool: Pool, cell: Cell) -> Weights:
        leaves = sorted(self._people.ids - {row.parent for row in self._company.customers})
        weights = {customer: self._people.external_days(customer, cell.day, cell.end) for customer in leaves}
        return weights | ({"@opex": len(days(cell.day, cell.end))} if pool.consumers else {})

    def _fixed(self, pool: Pool, cell: Cell) -> Weights:
        percents = {**pool.shares, "@fixed-remainder": Decimal(100) - sum(pool.shares.values())}
        weights: Weights = {}
        known = {fold(customer): customer for customer in self._people.ids}
        for written, weight in zip(percents, _scaled(list(percents.values())), strict=True):
            customer = known.get(fold(written), written)
            stays = customer.startswith("@") or self._people.active(customer, cell.day)
            key = customer if stays else "@fixed-inactive"
            weights[key] = weights.get(key, 0) + weight
        return weights

    def _fallback(self, pool: Pool, fallback: str, driver: str | None, cell: Cell) -> Weights:
        if fallback == "period" and driver is not None:
            period = self._company.period
            return self._drivers[driver].between(period.first_day, min(period.last_day, self._company.as_of) + ONE_DAY)
        return self._even(pool, cell) if fallback == "even" else {}

    def _allowed(self, pool: Pool, weights: Weights, cell: Cell) -> Weights:
        """Within the pool's population (a fixed share outside it is inactive, never renormalised).

        A driver's ``@opex`` counts only where the pool has it as a consumer.
        """
        allowed: Weights = {}
        for consumer, weight in weights.items():
            key = "@unknown" if consumer == "@opex" and pool.method == "usage" and not pool.consumers else consumer
            if not key.startswith("@") and not self._people.in_population(pool, key, cell.day):
                if pool.method != "fixed":
                    continue
                key = "@fixed-inactive"
            allowed[key] = allowed.get(key, 0) + weight
        return allowed


def _components(pool: Pool) -> list[tuple[str | None, Decimal]]:
    if pool.drivers:
        return [(blend.driver, blend.weight) for blend in pool.drivers]
    return [(pool.driver, Decimal(1))]


def _scaled(amounts: list[Decimal]) -> list[int]:
    """Decimals as integers of one scale."""
    exponents = [amount.as_tuple().exponent for amount in amounts]
    places = max(0, *(-exponent for exponent in exponents if isinstance(exponent, int)))
    return [int(amount.scaleb(places)) for amount in amounts]
