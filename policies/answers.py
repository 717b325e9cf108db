"""What one rule says about one row, and how a first-match list of rules ends.

A rule yields texts (a tag may stand on a row in several spellings); a judge says what each text means; the answer
of the smallest rank settles the row.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import IntEnum
from typing import NamedTuple

from policies.registry import Registry
from policies.rules import Rule
from policies.tags import fold_value


class Outcome(IntEnum):
    """What a text, and so a rule, came to."""

    NOTHING = 0
    KNOWN = 1
    SHARED = 2
    """Declared as shared: compliant, and for the pools."""
    UNKNOWN = 3
    CONFLICT = 4
    """Two or more known meanings on one row."""


class Answer(NamedTuple):
    """``meaning`` is the customer id or the environment's booking; ``text`` the value it was read from."""

    outcome: Outcome
    meaning: object = None
    text: str | None = None


NOTHING = Answer(Outcome.NOTHING)
CONFLICT = Answer(Outcome.CONFLICT)
Judge = Callable[[str], Answer]


def customer_judge(registry: Registry, shared_values: Iterable[str]) -> Judge:
    """Judges a text as a customer id, a shared value, or unknown."""
    shared = frozenset(map(fold_value, shared_values))

    def judge(text: str) -> Answer:
        if (known := registry.fold(text)) is not None:
            return Answer(Outcome.KNOWN, known, text)
        return Answer(Outcome.SHARED if fold_value(text) in shared else Outcome.UNKNOWN, None, text)

    return judge


def environment_judge(booked: Mapping[str, tuple[str, str | None]]) -> Judge:
    """Judges a text as an environment whose booking (side, function) is known, or as unknown."""

    def judge(text: str) -> Answer:
        booking = booked.get(fold_value(text))
        return Answer(Outcome.UNKNOWN if booking is None else Outcome.KNOWN, booking, text)

    return judge


class Reader:
    """Takes the text a rule means out of a raw value: its pattern's group, mapped by its ``values``."""

    def __init__(self, rule: Rule) -> None:
        pattern = rule.name if rule.name is not None else rule.pattern
        self._pattern = re.compile(pattern) if pattern is not None else None
        self._group = _meant_group(self._pattern) if self._pattern is not None else 0
        self._values = {fold_value(raw): meant for raw, meant in rule.values.items()}

    def read(self, raw: str) -> str | None:
        """The text, trimmed; None where the value is empty or the pattern does not match."""
        text = raw.strip()
        if self._pattern is not None:
            found = self._pattern.search(text)
            text = (found[self._group] or "").strip() if found else ""
        return (self._values.get(fold_value(text), text) if self._values else text) or None


def _meant_group(pattern: re.Pattern[str]) -> str | int:
    named = next((name for name in ("customer", "environment") if name in pattern.groupindex), None)
    return named if named is not None else min(pattern.groups, 1)


def weigh(texts: Sequence[str], judge: Judge) -> Answer:
    """One answer for all spellings of one key on a row (at least one), given in a fixed order.

    One known meaning wins over shared and unknown ones; two or more known meanings are a conflict.
    """
    answers = [judge(text) for text in texts]
    if len(answers) == 1:
        return answers[0]
    known = [answer for answer in answers if answer.outcome is Outcome.KNOWN]
    if known:
        return known[0] if len({answer.meaning for answer in known}) == 1 else CONFLICT
    shared = (answer for answer in answers if answer.outcome is Outcome.SHARED)
    return next(shared, answers[0])


def rank(rule: int, rules: int, answer: Answer) -> int:
    """Where a rule's answer stands when the rules of a row are settled: the smallest wins.

    First the rules that are known or say shared, in listed order; then a conflict; then unknown texts, in listed
    order; then nothing. ``rule`` is the place among ``rules`` rules.
    """
    match answer.outcome:
        case Outcome.KNOWN | Outcome.SHARED:
            return rule
        case Outcome.CONFLICT:
            return rules
        case Outcome.UNKNOWN:
            return rules + 1 + rule
    return 2 * rules + 1
