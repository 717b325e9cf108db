"""Weights of pools in words: what was measured, and why a day had to fall back."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from agent.allocation.quantities import scales
from agent.explain import amounts
from agent.explain.recomputing import Recomputed, Row
from agent.explain.weights import Weight, Weights
from agent.explain.who import Who

FALLBACKS = {
    "period": "by the quantities of the month's valid days (fallback: period)",
    "even": "in equal parts (fallback: even)",
    "unallocated": "unallocated (fallback: unallocated)",
}
_COST_PLACES = 6
"""Direct cost is a weight in 1e-6 of the currency."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """One cell of a pool, or of one driver of its blend, that was split, and what of it fell on whom we explain."""

    pool: str
    part: str
    day: date
    end: date
    kind: str
    method: str
    fallback: str
    weight_set: int
    component: str
    driver: str
    split: int
    units: int

    @property
    def one_day(self) -> bool:
        return (self.end - self.day).days <= 1


class Measures:
    """The weights that one consumer had in pools."""

    def __init__(self, month: Recomputed, who: Who, sets: Iterable[int]) -> None:
        self._month = month
        self._key = who.key
        places = [(known, who.key) for known in sets]
        self._weights = Weights(month, "consumer_weight", places)
        solved = {row["WeightSet"] for row in month.rows("select distinct WeightSet from solved_weight")}
        self._measured_in_network = Weights(month, "pool_weight", [place for place in places if place[0] in solved])

    def weight(self, leaf: Leaf) -> Weight:
        """What a leaf was split by: measured, or solved of a network of pools."""
        return self._weights[leaf.weight_set, self._key]

    def solved(self, leaf: Leaf) -> bool:
        """Whether the weights were solved of pools that serve each other."""
        return (leaf.weight_set, self._key) in self._measured_in_network

    def _own(self, leaf: Leaf) -> Weight:
        """What was measured of the pool itself, before other pools passed anything on."""
        return self._measured_in_network[leaf.weight_set, self._key] if self.solved(leaf) else self.weight(leaf)

    def quantities(self, leaves: Sequence[Leaf]) -> list[str]:
        """What was measured, over the days that were split by their own weights: each set of weights once."""
        sums: dict[tuple[str, str], dict[int, Leaf]] = defaultdict(dict)
        for leaf in leaves:
            if not leaf.fallback:
                sums[leaf.method, leaf.driver][leaf.weight_set] = leaf
        told = []
        for (method, driver), by_set in sums.items():
            weights = [self._own(leaf) for leaf in by_set.values()]
            if method == "usage":
                own, total = sum(w.own for w in weights), sum(w.total for w in weights)
                over = f"over {amounts.days(len({leaf.day for leaf in by_set.values()}))}"
                idle = sum(w.idle for w in weights)
                told.append(self._measured(driver, own, total, idle, over))
            elif method == "even":
                own, total = sum(w.own for w in weights), sum(w.total for w in weights)
                ratio = amounts.percent(own, total)
                told.append(f"{own:,} of {total:,} days on which customers were active ({ratio})")
            else:
                told.append(self._weighed(next(iter(by_set.values())), weights[0]))
        passed = dict.fromkeys(pool for leaf in leaves if self.solved(leaf) for pool in self._consumer_pools(leaf))
        if passed:
            told.append(f"passed on by the pools that use it, solved of each day: {amounts.listed(list(passed))}")
        return told

    def _consumer_pools(self, leaf: Leaf) -> Mapping[str, str]:
        """Pools that use this one on a day, and the share of each."""
        return {
            row["Consumer"]: f"{row['Numerator']}/{row['Denominator']}"
            for row in self._network.get((leaf.pool, leaf.day, leaf.end), ())
        }

    @cached_property
    def _network(self) -> Mapping[tuple[str, date, date], Sequence[Row]]:
        found: dict[tuple[str, date, date], list[Row]] = defaultdict(list)
        for row in self._month.rows("select * from network_share order by Pool, ChargeDate, SpanEnd, Consumer"):
            found[row["Pool"], row["ChargeDate"], row["SpanEnd"]].append(row)
        return found

    def _measured(self, driver: str, own: int, total: int, idle: int, over: str) -> str:
        digits = self._digits[driver]
        unused = f", {amounts.quantity(idle, digits)} of it unused capacity" if idle else ""
        return (
            f"{driver} {amounts.quantity(own, digits)} of {amounts.quantity(total, digits)}{unused} "
            f"({amounts.percent(own, total)}) {over}"
        ).rstrip()

    def _weighed(self, leaf: Leaf, weight: Weight) -> str:
        """What the weight of one set means, in words."""
        ratio = amounts.percent(weight.own, weight.total)
        match leaf.fallback or leaf.method:
            case "even" if leaf.one_day:
                return f"one of {weight.consumers} active that day ({ratio})"
            case "even":
                return f"{weight.own:,} of {weight.total:,} days on which customers were active ({ratio})"
            case "usage":
                return self._measured(leaf.driver, weight.own, weight.total, weight.idle, "")
            case "period":
                return self._measured(leaf.driver, weight.own, weight.total, weight.idle, "over the month's valid days")
            case "cost":
                own, total = (amounts.quantity(value, _COST_PLACES) for value in (weight.own, weight.total))
                facts = self._month.facts
                over = "of the month" if facts.day >= facts.period.last_day else f"through {facts.day}"
                what = "development's cost" if self._key == "@opex" else "direct cost"
                return f"{what} {over} {own} of {total} ({ratio}), the same ratio every day"
        return f"weight {weight.own:,} of {weight.total:,} ({ratio})"

    @cached_property
    def _digits(self) -> Mapping[str, int]:
        return scales(self._month.facts.drivers, self._month.facts.rules.pools).digits

    def reasons(self, leaf: Leaf) -> list[str]:
        """The weight of a day, and why it fell back where it did."""
        part = f"{leaf.part}: " if leaf.part else ""
        told = [part + self._weighed(leaf, self._own(leaf))]
        if self.solved(leaf):
            weight = self.weight(leaf)
            pools = (f"{pool} uses {share} of it" for pool, share in self._consumer_pools(leaf).items())
            ratio = amounts.percent(weight.own, weight.total)
            told.append(f"{part}solved with the pools that serve each other ({', '.join(pools)}): {ratio} in the end")
        if leaf.fallback:
            told.append(f"{part}{self._why(leaf)}: {FALLBACKS.get(leaf.fallback, leaf.fallback)}")
        return told

    def _why(self, leaf: Leaf) -> str:
        """Why a day has no weights of its own."""
        if leaf.method != "usage":
            return "nobody has a weight"
        if not leaf.one_day:
            return f"{leaf.driver} has no valid day from {leaf.day} on"
        return f"{leaf.driver} {self._fault(leaf)}"

    def _fault(self, leaf: Leaf) -> str:
        found = self._driver_days.get((leaf.driver, leaf.day))
        if found is None:
            return f"has no row of {leaf.day}"
        if found["Least"] < 0:
            return f"has a negative quantity on {leaf.day}"
        if found["Total"] == 0:
            return f"is all zero on {leaf.day}"
        thin = f"covers less than 90 % of {leaf.day}"
        return f"{thin}, or has no row of this part" if leaf.part else thin

    @cached_property
    def _driver_days(self) -> dict[tuple[str, date], Row]:
        rows = self._month.rows(
            "select Driver, Day, sum(Quantity) as Total, min(Quantity) as Least from usage_row group by Driver, Day"
        )
        return {(row["Driver"], row["Day"]): row for row in rows}
