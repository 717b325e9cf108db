"""Customer rules, environment rules and the matches of pools, one charge at a time."""

import re
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from agent.verify.allocation.folding import Key, Wanted, folded
from agent.verify.allocation.method import Method
from agent.verify.allocation.people import People
from agent.verify.allocation.reading import Tree, given, inner, text, texts

OPEN = frozenset({"usage", "discount", "marketplace"})
"""Kinds that account maps and pools see; a pool takes others only where its match says ``kind``."""
_LAST = date(9999, 12, 30)
UNKNOWN_PART = "@unknown"
_TEXTS = {"source": "source", "provider": "provider", "billing_account": "billing", "account": "sub",
          "service": "service", "region": "region"}  # fmt: skip
Tags = Mapping[str, str]


class Subject(NamedTuple):
    """What rules look at of a charge; ``''`` where the bill says nothing."""

    kind: str
    source: str
    provider: str
    billing: str
    sub: str
    service: str
    region: str
    resource: str
    resource_name: str
    tag_set: str
    day: date
    """Any day of a span within which no rule begins or ends."""


class Said(NamedTuple):
    """What all rules say of a charge, ``''`` for nothing."""

    customer: str
    reason: str
    side: str
    function: str
    pool: str
    part: str
    """Of a pool that is split by parts first, the part; :data:`UNKNOWN_PART` where the bill does not say it."""


class _Found(NamedTuple):
    """What one rule came to: known, shared, unknown, conflict, or nothing."""

    state: str
    meaning: str = ""
    text: str = ""


_NOTHING = _Found("nothing")
_Judge = Callable[[str], _Found]


class Rules:
    """All rules of a method over the tag sets of a bill."""

    def __init__(self, method: Method, people: People, tag_sets: Mapping[str, Tags]) -> None:
        self._spellings = method.spellings
        self._tag_sets = tag_sets
        shared = {folded(value) for value in method.shared_values}
        booked = {folded(value): f"opex/{function}" for value, function in method.development.items()}
        booked |= dict.fromkeys(map(folded, method.production), "cogs/")

        def customer(value: str) -> _Found:
            if (known := people.known(value)) is not None:
                return _Found("known", known, value)
            return _Found("shared" if folded(value) in shared else "unknown", "", value)

        def environment(value: str) -> _Found:
            side = booked.get(folded(value))
            return _Found("unknown", "", value) if side is None else _Found("known", side, value)

        self._customers = [_Rule(rule, self._key, customer) for rule in method.customer]
        self._environments = [_Rule(rule, self._key, environment) for rule in method.environment]
        self._pools = [(pool.name, _Match(pool.match, self._key)) for pool in method.pools]
        self.looks_at_resources = any(rule.named for rule in (*self._customers, *self._environments)) or any(
            "resource" in pool.match for pool in method.pools
        )
        """Whether any rule or match looks at a resource."""
        self.looks_at_regions = any("region" in pool.match or pool.part == "region" for pool in method.pools)
        self._parts = {pool.name: _Part(pool.part, self._key) for pool in method.pools if pool.part}
        self._sent = {
            kind: setting.removeprefix("pool:") for kind, setting in method.charges.items() if setting != "follow"
        }
        self._sent |= {"correction": self._sent["refund"]} if "refund" in self._sent else {}
        self._people = people
        self._turns = _turns([*method.customer, *method.environment, *(pool.match for pool in method.pools)], people)
        self._asked: dict[Subject, Said] = {}

    def span(self, day: date) -> date:
        """The first day of the span that a day is in."""
        return self._turns[bisect_right(self._turns, day) - 1]

    def say(self, subject: Subject) -> Said:
        """What the rules say; each distinct subject is asked about once."""
        said = self._asked.get(subject)
        if said is None:
            said = self._asked[subject] = self._say(subject, self._tag_sets[subject.tag_set])
        return said

    def _say(self, subject: Subject, tags: Tags) -> Said:
        owner = _first([rule.apply(subject, tags, maps=subject.kind in OPEN) for rule in self._customers])
        place = _first([rule.apply(subject, tags, maps=True) for rule in self._environments])
        side, _, function = place.meaning.partition("/")
        pool = next((name for name, match in self._pools if match.holds(subject, tags)), "")
        parted = self._parts.get(pool or self._sent.get(subject.kind, ""))
        part = parted.of(subject, tags) if parted is not None else ""
        customer = self._people.heir(owner.meaning, subject.day) if owner.meaning else ""
        return Said(customer, _reason(owner), side, function, pool, part)

    def _key(self, name: str) -> Key:
        """A key by its name: with all spellings of the policy's key that it is one of."""
        known = next((spelt for spelt in self._spellings if Key(spelt).holds(name)), None)
        return Key(known if known is not None else [name])


def _turns(dated: Sequence[Tree], people: People) -> list[date]:
    """The days on which a rule begins, or one has just ended, or a customer has merged into another."""
    found = {date.min}
    for rule in dated:
        first, last = _days(rule)
        found |= {first, last + timedelta(days=1)}
    return sorted(found | {day + timedelta(days=1) for day in people.mergers})


def _days(rule: Tree) -> tuple[date, date]:
    """From when to when a rule holds, both included."""
    first, last = text(rule, "from"), text(rule, "until")
    return date.fromisoformat(first) if first else date.min, date.fromisoformat(last) if last else _LAST


def _reason(owner: _Found) -> str:
    if owner.state == "unknown":
        return f"unknown-customer:{owner.text}"
    return {"known": "", "conflict": "conflicting-tags", "shared": "shared-value"}.get(owner.state, "no-tag")


def _first(found: Sequence[_Found]) -> _Found:
    """The first that is known or shared, else a conflict, else the first unknown."""
    for states in (("known", "shared"), ("conflict",), ("unknown",)):
        for one in found:
            if one.state in states:
                return one
    return _NOTHING


class _Rule:
    """One rule of a first-match list."""

    def __init__(self, rule: Tree, key: Callable[[str], Key], judge: _Judge) -> None:
        self._judge = judge
        self._first, self._last = _days(rule)
        name = text(rule, "tag")
        self._key = key(name) if name else None
        self._values = {folded(raw): str(meant) for raw, meant in inner(rule, "values").items()}
        self._accounts = {raw: str(meant) for raw, meant in inner(rule, "account").items()}
        self._services = {raw.casefold(): str(meant) for raw, meant in inner(rule, "service").items()}
        self.named = given(rule, "name") is not None
        pattern = text(rule, "name") or text(rule, "pattern")
        self._pattern = re.compile(pattern) if pattern else None

    def apply(self, subject: Subject, tags: Tags, *, maps: bool) -> _Found:
        """What the rule says of a charge; ``maps`` opens it to maps of accounts and services."""
        if not self._first <= subject.day <= self._last:
            return _NOTHING
        if self._key is not None:
            return self._weighed([tags[raw] for raw in sorted(tags) if self._key.holds(raw)])
        if self.named:
            name = subject.resource_name or re.split("[/:]", subject.resource)[-1]
            return self._weighed([name]) if subject.resource_name or subject.resource else _NOTHING
        meant = self._accounts.get(subject.sub) if subject.sub else None
        if meant is None and subject.service:
            meant = self._services.get(subject.service.casefold())
        return self._judge(meant) if maps and meant is not None else _NOTHING

    def _weighed(self, raws: Sequence[str]) -> _Found:
        """All spellings of one key: one known meaning wins, two of them contradict each other."""
        found = [self._judge(read) for read in map(self._read, raws) if read]
        known = [one for one in found if one.state == "known"]
        if known:
            return known[0] if len({one.meaning for one in known}) == 1 else _Found("conflict")
        shared = [one for one in found if one.state == "shared"]
        return next(iter([*shared, *found]), _NOTHING)

    def _read(self, raw: str) -> str:
        value = raw.strip()
        if self._pattern is not None:
            found = self._pattern.search(value)
            value = (found[_group(self._pattern)] or "").strip() if found else ""
        return self._values.get(folded(value), value)


def _group(pattern: re.Pattern[str]) -> str | int:
    for name in ("customer", "environment"):
        if name in pattern.groupindex:
            return name
    return 1 if pattern.groups else 0


class _Part:
    """What a pool is split by first: a column of the bill, or a tag."""

    def __init__(self, part: str, key: Callable[[str], Key]) -> None:
        self._field = _TEXTS.get(part, "")
        self._key = key(part.removeprefix("tag:")) if part.startswith("tag:") else None

    def of(self, subject: Subject, tags: Tags) -> str:
        """The part of one charge; spellings of a tag that disagree say none."""
        if self._key is not None:
            found = {folded(tags[raw]) for raw in tags if self._key.holds(raw)}
        else:
            found = {folded(getattr(subject, self._field))}
        found -= {""}
        return found.pop() if len(found) == 1 else UNKNOWN_PART


class _Match:
    """The conditions of one pool."""

    def __init__(self, match: Tree, key: Callable[[str], Key]) -> None:
        self._first, self._last = _days(match)
        self._kind = Wanted(texts(match["kind"])) if given(match, "kind") is not None else None
        self._texts = [
            (field, Wanted(texts(match[name]))) for name, field in _TEXTS.items() if given(match, name) is not None
        ]
        self._tags = [(key(name), Wanted(texts(wanted))) for name, wanted in inner(match, "tags").items()]
        resource = text(match, "resource")
        self._resource = re.compile(resource) if resource else None

    def holds(self, subject: Subject, tags: Tags) -> bool:
        """Whether all of them hold."""
        if not self._first <= subject.day <= self._last:
            return False
        if not (subject.kind in OPEN if self._kind is None else self._kind.holds(subject.kind)):
            return False
        columns = [(getattr(subject, field), wanted) for field, wanted in self._texts]
        if not all(said and wanted.holds(said) for said, wanted in columns):
            return False
        if self._resource is not None and not any(
            text and self._resource.search(text) for text in (subject.resource_name, subject.resource)
        ):
            return False
        return all(any(key.holds(raw) and wanted.holds(tags[raw]) for raw in tags) for key, wanted in self._tags)
