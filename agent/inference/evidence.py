"""What the bill says about whose a resource is, kind by kind.

Some evidence names a customer by itself (its id in the name). The rest is a feature that resources share (the stack,
the account): it speaks for the customer of the tagged resources that have it.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from heapq import nlargest
from typing import NamedTuple

from agent.inference.records import Evidence, Resource
from agent.period import Period
from policies.registry import Registry
from policies.tags import fold_value


class Shared(NamedTuple):
    """When a shared feature speaks: enough other tagged resources have it, and enough of them are one customer's."""

    least: int
    share: Fraction
    """1: all of them; a half: more than half of them."""


_ALL, _MOST = Fraction(1), Fraction(1, 2)
SHARED = {
    "namespace": Shared(1, _ALL),
    "attached": Shared(1, _ALL),
    "parent": Shared(2, _ALL),
    "group": Shared(2, _ALL),
    "tag": Shared(2, _ALL),
    "prefix": Shared(2, _ALL),
    "network": Shared(2, _MOST),
    "creator": Shared(2, _MOST),
    "account": Shared(2, _MOST),
}
OWN = ("itself", "spelling")
"""What the resource's own customer tag says, on other charges or misspelt."""
KINDS = (*OWN, "name", "value", *SHARED)
"""Every kind of evidence, in the order that holds while nothing is known of their precision."""

_NAMESPACES = frozenset(
    {"aws_eks_namespace", "k8s_namespace", "k8s_namespace_name", "kube_namespace", "kubernetes_namespace", "namespace"}
)
_PARENTS = frozenset(
    {
        "aws_autoscaling_groupname",
        "aws_cloudformation_stack_id",
        "aws_cloudformation_stack_name",
        "aws_ecs_clustername",
        "aws_ecs_servicename",
        "aws_eks_cluster_name",
        "alpha_eksctl_io_cluster_name",
        "cluster",
        "eks_cluster_name",
        "elasticbeanstalk_environment_name",
        "goog_k8s_cluster_name",
        "kubernetes_cluster",
    }
)
_CREATORS = frozenset({"aws_createdby", "createdby", "created_by", "creator"})
_CLUSTER_KEY = "kubernetes_io_cluster_"
_WORD = re.compile(r"[^\W_]+")
_GROUP = re.compile(r"/resourcegroups/([^/]+)", re.IGNORECASE)
_PROJECT = re.compile(r"/projects/([^/]+)", re.IGNORECASE)
_ATTACHED = re.compile(r"\b(?:i|vol|eni|snap)-[0-9a-f]{8,17}\b")
_NETWORK = re.compile(r"\b(?:vpc|subnet)-[0-9a-f]{8,17}\b")
_LAST = re.compile(r"[/:]")
Feature = tuple[str, str, str]
"""Kind, what is shared, and its value."""


def short_name(resource: Resource) -> str:
    """ResourceName, else the last part of ResourceId."""
    return resource.name or _LAST.split(resource.resource_id)[-1]


def features(resource: Resource) -> Iterator[Feature]:
    """What a resource can share with others, each kind and value once; the customer's own tags are not among it."""
    for key, value in sorted(resource.told):
        yield _of_tag(key, value)
    if resource.account:
        yield "account", "account", f"{resource.provider} {resource.account}"
    if (group := _GROUP.search(resource.resource_id)) is not None:
        yield "group", "resource group", f"{resource.account} {group[1].casefold()}"
    elif (project := _PROJECT.search(resource.resource_id)) is not None and project[1] != resource.account:
        yield "group", "project", project[1].casefold()
    texts = [resource.resource_id, resource.name, *(value for _, value in sorted(resource.told))]
    for kind, what, pattern in (("attached", "id", _ATTACHED), ("network", "network", _NETWORK)):
        for found in sorted({match.casefold() for text in texts for match in pattern.findall(text)}):
            yield kind, what, found
    yield from _of_name(resource)


def _of_tag(key: str, value: str) -> Feature:
    if key in _NAMESPACES:
        return "namespace", "namespace", value
    if key in _PARENTS or key.startswith(_CLUSTER_KEY):
        return "parent", key, value
    if key in _CREATORS:
        return "creator", "creator", value
    if key == "name":
        return "attached", "name", value
    return "tag", key, value


def _of_name(resource: Resource) -> Iterator[Feature]:
    if resource.name and ("name", fold_value(resource.name)) not in resource.told:
        yield "attached", "name", fold_value(resource.name)
    words = _WORD.findall(fold_value(short_name(resource)))
    if len(words) > 1 and not _ATTACHED.fullmatch(short_name(resource)):
        yield "prefix", "name", "-".join(words[:-1])


class Names:
    """The ids of customers, found as whole words in a text."""

    def __init__(self, registry: Registry, period: Period) -> None:
        """Only customers of the month, or what they have merged into."""
        self._by_first: defaultdict[str, list[tuple[tuple[str, ...], str]]] = defaultdict(list)
        first, last = period.first_day, period.last_day
        for known in registry.ids:
            heir = registry.heir(known, last)
            rows = registry.rows(heir)
            words = tuple(_WORD.findall(fold_value(known)))
            if words and any((row.start or first) <= last and (row.end or last) >= first for row in rows):
                self._by_first[words[0]].append((words, heir))
        self._exact = registry.fold
        self._active = frozenset(heir for found in self._by_first.values() for _, heir in found)

    @property
    def customers(self) -> frozenset[str]:
        """Everyone who can be proposed."""
        return self._active

    def within(self, text: str) -> frozenset[str]:
        """Customers whose id stands in ``text`` as whole words; an id within a longer one that stands there is not."""
        words = tuple(_WORD.findall(fold_value(text)))
        spans = [
            (at, at + len(known), customer)
            for at, word in enumerate(words)
            for known, customer in self._by_first.get(word, ())
            if words[at : at + len(known)] == known
        ]
        return frozenset(
            customer
            for begin, end, customer in spans
            if not any(b <= begin and end <= e and (b, e) != (begin, end) for b, e, _ in spans)
        )

    def spelt(self, text: str) -> str | None:
        """The customer whose id ``text`` is."""
        known = self._exact(text)
        return known if known in self._active else None


@dataclass(frozen=True, slots=True)
class _Voice:
    customer: str
    text: str


class _Counts(NamedTuple):
    """How many tagged resources have a feature, and the two customers that have most of them.

    Two are enough: once the resource asked about is taken away, no third can have more than half.
    """

    total: int
    first: tuple[tuple[str, int], ...]


def _most_then_name(counted: tuple[str, int]) -> tuple[int, str]:
    return counted[1], counted[0]


class Witnesses:
    """The tagged resources that shared features are looked up in, and the ids of customers."""

    def __init__(self, names: Names, tagged: Iterable[Resource]) -> None:
        self._names = names
        self._having: defaultdict[Feature, Counter[str]] = defaultdict(Counter)
        self._counts: dict[Feature, _Counts] = {}
        self._known: set[tuple[str, str, str]] = set()
        for resource in tagged:
            assert resource.customer is not None  # noqa: S101  # tagged means that
            self._known.add(resource.key)
            for feature in set(features(resource)):
                self._having[feature][resource.customer] += 1

    def about(self, resource: Resource, *, untold: bool = False) -> list[Evidence]:
        """At most one piece of evidence a kind, by :data:`KINDS`; a kind that contradicts itself says nothing.

        A resource is never a witness about itself. ``untold``: its own customer tag counts as evidence too, which is
        meant for a resource that carried it on a part of the month only.
        """
        voices: defaultdict[str, list[_Voice]] = defaultdict(list)
        if untold and resource.customer is not None:
            voices["itself"].append(_Voice(resource.customer, "its own tag on other charges of the month"))
        if untold and resource.meant is not None:
            voices["spelling"].append(_Voice(resource.meant, "its tag is nearly this customer's id"))
        self._named(resource, voices)
        own = resource.customer if resource.key in self._known else None
        for feature in sorted(set(features(resource))):
            if (voice := self._shared(feature, own)) is not None:
                voices[feature[0]].append(voice)
        return [evidence for kind in KINDS if (evidence := self._one(kind, voices[kind])) is not None]

    def _named(self, resource: Resource, voices: defaultdict[str, list[_Voice]]) -> None:
        text = f"{resource.name} {resource.resource_id}"
        voices["name"] += [
            _Voice(customer, f"its name holds the id {customer}") for customer in self._names.within(text)
        ]
        for key, value in sorted(resource.told):
            if key in _NAMESPACES:
                found = self._names.within(value)
                voices["namespace"] += [_Voice(customer, f"namespace {value} names it") for customer in found]
            elif (spelt := self._names.spelt(value)) is not None:
                voices["value"].append(_Voice(spelt, f"tag {key} is the id {value}"))

    def _shared(self, feature: Feature, own: str | None) -> _Voice | None:
        """``own``: the customer that the resource asked about has added to the counts."""
        kind, what, value = feature
        counts = self._counted(feature)
        total = counts.total - (own is not None)
        least, share = SHARED[kind]
        if total < least:
            return None
        customer, most = max(((known, count - (known == own)) for known, count in counts.first), key=_most_then_name)
        enough = most == total if share == 1 else most > share * total
        if not enough or customer not in self._names.customers:
            return None
        return _Voice(customer, f"{most} of {total} tagged with {what} {value}")

    def _counted(self, feature: Feature) -> "_Counts":
        if (known := self._counts.get(feature)) is None:
            having = self._having.get(feature, Counter[str]())
            known = self._counts[feature] = _Counts(having.total(), tuple(nlargest(2, having.items(), _most_then_name)))
        return known

    @staticmethod
    def _one(kind: str, voices: Sequence[_Voice]) -> Evidence | None:
        if len({voice.customer for voice in voices}) != 1:
            return None
        return Evidence(kind, voices[0].customer, "; ".join(dict.fromkeys(voice.text for voice in voices)))
