"""A first-match list of rules, run over columns: each rule once per distinct value, each combination once."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from policies.answers import NOTHING, Answer, Judge, Outcome, Reader, rank, weigh
from policies.columns import Subjects, Table, Texts, looked_up
from policies.policy import TagKeys
from policies.rules import Rule
from policies.tag_sets import Cut, TagSets
from policies.tags import TagKey, fold_value

_NUMBER_BITS = 32
_NUMBER = (1 << _NUMBER_BITS) - 1
_PART = re.compile(r"[/:]")


@dataclass(frozen=True, slots=True)
class TagFinding:
    """A tag set that was understood, or could not be, because of how its tags are written.

    ``wrong-case``: an alias, or a variant in case or space of key or value. ``variants``: several spellings of the
    key, of which one customer or environment was known. ``conflicting-tags``: two or more were known.
    """

    tagset_id: str
    rule: Literal["wrong-case", "variants", "conflicting-tags"]
    key: str
    """The key as the policy writes it."""
    found: tuple[tuple[str, str], ...]
    """Raw keys and values, in bytewise order of the key."""
    meant: str | None
    """The text that was taken, or None for a conflict."""


class RuleList:
    """Every row ends in a code: of all rules' codes the smallest one settles it, and :meth:`answer` reads it.

    A code is (rank, number of the answer); ranks put decided rules first in listed order, then conflicts, then
    unknown texts in listed order, then nothing.
    """

    def __init__(self, rules: Sequence[Rule], keys: TagKeys, judge: Judge) -> None:
        self._rules = tuple(rules)
        self._judge = judge
        self._readers = [Reader(rule) for rule in self._rules]
        self.keys = tuple(keys.resolve(rule.tag) for rule in self._rules if rule.tag is not None)
        """The key of each tag rule, in order."""
        self._answers: list[Answer] = []
        self._codes: Table[tuple[int, Answer], int] = Table(self._code)
        self._nothing = self._codes[0, NOTHING]

    def answer(self, code: int) -> Answer:
        """What a code stands for."""
        return self._answers[code & _NUMBER]

    def _code(self, ruled: tuple[int, Answer]) -> int:
        rule, answer = ruled
        self._answers.append(answer)
        return rank(rule, len(self._rules), answer) << _NUMBER_BITS | (len(self._answers) - 1)

    def _of(self, dimension: str) -> list[int]:
        return [at for at, rule in enumerate(self._rules) if getattr(rule, dimension) is not None]

    def own(self, subjects: Subjects, cuts: Sequence[Cut], tags: TagSets) -> list[int]:
        """Codes by the tag and name rules: what the row itself says."""
        columns: list[list[int]] = []
        if self.keys:
            columns.append(looked_up(cuts, Table(self._tag_code(tags))))
        if named := self._of("name"):
            columns.append(
                looked_up(_names(subjects), Table[str | None, int](lambda name: self._name_code(named, name)))
            )
        return _smallest(columns or [[self._nothing] * len(subjects)])

    def mapped(self, subjects: Subjects, own: list[int]) -> list[int]:
        """Codes by all rules, account and service maps included, given the codes of the others."""
        columns = [own]
        for dimension, values in (("account", subjects.account), ("service", subjects.service)):
            if self._of(dimension):
                columns.append(looked_up(values, Table(self._map_code(dimension))))
        return _smallest(columns)

    def _tag_code(self, tags: TagSets) -> Callable[[Cut], int]:
        places = [(rule, tags.positions(key)) for rule, key in zip(self._of("tag"), self.keys, strict=True)]

        def code(cut: Cut) -> int:
            return min(self._codes[rule, self._weighed(rule, [cut[at] for at in found])] for rule, found in places)

        return code

    def _name_code(self, rules: Sequence[int], name: str | None) -> int:
        return min(self._codes[rule, self._weighed(rule, [name])] for rule in rules)

    def _weighed(self, rule: int, raws: Texts) -> Answer:
        texts = [text for raw in raws if raw is not None and (text := self._readers[rule].read(raw)) is not None]
        return weigh(texts, self._judge) if texts else NOTHING

    def _map_code(self, dimension: str) -> Callable[[str | None], int]:
        fold = str.casefold if dimension == "service" else str
        maps: list[tuple[int, dict[str, str]]] = [
            (rule, {fold(key): meant for key, meant in getattr(self._rules[rule], dimension).items()})
            for rule in self._of(dimension)
        ]

        def code(value: str | None) -> int:
            known = (
                [] if value is None else [(rule, meant[fold(value)]) for rule, meant in maps if fold(value) in meant]
            )
            return min((self._codes[rule, self._judge(text)] for rule, text in known), default=self._nothing)

        return code

    def findings(self, tags: TagSets) -> list[TagFinding]:
        """What the spelling of tags led to, by tag set id, then by rule."""
        places = [(rule, key, tags.positions(key)) for rule, key in zip(self._of("tag"), self.keys, strict=True)]
        return [
            finding
            for tagset in tags.ids
            for rule, key, at in places
            for finding in self._findings(tagset, rule, key, _present(tags.named, tags.cuts[tagset], at))
        ]

    def _findings(self, tagset: str, rule: int, key: TagKey, found: tuple[tuple[str, str], ...]) -> list[TagFinding]:
        answer = self._weighed(rule, [value for _, value in found])
        if answer.outcome is Outcome.CONFLICT:
            return [TagFinding(tagset, "conflicting-tags", key.canonical, found, None)]
        if answer.outcome is not Outcome.KNOWN:
            return []
        variants = len(found) > 1 and len({fold_value(value) for _, value in found}) > 1
        wrong = any(not key.exactly(raw) for raw, _ in found) or _respelt(answer)
        kinds: list[Literal["variants", "wrong-case"]] = ["variants"] if variants else []
        kinds += ["wrong-case"] if wrong else []
        return [TagFinding(tagset, kind, key.canonical, found, answer.text) for kind in kinds]


def _smallest(columns: Sequence[list[int]]) -> list[int]:
    return columns[0] if len(columns) == 1 else list(map(min, *columns))


def _respelt(answer: Answer) -> bool:
    return isinstance(answer.meaning, str) and answer.meaning != answer.text


def _present(named: Sequence[str], cut: Cut, places: Sequence[int]) -> tuple[tuple[str, str], ...]:
    return tuple((named[at], value) for at in places if (value := cut[at]) is not None)


def _names(subjects: Subjects) -> list[str | None]:
    last = Table[str, str](lambda resource: _PART.split(resource)[-1])
    pairs = zip(subjects.resource_name, subjects.resource_id, strict=True)
    return [name or (last[resource] if resource else None) for name, resource in pairs]
