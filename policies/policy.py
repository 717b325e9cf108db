"""policy.yaml: the tags every resource carries, their spellings, and who need not carry them."""

from collections.abc import Iterator
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, field_validator, model_validator

from policies.resource_match import ResourceMatch
from policies.rules import Pattern
from policies.strict import Mistakes, Steps, Strict
from policies.table import iso_date
from policies.tags import TagKey, fold_key

Mode = Literal["block", "warn", "off"]
Uncertain = Literal["block", "warn", "ignore"]
"""What becomes of what cannot be known."""
Mistake = tuple[Steps, str]


def _is_a_day(text: str) -> str:
    if iso_date(text) is None:
        raise ValueError(f"{text!r} is not a date; write it as YYYY-MM-DD")
    return text


Day = Annotated[str, AfterValidator(_is_a_day)]
"""YYYY-MM-DD."""


class Values(Strict):
    """What a tag's value may be; what is set must all hold."""

    pattern: Pattern | None = None
    known: Literal["customers"] | None = None
    one_of: list[str] | None = None

    @field_validator("one_of")
    @classmethod
    def _something_is_allowed(cls, one_of: list[str] | None) -> list[str] | None:
        if one_of == []:
            raise ValueError("an empty list allows no value at all")
        return one_of


class TagScope(Strict):
    """How strict a key is for some resources. The first scope of a key that matches decides.

    A ``mode`` of its own comes with a ``from`` of its own: the key's does not carry over.
    """

    match: ResourceMatch
    mode: Mode | None = None
    from_: Day | None = Field(default=None, alias="from")
    unknown: Uncertain | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.mode is None and self.from_ is None and self.unknown is None:
            raise ValueError("a scope says what differs: mode, from or unknown")
        return self


class TagRequirement(Strict):
    """One required tag key, its accepted spellings and values, and how strict the check is."""

    key: str
    aliases: list[str] = Field(default_factory=list)
    values: Values | None = None
    mode: Mode = "block"
    from_: Day | None = Field(default=None, alias="from")
    unknown: Uncertain | None = None
    match: ResourceMatch | None = None
    scopes: list[TagScope] = Field(default_factory=list)

    @field_validator("key")
    @classmethod
    def _can_be_written(cls, key: str) -> str:
        if not key or key != key.strip():
            raise ValueError(f"{key!r} is no tag key: it is empty or has space around it")
        return key

    @model_validator(mode="after")
    def _a_day_is_for_blocking(self) -> Self:
        found = list(self._days_without_a_block())
        if found:
            raise Mistakes(found)
        return self

    def _days_without_a_block(self) -> Iterator[Mistake]:
        message = "from is the day a block begins; it goes with mode: block"
        if self.from_ is not None and self.mode != "block":
            yield ("from",), message
        for at, scope in enumerate(self.scopes):
            if scope.from_ is not None and (scope.mode or self.mode) != "block":
                yield ("scopes", at, "from"), message


class RuleModes(Strict):
    """How strict single rules are. A rule is never stricter than the key that it is about."""

    untagged_volume: Mode = Field(default="warn", alias="untagged-volume")
    untagged_launch: Mode = Field(default="warn", alias="untagged-launch")
    not_propagated: Mode = Field(default="block", alias="not-propagated")
    ignored_changes: Mode = Field(default="warn", alias="ignored-changes")
    wrong_case: Mode = Field(default="block", alias="wrong-case")

    def named(self) -> dict[str, Mode]:
        """Mode by the name of the rule."""
        return {name.replace("_", "-"): mode for name, mode in self}


class Exemption(Strict):
    """Resources that need not carry the keys, by whom, why and until when."""

    match: ResourceMatch
    keys: list[str]
    reason: str
    owner: str
    until: Day

    @field_validator("keys")
    @classmethod
    def _some_key(cls, keys: list[str]) -> list[str]:
        if not keys:
            raise ValueError("an exemption of no key exempts nothing")
        return keys


class PolicyFile(Strict):
    """policy.yaml: the tags every resource carries, and the exemptions."""

    version: Literal["1"]
    tags: list[TagRequirement] = Field(default_factory=list)
    unknown: Uncertain = "warn"
    external: Uncertain = "warn"
    rules: RuleModes = Field(default_factory=lambda: RuleModes.model_validate({}))
    exemptions: list[Exemption] = Field(default_factory=list)

    @model_validator(mode="after")
    def _a_key_means_one_thing(self) -> Self:
        first: dict[str, int] = {}
        found: list[Mistake] = []
        for at, tag in enumerate(self.tags):
            for key, step in [(tag.key, ("key",)), *((a, ("aliases", n)) for n, a in enumerate(tag.aliases))]:
                owner = first.setdefault(fold_key(key), at)
                if owner != at:
                    found.append((("tags", at, *step), f"{key!r} is already a spelling of {self.tags[owner].key!r}"))
        known = [fold_key(tag.key) for tag in self.tags]
        found += [
            (("exemptions", at, "keys", place), f"{key!r} is not a key of tags")
            for at, exemption in enumerate(self.exemptions)
            for place, key in enumerate(exemption.keys)
            if fold_key(key) not in known
        ]
        if found:
            raise Mistakes(found)
        return self


class TagKeys:
    """The keys of policy.yaml: resolves a key, or any of its aliases, to all its spellings."""

    def __init__(self, policy: PolicyFile) -> None:
        self._keys = [TagKey(tag.key, (tag.key, *tag.aliases)) for tag in policy.tags]

    def resolve(self, key: str) -> TagKey:
        """The policy's key that ``key`` is a spelling of; a key the policy does not list stands for itself."""
        return next((known for known in self._keys if known.names(key)), TagKey(key, (key,)))

    def lists(self, key: str) -> bool:
        """Whether policy.yaml lists ``key`` or has it as an alias."""
        return any(known.names(key) for known in self._keys)
