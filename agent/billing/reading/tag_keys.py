"""One key with two values in one tag set: both are kept, so that neither decides in silence.

The second stands under the key with a space behind it. Rules compare keys without such spaces, so the charge has
conflicting tags, and the raw set shows both. What was delivered twice with one value is one tag.
"""

from collections.abc import Iterable, Mapping
from typing import TypeVar

Value = TypeVar("Value")
_MARK = " "


def put(tags: dict[str, Value], key: str, value: Value) -> None:
    """Adds a tag; under the key and a space, or more of them, where the key has another value already."""
    while key in tags and tags[key] != value:
        key += _MARK
    tags[key] = value


def kept_apart(entries: Iterable[tuple[str, Value]]) -> dict[str, Value]:
    """The entries as one set, in their order."""
    tags: dict[str, Value] = {}
    for key, value in entries:
        put(tags, key, value)
    return tags


def overlaid(lower: Mapping[str, str], upper: Mapping[str, str]) -> dict[str, str]:
    """Both sets as one: of a key that both have, only the values of ``upper`` count."""
    decided = {key.rstrip(_MARK) for key in upper}
    return {key: value for key, value in lower.items() if key.rstrip(_MARK) not in decided} | dict(upper)


def is_doubled(tags: Mapping[str, str]) -> bool:
    """Whether a key of the set has two values."""
    return any(key.endswith(_MARK) and key.rstrip(_MARK) in tags for key in tags)
