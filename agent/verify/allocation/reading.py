"""Configuration as plain text: YAML whose scalars stay as written. What is not known here is named, not passed over."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import yaml

_NONE = ("", "null", "~")
Tree = Mapping[str, Any]


def tree(content: bytes) -> Tree:
    """A YAML mapping, every scalar a text. An empty file is an empty mapping."""
    found = yaml.load(content.decode("utf-8-sig"), Loader=yaml.BaseLoader)  # noqa: S506  # texts only: makes no object
    if found in (None, ""):
        return {}
    if not isinstance(found, dict):
        raise TypeError("the file is no mapping")
    return found


def given(mapping: Tree, key: str) -> Any:
    """The value of a key; None where it is not there or says nothing."""
    value = mapping.get(key)
    return None if isinstance(value, str) and value in _NONE else value


def text(mapping: Tree, key: str, default: str = "") -> str:
    """A scalar as text."""
    value = given(mapping, key)
    return default if value is None else str(value)


def texts(value: object) -> list[str]:
    """One text or a list of them."""
    if value is None:
        return []
    return [value] if isinstance(value, str) else [str(item) for item in _sequence(value)]


def listed(mapping: Tree, key: str) -> Sequence[Any]:
    """A list; nothing is an empty one."""
    return _sequence(given(mapping, key) or [])


def inner(mapping: Tree, key: str) -> Tree:
    """A mapping; nothing is an empty one."""
    value = given(mapping, key) or {}
    if not isinstance(value, dict):
        raise TypeError(f"{key} is no mapping")
    return value


def whole(amounts: Iterable[Decimal]) -> list[int]:
    """Decimals times the least power of ten that makes all of them whole."""
    numbers = list(amounts)
    places = max((_places(number) for number in numbers), default=0)
    return [int(number.scaleb(places)) for number in numbers]


def _places(number: Decimal) -> int:
    exponent = number.as_tuple().exponent
    if not isinstance(exponent, int):
        raise TypeError(f"{number} is no number")
    digits = number.as_tuple().digits
    trailing = 0
    while trailing < len(digits) and digits[-1 - trailing] == 0:
        trailing += 1
    return max(0, -exponent - trailing) if any(digits) else 0


def strange(mapping: Tree, known: Iterable[str], where: str) -> list[str]:
    """The keys that this page does not know, each with where it stands."""
    return [f"{where}{key}" for key in mapping if key not in set(known) and given(mapping, key) is not None]


def _sequence(value: object) -> Sequence[Any]:
    if not isinstance(value, list):
        raise TypeError(f"{value!r} is no list")
    return value
