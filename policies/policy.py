"""policy.yaml: the tags every resource carries, their spellings, and who need not carry them."""

from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from policies.rules import Pattern, Text
from policies.strict import Mistakes, Steps, Strict
from policies.table import iso_date
from policies.tags import TagKey, fold_key

Mode = Literal["block", "warn"]


class Values(Strict):
    """What a tag's value may be."""

    pattern: Pattern | None = None
    known: Literal["customers"] | None = None
    one_of: list[str] | None = None


class TagRequirement(Strict):
    """One required tag key, its accepted spellings and values."""

    key: str
    aliases: list[str] = Field(default_factory=list)
    values: Values | None = None
    mode: Mode = "block"


class Exemption(Strict):
    """Resources that need not carry the keys, by whom, why and until when."""

    match: dict[str, Text]
    keys: list[str]
    reason: str
    owner: str
    until: str

    @field_validator("until")
    @classmethod
    def _is_a_day(cls, until: str) -> str:
        if iso_date(until) is None:
            raise ValueError(f"{until!r} is not a date; write it as YYYY-MM-DD")
        return until


class PolicyFile(Strict):
    """policy.yaml: the tags every resource carries, and the exemptions."""

    version: Literal["1"]
    tags: list[TagRequirement] = Field(default_factory=list)
    exemptions: list[Exemption] = Field(default_factory=list)

    @model_validator(mode="after")
    def _a_key_means_one_thing(self) -> Self:
        first: dict[str, int] = {}
        found: list[tuple[Steps, str]] = []
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
