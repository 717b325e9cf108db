"""What is wrong with one key in one set of tags, whoever bears it."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from policies.resource import TagSet
from policies.tags import TagKey, fold_value
from policies.value_check import ValueCheck, quoted

UNKNOWN = "unknown-value"


class Problem(NamedTuple):
    """``clause`` goes on after the name of what bears the tags: ``has no tag tenant``.

    ``value`` is the value as found and ``proposal`` the value that is right, where there is one and it may be shown.
    ``spelling``: the key as found, where it is another spelling. ``reason``: why the tag cannot be known; empty for
    what is certain.
    """

    rule: str
    clause: str
    value: str | None = None
    proposal: str | None = None
    reason: str = ""
    spelling: str = ""


_UNSHOWN = {
    "invalid-value": "is not one that policy.yaml allows",
    "unknown-customer": "is no customer, or one that has ended",
    "wrong-case": "is not spelled as in the registry",
}
"""What may be said of a value that must not be shown."""
Spelled = tuple[tuple[str, str], ...]
"""Keys as written, in order, with their values."""


class TagCheck:
    """One key of the policy on one day. Answers are kept: tag sets are many, distinct values few.

    ``label``: the tags are Google's labels, which have no capitals; the key and its values are then asked for in
    lower case.
    """

    def __init__(self, key: TagKey, values: ValueCheck, today: date, *, label: bool) -> None:
        self.exact = key.canonical.lower() if label else key.canonical
        """The key as it has to be written."""
        self._key = key
        self._values = values
        self._today = today
        self._label = label
        self._noun = "label" if label else "tag"
        self._missing = Problem("missing-tag", f"has no {self._noun} {self.exact}")
        self._asks_customer = values.registry is not None
        self._stated: dict[str, Problem | None] = {}
        self._spellings: dict[tuple[str, ...], tuple[str, ...]] = {}
        self._null = Problem("empty-tag", f"has {self._noun} {self.exact} = null, which no provider stores")
        self._unstated: dict[tuple[Spelled, bool], Problem] = {}

    def problem(self, tags: TagSet) -> Problem | None:
        """What is wrong, or None."""
        value = tags.known.get(self.exact)
        if value is None:
            return self._without_value(tags)
        if tags.sensitive:
            found = self._state(value, sensitive=True)
        else:
            try:
                found = self._stated[value]
            except KeyError:
                found = self._stated[value] = self._state(value, sensitive=False)
        if self._asks_customer and (others := self._respellings(tags.known)):
            return self._contradicted(value, others, tags) or found
        return found

    def _state(self, value: str, *, sensitive: bool) -> Problem | None:
        if not value.strip():
            return Problem("empty-tag", f"has an empty {self._noun} {self.exact}", value)
        wrong = self._values.wrong(value, self._today, lower=self._label)
        if wrong is None:
            return None
        if sensitive:
            return Problem(wrong.rule, f"has {self.exact} = (sensitive), which {_UNSHOWN[wrong.rule]}")
        return Problem(wrong.rule, f"has {self.exact} = {quoted(value)}, which {wrong.told}", value, wrong.proposal)

    def _contradicted(self, value: str, others: Sequence[str], tags: TagSet) -> Problem | None:
        """Another spelling that names another customer: the bill will carry both, and nobody can tell which is meant.

        Values that name no customer say nothing beside one that does.
        """
        meant = self._values.meant(value)
        spelled = [(key, other) for key in others if (other := tags.known[key]) is not None]
        if meant is None or all(self._values.meant(other) in (None, meant) for _, other in spelled):
            return None
        return self._conflict([(self.exact, value), *spelled], sensitive=tags.sensitive)

    def _conflict(self, spelled: Iterable[tuple[str, str]], *, sensitive: bool) -> Problem:
        shown = [f"{quoted(key)} = {'(sensitive)' if sensitive else quoted(value)}" for key, value in spelled]
        listed = f"{', '.join(shown[:-1])} and {shown[-1]}"
        return Problem("conflicting-tags", f"has {listed}, which contradict each other: only {self.exact} is wanted")

    def _without_value(self, tags: TagSet) -> Problem | None:
        """The key itself is absent, null or not known."""
        if self.exact in tags.unknown:
            return self._unknown(f"has a {self._noun} {self.exact} of unknown value", tags.unknown[self.exact])
        null = self.exact in tags.known
        if tags.rest is not None and not null:
            return self._unknown(f"may lack the {self._noun} {self.exact}", tags.rest)
        respelled = self._respellings(tags.known)
        spelled = tuple((key, value) for key in respelled if (value := tags.known[key]) is not None)
        if spelled:
            return self._respelled(spelled, sensitive=tags.sensitive)
        pending = self._respellings(tags.unknown) if tags.unknown else ()
        if pending:
            return self._respelled_unknown(pending[0], tags.unknown[pending[0]])
        return self._null if null else self._missing

    def _unknown(self, clause: str, reason: str) -> Problem:
        return Problem(UNKNOWN, f"{clause}: {reason}", reason=reason)

    def _respelled(self, spelled: Spelled, *, sensitive: bool) -> Problem:
        kept = (spelled, sensitive)
        found = self._unstated.get(kept)
        if found is None:
            found = self._unstated[kept] = self._judge_spellings(spelled, sensitive=sensitive)
        return found

    def _judge_spellings(self, spelled: Spelled, *, sensitive: bool) -> Problem:
        filled = [(key, value) for key, value in spelled if value.strip()]
        if not filled:
            return Problem("empty-tag", f"has an empty {self._noun} {quoted(spelled[0][0])}", spelled[0][1])
        if len({fold_value(value) for _, value in filled}) > 1:
            return self._conflict(filled, sensitive=sensitive)
        key, value = filled[0]
        clause = f"has {self._noun} {quoted(key)} instead of {self.exact}"
        wrong = self._values.wrong(value, self._today, lower=self._label)
        if sensitive:
            rule = wrong.rule if wrong is not None else "wrong-case"
            return Problem(
                rule,
                clause + (f", and its value (sensitive) {_UNSHOWN[rule]}" if wrong is not None else ""),
                spelling=key,
            )
        if wrong is None:
            return Problem("wrong-case", clause, value, value, spelling=key)
        told = f"{clause}, and its value {quoted(value)} {wrong.told}"
        return Problem(wrong.rule, told, value, wrong.proposal, spelling=key)

    def _respelled_unknown(self, key: str, reason: str) -> Problem:
        clause = f"has {self._noun} {quoted(key)} instead of {self.exact}, and its value is not known yet: {reason}"
        return Problem("wrong-case", clause, spelling=key)

    def _respellings(self, tags: Mapping[str, object]) -> tuple[str, ...]:
        """The keys that are this one in another spelling, in order."""
        keys = tuple(tags)
        found = self._spellings.get(keys)
        if found is None:
            named = (key for key in keys if key != self.exact and self._key.names(key))
            found = self._spellings[keys] = tuple(sorted(named))
        return found
