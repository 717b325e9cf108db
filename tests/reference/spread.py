"""Idle and untagged: spread over a frozen base, charged at a standard rate, or left in a bucket."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

from agent.config.allocation import Spread
from tests.reference.classify import Classified
from tests.reference.company import People
from tests.reference.pools import Shared
from tests.reference.records import Company, Money, Place
from tests.reference.split import MONEY_WEIGHT, added, money_weight, split, toward_zero

KIND_OF_RATE = {"untagged": "usage", "idle": "commitment_unused"}
Scope = tuple[str, ...]
"""Nothing for everyone, a provider, or a provider and an account."""


@dataclass(frozen=True, slots=True)
class Cell:
    """What is spread at once."""

    stage: str
    day: date
    kind: str
    group: str
    cls: str
    pool: str | None
    currency: str
    scope: Scope = ()


@dataclass(frozen=True, slots=True)
class Landed:
    """Who took how a part of a cell; ``customer`` is a registry id, ``@opex`` or ``@unallocated``."""

    cell: Cell
    method: str
    customer: str
    reason: str | None = None


Spreads = dict[Landed, Money]


@dataclass(frozen=True)
class Base:
    """What customers got directly and through pools, infrastructure only, in the period up to D."""

    direct: Mapping[str, Money]
    pools: Mapping[tuple[str, str], int]
    """(customer, pool) -> EffectiveCost of class shared."""
    scoped_direct: Mapping[tuple[Scope, str], int] = field(default_factory=dict)
    scoped_pools: Mapping[tuple[Scope, str], int] = field(default_factory=dict)
    """(scope, pool) -> EffectiveCost that the pool holds of that scope."""

    def everyone(self, base: str) -> dict[str, int]:
        sums = {customer: money.effective for customer, money in self.direct.items()}
        if base != "direct":
            for (customer, _), units in self.pools.items():
                sums[customer] = sums.get(customer, 0) + units
        return {customer: money_weight(units) for customer, units in sums.items()}

    def within(self, scope: Scope, base: str) -> dict[str, int]:
        sums = {c: _millionths(units) for (where, c), units in self.scoped_direct.items() if where == scope}
        if base == "direct":
            return sums
        totals: dict[str, int] = {}
        for (_, pool), units in self.scoped_pools.items():
            totals[pool] = totals.get(pool, 0) + units
        for (customer, pool), units in self.pools.items():
            total = _millionths(totals.get(pool, 0))
            part = _millionths(self.scoped_pools.get((scope, pool), 0))
            if total > 0:
                share = toward_zero(Fraction(_millionths(units) * part, total))
                sums[customer] = sums.get(customer, 0) + share
        return sums


class Spreader:
    """Spreads one company's idle and untagged cost."""

    def __init__(self, company: Company, classified: Classified, shared: Shared) -> None:
        self._company = company
        self._people = People(company)
        self._classified = classified
        self._shared = shared
        self._settings: dict[str, Spread] = {
            "untagged": company.allocation.untagged,
            "idle": company.allocation.idle,
        }
        self._base = {stage: self._frozen(setting.scope) for stage, setting in self._settings.items()}

    def spreads(self) -> Spreads:
        """Everything idle or untagged, by who took it."""
        cells = added(self._cells())
        landed = [pair for cell, money in cells.items() for pair in self._spread(cell, money)]
        rates = [
            pair
            for stage, setting in self._settings.items()
            if setting.rate is not None
            for pair in self._rate(stage, cells)
        ]
        return added([*landed, *rates])

    def _cells(self) -> Iterator[tuple[Cell, Money]]:
        for (place, placement, cls), money in self._classified.items():
            if placement.step in self._settings:
                scope = _scope(self._settings[placement.step].scope, place)
                at = (place.day, place.kind, place.group, cls)
                yield Cell(placement.step, *at, placement.pool, place.currency, scope), money
        for consumed, money in self._shared.items():
            if consumed.idle:
                cell = consumed.cell
                cls = "idle" if cell.group == "infrastructure" else cell.cls
                yield Cell("idle", cell.day, cell.kind, cell.group, cls, cell.pool, cell.currency), money

    def _method(self, cell: Cell) -> str:
        """A standard rate is one of infrastructure, through D; other cost is not charged by it and stays visible."""
        method = self._settings[cell.stage].method
        charged = cell.group == "infrastructure" and cell.day <= self._company.through
        return "bucket" if method == "tax" and not charged else method

    def _spread(self, cell: Cell, money: Money) -> Iterator[tuple[Landed, Money]]:
        method = self._method(cell)
        if method == "bucket":
            yield Landed(cell, method, "@unallocated", f"{cell.stage}-bucket"), money
        elif method == "pro_rata":
            weights = self._weights(cell)
            if not weights:
                yield Landed(cell, method, "@unallocated", "no-base"), money
                return
            for customer, share in split(money, weights).items():
                yield Landed(cell, method, customer), share

    def _weights(self, cell: Cell) -> dict[str, int]:
        setting, base = self._settings[cell.stage], self._base[cell.stage]
        candidates = [self._pool_used(cell.pool)] if setting.base == "pool" and cell.pool else []
        candidates += [base.within(cell.scope, setting.base)] if cell.scope else []
        candidates += [base.everyone(setting.base)]
        return next((weights for weights in candidates if any(w > 0 for w in weights.values())), {})

    def _pool_used(self, pool: str) -> dict[str, int]:
        used = added(
            (consumed.consumer, money)
            for consumed, money in self._shared.items()
            if consumed.cell.pool == pool
            and consumed.cell.day <= self._company.through
            and _is_someone(consumed.consumer)
        )
        return {consumer: money_weight(money.effective) for consumer, money in used.items()}

    def _rate(self, stage: str, cells: Mapping[Cell, Money]) -> Iterator[tuple[Landed, Money]]:
        rate = Fraction(self._settings[stage].rate or 0)
        rest = added(
            ("rest", money) for cell, money in cells.items() if cell.stage == stage and self._method(cell) == "tax"
        )
        left = rest.get("rest", Money())
        currency = next((row.currency for row in self._company.rows), "USD")
        cell = Cell(stage, self._company.as_of, KIND_OF_RATE[stage], "infrastructure", stage, None, currency)
        for customer, direct in self._base[stage].direct.items():
            billed, effective = (toward_zero(rate * max(0, units)) for units in (direct.billed, direct.effective))
            left += Money(-billed, -effective)
            yield Landed(cell, "tax", customer), Money(billed, effective)
        yield Landed(cell, "tax", "@unallocated", "over-recovery" if left.effective < 0 else "under-recovery"), left

    def _frozen(self, scope: str) -> Base:
        last = self._company.through
        own = [(at, p, cls, m) for (at, p, cls), m in self._classified.items() if at.day <= last]
        pools = added(
            ((consumed.consumer, consumed.cell.pool), money)
            for consumed, money in self._shared.items()
            if consumed.cell.cls == "shared" and consumed.cell.day <= last and consumed.consumer in self._people.ids
        )
        direct = [((_scope(scope, at), str(p.customer)), m) for at, p, cls, m in own if cls == "direct"]
        shared = [((_scope(scope, at), str(p.pool)), m) for at, p, cls, m in own if cls == "shared"]
        return Base(
            direct=added((customer, money) for (_, customer), money in direct),
            pools={key: money.effective for key, money in pools.items()},
            scoped_direct={key: money.effective for key, money in added(direct).items()},
            scoped_pools={key: money.effective for key, money in added(shared).items()},
        )


def direct_cost(company: Company, classified: Classified) -> dict[str, int]:
    """EffectiveCost of class direct by customer, in the period up to D."""
    rows = ((p.customer, m) for (at, p, cls), m in classified.items() if cls == "direct" and at.day <= company.through)
    return {str(customer): money.effective for customer, money in added(rows).items()}


def development_cost(company: Company, classified: Classified) -> int:
    """EffectiveCost of class opex in the period up to D."""
    return sum(m.effective for (at, _, cls), m in classified.items() if cls == "opex" and at.day <= company.through)


def _scope(scope: str, place: Place) -> Scope:
    """A place without a provider is in no provider's scope: it widens to all."""
    if scope == "account":
        return (place.provider or "", place.sub or "")
    return (place.provider,) if scope == "provider" and place.provider else ()


def _is_someone(consumer: str) -> bool:
    return consumer == "@opex" or not consumer.startswith("@")


def _millionths(units: int) -> int:
    return toward_zero(Fraction(units, MONEY_WEIGHT))
