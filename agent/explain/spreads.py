"""Idle and untagged money: what was spread, over which base, and what of it fell on whom we explain."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from agent.config.allocation import Spread
from agent.explain import amounts
from agent.explain.pools import ClassKey, class_of, fraction
from agent.explain.recomputing import Recomputed, Row
from agent.explain.records import Asked, Check, Fact, Part, ratio_percent
from agent.explain.tracing import Tracer
from agent.explain.weights import Weights
from agent.explain.who import Who

_BASE_PLACES = 6
_USED = "what that pool's customers used"
_BASES = {"attributed": "direct and shared cost", "direct": "direct cost", "pool": "direct and shared cost"}
_MARK = "\x01"


@dataclass(frozen=True, slots=True)
class Group:
    """Cells that were spread alike."""

    stage: str
    pool: str
    scope: str
    method: str
    weight_set: int


class Spreads:
    """Everything idle and untagged that fell on one customer or reason."""

    def __init__(self, month: Recomputed, asked: Asked, tracer: Tracer, who: Who) -> None:
        self._month = month
        self._asked = asked
        self._tracer = tracer
        self._who = who
        self.checks: list[Check] = []
        month.make("spread_leaf", "40_spread_leaf")
        self._leaves: dict[tuple[ClassKey, Group], list[Row]] = defaultdict(list)
        for row in month.rows("select * from spread_leaf order by Stage, Pool, Scope, ChargeDate, Kind, CellId"):
            group = Group(row["Stage"], row["Pool"], row["Scope"], row["Method"], row["WeightSet"])
            self._leaves[class_of(row), group].append(row)
        sets = {group.weight_set for _, group in self._leaves if group.weight_set >= 0}
        self._weights = Weights(month, "spread_weight", [(known, who.key) for known in sets])

    def of_class(self, key: ClassKey) -> list[Part]:
        """A part for each pool's idle, and for what belongs to no pool; by scope where the setting has one."""
        return [self._group(key, group, rows) for (cls, group), rows in self._leaves.items() if cls == key]

    def _group(self, key: ClassKey, group: Group, rows: Sequence[Row]) -> Part:
        units = sum(row[self._asked.units] for row in rows)
        setting = self._month.facts.rules.idle if group.stage == "idle" else self._month.facts.rules.untagged
        facts: dict[str, Fact] = {"stage": group.stage, "method": group.method, "scope": setting.scope}
        facts |= {"base": setting.base, "pool": group.pool}
        if group.weight_set < 0:
            told = self._rated(setting)
            return Part("spread", f"{group.stage} at a standard rate", units, told, facts)
        split = sum(row[f"Split{self._asked.units}"] for row in rows)
        weight = self._weights[group.weight_set, self._who.key]
        by_hand = sum(weight.share(row[f"Split{self._asked.units}"]) for row in rows)
        name = _name(group)
        self.checks.append(Check(f"{name}: {len(rows)} shares computed by hand", units, by_hand))
        money = amounts.money(split, exact=self._asked.exact)
        told = (f"{amounts.percent(units, split)} of {money} ({group.method})",)
        if group.method == "pro_rata":
            own, total = (amounts.quantity(value, _BASE_PLACES) for value in (weight.own, weight.total))
            what = self._base(group, setting)
            told = (*told, f"base: {own} of {total} ({amounts.percent(weight.own, weight.total)}), {what}")
        facts |= {
            "ratio": fraction(weight.own, weight.total),
            "percent": ratio_percent(units, split),
            "weight": str(weight.own),
            "before": str(weight.fitted[1]),
            "W": str(weight.fitted[2]),
            "divisor": str(weight.divisor),
        }
        return Part("spread", name, units, told, facts, self._days(rows), self._whole(key, group, split))

    def _base(self, group: Group, setting: Spread) -> str:
        step = self._steps[group.weight_set]
        if step == 1:
            return _USED
        what = f"{_BASES[setting.base]}, no less than 0"
        if step == 2:
            return f"{what}, in {group.scope.replace(_MARK, ', ')}"
        widened = " (the scope has none)" if group.scope else ""
        facts = self._month.facts
        over = "of the whole month" if facts.day >= facts.period.last_day else f"through {facts.day}"
        return f"{what}, {over}{widened}"

    @cached_property
    def _steps(self) -> Mapping[int, int]:
        rows = self._month.rows("select distinct WeightSet, Step from spread_weight")
        return {row["WeightSet"]: row["Step"] for row in rows}

    def _rated(self, setting: Spread) -> tuple[str, ...]:
        if self._who.reason:
            return ("what the standard rate leaves over (under-recovery), or takes too much (over-recovery)",)
        return (f"standard rate {setting.rate or 0:f} x direct cost, no less than 0, cut to units",)

    def _days(self, rows: Sequence[Row]) -> tuple[Part, ...]:
        asked = self._asked.day
        if asked is None:
            return ()
        by_day: dict[date, int] = defaultdict(int)
        for row in rows:
            by_day[row["ChargeDate"]] += row[self._asked.units]
        others = [units for day, units in by_day.items() if day != asked]
        shown = [Part("day", str(day), units, facts={"day": str(day)}) for day, units in by_day.items() if day == asked]
        if not others:
            return tuple(shown)
        name = "1 other day" if len(others) == 1 else f"{len(others)} other days"
        return (*shown, Part("others", name, sum(others), facts={"of": "day", "count": len(others)}))

    def _whole(self, key: ClassKey, group: Group, split: int) -> Part:
        cls, cost_group = key
        scope = self._month.facts.rules.idle.scope if group.stage == "idle" else self._month.facts.rules.untagged.scope
        provider, _, account = group.scope.partition(_MARK)
        made_of = self._tracer.composition(
            resources=self._asked.rows,
            Placement=group.stage,
            Class=cls,
            CostGroup=cost_group or None,
            Pool=group.pool,
            ProviderName=provider if group.scope and scope in ("provider", "account") else None,
            SubAccountId=account if group.scope and scope == "account" else None,
        )
        rest = split - sum(part.units for part in made_of)
        if rest:
            unused = Part("unused", f"unused capacity of pool {group.pool}", rest, facts={"pool": group.pool})
            made_of = (*made_of, unused)
        return Part("whole", f"all of {_name(group)}", split, parts=made_of)


def _name(group: Group) -> str:
    what = f"{group.stage} of pool {group.pool}" if group.pool else group.stage
    if group.stage == "idle" and not group.pool:
        what = "unused commitments and capacity"
    return f"{what} in {group.scope.replace(_MARK, ', ')}" if group.scope else what
