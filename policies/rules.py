"""Rules a user writes to say what a charge belongs to: customer, environment, pool. Models only."""

import re
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, field_validator, model_validator

from policies.strict import Mistakes, Steps, Strict
from policies.table import iso_date
from policies.tags import fold_key


def _compiles(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"not a regular expression: {error}") from error
    return pattern


Pattern = Annotated[str, AfterValidator(_compiles)]


class Rule(Strict):
    """One step of a first-match list. Exactly one of ``tag``, ``account``, ``name``, ``service`` is set.

    ``tag: key`` takes the tag's value, or the named group of ``pattern`` in it (group ``customer`` or
    ``environment``, else the first group, else the whole match); ``values`` maps raw values to ids.
    ``account`` and ``service`` map SubAccountId and ServiceName to an id. ``name`` is a pattern on ResourceName,
    else on the last part of ResourceId.
    """

    tag: str | None = None
    pattern: Pattern | None = None
    values: dict[str, str] = Field(default_factory=dict)
    account: dict[str, str] | None = None
    service: dict[str, str] | None = None
    name: Pattern | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        kinds = [key for key in ("tag", "account", "service", "name") if getattr(self, key) is not None]
        if len(kinds) != 1:
            raise ValueError("a rule has exactly one of: tag, account, service, name")
        if self.tag is None and (self.pattern is not None or self.values):
            raise ValueError("pattern and values go with tag")
        return self


Text = str | list[str]


class Match(Strict):
    """Conditions that must all hold; a list means any of. Text is compared casefolded; ``*`` is a wildcard.

    ``tags`` compares folded keys (aliases included) and casefolded values. ``kind`` opens a pool to charges
    (tax, support, ...), which it never takes otherwise.
    """

    service: Text | None = None
    provider: Text | None = None
    account: Text | None = None
    billing_account: Text | None = None
    region: Text | None = None
    source: Text | None = None
    resource: Pattern | None = None
    tags: dict[str, Text] = Field(default_factory=dict)
    kind: Text | None = None

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("an empty match takes everything; write the condition that is meant")
        return self


class Population(Strict):
    """Customers a pool is for; a list means any of, several keys must all hold."""

    id: Text | None = None
    kind: Text | None = None
    tier: Text | None = None
    plan: Text | None = None
    segment: Text | None = None
    cohort: Text | None = None


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
