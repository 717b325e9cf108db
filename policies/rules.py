"""Rules a user writes to say what a charge belongs to: customer, environment, pool. Models only."""

import re
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from policies.strict import Strict


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
