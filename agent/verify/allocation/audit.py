"""The allocation of one month against what was published: direct, pools, idle and untagged, charges that follow."""

import decimal
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

from agent.verify.allocation.classify import Classified, Outcome, class_of, development_cost, direct_cost
from agent.verify.allocation.follow import Follower, about_closed
from agent.verify.allocation.gathered import Gathered, NotRecomputedError, Place, gather
from agent.verify.allocation.pools import Cell as PoolCell
from agent.verify.allocation.pools import Costs, End, Pools, pool_cells
from agent.verify.allocation.published import DIRECT, FOLLOW, SPREAD, Allocation, read_classification
from agent.verify.allocation.sample import Asked, Sample
from agent.verify.allocation.splitting import BOUND, NOTHING, Exact, Money, add, added
from agent.verify.allocation.spread import STAGES, PoolCost, Spreads
from agent.verify.exact import brief, plain
from agent.verify.records import Check

Json = dict[str, Any]
_NAMED = 3
_NOT_POOLS = (*SPREAD, FOLLOW, DIRECT)
_END = ("Customer", "Bucket", "Function", "Method", "Fallback", "Reason")
_POOL = ("Pool", "ChargeDate", "Kind", "CostGroup", "Class", "Currency")
_SPREAD = ("ChargeDate", "Kind", "CostGroup", "Class", "Pool", "Currency")
_FOLLOW = ("ChargeDate", "Kind", "CostGroup", "Class", "Currency")
_PLACE = ("Source", "ProviderName", "BillingAccountId", "SubAccountId", "ServiceName")
_CLASSIFIED = (*_PLACE, "ChargeDate", "Kind", "Class", "Pool", "Reason", "Currency")
_DIRECT = ("ChargeDate", "Customer", "Bucket", "Class", "Kind", "CostGroup", "Function", "Reason", *_PLACE, "Currency")
_OWN_STEPS = ("direct", "opex", "unallocated", "balance_sheet")
_SHOWN = decimal.Context(prec=6, rounding=decimal.ROUND_UP)
Row = tuple[Any, ...]
Where = tuple[str, str, str, str]
"""(customer, bucket, function, reason)."""
Name = Callable[[Row], str]


@dataclass(slots=True)
class _Distance:
    """How far published shares lie from their exact fractions, in units."""

    largest: Fraction = Fraction(0)
    far: list[str] = field(default_factory=list)
    shares: int = 0

    def take(self, name: str, found: Money, exact: Exact) -> None:
        """One share; it lies within the bound of each split that it is the sum of."""
        self.shares += 1
        difference = max(abs(found.billed - exact.billed), abs(found.effective - exact.effective))
        self.largest = max(self.largest, difference)
        if difference and difference >= exact.splits * BOUND:
            self.far.append(f"{name}: {_amount(found.effective)} is {_exact(difference)} from its exact share")

    def check(self, name: str) -> Check:
        """Whether none lies too far."""
        left = _exact(self.largest)
        return Check(name, left, "0", left, not self.far, "; ".join(self.far[:_NAMED]))


class AllocationAudit:
    """One month; ``statements`` and ``record`` fill while :meth:`checks` is consumed."""

    def __init__(self, place: Place, folder: Path, proof: Json, seed: str, asked: Asked) -> None:
        """``folder`` holds the published tables; ``seed`` is the hash of the proof."""
        self.statements: list[str] = []
        self.record: Json = {}
        """How many days of how many were recomputed, and the largest difference from an exact share."""
        self._place = place
        self._folder = folder
        self._proof = proof
        self._seed = seed
        self._asked = asked
        self._distance = _Distance()
        self._pooled: dict[Row, Money] | None = None
        """Of a whole month what pools gave, recomputed: what comes after builds on it, and not on published rows."""
        self._spread_out: dict[Row, Money] | None = None
        """The same of idle and untagged."""

    def checks(self) -> Iterator[Check]:
        """Every check, in the order of the passes."""
        try:
            known = gather(self._place, self._proof)
        except NotRecomputedError as why:
            self.statements.append(f"the allocation is not recomputed: {why}")
            return
        allocation = Allocation(self._folder / "allocation.parquet", str(self._proof["period"]))
        small = known.ledger_rows <= self._asked.small_ledger and len(allocation) <= self._asked.small_shares
        sample = Sample(self._seed, self._asked.days, everything=small or self._asked.everything)
        yield from self._classes(known, allocation)
        pools = Pools(known.method, known.people, known.drivers, known.month, _costs(known))
        unknown = self._unknown_pools(pools, known)
        yield self._pools(pools, known.classified, allocation, sample, unknown)
        spreads = self._spreads(known, pools, allocation, unknown)
        yield from self._spread(spreads, known, allocation, sample, unknown)
        yield self._follow(spreads, known, allocation, sample)
        yield self._distance.check("recomputed shares: largest difference from the exact fraction")
        self._tell(allocation)

    def _classes(self, known: Gathered, allocation: Allocation) -> Iterator[Check]:
        """What each charge was recognised as, and whose it is where it is somebody's own."""
        expected = added(_classes(known.classified))
        found = dict(read_classification(self._folder / "classification.parquet", _CLASSIFIED))
        yield _compared("recomputed classes == classification", found, expected, _class_named)
        owned = added(_own(known))
        found = added(allocation.rows(_DIRECT, (DIRECT,)))
        yield _compared("recomputed direct cost == allocation", found, owned, _own_named)

    def _unknown_pools(self, pools: Pools, known: Gathered) -> set[str]:
        found = set()
        for name in sorted({p.pool for _, p in known.classified if p.step == "pool"}):
            if why := pools.unknown(name):
                found.add(name)
                self.statements.append(f"pool {name} is not recomputed: {why}")
        return found

    def _pools(
        self, pools: Pools, classified: Classified, allocation: Allocation, sample: Sample, unknown: Collection[str]
    ) -> Check:
        cells = pool_cells(classified)
        days: dict[tuple[str, date], Money] = {}
        for at, parts in cells.items():
            add(days, (at.pool, at.day), _sum(parts.values()))
        known = {day: money for day, money in days.items() if day[0] not in unknown}
        fell = {row[:2] for row, _ in allocation.sums(("Pool", "ChargeDate", "Fallback"), _NOT_POOLS, without=True)
                if row[2]}  # fmt: skip
        chosen = set(sample.of(known, fell))
        self._count("pool_days", len(chosen), len(days))
        expected: dict[Row, Money] = {}
        exact: dict[Row, Exact] = {}
        for at, parts in cells.items():
            if (at.pool, at.day) in chosen:
                shares = pools.shares(parts)
                expected |= {(*at, *end): money for end, money in shares.rounded.items()}
                exact |= {(*at, *end): due for end, due in shares.exact.items()}
        found = added(allocation.chosen((*_POOL, *_END), _NOT_POOLS, chosen, without=True))
        if sample.everything:
            found = added(
                pair for pair in allocation.rows((*_POOL, *_END), _NOT_POOLS, without=True) if pair[0][0] not in unknown
            )
            self._pooled = expected | {
                key: money
                for key, money in added(allocation.rows((*_POOL, *_END), _NOT_POOLS, without=True)).items()
                if key[0] in unknown
            }
        self._measure(found, exact, _pool_named)
        return _compared("recomputed shares of pools == allocation", found, expected, _pool_named)

    def _spread(
        self, spreads: Spreads, known: Gathered, allocation: Allocation, sample: Sample, unknown: Collection[str]
    ) -> Iterator[Check]:
        skipped = {stage for stage in STAGES if spreads.unknown(stage)}
        for stage in sorted(skipped):
            self.statements.append(f"{stage} is not recomputed: {spreads.unknown(stage)}")
        sums = {at: _sum(parts.values()) for at, parts in spreads.cells.items()}
        known_cells = {
            at: money
            for at, money in sums.items()
            if at.pool not in unknown and not skipped & {cell.stage for cell in spreads.cells[at]}
        }
        chosen = sample.of(known_cells)
        self._count("spread_cells", len(chosen), len(sums))
        expected: dict[Row, Money] = {}
        exact: dict[Row, Exact] = {}
        for at in chosen:
            landed = spreads.landed(spreads.cells[at])
            expected |= {(*at, *end): money for end, money in landed.rounded.items()}
            exact |= {(*at, *end): due for end, due in landed.exact.items()}
        methods = [method for method in SPREAD if method != "tax"]
        found = added(allocation.chosen((*_SPREAD, *_END), methods, chosen))
        if sample.everything and not skipped:
            found = {
                key: money
                for key, money in added(allocation.rows((*_SPREAD, *_END), methods)).items()
                if key[4] not in unknown
            }
            self._spread_out = expected
        if unknown:
            self._spread_out = None
        self._measure(found, exact, _spread_named)
        yield _compared("recomputed idle and untagged == allocation", found, expected, _spread_named)
        rated = [stage for stage in STAGES if spreads.method(stage) == "tax" and stage not in skipped]
        if rated and not unknown:
            yield self._rates(spreads, known, allocation, rated)

    @staticmethod
    def _rates(spreads: Spreads, known: Gathered, allocation: Allocation, stages: list[str]) -> Check:
        currency = next(iter(known.classified))[0].currency if known.classified else ""
        expected = added(
            ((*at, *end), money) for stage in stages for (at, end), money in spreads.charged(stage, currency).items()
        )
        found = added(allocation.rows((*_SPREAD, *_END), ("tax",)))
        return _compared("recomputed standard rates == allocation", found, expected, _spread_named)

    def _follow(self, spreads: Spreads, known: Gathered, allocation: Allocation, sample: Sample) -> Check:
        follower = Follower(known.classified, known.people, self._ended(spreads, allocation))
        frozen = about_closed(follower.cells, self._proof.get("frozen") or {})
        if frozen:
            told = f"{len(frozen)} refunds and corrections of closed months"
            self.statements.append(f"{told} are not recomputed: they go where the closed month's money went")
        sums = {at: _sum(parts.values()) for at, parts in follower.cells.items() if at not in frozen}
        chosen = sample.of(sums)
        self._count("charge_cells", len(chosen), len(follower.cells))
        expected = {(*at, pool, *end): money for at in chosen for (pool, end), money in follower.landed(at).items()}
        names = (*_FOLLOW, "Pool", *_END)
        found = added(allocation.chosen(names, (FOLLOW,), chosen))
        if sample.everything:
            every = added(allocation.rows(names, (FOLLOW,)))
            found = {key: money for key, money in every.items() if key[:5] not in frozen}
        return _compared("recomputed charges that follow == allocation", found, expected, _follow_named)

    def _spreads(self, known: Gathered, pools: Pools, allocation: Allocation, unknown: Collection[str]) -> Spreads:
        """What pools gave is taken from the published rows where only days of it were recomputed."""
        through = known.month.through
        given: Iterable[tuple[Row, Money]]
        if self._pooled is None:
            given = allocation.sums(("Pool", "Customer", "Class"), _NOT_POOLS, without=True, through=through)
        else:
            given = (((key[0], key[6], key[4]), money) for key, money in self._pooled.items() if key[1] <= through)
        pooled = added((PoolCost(*key), money) for key, money in given)
        idle = _left_idle(known, pools, unknown)
        return Spreads(known.method, known.people, known.month, known.classified, pooled, idle)

    def _ended(self, spreads: Spreads, allocation: Allocation) -> dict[Outcome, dict[Where, int]]:
        """Where pools, idle and untagged ended, before any charge followed."""
        ends = ("Customer", "Bucket", "Function", "Reason")
        pooled: Iterable[tuple[Row, Money]] = allocation.sums(("Pool", *ends), _NOT_POOLS, without=True)
        if self._pooled is not None:
            pooled = (((key[0], *key[6:9], key[11]), money) for key, money in self._pooled.items())
        spread = list(allocation.sums(("Class", "Pool", *ends), SPREAD))
        if self._spread_out is not None:
            own = (((key[3], key[4], *key[6:9], key[11]), money) for key, money in self._spread_out.items())
            spread = [*allocation.sums(("Class", "Pool", *ends), ("tax",)), *own]
        found: dict[Outcome, dict[Where, int]] = {}
        for (pool, *end), money in pooled:
            _take(found, ("pool", pool), end, money)
        for (cls, pool, *end), money in spread:
            if cls in STAGES:
                _take(found, _outcome(cls, pool), end, money)
        # NOTE: of vendor cost the rows do not say whether it was idle or untagged
        for parts in spreads.cells.values():
            for cell, money in parts.items():
                if cell.cls not in STAGES:
                    for at, share in spreads.landed({cell: money}).rounded.items():
                        where = [at.customer, at.bucket, at.function, at.reason]
                        _take(found, _outcome(cell.stage, cell.pool), where, share)
        return found

    def _measure(self, found: Mapping[Row, Money], exact: Mapping[Row, Exact], named: Name) -> None:
        for key, due in exact.items():
            self._distance.take(named(key), found.get(key, NOTHING), due)

    def _count(self, what: str, recomputed: int, of: int) -> None:
        self.record[what] = {"recomputed": recomputed, "of": of}

    def _tell(self, allocation: Allocation) -> None:
        largest = _exact(self._distance.largest)
        self.record |= {"shares": self._distance.shares, "largest_difference": largest}
        counts = {what: self.record[what] for what in ("pool_days", "spread_cells", "charge_cells")}
        told = [f"{count['recomputed']} of {count['of']} {what.replace('_', ' ')}" for what, count in counts.items()]
        told[0] = told[0].replace("pool days", "pool-days")
        self.statements.append(
            f"recomputed in fractions: {', '.join(told)}; largest difference from an exact share {largest}"
        )
        if allocation.adjusted:
            told_of = "adjustments of closed months are tied to the ledger, their shares are not recomputed"
            self.statements.append(told_of)


def _costs(known: Gathered) -> Costs:
    through = known.month.through
    return Costs(direct_cost(known.classified, through), development_cost(known.classified, through))


def _left_idle(known: Gathered, pools: Pools, unknown: Collection[str]) -> list[tuple[PoolCell, Money]]:
    """What pools leave idle, by cell.

    ``unknown`` are pools that are not recomputed.
    """
    cells = [pair for parts in pool_cells(known.classified).values() for pair in parts.items()]
    return [
        (cell, left)
        for cell, money in cells
        if cell.pool not in unknown and (left := pools.idle_of(cell, money)) != NOTHING
    ]


def _take(found: dict[Outcome, dict[Where, int]], outcome: Outcome, end: Sequence[str], money: Money) -> None:
    sums = found.setdefault(outcome, {})
    where = (end[0], end[1], end[2], end[3])
    sums[where] = sums.get(where, 0) + money.effective


def _outcome(stage: str, pool: str) -> Outcome:
    return ("pool", pool) if stage == "idle" and pool else (stage,)


def _classes(classified: Classified) -> Iterator[tuple[Row, Money]]:
    for (place, placement), money in classified.items():
        where = (place.source, place.provider, place.billing, place.sub, place.service, place.day, place.kind)
        yield (*where, class_of(place, placement), placement.pool, placement.reason, place.currency), money


def _own(known: Gathered) -> Iterator[tuple[Row, Money]]:
    for (place, placement), money in known.classified.items():
        if placement.step not in _OWN_STEPS:
            continue
        bucket, function = placement.step, placement.function
        if placement.step == "direct":
            inside = known.people.internal(placement.customer, place.day)
            bucket, function = ("opex", "rnd") if inside else ("customer", "")
        what = (place.day, placement.customer, bucket, class_of(place, placement), place.kind, place.group)
        where = (place.source, place.provider, place.billing, place.sub, place.service, place.currency)
        yield (*what, function, placement.reason, *where), money


def _compared(name: str, found: Mapping[Row, Money], expected: Mapping[Row, Money], named: Name) -> Check:
    """Published rows against recomputed ones; a row of no money is none."""
    differ = [key for key in {**found, **expected} if found.get(key, NOTHING) != expected.get(key, NOTHING)]
    differ.sort(key=str)
    shown = [f"{named(key)}: {_apart(found.get(key, NOTHING), expected.get(key, NOTHING))}" for key in differ[:_NAMED]]
    counts = [str(sum(money != NOTHING for money in side.values())) for side in (found, expected)]
    return Check(name, counts[0], counts[1], str(len(differ)), not differ, "; ".join(shown))


def _apart(found: Money, expected: Money) -> str:
    metric, at = ("EffectiveCost", 1) if found.effective != expected.effective else ("BilledCost", 0)
    return f"{metric} expected {_amount(expected[at])}, found {_amount(found[at])}"


def _amount(units: int) -> str:
    return plain(Decimal(units).scaleb(-24))


def _exact(units: Fraction) -> str:
    return brief(_SHOWN.divide(Decimal(units.numerator), Decimal(units.denominator)).scaleb(-24))


def _sum(parts: Collection[Money]) -> Money:
    return Money(sum(part.billed for part in parts), sum(part.effective for part in parts))


def _ended_at(end: Row) -> str:
    found = End(*end)
    told = [found.customer, found.bucket, found.method, found.fallback and f"fallback {found.fallback}", found.reason]
    return ", ".join(text for text in told if text)


def _pool_named(key: Row) -> str:
    return f"pool {key[0]}, {key[1]}, {key[2]}, {_ended_at(key[6:])}"


def _spread_named(key: Row) -> str:
    pool = f" of pool {key[4]}" if key[4] else ""
    return f"{key[3]}{pool}, {key[0]}, {key[1]}, {_ended_at(key[6:])}"


def _follow_named(key: Row) -> str:
    pool = f" by way of pool {key[5]}" if key[5] else ""
    return f"{key[1]}{pool}, {key[0]}, {_ended_at(key[6:])}"


def _class_named(key: Row) -> str:
    return ", ".join(str(part) for part in key if part)


def _own_named(key: Row) -> str:
    return ", ".join(str(part) for part in key if part)
