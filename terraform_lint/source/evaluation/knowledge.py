"""What is certain of values of which parts are unknown: comparing, joining and looking through them.

Every answer holds for all values that the unknown parts may yet take; where it would not, the answer is unknown.
"""

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias

from terraform_lint.source.evaluation.values import OpenMap, Sensitive, Unknown, Value

MOST_PARTS = 200_000
MOST_LETTERS = 4_000_000
Map: TypeAlias = dict[str, Value] | OpenMap


class TooLargeError(Exception):
    """Evaluating goes beyond a bound. No ``EvaluationError``: ``try`` must not take another branch because of it."""


class NotFollowedError(TooLargeError):
    """Terraform has a value here, but how it comes about is not worked out."""


class OutOfStepsError(TooLargeError):
    """All steps of an evaluation are taken: it ends here, not only the part that took the last."""


@dataclass(frozen=True, slots=True)
class Nature:
    """What stands anywhere inside a value: the first unknown, whether something is sensitive, and how much there is."""

    unknown: Unknown | None
    sensitive: bool
    parts: int = 1


_CERTAIN = Nature(None, sensitive=False)
_LETTERS_A_PART = 64


def nature(value: Value) -> Nature:
    """Looks through the whole value. Raises ``TooLargeError`` for values of very many parts."""
    if isinstance(value, bool | Decimal | None):
        return _CERTAIN
    unknown: Unknown | None = None
    sensitive, parts = False, 0
    waiting: list[Value] = [value]
    while waiting:
        part = waiting.pop()
        parts += 1
        if isinstance(part, str):
            parts += len(part) // _LETTERS_A_PART
        elif isinstance(part, Unknown):
            unknown = unknown or part
        elif not isinstance(part, bool | Decimal | None):
            sensitive = sensitive or isinstance(part, Sensitive)
            waiting.extend(reversed(_inside(part)))
        if parts > MOST_PARTS:
            raise TooLargeError(f"a value of more than {MOST_PARTS:,} parts is too large to evaluate")
    return Nature(unknown, sensitive, parts)


def _inside(value: "list[Value] | dict[str, Value] | OpenMap | Sensitive") -> list[Value]:
    if isinstance(value, list):
        return value
    if isinstance(value, dict):
        return list(value.values())
    return [value.value] if isinstance(value, Sensitive) else [*value.known.values(), value.rest]


def first_unknown(value: Value) -> Unknown | None:
    """The first unknown anywhere in the value; None: it is wholly known."""
    return nature(value).unknown


def bare(value: Value) -> Value:
    """Without the mark of sensitivity around the whole value."""
    while isinstance(value, Sensitive):
        value = value.value
    return value


def stripped(value: Value) -> Value:
    """Without any mark of sensitivity, however deep."""
    if isinstance(value, Sensitive):
        return stripped(value.value)
    if isinstance(value, OpenMap):
        return OpenMap({key: stripped(inner) for key, inner in value.known.items()}, value.rest)
    if isinstance(value, dict):
        return {key: stripped(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return type(value)(stripped(inner) for inner in value)
    return value


def marked(value: Value, sensitive: bool) -> Value:
    """The value, sensitive where ``sensitive`` says so; never marked twice."""
    return Sensitive(value) if sensitive and not isinstance(value, Sensitive) else value


def equal(one: Value, other: Value) -> bool | Unknown:
    """Whether two values are the same, of the same type: ``1`` is not ``"1"``. A list may equal a set."""
    nature(one)
    nature(other)
    return _equal(one, other)


def _equal(one: Value, other: Value) -> bool | Unknown:
    one, other = bare(one), bare(other)
    if isinstance(one, Unknown) or isinstance(other, Unknown):
        return one if isinstance(one, Unknown) else other  # type: ignore[return-value]  # one of the two is
    if isinstance(one, dict | OpenMap) and isinstance(other, dict | OpenMap):
        return _equal_maps(one, other)
    if isinstance(one, list) and isinstance(other, list):
        if len(one) != len(other):
            return False
        return _all(_equal(mine, yours) for mine, yours in zip(one, other, strict=True))
    return type(one) is type(other) and one == other


def _equal_maps(one: Map, other: Map) -> bool | Unknown:
    mine, yours = known_part(one), known_part(other)
    if (isinstance(other, dict) and mine.keys() - yours.keys()) or (
        isinstance(one, dict) and yours.keys() - mine.keys()
    ):
        return False
    answer = _all(_equal(mine[key], yours[key]) for key in mine.keys() & yours.keys())
    rest = rest_of(one) or rest_of(other)
    return rest if rest is not None and answer is True else answer


def _all(answers: Iterable[bool | Unknown]) -> bool | Unknown:
    doubt: Unknown | None = None
    for answer in answers:
        if answer is False:
            return False
        if isinstance(answer, Unknown):
            doubt = doubt or answer
    return True if doubt is None else doubt


def identity(value: Value) -> Hashable:
    """Equal for equal values only; ``value`` is wholly known."""
    value = bare(value)
    if isinstance(value, dict):
        return dict, tuple((key, identity(value[key])) for key in sorted(value))
    if isinstance(value, list):
        return list, tuple(map(identity, value))
    return type(value), value


def known_part(value: Map) -> dict[str, Value]:
    """The keys that are certainly there."""
    return dict(value.known) if isinstance(value, OpenMap) else value


def rest_of(value: Map) -> Unknown | None:
    """Why there may be more keys; None: there are none."""
    return value.rest if isinstance(value, OpenMap) else None


def with_rest(known: dict[str, Value], rest: Unknown | None) -> Map:
    """A map that is complete where there is no ``rest``."""
    return known if rest is None else OpenMap(known, rest)


def overridable(value: Value, by: Unknown) -> Value:
    """A value that a later key, which cannot be known, may replace."""
    return value if isinstance(value, Unknown) else Unknown(f"it may be overridden, as {by.reason}", by.external)


def joined(one: Value, other: Value, why: Unknown) -> Value:
    """What is certain of a value that is ``one`` or ``other``, and cannot be known which, because of ``why``."""
    if isinstance(one, Sensitive) or isinstance(other, Sensitive):
        return Sensitive(joined(bare(one), bare(other), why))
    if equal(one, other) is True or (isinstance(one, Unknown) and one == other):
        return one
    if isinstance(one, dict | OpenMap) and isinstance(other, dict | OpenMap):
        mine, yours = known_part(one), known_part(other)
        both = {key: joined(value, yours[key], why) for key, value in mine.items() if key in yours}
        complete = isinstance(one, dict) and isinstance(other, dict) and mine.keys() == yours.keys()
        return with_rest(both, None if complete else why)
    if type(one) is list and type(other) is list and len(one) == len(other):
        return [joined(mine, yours, why) for mine, yours in zip(one, other, strict=True)]
    return why
