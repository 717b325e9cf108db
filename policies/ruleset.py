"""policy.yaml made ready to judge by: matches compiled, keys folded, names resolved."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from policies.condition import Condition
from policies.faults import FaultsError
from policies.finding import FindingMode
from policies.policy import Exemption, Mode, PolicyFile, TagKeys, TagRequirement, Uncertain
from policies.registry import Registry
from policies.resource import Resource
from policies.resource_match import ENVIRONMENT, ResourceMatch, matcher
from policies.source import Document
from policies.tags import TagKey
from policies.value_check import ValueCheck

Holds = Callable[[Resource, str], bool]
_ENVIRONMENT_KEYS = ("env", "environment")


class Strictness(NamedTuple):
    """How strict a key is for a resource on a day.

    ``since``: the day a block begins that is still a warning, else empty. ``unknown``: what becomes of what cannot be
    known, ``None`` for nothing.
    """

    mode: FindingMode
    since: str
    unknown: FindingMode | None


@dataclass(frozen=True, slots=True, eq=False)
class Waiver:
    """An exemption, compiled. ``line`` is where policy.yaml has it, 0 where nobody wrote it.

    Two that say the same are still two.
    """

    exemption: Exemption
    line: int
    keys: frozenset[str]
    holds: Holds

    def ended(self, today: date) -> bool:
        """Whether its last day is over."""
        return date.fromisoformat(self.exemption.until) < today


class KeyRule:
    """One key that policy.yaml asks for."""

    def __init__(self, tag: TagRequirement, policy: PolicyFile, values: ValueCheck) -> None:
        self.name = tag.key
        self.key = TagKey(tag.key, (tag.key, *tag.aliases))
        self.values = values
        self._tag = tag
        self._unknown = tag.unknown or policy.unknown
        self._applies = matcher(tag.match) if tag.match is not None else None
        self._scopes = [(matcher(scope.match), scope) for scope in tag.scopes]

    def strictness(self, resource: Resource, environment: str, today: date) -> Strictness | None:
        """How strict the key is; None where it is not asked for."""
        if self._applies is not None and not self._applies(resource, environment):
            return None
        tag = self._tag
        scope = next((scope for holds, scope in self._scopes if holds(resource, environment)), None)
        if scope is None:
            return _strictness(tag.mode, tag.from_, self._unknown, today)
        day = scope.from_ or (tag.from_ if scope.mode is None else None)
        return _strictness(scope.mode or tag.mode, day, scope.unknown or self._unknown, today)


def _strictness(mode: Mode, day: str | None, unknown: Uncertain, today: date) -> Strictness | None:
    if mode == "off":
        return None
    since = day if mode == "block" and day is not None and today < date.fromisoformat(day) else ""
    settled: FindingMode = "warn" if since else mode
    return Strictness(settled, since, milder(settled, unknown) if unknown != "ignore" else None)


def milder(one: FindingMode, other: FindingMode) -> FindingMode:
    """Block only where both do."""
    return "block" if one == other == "block" else "warn"


class Ruleset:
    """A policy with what it needs to know: the registry, the values that mean everyone, the environment.

    ``environment``: of everything that is checked; None: each resource's own tag says. ``account``: the one that
    everything is deployed to that does not say so itself; empty where it is not known.
    """

    def __init__(
        self,
        policy: PolicyFile,
        registry: Registry | None = None,
        environment: str | None = None,
        *,
        account: str = "",
        shared_values: Iterable[str] = (),
        exemption_lines: Sequence[int] = (),
    ) -> None:
        shared = frozenset(shared_values)
        self.keys = tuple(KeyRule(tag, policy, ValueCheck(tag.values, registry, shared)) for tag in policy.tags)
        self.external: Uncertain = policy.external
        self.rules: dict[str, Mode] = policy.rules.named()
        """Mode of the rules that have one of their own."""
        self.environment = environment
        self.account = account
        names = TagKeys(policy)
        self.environment_keys = tuple(names.resolve(key) for key in _ENVIRONMENT_KEYS)
        lines = exemption_lines or [0] * len(policy.exemptions)
        self.waivers = tuple(
            Waiver(each, line, frozenset(names.resolve(key).canonical for key in each.keys), matcher(each.match))
            for each, line in zip(policy.exemptions, lines, strict=True)
        )
        self.asked = frozenset[str]().union(*(match.fields for match in _matches(policy)))
        """Every condition that some match has: resources equal in these are treated alike."""
        self.addresses = tuple(
            Condition(match.address, folded=False) for match in _matches(policy) if match.address is not None
        )
        """The conditions on addresses, which are all different: what counts is which of these hold."""

    @classmethod
    def build(
        cls,
        policy: Document[PolicyFile],
        registry: Registry | None = None,
        environment: str | None = None,
        *,
        account: str = "",
        shared_values: Iterable[str] = (),
    ) -> "Ruleset":
        """From a file that was read. Raises ``FaultsError`` where the policy asks for customers and none are known."""
        needing = [at for at, tag in enumerate(policy.value.tags) if tag.values is not None and tag.values.known]
        if needing and registry is None:
            message = (
                "values.known: customers needs the customer registry; name it with --customers FILE, "
                "or with the key customers of apportion.yaml"
            )
            raise FaultsError([policy.fault(message, "tags", at, "values", "known") for at in needing])
        lines = [policy.line("exemptions", at) for at in range(len(policy.value.exemptions))]
        return cls(
            policy.value,
            registry,
            environment,
            account=account,
            shared_values=shared_values,
            exemption_lines=lines,
        )

    @property
    def customer_keys(self) -> frozenset[str]:
        """The keys that name a customer: those asked for as ``known: customers``, all where there is no such."""
        asking = frozenset(rule.name for rule in self.keys if rule.values.registry is not None)
        return asking or frozenset(rule.name for rule in self.keys)

    @property
    def asks_environment(self) -> bool:
        """Whether some match has the environment as a condition."""
        return ENVIRONMENT in self.asked

    @property
    def asks_account(self) -> bool:
        """Whether some match has the account as a condition."""
        return "account" in self.asked


def _matches(policy: PolicyFile) -> Iterable[ResourceMatch]:
    for tag in policy.tags:
        if tag.match is not None:
            yield tag.match
        yield from (scope.match for scope in tag.scopes)
    yield from (exemption.match for exemption in policy.exemptions)
