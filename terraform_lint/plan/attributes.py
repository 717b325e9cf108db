"""The attributes of a planned resource: what they will be, and why some of that is not known yet."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import msgspec
from msgspec import UNSET, Raw

from policies.resource import TagSet
from terraform_lint.plan.shape import Fields
from terraform_lint.special import Blocks, Hidden, Unclear

LATER = "known only after apply"
Body: TypeAlias = Fields | Mapping[str, Any]
Written: TypeAlias = Mapping[str, Any] | None
"""The expressions of a body as the plan's ``configuration`` has them; None: it does not have them."""

_FILLED_IN = frozenset({"root_block_device", "ebs_block_device", "volume_tags", "tags_all", "settings", "metadata"})
"""What providers fill in where nobody wrote it."""
_NOTHING: Mapping[str, Any] = {}


def text_of(value: object) -> str | None:
    """A value of a plan as Terraform converts it to text."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, int | float):
        return str(value)
    return msgspec.json.encode(value).decode()


def tags_of(value: Mapping[str, Any], unknown: object, sensitive: object, reason: str = LATER) -> TagSet:
    """A map of tags. ``unknown``: true, or true by key; ``sensitive`` too."""
    hidden = _is_hidden(sensitive)
    if not unknown:
        return TagSet(_texts(value), sensitive=hidden)
    if not isinstance(unknown, dict):
        return TagSet(_texts(value), rest=reason, sensitive=hidden)
    later = {key: reason for key, what in unknown.items() if what}
    known = {key: text for key, text in _texts(value).items() if key not in later}
    return TagSet(known, later, sensitive=hidden)


def _is_hidden(mark: object) -> bool:
    """Whether anything is marked as sensitive."""
    if isinstance(mark, dict):
        return any(map(_is_hidden, mark.values()))
    return any(map(_is_hidden, mark)) if isinstance(mark, list) else mark is True


def references_of(expression: object) -> str:
    """Which other resources, data sources or modules an expression takes its value from; empty where none is named."""
    named = expression.get("references") if isinstance(expression, dict) else None
    if not isinstance(named, list):
        return ""
    inner = ("var.", "local.", "each.", "count.", "path.", "terraform.", "self.")
    outer = [name for name in named if isinstance(name, str) and not name.startswith(inner)]
    ends = [name for name in outer if not any(other.startswith((f"{name}.", f"{name}[")) for other in outer)]
    return ", ".join(ends[:3])


def later(expression: object) -> str:
    """Why a value is unknown, with what it waits for."""
    source = references_of(expression)
    return f"{LATER}, from {source}" if source else LATER


def field(body: Body | None, name: str) -> Any:
    """An attribute of a resource or of a nested block; UNSET where it is not there."""
    if body is None:
        return UNSET
    if not isinstance(body, Fields):
        return body.get(name, UNSET)
    value = getattr(body, name, UNSET)
    if not isinstance(value, Raw):
        return value
    raw = bytes(value)
    return msgspec.json.decode(raw) if raw else UNSET


class Planned:
    """A planned resource, or a block of one, as ``terraform_lint.special`` asks for it."""

    __slots__ = ("_after", "_hidden", "_sensitive", "_unknown", "_written")

    def __init__(
        self, after: Body | None, unknown: Body | None, sensitive: Body | None, written: Written, *, hidden: bool
    ) -> None:
        self._after, self._unknown, self._sensitive, self._written = after, unknown, sensitive, written
        self._hidden = hidden  # all of it

    def text(self, name: str) -> str | Unclear | None:
        if self._is_later(name):
            return Unclear(self._reason(name))
        value = field(self._after, name)
        text = None if value is UNSET or isinstance(value, list | dict) else text_of(value)
        return Hidden(text) if text is not None and self._is_hidden(name) else text

    def texts(self, name: str) -> Sequence[str | Unclear] | Unclear | None:
        if self._is_later(name):
            return Unclear(self._reason(name))
        value = field(self._after, name)
        if not isinstance(value, list):
            return None
        marks = field(self._unknown, name)
        waiting = {number for number, mark in enumerate(marks) if mark} if isinstance(marks, list) else set()
        found = [Unclear(LATER) if number in waiting else text_of(item) for number, item in enumerate(value)]
        hidden = self._is_hidden(name)
        return [Hidden(item) if hidden and isinstance(item, str) else item for item in found if item is not None]

    def tags(self, name: str) -> TagSet | None:
        value, unknown = field(self._after, name), field(self._unknown, name)
        if isinstance(value, dict):
            marks = unknown if isinstance(unknown, dict | bool) else None
            return tags_of(value, marks, self._is_hidden(name), self._reason(name) if marks else LATER)
        return TagSet(rest=self._reason(name)) if self._is_later(name) else None

    def blocks(self, name: str) -> Blocks:
        if self._is_later(name):
            return Blocks(rest=self._reason(name))
        value = field(self._after, name)
        if isinstance(value, dict):
            value = [value]
        if not isinstance(value, list):
            return Blocks()
        unknown, sensitive = field(self._unknown, name), field(self._sensitive, name)
        written = self._written.get(name) if self._written is not None else None
        return Blocks(
            [
                Planned(
                    item,
                    _at(unknown, number),
                    _at(sensitive, number),
                    _at(written, number),
                    hidden=self._hidden or sensitive is True or (isinstance(sensitive, list) and True in sensitive),
                )
                for number, item in enumerate(value)
                if isinstance(item, dict)
            ]
        )

    def line(self, _name: str) -> int | None:
        return None

    def _is_later(self, name: str) -> bool:
        """Unknown, and not just because nobody wrote it and the provider fills it in."""
        if field(self._unknown, name) is not True:
            return False
        if self._written is None or name in self._written:
            return True
        return not self._written and name not in _FILLED_IN  # a body without any expression may have been trimmed

    def _is_hidden(self, name: str) -> bool:
        return self._hidden or _is_hidden(field(self._sensitive, name))

    def _reason(self, name: str) -> str:
        return later((self._written or _NOTHING).get(name))


def _at(items: object, number: int) -> dict[str, Any] | None:
    """What stands beside the block of that number; a single object stands for a list of one."""
    if isinstance(items, dict):
        return items if number == 0 else None
    if isinstance(items, list) and number < len(items) and isinstance(items[number], dict):
        found: dict[str, Any] = items[number]
        return found
    return None


def _texts(value: Mapping[str, Any]) -> Mapping[str, str | None]:
    for item in value.values():
        if type(item) is not str:
            return {key: text_of(item) for key, item in value.items()}
    return value
