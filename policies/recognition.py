"""The one place that says which customer, environment and pool a charge belongs to.

In: the distinct keys of a bill as columns, its tag sets, the registry and the rules. Out: columns of equal length
that SQL joins back. No row of the bill passes through Python.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, cast

from policies.answers import Answer, Outcome, customer_judge, environment_judge
from policies.columns import Subjects, Table, looked_up
from policies.environments import EnvironmentRules
from policies.policy import PolicyFile, TagKeys
from policies.pool_masks import OPEN_KINDS, PoolMasks, first, pairs
from policies.registry import Registry
from policies.rule_list import RuleList, TagFinding
from policies.rules import Match, Rule
from policies.tag_sets import Cut, TagSets
from policies.tags import fold_value

__all__ = ["EnvironmentRules", "Recogniser", "Recognition", "Subjects", "TagFinding"]


@dataclass(frozen=True, slots=True)
class Recognition:
    """What was recognised, as columns in the order of the subjects."""

    customer: list[str | None]
    """The first customer rule that yields a registry id; for kinds that account maps never see, ``own_customer``."""
    own_customer: list[str | None]
    """The same by tag and name rules alone: what a charge itself says."""
    reason: list[str | None]
    """Without a customer: ``unknown-customer:<value>``, ``conflicting-tags``, ``shared-value`` or ``no-tag``."""
    hint: list[str | None]
    """The nearest registry id to an unknown value."""
    shared_value: list[bool]
    """The tag carries one of ``shared_values``: compliant, and for the pools."""
    environment: list[str | None]
    """The value as found, for any kind of row; the caller knows which kinds take an environment."""
    side: list[str | None]
    """``cogs``, ``opex``, or None: no rule found a known value."""
    function: list[str | None]
    """``rnd``, ``sm`` or ``ga`` where the side is opex."""
    pool: list[int | None]
    """The first pool whose match holds, by its place in the list."""


class _Owner(NamedTuple):
    customer: str | None
    reason: str | None
    hint: str | None
    shared: bool


class _Environment(NamedTuple):
    value: str | None
    side: str | None
    function: str | None


class Recogniser:
    """Resolves rules over distinct keys. Build one per run: it remembers what it has seen."""

    def __init__(
        self,
        *,
        policy: PolicyFile,
        registry: Registry,
        customer: Sequence[Rule],
        shared_values: Sequence[str],
        environment: EnvironmentRules,
        pools: Sequence[Match],
        tag_sets: Mapping[str, Mapping[str, str]],
        parts: Sequence[str] = (),
    ) -> None:
        """``parts``: tags whose values pools are split by first, for :meth:`tag_values`."""
        keys = TagKeys(policy)
        self._hints: Table[str, str | None] = Table(registry.nearest)
        self._customers = RuleList(customer, keys, customer_judge(registry, shared_values))
        self._environments = RuleList(environment.rules, keys, environment_judge(environment.booked()))
        self._pools = PoolMasks(pools, keys)
        self._parts = {key: keys.resolve(key) for key in parts}
        named = (*self._customers.keys, *self._environments.keys, *self._pools.keys, *self._parts.values())
        self._tags = TagSets(tag_sets, named)
        self.needs_resource: bool = any(rule.name is not None for rule in (*customer, *environment.rules)) or any(
            match.resource is not None for match in pools
        )
        """Whether a rule or match looks at the resource, so that distinct keys must carry it."""

    def recognise(self, subjects: Subjects) -> Recognition:
        """All columns at once. ``KeyError`` for a tag set id that was not given."""
        cuts = [self._tags.cuts[tagset] for tagset in subjects.tagset_id]
        owner_of: Table[int, _Owner] = Table(lambda code: self._owner(self._customers.answer(code)))
        own = self._customers.own(subjects, cuts, self._tags)
        by_all = self._customers.mapped(subjects, own)
        codes = [
            full if kind in OPEN_KINDS else alone for kind, full, alone in zip(subjects.kind, by_all, own, strict=True)
        ]
        said = looked_up(codes, owner_of)
        found = self._found_environments(subjects, cuts)
        first_pool: Table[int, int | None] = Table(first)
        return Recognition(
            customer=[owner.customer for owner in said],
            own_customer=[owner.customer for owner in looked_up(own, owner_of)],
            reason=[owner.reason for owner in said],
            hint=[owner.hint for owner in said],
            shared_value=[owner.shared for owner in said],
            environment=[environment.value for environment in found],
            side=[environment.side for environment in found],
            function=[environment.function for environment in found],
            pool=[first_pool[mask] for mask in self._pools.over(subjects, cuts, self._tags)],
        )

    def _found_environments(self, subjects: Subjects, cuts: Sequence[Cut]) -> list[_Environment]:
        codes = self._environments.mapped(subjects, self._environments.own(subjects, cuts, self._tags))
        return looked_up(codes, Table[int, _Environment](lambda code: _environment(self._environments.answer(code))))

    def overlaps(self, subjects: Subjects) -> list[tuple[int, int]]:
        """Pairs of pools that both match some subject, the one listed first winning it."""
        return sorted({pair for mask in set(self.pool_masks(subjects)) for pair in pairs(mask)})

    def pool_masks(self, subjects: Subjects) -> list[int]:
        """The pools that match each subject, as bits: bit ``i`` is pool ``i``, the lowest is the one that takes it."""
        return self._pools.over(subjects, [self._tags.cuts[tagset] for tagset in subjects.tagset_id], self._tags)

    def tag_values(self, key: str, subjects: Subjects) -> list[str | None]:
        """The folded value of the tag ``key``, one of ``parts``, on each subject.

        None where it carries none, or spellings of the key that disagree. ``KeyError`` for a key not among ``parts``.
        """
        places = self._tags.positions(self._parts[key])

        def value(cut: Cut) -> str | None:
            held = {fold_value(text) for place in places if (text := cut[place]) is not None} - {""}
            return held.pop() if len(held) == 1 else None

        return looked_up([self._tags.cuts[tagset] for tagset in subjects.tagset_id], Table[Cut, str | None](value))

    @cached_property
    def findings(self) -> tuple[TagFinding, ...]:
        """Tag sets that are written otherwise than the policy wants, or contradict themselves."""
        found = {**dict.fromkeys(self._customers.findings(self._tags))}
        found.update(dict.fromkeys(self._environments.findings(self._tags)))
        return tuple(found)

    def _owner(self, answer: Answer) -> _Owner:
        text = answer.text or ""
        match answer.outcome:
            case Outcome.KNOWN:
                return _Owner(cast("str", answer.meaning), None, None, shared=False)
            case Outcome.SHARED:
                return _Owner(None, "shared-value", None, shared=True)
            case Outcome.UNKNOWN:
                return _Owner(None, f"unknown-customer:{text}", self._hints[text], shared=False)
            case Outcome.CONFLICT:
                return _Owner(None, "conflicting-tags", None, shared=False)
        return _Owner(None, "no-tag", None, shared=False)


def _environment(answer: Answer) -> _Environment:
    if answer.outcome is not Outcome.KNOWN:
        return _Environment(None, None, None)
    side, function = cast("tuple[str, str | None]", answer.meaning)
    return _Environment(answer.text, side, function)
