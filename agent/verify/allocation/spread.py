"""Idle and untagged: the frozen base, its ratios, and what every customer is due of each cell."""

from collections.abc import Iterable, Mapping
from datetime import date
from fractions import Fraction
from typing import NamedTuple

from agent.verify.allocation.classify import Classified, Place, class_of, direct_cost
from agent.verify.allocation.method import Method, Spread
from agent.verify.allocation.people import People
from agent.verify.allocation.pools import Cell as PoolCell
from agent.verify.allocation.pools import End, Month
from agent.verify.allocation.splitting import (
    MILLIONTH,
    NOTHING,
    Exact,
    Money,
    add,
    added,
    cut,
    fitted,
    split,
    weight_of,
)
from agent.verify.allocation.usage import OPEX, Weights

STAGES = ("idle", "untagged")
_INFRASTRUCTURE = "infrastructure"
_KIND_OF_RATE = {"untagged": "usage", "idle": "commitment_unused"}
Scope = tuple[str, ...]


class Cell(NamedTuple):
    """What is spread at once. ``scope`` is empty for everyone."""

    stage: str
    day: date
    kind: str
    group: str
    cls: str
    pool: str
    currency: str
    scope: Scope = ()


class Published(NamedTuple):
    """What cells are published as: all of :class:`Cell` but stage and scope."""

    day: date
    kind: str
    group: str
    cls: str
    pool: str
    currency: str


class PoolCost(NamedTuple):
    """What pools gave to whom."""

    pool: str
    customer: str
    cls: str


class Landed(NamedTuple):
    """The shares of cells that are published as one."""

    rounded: dict[End, Money]
    exact: dict[End, Exact]


class Spreads:
    """Everything that is idle or untagged, and what it is spread over."""

    def __init__(
        self,
        method: Method,
        people: People,
        month: Month,
        classified: Classified,
        pool_cost: Mapping[PoolCost, Money],
        idle: Iterable[tuple[PoolCell, Money]],
    ) -> None:
        """``pool_cost``: through the last day that counts. ``idle``: what pools leave idle, by their cells."""
        self._settings = method.spreads
        self._people = people
        self._month = month
        self._classified = classified
        self._direct = direct_cost(classified, month.through)
        self._pooled = {key: money for key, money in pool_cost.items() if _someone(key.customer)}
        self._scoped: dict[str, dict[Scope, Weights]] = {}
        self._weighed: dict[tuple[str, Scope, str], Weights] = {}
        self.cells = self._cells(idle)
        """Published cell -> the cells in it. Cells at a standard rate are in :attr:`rated` instead."""
        self.rated = added(self._rated)

    def _cells(self, idle: Iterable[tuple[PoolCell, Money]]) -> dict[Published, dict[Cell, Money]]:
        sums: dict[Cell, Money] = {}
        for (place, placement), money in self._classified.items():
            if placement.step in STAGES:
                scope = _scope(self._settings[placement.step].scope, place)
                at = (place.day, place.kind, place.group, class_of(place, placement), placement.pool, place.currency)
                add(sums, Cell(placement.step, *at, scope), money)
        for pooled, money in idle:
            cls = "idle" if pooled.group == _INFRASTRUCTURE else pooled.cls
            at = (pooled.day, pooled.kind, pooled.group, cls, pooled.pool, pooled.currency)
            add(sums, Cell("idle", *at), money)
        found: dict[Published, dict[Cell, Money]] = {}
        self._rated = [(cell.stage, money) for cell, money in sums.items() if self._method(cell) == "tax"]
        for cell, money in sums.items():
            if self._method(cell) != "tax":
                add(found.setdefault(Published(*cell[1:7]), {}), cell, money)
        return found

    def _method(self, cell: Cell) -> str:
        """A standard rate is one of infrastructure through the last day that counts; other cost stays apart."""
        method = self._settings[cell.stage].method
        charged = cell.group == _INFRASTRUCTURE and cell.day <= self._month.through
        return "bucket" if method == "tax" and not charged else method

    def landed(self, cells: Mapping[Cell, Money]) -> Landed:
        """The shares of cells that are published as one."""
        found = Landed({}, {})
        for cell, money in cells.items():
            method = self._method(cell)
            weights = {} if method == "bucket" else self._weights(cell)
            if not weights:
                reason = "no-base" if method == "pro_rata" else f"{cell.stage}-bucket"
                end = End("@unallocated", "unallocated", "", method, "", reason)
                _both(found, end, money, Exact(Fraction(money.billed), Fraction(money.effective), 1))
                continue
            due, total = dict(fitted(weights)), sum(weight for _, weight in fitted(weights))
            for customer, share in split(money, weights).items():
                ratio = Fraction(due[customer], total)
                exact = Exact(money.billed * ratio, money.effective * ratio, 1)
                _both(found, self._end(customer, method, cell.day), share, exact)
        return found

    def charged(self, stage: str, currency: str) -> dict[tuple[Published, End], Money]:
        """What a stage at a standard rate charges each customer, and what that leaves over."""
        rate = Fraction(self._settings[stage].rate)
        at = Published(self._month.last, _KIND_OF_RATE[stage], _INFRASTRUCTURE, stage, "", currency)
        left = self.rated.get(stage, NOTHING)
        found: dict[tuple[Published, End], Money] = {}
        for customer, direct in self._direct.items():
            charge = Money(*(int(rate * max(0, units)) for units in direct))
            left = Money(left.billed - charge.billed, left.effective - charge.effective)
            found[at, self._end(customer, "tax", at.day)] = charge
        reason = "over-recovery" if left.effective < 0 else "under-recovery"
        found[at, End("@unallocated", "unallocated", "", "tax", "", reason)] = left
        return found

    def unknown(self, stage: str) -> str:
        """Why a stage cannot be recomputed; empty where it can."""
        return ", ".join(self._settings[stage].unknown)

    def method(self, stage: str) -> str:
        """The method of a stage."""
        return self._settings[stage].method

    def _end(self, customer: str, method: str, day: date) -> End:
        if customer == OPEX or self._people.internal(customer, day):
            return End(customer, "opex", "rnd", method, "", "")
        return End(customer, "customer", "", method, "", "")

    def _weights(self, cell: Cell) -> Weights:
        setting = self._settings[cell.stage]
        pool = cell.pool if setting.base == "pool" else ""
        key = (cell.stage, cell.scope, pool)
        if key not in self._weighed:
            choices = [self._of_pool(pool)] if pool else []
            choices += [self._within(cell.stage).get(cell.scope, {})] if cell.scope else []
            choices.append(self._of_everyone(setting))
            kept = ({who: weight for who, weight in choice.items() if weight > 0} for choice in choices)
            self._weighed[key] = next((choice for choice in kept if choice), {})
        return self._weighed[key]

    def _of_pool(self, pool: str) -> Weights:
        used = added((key.customer, money) for key, money in self._pooled.items() if key.pool == pool)
        return {customer: weight_of(money.effective) for customer, money in used.items()}

    def _of_everyone(self, setting: Spread) -> Weights:
        sums = {customer: money.effective for customer, money in self._direct.items()}
        if setting.base != "direct":
            for (customer, _), units in self._shared().items():
                sums[customer] = sums.get(customer, 0) + units
        return {customer: weight_of(units) for customer, units in sums.items()}

    def _shared(self) -> dict[tuple[str, str], int]:
        """(customer, pool) -> EffectiveCost of class shared, without the company's own."""
        found: dict[tuple[str, str], int] = {}
        for key, money in self._pooled.items():
            if key.cls == "shared" and key.customer != OPEX:
                at = (key.customer, key.pool)
                found[at] = found.get(at, 0) + money.effective
        return found

    def _within(self, stage: str) -> dict[Scope, Weights]:
        """By scope: direct cost in it, and of each pool the customer's part times the scope's part."""
        if stage not in self._scoped:
            self._scoped[stage] = self._scoped_weights(self._settings[stage])
        return self._scoped[stage]

    def _scoped_weights(self, setting: Spread) -> dict[Scope, Weights]:
        direct: dict[tuple[Scope, str], int] = {}
        pools: dict[tuple[Scope, str], int] = {}
        for (place, placement), money in self._classified.items():
            cls, scope = class_of(place, placement), _scope(setting.scope, place)
            if cls in ("direct", "shared") and place.day <= self._month.through:
                sums, key = (direct, placement.customer) if cls == "direct" else (pools, placement.pool)
                sums[scope, key] = sums.get((scope, key), 0) + money.effective
        found: dict[Scope, Weights] = {}
        for (scope, customer), units in direct.items():
            found.setdefault(scope, {})[customer] = cut(units, MILLIONTH)
        if setting.base != "direct":
            self._add_pools(found, pools)
        return found

    def _add_pools(self, found: dict[Scope, Weights], pools: Mapping[tuple[Scope, str], int]) -> None:
        totals: dict[str, int] = {}
        for (_, pool), units in pools.items():
            totals[pool] = totals.get(pool, 0) + units
        for (customer, pool), units in self._shared().items():
            total = cut(totals.get(pool, 0), MILLIONTH)
            for (scope, other), held in pools.items():
                if other == pool and total > 0:
                    share = cut(cut(units, MILLIONTH) * cut(held, MILLIONTH), total)
                    weights = found.setdefault(scope, {})
                    weights[customer] = weights.get(customer, 0) + share


def _both(found: Landed, end: End, share: Money, exact: Exact) -> None:
    add(found.rounded, end, share)
    before = found.exact.get(end, Exact())
    found.exact[end] = Exact(
        before.billed + exact.billed, before.effective + exact.effective, before.splits + exact.splits
    )


def _scope(scope: str, place: Place) -> Scope:
    """A place without a provider is in no provider's scope."""
    if scope == "account":
        return (place.provider, place.sub)
    return (place.provider,) if scope == "provider" and place.provider else ()


def _someone(customer: str) -> bool:
    return customer == OPEX or not customer.startswith("@")
