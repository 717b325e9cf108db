"""Shared cost: what each consumer is due of a pool's cell, exact and rounded."""

from collections.abc import Iterator, Mapping
from datetime import date
from fractions import Fraction
from functools import partial
from typing import NamedTuple

from agent.verify.allocation.classify import Classified, class_of
from agent.verify.allocation.method import Component, Method, Pool
from agent.verify.allocation.network import POOL, left_out, passed_on
from agent.verify.allocation.people import People
from agent.verify.allocation.sampled import traced
from agent.verify.allocation.splitting import NOTHING, Exact, Money, add, fitted, part_of, split, weight_of
from agent.verify.allocation.usage import OPEX, UNKNOWN, Usage, Weights, day_after, whole

_REMAINDER, _INACTIVE = "@fixed-remainder", "@fixed-inactive"
_IDLE = "@idle"
_NO_DRIVER, _NOBODY = "@no-driver", "@no-active-customer"
_REASONS = {
    UNKNOWN: "unknown-driver-customer",
    _NO_DRIVER: "no-driver",
    _NOBODY: "no-active-customer",
    _REMAINDER: "fixed-remainder",
    _INACTIVE: "fixed-inactive",
}
_UNALLOCATED = "unallocated"


class Cell(NamedTuple):
    """What is split at once."""

    pool: str
    day: date
    kind: str
    group: str
    cls: str
    currency: str
    end: date
    part: str


class Published(NamedTuple):
    """Cells that are published as one: all of :class:`Cell` but the end of its span and its part."""

    pool: str
    day: date
    kind: str
    group: str
    cls: str
    currency: str


class End(NamedTuple):
    """Where a share ended and how; ``''`` for nothing."""

    customer: str
    bucket: str
    function: str
    method: str
    fallback: str
    reason: str


class Shares(NamedTuple):
    """A published cell's shares: by cumulative rounding, as fractions, and what of it goes on to idle."""

    rounded: dict[End, Money]
    exact: dict[End, Exact]
    idle: Money


class Month(NamedTuple):
    """The days of a month that count: its first, day D, and the last charge date (far off once it is complete)."""

    first: date
    last: date
    through: date


class Costs(NamedTuple):
    """What pools by cost go by: direct cost of customers, and all of what is not production."""

    direct: Mapping[str, Money]
    development: Money


class Pools:
    """The cells of all pools, split by the method of each."""

    def __init__(
        self,
        method: Method,
        people: People,
        drivers: Mapping[str, Usage | str],
        month: Month,
        costs: Costs,
    ) -> None:
        self._people = people
        self._drivers = drivers
        self._month = month
        self._direct = {customer: weight_of(money.effective) for customer, money in costs.direct.items()}
        self._development = weight_of(costs.development.effective)
        self._pools = {pool.name: pool for pool in method.pools}
        self._left_out = {name: left_out(name, method.order) for name in self._pools}
        self._serves = {name: self._users(pool) - self._left_out[name] for name, pool in self._pools.items()}
        self._populations = {
            pool.name: {key: {text.casefold() for text in wanted} for key, wanted in pool.population.items()}
            for pool in method.pools
        }
        self._traced: dict[str, Weights] = {}
        self._periods: dict[tuple[str, str], Weights] = {}

    def unknown(self, pool: str) -> str:
        """Why a pool's shares cannot be recomputed; empty where they can."""
        if pool not in self._pools:
            return "it is not in allocation.yaml"
        found: list[str] = []
        for name in sorted(self._reach(pool)):
            known = self._pools[name]
            told = list(known.unknown)
            for driver in known.drivers:
                usage = self._drivers.get(driver, "it was not kept")
                told += [f"driver {driver}: {usage}"] if isinstance(usage, str) else []
            found += told if name == pool else [f"pool {name}: {why}" for why in told]
        return ", ".join(found)

    def _users(self, pool: Pool) -> set[str]:
        """The pools that its drivers name."""
        drivers = (self._drivers.get(component.driver) for component in pool.components)
        return {who for usage in drivers if isinstance(usage, Usage) for who in usage.consumers if who.startswith(POOL)}

    def _reach(self, pool: str) -> set[str]:
        """The pool, those that use it, those that use these, and so on."""
        found: set[str] = set()
        ahead = [pool]
        while ahead:
            name = ahead.pop()
            if name not in found:
                found.add(name)
                ahead += [user.removeprefix(POOL) for user in self._serves[name]]
        return found

    def keeps_idle(self, pool: str) -> bool:
        """Whether a part of the pool may go on to idle."""
        return bool(self._idle_keys(self._pools[pool]))

    def shares(self, cells: Mapping[Cell, Money]) -> Shares:
        """The shares of cells that are published as one."""
        found = Shares({}, {}, NOTHING)
        for cell, money in cells.items():
            pool = self._pools[cell.pool]
            idle = self._idle_keys(pool)
            for part, ratio, weights, fallback in self._parts(pool, cell, money):
                total = sum(weight for _, weight in fitted(weights))
                due = dict(fitted(weights))
                for consumer, share in split(part, weights).items():
                    if consumer in idle:
                        found = found._replace(idle=found.idle.plus(share))
                        continue
                    end = self._end(pool, cell, consumer, fallback)
                    add(found.rounded, end, share)
                    exact = ratio * Fraction(due[consumer], total)
                    before = found.exact.get(end, Exact())
                    found.exact[end] = Exact(
                        before.billed + money.billed * exact,
                        before.effective + money.effective * exact,
                        before.splits + (1 if ratio == 1 else 2),
                    )
        return found

    def idle_of(self, cell: Cell, money: Money) -> Money:
        """What of a cell goes on to idle."""
        pool, found = self._pools[cell.pool], NOTHING
        for key in self._idle_keys(pool):
            for part, _, weights, _ in self._parts(pool, cell, money):
                if weights.get(key):
                    found = found.plus(part_of(part, weights, key))
        return found

    def _idle_keys(self, pool: Pool) -> set[str]:
        """Consumers whose share goes on to idle; of a pool that others use it may be theirs."""
        keys = {_REMAINDER} if pool.method == "fixed" and pool.remainder_idle else set()
        measured = any(one.capacity_driver or one.capacity for one in pool.components)
        return keys | ({_IDLE} if measured or self._serves[pool.name] else set())

    def _parts(self, pool: Pool, cell: Cell, money: Money) -> Iterator[tuple[Money, Fraction, Weights, str]]:
        """(money, share of the cell, weights, fallback) of each driver of a blend."""
        # NOTE: numbered, so that the order of keys is the listed order
        weights = {f"{at:04d}": component.weight for at, component in enumerate(pool.components)}
        for key, part in split(money, weights).items():
            due, fallback = self._weights(pool, pool.components[int(key)], cell)
            if any(consumer.startswith(POOL) for consumer in due):
                due = passed_on(due, partial(self._row, cell))
            yield part, Fraction(weights[key], sum(weights.values())), due, fallback

    def _row(self, cell: Cell, name: str) -> list[tuple[int, Weights]]:
        """Another pool's own weights on the days of a cell, whatever parts its money is split by."""
        pool = self._pools[name]
        found = []
        for component in pool.components:
            weights, _ = self._weights(pool, component, cell._replace(pool=name, part=""))
            if pool.method == "fixed" and pool.remainder_idle and _REMAINDER in weights:
                weights[_IDLE] = weights.get(_IDLE, 0) + weights.pop(_REMAINDER)
            kept = {consumer: weight for consumer, weight in weights.items() if weight > 0}
            found.append((component.weight, kept))
        return found

    def _weights(self, pool: Pool, component: Component, cell: Cell) -> tuple[Weights, str]:
        driver = component.driver
        own = self._allowed(pool, self._own(pool, driver, cell), cell)
        if any(own.values()):
            return own | self._idle(component, *self._span(cell), cell.part), ""
        for fallback in pool.fallbacks:
            found = self._allowed(pool, self._fallback(pool, fallback, driver, cell), cell)
            if any(found.values()):
                of_period = fallback == "period"
                return found | (self._idle(component, *self._period, cell.part) if of_period else {}), fallback
        return {_NOBODY if pool.method == "even" else _NO_DRIVER: 1}, _UNALLOCATED

    def _idle(self, component: Component, start: date, end: date, part: str) -> Weights:
        """What nobody used, over the driver's valid days of which the capacity is known."""
        if not component.capacity_driver and component.capacity is None:
            return {}
        used = self._usage(component.driver).totals(start, end, part)
        if component.capacity is not None:
            there = dict.fromkeys(used, whole(component.capacity))
        else:
            there = self._usage(component.capacity_driver).totals(start, end, part)
        rest = sum(there[day] - quantity for day, quantity in used.items() if day in there)
        return {_IDLE: rest} if rest > 0 else {}

    def _span(self, cell: Cell) -> tuple[date, date]:
        """The days whose usage splits a cell, from the first to before the second."""
        if cell.end <= day_after(cell.day):
            return cell.day, day_after(cell.day)
        return cell.day, min(cell.end, day_after(self._month.through))

    @property
    def _period(self) -> tuple[date, date]:
        return self._month.first, day_after(self._month.last)

    def _own(self, pool: Pool, driver: str, cell: Cell) -> Weights:
        if pool.method == "usage":
            return self._usage(driver).between(*self._span(cell), cell.part)
        if pool.method == "even":
            return self._even(pool, cell)
        if pool.method == "sampled":
            return self._sampled(pool, driver, cell)
        return self._cost(pool) if pool.method == "cost" else self._fixed(pool, cell)

    def _cost(self, pool: Pool) -> Weights:
        return self._direct | ({OPEX: self._development} if pool.takes_opex else {})

    def _sampled(self, pool: Pool, driver: str, cell: Cell) -> Weights:
        """What was traced, for each day on which the customer is active; of reserved ones for every day."""
        if pool.name not in self._traced:
            self._traced[pool.name] = traced(pool, self._usage(driver), self._people, self._month.first)
        every = (cell.end - cell.day).days
        return {
            who: weight * (every if who.startswith("@") else self._people.active_days(who, cell.day, cell.end))
            for who, weight in self._traced[pool.name].items()
        }

    def _even(self, pool: Pool, cell: Cell) -> Weights:
        days: Weights = self._people.external_days(cell.day, cell.end)
        return days | ({OPEX: (cell.end - cell.day).days} if pool.takes_opex else {})

    def _fixed(self, pool: Pool, cell: Cell) -> Weights:
        weights: Weights = {}
        for written, weight in pool.shares.items():
            customer = self._people.known(written) or written
            stays = customer in (OPEX, _REMAINDER) or self._people.active(customer, cell.day)
            key = customer if stays else _INACTIVE
            weights[key] = weights.get(key, 0) + weight
        return weights

    def _fallback(self, pool: Pool, fallback: str, driver: str, cell: Cell) -> Weights:
        if fallback == "even":
            return self._even(pool, cell)
        key = (driver, cell.part)
        if key not in self._periods:
            self._periods[key] = self._usage(driver).between(*self._period, cell.part)
        return self._periods[key]

    def _usage(self, driver: str) -> Usage:
        usage = self._drivers[driver]
        if isinstance(usage, str):
            raise TypeError(f"driver {driver}: {usage}")
        return usage

    def _allowed(self, pool: Pool, weights: Weights, cell: Cell) -> Weights:
        """Within the pool's population; a fixed share outside it is inactive, others are not there."""
        population, measured = self._populations[pool.name], pool.method in ("usage", "sampled")
        found: Weights = {}
        for consumer, weight in weights.items():
            if consumer in self._left_out[pool.name]:
                continue
            key = UNKNOWN if consumer == OPEX and measured and not pool.takes_opex else consumer
            if population and not key.startswith("@") and not self._people.within(population, key, cell.day):
                if pool.method != "fixed":
                    continue
                key = _INACTIVE
            found[key] = found.get(key, 0) + weight
        return found

    def _end(self, pool: Pool, cell: Cell, consumer: str, fallback: str) -> End:
        reason = _REASONS.get(consumer, "")
        if reason:
            return End("@unallocated", _UNALLOCATED, "", pool.method, fallback, reason)
        inside = consumer == OPEX or self._people.internal(consumer, cell.day)
        bucket, function = ("opex", "rnd") if inside else ("customer", "")
        return End(consumer, bucket, function, pool.method, fallback, "")


def pool_cells(classified: Classified) -> dict[Published, dict[Cell, Money]]:
    """Every pool's cells, by what they are published as."""
    found: dict[Published, dict[Cell, Money]] = {}
    for (place, placement), money in classified.items():
        if placement.step == "pool":
            at = (placement.pool, place.day, place.kind, place.group, class_of(place, placement), place.currency)
            add(found.setdefault(Published(*at), {}), Cell(*at, place.end, placement.part), money)
    return found
