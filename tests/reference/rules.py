"""Customer rules, environment rules and pool matches, read off the page and applied one row at a time."""

import fnmatch
import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from agent.config.allocation import Environment
from policies.policy import PolicyFile
from policies.rules import Match, Rule, Text
from tests.reference.records import Row

OPEN = ("usage", "discount", "marketplace")
PREFIXES = ("resourcetags/user:", "resource_tags_user_", "resourcetags/", "user:", "user_")
LOSSY = ("resource_tags_user_", "user_")


def fold(text: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).strip().casefold())


def _stripped(key: str) -> str:
    folded = fold(key)
    for prefix in PREFIXES:
        if folded.startswith(prefix) and folded != prefix:
            return folded.removeprefix(prefix).strip()
    return folded


def _without_punctuation(key: str) -> str:
    return re.sub(r"[^\w]", "_", key)


def same_key(delivered: str, spellings: Sequence[str]) -> bool:
    """Whether a raw key is one of the spellings, provider prefixes and case aside."""
    wanted = {form for spelling in spellings for form in (fold(spelling), _stripped(spelling))}
    if fold(delivered) in wanted:
        return True
    if fold(delivered).startswith(LOSSY):
        return _without_punctuation(_stripped(delivered)) in {_without_punctuation(form) for form in wanted}
    return _stripped(delivered) in wanted


@dataclass(frozen=True)
class Found:
    """What a list of rules says: known (with its meaning), shared, unknown, conflict or nothing."""

    state: str
    meaning: object = None
    text: str = ""


Judge = Callable[[str], Found]
NOTHING = Found("nothing")


class Rules:
    """Rules of one configuration."""

    def __init__(self, policy: PolicyFile) -> None:
        self._tags = policy.tags

    def spellings(self, key: str) -> list[str]:
        """A key's spellings: those of the policy's tag it belongs to, else itself."""
        for tag in self._tags:
            known = [tag.key, *tag.aliases]
            if same_key(key, known):
                return known
        return [key]

    def raw_values(self, row: Row, key: str) -> list[str]:
        """Values under any spelling of ``key``, in bytewise order of the raw keys."""
        known = self.spellings(key)
        return [row.tags[raw] for raw in sorted(row.tags, key=str.encode) if same_key(raw, known)]

    def first_match(self, rules: Sequence[Rule], row: Row, judge: Judge, *, maps: bool = True) -> Found:
        """The first rule with a known or shared value; else a conflict, else the first unknown value."""
        asked = [rule for rule in rules if _holds(rule, row) and (maps or not (rule.account or rule.service))]
        findings = [self._apply(rule, row, judge) for rule in asked]
        for state in (("known", "shared"), ("conflict",), ("unknown",)):
            for found in findings:
                if found.state in state:
                    return found
        return NOTHING

    def _apply(self, rule: Rule, row: Row, judge: Judge) -> Found:
        judged = [judge(text) for text in self._texts(rule, row) if text]
        known = [found for found in judged if found.state == "known"]
        if len({found.meaning for found in known}) > 1:
            return Found("conflict")
        for state in ("known", "shared", "unknown"):
            for found in judged:
                if found.state == state:
                    return found
        return NOTHING

    def _texts(self, rule: Rule, row: Row) -> list[str]:
        if rule.account is not None:
            return [meant for account, meant in rule.account.items() if account == row.sub]
        if rule.service is not None:
            service = None if row.service is None else row.service.casefold()
            return [meant for name, meant in rule.service.items() if name.casefold() == service]
        if rule.name is not None:
            name = row.resource_name or (re.split(r"[/:]", row.resource)[-1] if row.resource else None)
            return [] if name is None else [_group(rule.name, name.strip())]
        assert rule.tag is not None
        texts = [raw.strip() for raw in self.raw_values(row, rule.tag)]
        texts = [_group(rule.pattern, text) for text in texts] if rule.pattern else texts
        mapped = {fold(raw): meant for raw, meant in rule.values.items()}
        return [mapped.get(fold(text), text) for text in texts]

    def matches(self, match: Match, row: Row) -> bool:
        """Whether a pool's conditions all hold; without ``kind`` they hold for usage, discounts and marketplace."""
        if not _holds(match, row) or not (row.kind in OPEN if match.kind is None else _any_of(match.kind, row.kind)):
            return False
        fields = (
            (match.service, row.service),
            (match.provider, row.provider),
            (match.account, row.sub),
            (match.billing_account, row.billing),
            (match.region, row.region),
            (match.source, row.source),
        )
        if any(texts is not None and not _any_of(texts, value) for texts, value in fields):
            return False
        resource = [text for text in (row.resource, row.resource_name) if text is not None]
        if match.resource is not None and not any(re.search(match.resource, text) for text in resource):
            return False
        tags = match.tags.items()
        return all(any(_any_of(texts, raw) for raw in self.raw_values(row, key)) for key, texts in tags)


def _holds(rule: Rule | Match, row: Row) -> bool:
    """Whether the charge's day is one of the rule's."""
    return (rule.from_ or row.start) <= row.start <= (rule.until or row.start)


def customer_judge(ids: Sequence[str], shared_values: Sequence[str]) -> Judge:
    known = {fold(customer): customer for customer in ids}
    shared = {fold(value) for value in shared_values}

    def judge(text: str) -> Found:
        if fold(text) in known:
            return Found("known", known[fold(text)], text)
        return Found("shared" if fold(text) in shared else "unknown", None, text)

    return judge


def environment_judge(environment: Environment) -> Judge:
    booked: dict[str, tuple[str, str | None]] = {}
    for value in environment.opex:
        booked[fold(value if isinstance(value, str) else value.value)] = (
            "opex",
            "rnd" if isinstance(value, str) else value.function,
        )
    booked |= {fold(value): ("cogs", None) for value in environment.cogs}

    def judge(text: str) -> Found:
        meaning = booked.get(fold(text))
        return Found("unknown" if meaning is None else "known", meaning, text)

    return judge


def _any_of(texts: Text, value: str | None) -> bool:
    patterns = [texts] if isinstance(texts, str) else texts
    escaped = (re.sub(r"([\[\]?])", r"[\1]", fold(pattern)) for pattern in patterns)
    return value is not None and any(fnmatch.fnmatchcase(fold(value), pattern) for pattern in escaped)


def _group(pattern: str, text: str) -> str:
    found = re.search(pattern, text)
    if found is None:
        return ""
    for name in ("customer", "environment"):
        if name in found.re.groupindex:
            return (found[name] or "").strip()
    return (found[1 if found.re.groups else 0] or "").strip()
