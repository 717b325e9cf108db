"""Charges that follow: what they were, the scope whose cost they followed, and the two steps to whom we explain."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cached_property

from agent.explain import amounts
from agent.explain.pools import ClassKey, class_of, fraction
from agent.explain.recomputing import Recomputed, Row
from agent.explain.records import COLUMNS, Asked, Check, Fact, Part, fold, ratio_percent
from agent.explain.tracing import Tracer
from agent.explain.weights import Weights
from agent.explain.who import Who

_MARK = "\x01"
_PLACES = 6
_SCOPES = {
    1: "same account and service",
    2: "same account",
    3: "same invoice, or billing account while there is none",
    4: "same source",
    9: "nothing that it could follow",
}
_PLACE = ("Placement", "Source", "BillingAccountId", "SubAccountId", "ServiceName", "InvoiceId", "FrozenMonth")
_SOUGHT = ("Source", "BillingAccountId", "SubAccountId", "ServiceName", "InvoiceId")


class Follows:
    """Every charge that followed something to one customer or reason."""

    def __init__(self, month: Recomputed, asked: Asked, tracer: Tracer, who: Who) -> None:
        self._month = month
        self._asked = asked
        self._tracer = tracer
        self._who = who
        self.checks: list[Check] = []
        for table, body in (
            ("follow_leaf", "50_follow_leaf"),
            ("follow_own", "51_follow_own"),
            ("landing_leaf", "52_landing_leaf"),
        ):
            month.make(table, body)
        self._own = month.rows("select * from follow_own order by CellId, Outcome")
        self._landed = month.rows("select * from landing_leaf order by CellId, Key")
        self._weights = Weights(month, "follow_weight", [(row["WeightSet"], row["Outcome"]) for row in self._own])
        self._distribution = Weights(month, "distribution", [(row["WeightSet"], row["Key"]) for row in self._landed])

    def of_class(self, key: ClassKey) -> list[Part]:
        """A part for each kind of charge."""
        own, landed = ([row for row in rows if class_of(row) == key] for rows in (self._own, self._landed))
        kinds = sorted({row["Kind"] for row in (*own, *landed)})
        return [
            self._kind(key, kind, *([row for row in rows if row["Kind"] == kind] for rows in (own, landed)))
            for kind in kinds
        ]

    def _kind(self, key: ClassKey, kind: str, own: Sequence[Row], landed: Sequence[Row]) -> Part:
        places: dict[tuple[str, ...], list[Row]] = defaultdict(list)
        for row in own:
            places[tuple(row[name] for name in _PLACE)].append(row)
        parts = [self._place(key, kind, rows) for rows in places.values()]
        targets: dict[str, list[Row]] = defaultdict(list)
        for row in landed:
            targets[row["Outcome"]].append(row)
        parts += [self._target(key, kind, outcome, rows) for outcome, rows in targets.items()]
        units = sum(part.units for part in parts)
        name = f"{kind} that follows"
        if not any(part.units or (part.whole is not None and part.whole.units) for part in parts):
            return Part("charge", name, 0, (f"its {COLUMNS[self._asked.metric]} is 0",), {"kind": kind})
        return Part("charge", name, units, (), {"kind": kind}, fold(parts, self._asked.top))

    def _place(self, key: ClassKey, kind: str, rows: Sequence[Row]) -> Part:
        """Step one: what fell on whom we explain because of their own cost in the scope."""
        first = rows[0]
        units = sum(row[self._asked.units] for row in rows)
        split = sum({row["CellId"]: row[f"Split{self._asked.units}"] for row in rows}.values())
        name = _place_name(first)
        by_hand = sum(
            self._weights[row["WeightSet"], row["Outcome"]].share(row[f"Split{self._asked.units}"]) for row in rows
        )
        self.checks.append(Check(f"{kind} of {name}: shares computed by hand", units, by_hand))
        weight = self._weights[first["WeightSet"], first["Outcome"]]
        scope = self._scope(first)
        whole = self._whole(key, kind, first, split)
        told = (
            f"{amounts.percent(units, split)} of {amounts.money(split, exact=self._asked.exact)}",
            f"follows cost of the {scope}: {_of(weight.own, weight.total)}",
        )
        facts: dict[str, Fact] = {known: first[known] for known in _PLACE if first[known]}
        facts |= {"scope": scope, "ratio": fraction(weight.own, weight.total), "percent": ratio_percent(units, split)}
        return Part("followed", name, units, told, facts, (), whole)

    def _scope(self, row: Row) -> str:
        if row["Placement"] == "commitment":
            return "same commitment"
        step = self._steps[row["WeightSet"]]
        return f"closed month {row['FrozenMonth']}" if step < 0 else _SCOPES[step]

    @cached_property
    def _steps(self) -> Mapping[int, int]:
        rows = self._month.rows("select distinct WeightSet, Step from follow_weight")
        return {row["WeightSet"]: row["Step"] for row in rows}

    def _whole(self, key: ClassKey, kind: str, place: Row, split: int) -> Part:
        cls, group = key
        sought = {name: place[name] for name in _SOUGHT}
        if place["Placement"] == "commitment":
            sought["CommitmentDiscountId"] = place["CommitmentDiscountId"]
        # NOTE: refunds of one place may be about several closed months, and only their days tell them apart
        made_of = (
            self._tracer.composition(
                resources=True,
                Placement=place["Placement"],
                Class=cls,
                CostGroup=group or None,
                Kind=kind,
                **sought,
            )
            if self._asked.rows and not place["FrozenMonth"]
            else ()
        )
        rest = split - sum(part.units for part in made_of) if made_of else 0
        if rest:
            made_of = (*made_of, Part("others", "of closed months", rest, facts={"of": "month", "count": 1}))
        return Part("whole", f"{kind} of {_place_name(place)}", split, parts=made_of)

    def _target(self, key: ClassKey, kind: str, outcome: str, rows: Sequence[Row]) -> Part:
        """Step two: the charge fell on a pool, idle or untagged, and takes that one's distribution."""
        units = sum(row[self._asked.units] for row in rows)
        cells = {row["CellId"]: row[f"Split{self._asked.units}"] for row in rows}
        split = sum(cells.values())
        name = _outcome_name(outcome)
        by_hand = sum(
            self._distribution[row["WeightSet"], row["Key"]].share(row[f"Split{self._asked.units}"]) for row in rows
        )
        self.checks.append(Check(f"{kind} through {name}: shares computed by hand", units, by_hand))
        places = {(row["WeightSet"], row["Key"]) for row in rows}
        own = sum(self._distribution[place].own for place in places)
        total = self._distribution[rows[0]["WeightSet"], rows[0]["Key"]].total
        told = (
            f"{amounts.percent(units, split)} of {amounts.money(split, exact=self._asked.exact)} that fell on {name}",
            f"as {name} ended: {_of(own, total)}",
        )
        facts: dict[str, Fact] = {"through": name, "ratio": fraction(own, total)}
        facts |= {"percent": ratio_percent(units, split)}
        whole = Part("whole", f"{kind} that fell on {name}", split, parts=self._fell(key, kind, outcome))
        return Part("landed", f"through {name}", units, told, facts, (), whole)

    def _fell(self, key: ClassKey, kind: str, outcome: str) -> tuple[Part, ...]:
        """By where the charge stood on the bill."""
        sums: dict[tuple[str, ...], list[Row]] = defaultdict(list)
        for row in self._by_outcome.get(outcome, ()):
            if class_of(row) == key and row["Kind"] == kind:
                sums[tuple(row[name] for name in _PLACE)].append(row)
        parts = [
            Part(
                "followed", _place_name(rows[0]), sum(row["Units"] for row in rows), (), {"scope": self._scope(rows[0])}
            )
            for rows in sums.values()
        ]
        return fold(parts, self._asked.top)

    @cached_property
    def _by_outcome(self) -> Mapping[str, list[Row]]:
        names = ", ".join((*_PLACE, "CommitmentDiscountId", "Kind", "Class", "CostGroup", "WeightSet", "Outcome"))
        rows = self._month.rows(f"select {names}, sum({self._asked.units}) as Units from follow_leaf group by {names}")
        found: dict[str, list[Row]] = defaultdict(list)
        for row in rows:
            found[row["Outcome"]].append(row)
        return found


def _of(own: int, total: int) -> str:
    """Cost as a weight, of all weights."""
    return f"{amounts.quantity(own, _PLACES)} of {amounts.quantity(total, _PLACES)} ({amounts.percent(own, total)})"


def _place_name(row: Row) -> str:
    texts = (row["Source"], row["ServiceName"], row["SubAccountId"] or row["BillingAccountId"], row["InvoiceId"])
    commitment = row["CommitmentDiscountId"] if row["Placement"] == "commitment" else ""
    return ", ".join(text for text in (*texts, commitment) if text)


def _outcome_name(outcome: str) -> str:
    kind, *rest = outcome.split(_MARK)
    return " ".join((kind, ", ".join(rest))) if rest else kind
