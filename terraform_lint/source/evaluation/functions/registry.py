"""How a function is declared and called: its arguments converted, what is unknown or sensitive carried through."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, TypeAlias, TypeVar

from terraform_lint.source.evaluation.conversion import as_bool, as_number, as_text, composed, kind, to_set
from terraform_lint.source.evaluation.knowledge import (
    MOST_LETTERS,
    MOST_PARTS,
    OutOfStepsError,
    TooLargeError,
    bare,
    first_unknown,
    marked,
    nature,
    stripped,
)
from terraform_lint.source.evaluation.values import UNSHOWN, EvaluationError, OpenMap, Sensitive, Unknown, Value

Implementation: TypeAlias = Callable[..., Value]
Spend: TypeAlias = Callable[[int], None]
"""Told of the work as it is done, in steps of an expression; raises ``TooLargeError`` where it becomes too much."""
_PARTS_A_STEP = 8
Partial: TypeAlias = Literal["spreads", "inside", "seen"]
_Declared = TypeVar("_Declared", bound=Implementation)


@dataclass(frozen=True, slots=True)
class Function:
    """One function of the language.

    ``parameters`` name the types of the arguments in order: ``text``, ``number``, ``whole``, ``bool``, ``list``,
    ``texts`` (a list of strings), ``set``, ``map``, ``any``; with ``?`` null is allowed. ``more``: the type of any
    number of further arguments, None where there are none. ``optional``: how many of the last parameters may be left
    out. ``unknown``: "spreads": an unknown anywhere in an argument makes the result unknown; "inside": only an
    argument that is wholly unknown does, the function says itself what is certain where parts are; "seen": it gets
    unknown arguments too. ``marks``, alike: a sensitive part anywhere makes the result sensitive; only an argument's
    own mark does, and marks inside stay; the function gets marked arguments and marks the result itself. ``metered``:
    it gets ``Spend`` before its arguments, because their size does not tell its work.
    """

    name: str
    implementation: Implementation
    parameters: tuple[str, ...]
    more: str | None = None
    optional: int = 0
    unknown: Partial = "spreads"
    marks: Partial = "spreads"
    metered: bool = False

    def call(self, arguments: Sequence[Value], spend: Spend) -> Value:
        """The result. Raises ``EvaluationError`` for arguments the function does not take."""
        types = self._types(len(arguments))
        sensitive = False
        if self.marks != "seen":
            sensitive = any(isinstance(argument, Sensitive) for argument in arguments)
            arguments = [bare(argument) for argument in arguments]
        if self.marks == "spreads":
            natures = [nature(argument) for argument in arguments]
            spend(sum(found.parts for found in natures) // _PARTS_A_STEP)
            inside = any(found.sensitive for found in natures)
            sensitive = sensitive or inside
            arguments = [stripped(argument) for argument in arguments] if inside else arguments
        unknown = self._unknown(arguments)
        if unknown is not None:
            return marked(unknown, sensitive)
        try:
            return self._called(arguments, types, spend, sensitive=sensitive)
        except EvaluationError:
            if sensitive:
                raise EvaluationError(UNSHOWN) from None
            raise

    def _called(self, arguments: Sequence[Value], types: Sequence[str], spend: Spend, *, sensitive: bool) -> Value:
        converted = [self._converted(argument, types[at], at) for at, argument in enumerate(arguments)]
        try:
            result = within_bounds(self.implementation(*((spend,) if self.metered else ()), *converted))
        except OutOfStepsError:
            raise
        except TooLargeError as error:
            return marked(Unknown(str(error)), sensitive)
        except UnicodeError:
            raise EvaluationError(f"{self.name}() takes texts of Unicode characters only") from None
        spend(_size(result) // _PARTS_A_STEP)
        if sensitive and isinstance(result, Unknown) and result not in arguments:
            return Sensitive(Unknown(UNSHOWN))
        return marked(result, sensitive)

    def _unknown(self, arguments: Sequence[Value]) -> Unknown | None:
        """The unknown that makes the result unknown, whatever the function does."""
        if self.unknown == "spreads":
            return next((found for found in map(first_unknown, arguments) if found is not None), None)
        if self.unknown == "inside":
            return next((argument for argument in arguments if isinstance(argument, Unknown)), None)
        return None

    def _types(self, count: int) -> list[str]:
        least = len(self.parameters) - self.optional
        most = len(self.parameters) if self.more is None else count
        if not least <= count <= most:
            raise EvaluationError(f"{self.name}() takes {self._arity(least)}, not {count}")
        return [*self.parameters, *[self.more or ""] * (count - len(self.parameters))]

    def _arity(self, least: int) -> str:
        if self.more is not None:
            return f"at least {_arguments(least)}"
        return f"{least} to {_arguments(len(self.parameters))}" if self.optional else _arguments(least)

    def _converted(self, value: Value, wanted: str, at: int) -> Value:
        if value is None and not wanted.endswith("?"):
            raise EvaluationError(f"argument {at + 1} of {self.name}() is null")
        if value is None or isinstance(value, Unknown):
            return value
        try:
            return _CONVERSIONS[wanted.removesuffix("?")](value)
        except EvaluationError as error:
            raise EvaluationError(f"argument {at + 1} of {self.name}(): {error}") from error


def _arguments(count: int) -> str:
    return f"{count} argument" if count == 1 else f"{count} arguments"


def _size(value: Value) -> int:
    if isinstance(value, OpenMap):
        return len(value.known)
    return len(value) if isinstance(value, list | dict | str) else 1


def within_bounds(value: Value) -> Value:
    """The value itself. Raises ``TooLargeError`` where it is out of all proportion for a configuration."""
    if isinstance(value, str) and len(value) > MOST_LETTERS:
        raise TooLargeError(f"a text of more than {MOST_LETTERS:,} letters is too large to evaluate")
    if isinstance(value, list | dict) and len(value) > MOST_PARTS:
        raise TooLargeError(f"a value of more than {MOST_PARTS:,} parts is too large to evaluate")
    return composed(value) if isinstance(value, str) else value


def _whole(value: Value) -> Value:
    number = as_number(value)
    if isinstance(number, Decimal) and number != number.to_integral_value():
        raise EvaluationError("a whole number is needed")
    return number


def _listed(value: Value) -> Value:
    if isinstance(value, list):
        return value
    raise EvaluationError(f"{kind(value)} is not a list")


def _mapped(value: Value) -> Value:
    if isinstance(value, dict | OpenMap):
        return value
    raise EvaluationError(f"{kind(value)} is not a map")


def _texts(value: Value) -> Value:
    items = _listed(value)
    return [as_text(item) for item in items] if isinstance(items, list) else items


_CONVERSIONS: dict[str, Callable[[Value], Value]] = {
    "text": as_text,
    "number": as_number,
    "whole": _whole,
    "bool": as_bool,
    "list": _listed,
    "texts": _texts,
    "set": to_set,
    "map": _mapped,
    "any": lambda value: value,
}


class Family(dict[str, Function]):
    """The functions of one module, by name; declared with a decorator."""

    def __call__(
        self,
        name: str,
        *parameters: str,
        more: str | None = None,
        optional: int = 0,
        unknown: Partial = "spreads",
        marks: Partial = "spreads",
        metered: bool = False,
    ) -> Callable[[_Declared], _Declared]:
        """Declares what follows as the function ``name``; see :class:`Function`."""

        def declare(implementation: _Declared) -> _Declared:
            self[name] = Function(name, implementation, parameters, more, optional, unknown, marks, metered)
            return implementation

        return declare
