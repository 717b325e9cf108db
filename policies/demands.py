"""Which keys a resource has to carry, how strictly, and whether an exemption covers it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from operator import attrgetter
from typing import NamedTuple

from policies.resource import Resource
from policies.resource_match import ENVIRONMENT
from policies.ruleset import KeyRule, Ruleset, Strictness, Waiver
from policies.tag_check import TagCheck


class Demand(NamedTuple):
    """One key that a resource has to carry, and how strictly.

    ``label``: the check of Google's labels. ``waiver``: the exemption that holds; ``lapsed``: the one that would, had
    it not ended.
    """

    key: str
    plain: TagCheck
    label: TagCheck
    strictness: Strictness
    waiver: Waiver | None
    lapsed: Waiver | None


class Demands:
    """The demands on a day. Resources that are equal in all that the policy's matches look at are treated alike."""

    def __init__(self, ruleset: Ruleset, today: date) -> None:
        self._ruleset = ruleset
        self._today = today
        self._checks: list[tuple[KeyRule, TagCheck, TagCheck]] = [
            (rule, self._check(rule, label=False), self._check(rule, label=True)) for rule in ruleset.keys
        ]
        fields = sorted(ruleset.asked - {ENVIRONMENT, "address"})
        self._asked = attrgetter(*fields) if fields else None
        self._spelled: dict[tuple[str, ...], tuple[str, ...]] = {}
        self._demanded: dict[tuple[object, str, tuple[bool, ...]], tuple[Demand, ...]] = {}

    def _check(self, rule: KeyRule, *, label: bool) -> TagCheck:
        return TagCheck(rule.key, rule.values, self._today, label=label)

    def of(self, resource: Resource) -> tuple[Demand, ...]:
        """One demand for each key that is asked of the resource, in the order of policy.yaml."""
        if self._ruleset.asks_account and not resource.account and self._ruleset.account:
            resource = replace(resource, account=self._ruleset.account)
        environment = self._environment(resource) if self._ruleset.asks_environment else ""
        addressed = tuple([condition.holds(resource.address) for condition in self._ruleset.addresses])
        alike = (self._asked(resource) if self._asked is not None else None, environment, addressed)
        found = self._demanded.get(alike)
        if found is None:
            found = self._demanded[alike] = tuple(self._demand_each(resource, environment))
        return found

    def _demand_each(self, resource: Resource, environment: str) -> Iterator[Demand]:
        for rule, plain, label in self._checks:
            strictness = rule.strictness(resource, environment, self._today)
            if strictness is not None:
                matching = [
                    waiver
                    for waiver in self._ruleset.waivers
                    if rule.name in waiver.keys and waiver.holds(resource, environment)
                ]
                waiver = next((each for each in matching if not each.ended(self._today)), None)
                lapsed = next(iter(matching), None) if waiver is None else None
                yield Demand(rule.name, plain, label, strictness, waiver, lapsed)

    def _environment(self, resource: Resource) -> str:
        """Given for the run, or as the resource's own tags say; empty where they do not."""
        if self._ruleset.environment is not None:
            return self._ruleset.environment
        for carrier in resource.carriers:
            known = carrier.tags.known if not carrier.part else {}
            for key in self._environment_keys(tuple(known)):
                if value := known[key]:
                    return value
        return ""

    def _environment_keys(self, delivered: tuple[str, ...]) -> tuple[str, ...]:
        """Those of a set's keys that name its environment: of each key, the exact spelling first."""
        found = self._spelled.get(delivered)
        if found is None:
            named = [
                raw
                for key in self._ruleset.environment_keys
                for raw in sorted(delivered, key=lambda raw: (raw != key.canonical, raw))
                if key.names(raw)
            ]
            found = self._spelled[delivered] = tuple(dict.fromkeys(named))
        return found
