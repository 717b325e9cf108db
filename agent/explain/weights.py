"""Weights as they stood when something was split: one consumer's, all before it, the total; and the share by hand.

``share = idiv(U*(before+own), W) - idiv(U*before, W)``, for the coarse (1e-12) and the fine part of U, consumers in
bytewise order, as ALLOCATION 2 writes it. Computed here in Python's integers, apart from the engine.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import pyarrow as pa

from agent.explain.recomputing import Recomputed
from agent.money import COARSE, MAX_TOTAL_WEIGHT, coarsen, idiv


@dataclass(frozen=True, slots=True)
class Weight:
    """One consumer's place in a set of weights."""

    own: int
    before: int
    """Sum of the weights of all consumers before it in bytewise order."""
    total: int
    consumers: int
    idle: int = 0
    """The part of ``total`` that nobody used of a capacity."""
    divisor: int = 1
    """Weights were divided by this so that their total stays below 1e14."""
    fitted: tuple[int, int, int] = (0, 0, 0)
    """own, before and total after the division: what the split used."""

    def share(self, units: int) -> int:
        """What falls on the consumer of ``units``."""
        own, before, total = self.fitted
        coarse = idiv(units, COARSE)
        fine = units - coarse * COARSE

        def upto(cumulative: int) -> int:
            return idiv(coarse * cumulative, total) * COARSE + idiv(fine * cumulative, total)

        return upto(before + own) - upto(before)


class Weights:
    """Places of consumers in a table of (WeightSet, Key, Weight), by (set, key)."""

    def __init__(self, month: Recomputed, table: str, places: Iterable[tuple[int, str]]) -> None:
        self._month = month
        self._table = table
        self._found = self._fetch(sorted(set(places)))

    def __getitem__(self, place: tuple[int, str]) -> Weight:
        return self._found[place]

    def __contains__(self, place: tuple[int, str]) -> bool:
        return place in self._found

    def _fetch(self, places: list[tuple[int, str]]) -> dict[tuple[int, str], Weight]:
        sets, keys = [known for known, _ in places], [key for _, key in places]
        columns = {"WeightSet": pa.array(sets, pa.int64()), "Key": pa.array(keys, pa.string())}
        self._month.engine.load("sought_weight", pa.table(columns))
        found = self._month.rows(
            "select q.WeightSet as WeightSet, q.Key as Key, sum(w.Weight) as Total, count(*) as Consumers, "
            "sum(case when w.Key < q.Key then w.Weight else 0 end) as Upto, "
            "sum(case when w.Key = q.Key then w.Weight else 0 end) as Own, "
            "sum(case when w.Key = '@idle' then w.Weight else 0 end) as Idle "
            f"from sought_weight as q inner join {self._table} as w on w.WeightSet = q.WeightSet and w.Weight > 0 "
            "group by q.WeightSet, q.Key"
        )
        weights = {
            (row["WeightSet"], row["Key"]): _plain(
                Weight(row["Own"], row["Upto"], row["Total"], row["Consumers"], row["Idle"])
            )
            for row in found
        }
        large = [place for place, weight in weights.items() if weight.total >= MAX_TOTAL_WEIGHT]
        return weights | {place: self._fitted(place, weights[place]) for place in large}

    def _fitted(self, place: tuple[int, str], weight: Weight) -> Weight:
        """NOTE: the bound is met by the sum of the divided weights, so each of them is needed."""
        weight_set, own_key = place
        rows = self._month.rows(f"select Key, Weight from {self._table} where WeightSet = {weight_set} and Weight > 0")
        cut = coarsen([row["Weight"] for row in rows])
        divisor = 1
        while sum(row["Weight"] // divisor for row in rows) >= MAX_TOTAL_WEIGHT:
            divisor *= 10
        by_key = [(row["Key"], value) for row, value in zip(rows, cut, strict=True)]
        own = sum(value for key, value in by_key if key == own_key)
        before = sum(value for key, value in by_key if key.encode() < own_key.encode())
        return replace(weight, divisor=divisor, fitted=(own, before, sum(cut)))


def _plain(weight: Weight) -> Weight:
    return replace(weight, fitted=(weight.own, weight.before, weight.total))
