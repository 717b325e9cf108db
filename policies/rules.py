"""Rules a user writes to say what a charge belongs to: customer, environment, pool. Models only."""

import re
from datetime import date
from typing import Annotated, Protocol, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from policies.strict import Strict
from policies.table import iso_date


def _compiles(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"not a regular expression: {error}") from error
    return pattern


Pattern = Annotated[str, AfterValidator(_compiles)]


def _day(written: object) -> date:
    found = written if isinstance(written, date) else iso_date(str(written))
    if found is None:
        raise ValueError(f"{written!r} is not a date; write it as YYYY-MM-DD")
    return found


Day = Annotated[date, BeforeValidator(_day)]


class Bounded(Protocol):
    """A rule that may hold on some days only: ``from_`` to ``until``, both included; None is open."""

    @property
    def from_(self) -> date | None: ...
    @property
    def until(self) -> date | None: ...


def in_force(rule: Bounded, day: date) -> bool:
    """Whether the rule holds for charges dated ``day``."""
    return (rule.from_ is None or rule.from_ <= day) and (rule.until is None or day <= rule.until)


def _refuse_turned(rule: Bounded) -> None:
    if rule.from_ is not None and rule.until is not None and rule.until < rule.from_:
        raise ValueError(f"until {rule.until} lies before from {rule.from_}: the rule would never hold")


class Rule(Strict):
    """One step of a first-match list. Exactly one of ``tag``, ``account``, ``name``, ``service`` is set.

    ``tag: key`` takes the tag's value, or the named group of ``pattern`` in it (group ``customer`` or
    ``environment``, else the first group, else the whole match); ``values`` maps raw values to ids.
    ``account`` and ``service`` map SubAccountId and ServiceName to an id. ``name`` is a pattern on ResourceName,
    else on the last part of ResourceId. Outside its days a rule does not match.
    """

    tag: str | None = None
    pattern: Pattern | None = None
    values: dict[str, str] = Field(default_factory=dict)
    account: dict[str, str] | None = None
    service: dict[str, str] | None = None
    name: Pattern | None = None
    from_: Day | None = Field(default=None, alias="from")
    until: Day | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        _refuse_turned(self)
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
    (tax, support, ...), which it never takes otherwise. Charges dated outside its days do not match.
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
    from_: Day | None = Field(default=None, alias="from")
    until: Day | None = None

    @model_validator(mode="after")
    def _something(self) -> Self:
        _refuse_turned(self)
        if not self.model_fields_set - {"from_", "until"}:
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
