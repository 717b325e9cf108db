"""A customer's share of shared pools: by pool, day and driver, down to the integers of the split."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from functools import cached_property
from math import gcd

from agent.config.allocation import Pool
from agent.explain import amounts
from agent.explain.measures import FALLBACKS, Leaf, Measures
from agent.explain.recomputing import Recomputed, Row
from agent.explain.records import Asked, Check, Fact, Part, ratio_percent
from agent.explain.tracing import Tracer
from agent.explain.who import Who
from agent.money import text_from_units

_METHODS = {"even": "equal parts", "fixed": "fixed percentages", "cost": "direct cost", "sampled": "sampled ratios"}
ClassKey = tuple[str, str]
"""(class, cost group); the cost group tells apart vendors only."""


class PoolShares:
    """Everything the pools gave to one customer or reason."""

    def __init__(self, month: Recomputed, asked: Asked, tracer: Tracer, who: Who) -> None:
        self._month = month
        self._asked = asked
        self._tracer = tracer
        self._pools = {pool.name: pool for pool in month.facts.rules.pools}
        self.checks: list[Check] = []
        """Every share computed anew by hand."""
        month.make("pool_leaf", "30_pool_leaf")
        rows = month.rows("select * from pool_leaf order by Pool, ChargeDate, SpanEnd, Kind, Part, Component")
        self._leaves: dict[tuple[ClassKey, str], list[Leaf]] = defaultdict(list)
        for row in rows:
            self._leaves[class_of(row), row["Pool"]].append(_leaf(row, asked))
        self._measures = Measures(month, who, [row["WeightSet"] for row in rows])

    def of_class(self, key: ClassKey) -> list[Part]:
        """One part a pool, in the order of the configuration."""
        order = {name: place for place, name in enumerate(self._pools)}
        named = sorted((name for cls, name in self._leaves if cls == key), key=lambda name: order[name])
        return [self._pool(key, self._pools[name]) for name in named]

    def _pool(self, key: ClassKey, pool: Pool) -> Part:
        leaves = self._leaves[key, pool.name]
        units = sum(leaf.units for leaf in leaves)
        full = self._asked.pool == pool.name
        whole = self._whole(key, pool.name, full=full)
        by_hand = sum(self._measures.weight(leaf).share(leaf.split) for leaf in leaves)
        self.checks.append(Check(f"pool {pool.name}: {len(leaves)} shares computed by hand", units, by_hand))
        money = self._money
        told = [f"{_method(pool)}; {amounts.percent(units, whole.units)} of the pool's {money(whole.units)}"]
        told += self._measures.quantities(leaves)
        told += self._fallbacks(leaves)
        facts: dict[str, Fact] = {
            "pool": pool.name,
            "method": pool.method,
            "drivers": _drivers(pool),
            "ratio": fraction(units, whole.units),
            "percent": ratio_percent(units, whole.units),
        }
        days = self._days(leaves) if full else ()
        return Part("pool", pool.name, units, tuple(told), facts, days, whole)

    def _money(self, units: int) -> str:
        return amounts.money(units, exact=self._asked.exact)

    def _whole(self, key: ClassKey, pool: str, *, full: bool) -> Part:
        cls, group = key
        units = self._pool_days.get((cls, group, pool), {})
        made_of = self._tracer.composition(
            resources=full, day=self._asked.day, Placement="pool", Pool=pool, Class=cls, CostGroup=group or None
        )
        name = f"pool {pool}" + (f" on {self._asked.day}" if full and self._asked.day else "")
        total = sum(units.values())
        if self._asked.day is None:
            return Part("whole", name, total, parts=made_of)
        others = total - sum(part.units for part in made_of)
        rest = Part("others", "other days", others, facts={"of": "day", "count": len(units) - 1})
        return Part("whole", f"pool {pool}", total, parts=(*made_of, rest))

    @cached_property
    def _pool_days(self) -> dict[tuple[str, str, str], dict[date, int]]:
        units = self._asked.units
        rows = self._month.rows(
            f"select Pool, Class, CostGroup, ChargeDate, sum({units}) as Units from pool_cell cross join setting "
            "where ChargeDate <= setting.AsOf group by Pool, Class, CostGroup, ChargeDate"
        )
        found: dict[tuple[str, str, str], dict[date, int]] = defaultdict(lambda: defaultdict(int))
        for row in rows:
            cls, group = class_of(row)
            found[cls, group, row["Pool"]][row["ChargeDate"]] += row["Units"]
        return found

    def _fallbacks(self, leaves: Sequence[Leaf]) -> list[str]:
        found: dict[str, dict[date, int]] = defaultdict(lambda: defaultdict(int))
        for leaf in leaves:
            if leaf.fallback:
                found[leaf.fallback][leaf.day] += leaf.units
        return [
            f"{amounts.days(len(by_day))} without a weight of its own: {self._money(sum(by_day.values()))} "
            f"{FALLBACKS.get(name, name)}"
            for name, by_day in sorted(found.items())
        ]

    def _days(self, leaves: Sequence[Leaf]) -> tuple[Part, ...]:
        by_day: dict[date, list[Leaf]] = defaultdict(list)
        for leaf in leaves:
            by_day[leaf.day].append(leaf)
        asked = self._asked.day
        shown = [self._day(day, found) for day, found in sorted(by_day.items()) if asked is None or day == asked]
        others = [leaf.units for day, found in by_day.items() if asked is not None and day != asked for leaf in found]
        if not others:
            return tuple(shown)
        count = len(by_day) - len(shown)
        name = "1 other day" if count == 1 else f"{count} other days"
        return (*shown, Part("others", name, sum(others), facts={"of": "day", "count": count}))

    def _day(self, day: date, leaves: Sequence[Leaf]) -> Part:
        parts = tuple(self._share(leaf) for leaf in leaves)
        split = sum(leaf.split for leaf in leaves)
        whole = Part("whole", f"split on {day}", split)
        units = sum(leaf.units for leaf in leaves)
        told = [f"{amounts.percent(units, split)} of {self._money(split)}"]
        told += [text for leaf in _distinct(leaves) for text in self._measures.reasons(leaf)]
        facts: dict[str, Fact] = {"day": str(day), "ratio": fraction(units, split)}
        return Part("day", str(day), units, tuple(told), facts, parts, whole)

    def _share(self, leaf: Leaf) -> Part:
        """One cell with every integer that its share was computed from."""
        weight = self._measures.weight(leaf)
        own, before, total = weight.fitted
        told = (
            f"U = {leaf.split} units of 1e-24 ({text_from_units(leaf.split)})",
            f"W = {total}, before {before}, own {own}{_divided(weight.divisor)}",
            f"U = coarse x 1e12 + fine; both as idiv(U x {before + own}, W) - idiv(U x {before}, W): {leaf.units}",
        )
        facts: dict[str, Fact] = {
            "kind": leaf.kind,
            "part": leaf.part,
            "driver": leaf.driver,
            "fallback": leaf.fallback,
            "solved": "yes" if self._measures.solved(leaf) else "",
            "U": str(leaf.split),
            "W": str(total),
            "before": str(before),
            "weight": str(own),
            "divisor": str(weight.divisor),
            "consumers": weight.consumers,
            "share": str(leaf.units),
        }
        name = " ".join(text for text in (leaf.kind, leaf.part, leaf.driver) if text)
        return Part("share", name, leaf.units, tuple(told), facts)


def _distinct(leaves: Sequence[Leaf]) -> list[Leaf]:
    """One leaf for each set of weights."""
    return list({leaf.weight_set: leaf for leaf in leaves}.values())


def _divided(divisor: int) -> str:
    return f" (weights divided by {divisor} to stay below 1e14)" if divisor > 1 else ""


def class_of(row: Row) -> ClassKey:
    """Class, and the cost group where it tells apart."""
    return row["Class"], row["CostGroup"] if row["Class"] == "vendor" else ""


def _leaf(row: Row, asked: Asked) -> Leaf:
    return Leaf(
        row["Pool"],
        row["Part"],
        row["ChargeDate"],
        row["SpanEnd"],
        row["Kind"],
        row["Method"],
        row["Fallback"],
        row["WeightSet"],
        row["Component"],
        row["Driver"],
        row[f"Split{asked.units}"],
        row[asked.units],
    )


def _method(pool: Pool) -> str:
    if pool.drivers:
        blended = ", ".join(f"{blend.weight:f} {blend.driver}" for blend in pool.drivers)
        text = f"blend of drivers ({blended})"
    elif pool.method == "usage":
        text = f"usage by {pool.driver}"
    else:
        text = _METHODS.get(pool.method, pool.method)
    return f"{text}, by {pool.by} first" if pool.by is not None else text


def _drivers(pool: Pool) -> tuple[str, ...]:
    if pool.drivers:
        return tuple(f"{blend.driver} {blend.weight:f}" for blend in pool.drivers)
    return (pool.driver,) if pool.driver else ()


def fraction(part: int, whole: int) -> str:
    """The exact ratio in lowest terms; '' of nothing."""
    if whole == 0:
        return ""
    common = gcd(part, whole)
    sign = -1 if whole < 0 else 1
    return f"{sign * part // common}/{sign * whole // common}"
