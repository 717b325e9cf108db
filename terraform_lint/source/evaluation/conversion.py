"""Values from one type to another, as Terraform converts them where an expression needs a string, number or bool."""

import json
import re
import unicodedata
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from terraform_lint.source.evaluation.knowledge import TooLargeError, bare, first_unknown, identity
from terraform_lint.source.evaluation.values import EvaluationError, OpenMap, Unknown, Value, ValueSet

_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,9})?", re.ASCII)
_BOOLS = {"true": True, "1": True, "false": False, "0": False}
_MOST_DIGITS = 4_000


def as_text(value: Value) -> str | Unknown | None:
    """As a string: ``true`` is "true", ``1.50`` is "1.5". Null stays None. The mark of a sensitive value is lost.

    Raises ``EvaluationError`` for lists and maps.
    """
    value = bare(value)
    if value is None or isinstance(value, str | Unknown):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return number_text(value)
    raise EvaluationError(f"{kind(value)} is not a string")


def as_number(value: Value) -> Decimal | Unknown | None:
    """As a number; a string must be one, in decimal notation. Null stays None.

    Raises ``EvaluationError`` for anything else.
    """
    value = bare(value)
    if value is None or isinstance(value, Decimal | Unknown):
        return value
    if isinstance(value, str):
        number = parse_number(value)
        if number is not None:
            return number
        raise EvaluationError(f"the string {shown(value)} is not a number")
    raise EvaluationError(f"{kind(value)} is not a number")


def as_bool(value: Value) -> bool | Unknown | None:
    """As a bool: "true", "1", "false" and "0" are bools too. Null stays None.

    Raises ``EvaluationError`` for anything else.
    """
    value = bare(value)
    if value is None or isinstance(value, bool | Unknown):
        return value
    if isinstance(value, str) and value in _BOOLS:
        return _BOOLS[value]
    raise EvaluationError(f"{shown(value) if isinstance(value, str) else kind(value)} is neither true nor false")


def parse_number(text: str) -> Decimal | None:
    """A number from its text, or None where it is none. Raises ``TooLargeError`` beyond 4,000 digits."""
    if _NUMBER.fullmatch(text) is None:
        return None
    if len(text) > _MOST_DIGITS:
        raise TooLargeError("a number of this many digits is too large to evaluate")
    return bounded(Decimal(text))


def bounded(number: Decimal) -> Decimal:
    """The number itself. Raises ``TooLargeError`` where writing it out would take more than 4,000 digits."""
    if number and abs(number.adjusted()) > _MOST_DIGITS:
        raise TooLargeError("a number of this size is too large to evaluate")
    return number


def composed(text: str) -> str:
    """In Unicode's normal form C, as all strings of Terraform are."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def number_text(number: Decimal) -> str:
    """Without exponent and without zeros at the end: ``1.50`` is "1.5", ``1e3`` is "1000"."""
    if number == 0:
        return "0"
    text = format(bounded(number), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def kind(value: Value) -> str:
    """The value's type in words, with its article."""
    value = bare(value)
    for types, words in _KINDS:
        if isinstance(value, types):
            return words
    return "null"


_KINDS: tuple[tuple[type | tuple[type, ...], str], ...] = (
    (bool, "a bool"),
    (str, "a string"),
    (Decimal, "a number"),
    (ValueSet, "a set"),
    (list, "a list"),
    ((dict, OpenMap), "a map"),
    (Unknown, "an unknown value"),
)


def shown(text: str) -> str:
    """A text inside a message: quoted and short."""
    return f'"{text}"' if len(text) <= 40 else f'"{text[:40]}…"'


def unified(values: Sequence[Value]) -> list[Value]:
    """The values in one type, as the items of a list have: mixed with strings, numbers and bools become strings.

    What has no common type stays as it is; what is unknown changes nothing.
    """
    if _mixed(values):
        return [_leaf_text(value) for value in values]
    lists = [value for value in map(bare, values) if isinstance(value, list)]
    if len(lists) > 1:
        return _unified_lists(values, lists)
    maps = [value for value in map(bare, values) if isinstance(value, dict)]
    return _unified_maps(values, maps) if len(maps) > 1 else list(values)


def one_type(values: Sequence[Value], *, null_fits: bool = False) -> list[Value]:
    """As ``unified``. Raises ``EvaluationError`` where there is no type in common: a number beside a list.

    ``null_fits``: beside a null that has no type itself, nobody asks for a type in common.
    """
    if not _alike(values) and not (null_fits and _may_hold_null(list(values))):
        raise EvaluationError("the values have no type in common")
    return unified(values)


def _alike(values: Iterable[Value]) -> bool:
    known = [value for value in map(bare, values) if not isinstance(value, Unknown | OpenMap | None)]
    kinds = {list if isinstance(value, list) else type(value) for value in known}
    if len(kinds) < 2 and not kinds & {list, dict}:
        return True
    if kinds == {list}:
        return _columns_alike([dict(enumerate(value)) for value in known if isinstance(value, list)])
    if kinds == {dict}:
        return _columns_alike([value for value in known if isinstance(value, dict)])
    return str in kinds and kinds <= {str, bool, Decimal}


def _may_hold_null(value: Value) -> bool:
    value = bare(value)
    if isinstance(value, list):
        return any(map(_may_hold_null, value))
    if isinstance(value, dict):
        return any(map(_may_hold_null, value.values()))
    return isinstance(value, Unknown | OpenMap | None)


def _columns_alike(maps: Sequence[Mapping[Any, Value]]) -> bool:
    """Whether each key has a type in common over all maps; where their keys differ, whether all values have one."""
    if all(inner.keys() == maps[0].keys() for inner in maps):
        return all(_alike([inner[key] for inner in maps]) for key in maps[0])
    return _alike([value for inner in maps for value in inner.values()])


def _leaf_text(value: Value) -> Value:
    return as_text(value) if isinstance(value, bool | Decimal) else value


def _mixed(values: Iterable[Value]) -> bool:
    kinds = {type(value) for value in map(bare, values)}
    return str in kinds and bool(kinds & {bool, Decimal})


def _unified_lists(values: Sequence[Value], lists: list[list[Value]]) -> list[Value]:
    if all(type(inner) is list and len(inner) == len(lists[0]) for inner in lists):
        columns = [iter(unified(column)) for column in zip(*lists, strict=True)]
        return [[next(column) for column in columns] if isinstance(value, list) else value for value in values]
    items = iter(unified([item for inner in lists for item in inner]))
    return [type(value)([next(items) for _ in value]) if isinstance(value, list) else value for value in values]


def _unified_maps(values: Sequence[Value], maps: list[dict[str, Value]]) -> list[Value]:
    if all(inner.keys() == maps[0].keys() for inner in maps):
        columns = {key: iter(unified([inner[key] for inner in maps])) for key in maps[0]}
        return [{key: next(columns[key]) for key in value} if isinstance(value, dict) else value for value in values]
    items = iter(unified([item for inner in maps for item in inner.values()]))
    return [{key: next(items) for key in value} if isinstance(value, dict) else value for value in values]


def to_list(value: Value) -> Value:
    """``tolist()``: a set or tuple as a list whose items are of one type."""
    value = bare(value)
    if value is None or isinstance(value, Unknown):
        return value
    if isinstance(value, list):
        return one_type(value)
    raise EvaluationError(f"{kind(value)} is not a list")


def to_set(value: Value) -> Value:
    """``toset()``: of one type, sorted and unique. Unknown where an item is: it may equal another."""
    items = to_list(value)
    if not isinstance(items, list):
        return items
    unknown = first_unknown(items)
    return unknown if unknown is not None else ValueSet(sorted(unique(items), key=_set_order))


def to_map(value: Value) -> Value:
    """``tomap()``: the values of one type."""
    value = bare(value)
    if value is None or isinstance(value, Unknown):
        return value
    if isinstance(value, OpenMap):
        return OpenMap(dict(zip(value.known, one_type(list(value.known.values())), strict=True)), value.rest)
    if isinstance(value, dict):
        return dict(zip(value, one_type(list(value.values())), strict=True))
    raise EvaluationError(f"{kind(value)} is not a map")


def unique(items: Sequence[Value]) -> list[Value]:
    """Each once, in order of first appearance. The items are wholly known."""
    found: dict[Hashable, Value] = {}
    for item in items:
        found.setdefault(identity(item), item)
    return list(found.values())


def _set_order(value: Value) -> tuple[bool, Decimal, str]:
    """Strings, numbers and bools in their order, null last; the rest as Terraform happens to order it."""
    value = bare(value)
    if isinstance(value, Decimal | bool):
        return False, Decimal(value), ""
    return value is None, Decimal(), value if isinstance(value, str) else _trace(value)


def _trace(value: Value) -> str:
    value = bare(value)
    if isinstance(value, list):
        return f"<{''.join(_trace(item) + ';' for item in value)}>"
    if isinstance(value, dict):
        return f"<{''.join(_trace(value[key]) + ';' for key in sorted(value))}>"
    if isinstance(value, bool):
        return "T" if value else "F"
    if isinstance(value, Decimal):
        return number_text(value)
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else "~"


CONVERSIONS: dict[str, Callable[[Value], Value]] = {
    "string": as_text,
    "number": as_number,
    "bool": as_bool,
    "list": to_list,
    "set": to_set,
    "map": to_map,
}
"""By the name of the type, as in ``to…()`` and in type constraints."""
