"""``yamldecode`` and ``yamlencode`` as Terraform reads and writes YAML.

Its dialect: ``yes``, ``on`` and ``y`` are bools, ``012`` is twelve, a date becomes a full timestamp, ``<<`` merges.
"""

import re
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar

from terraform_lint.source.evaluation.conversion import as_text, number_text, parse_number
from terraform_lint.source.evaluation.functions.json_text import json_scalar
from terraform_lint.source.evaluation.functions.registry import Family
from terraform_lint.source.evaluation.knowledge import MOST_PARTS, NotFollowedError, TooLargeError
from terraform_lint.source.evaluation.values import EvaluationError, Unknown, Value

if TYPE_CHECKING:
    import yaml

YAML = Family()
_LONGEST_LINE = 40
_WORDS: dict[str, Value] = {
    **{word: True for base in ("y", "yes", "true", "on") for word in (base, base.title(), base.upper())},
    **{word: False for base in ("n", "no", "false", "off") for word in (base, base.title(), base.upper())},
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
}
_WHOLE = re.compile(r"[-+]?[0-9]+", re.ASCII)
_FRACTION = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?", re.ASCII)
_BASES = ((re.compile(r"0o[0-7]+", re.ASCII), 8), (re.compile(r"0x[0-9a-fA-F]+", re.ASCII), 16))
_DATE = re.compile(
    r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[Tt](\d{1,2}):(\d{1,2}):(\d{1,2})(?:\.\d+)?(Z|[-+]\d\d:\d\d)"
    r"| (\d{1,2}):(\d{1,2}):(\d{1,2})(?:\.\d+)?)?",
    re.ASCII,
)
_STANDARD = "tag:yaml.org,2002:"
_PLAIN = "plain"
_TEXTS = {f"{_STANDARD}str", f"{_STANDARD}binary"}
_KNOWN_TAGS = {f"{_STANDARD}{name}" for name in ("bool", "int", "float", "null", "timestamp")}
_MERGE = f"{_STANDARD}merge"


@YAML("yamldecode", "text")
def yamldecode(text: str) -> Value:
    """The value of one YAML document."""
    import yaml

    from policies.yaml_depth import DEEPEST, first_too_deep

    try:
        if first_too_deep(text, _loader()):
            raise TooLargeError(f"a YAML text nested deeper than {DEEPEST} levels is too deep to evaluate")
        root = yaml.compose(text, Loader=_loader())
    except yaml.YAMLError as error:
        problem = getattr(error, "problem", None) or " ".join(str(error).split())
        raise EvaluationError(f"yamldecode() takes a YAML text: {problem}") from error
    if root is None:
        raise EvaluationError("yamldecode() takes a YAML text with a value")
    return _Decoder().value(root)


@cache
def _loader() -> type[Any]:
    """A safe loader that only marks what has neither quotes nor a tag: what that means is decided here."""
    import yaml

    class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]  # compiled where it is there
        yaml_implicit_resolvers: ClassVar[dict[str | None, list[tuple[str, re.Pattern[str]]]]] = {
            None: [(_PLAIN, re.compile(""))]
        }

    return Loader


class _Decoder:
    """Builds values from nodes; aliases are followed within bounds."""

    def __init__(self) -> None:
        self._left = MOST_PARTS
        self._above: set[int] = set()

    def value(self, node: "yaml.Node") -> Value:
        import yaml

        self._left -= 1
        if self._left < 0:
            raise TooLargeError("a YAML text is too large to evaluate")
        if isinstance(node, yaml.ScalarNode):
            return _scalar(node)
        if id(node) in self._above:
            raise EvaluationError("yamldecode() takes no alias that holds itself")
        self._above.add(id(node))
        try:
            return (
                [self.value(item) for item in node.value]
                if isinstance(node, yaml.SequenceNode)
                else self._mapping(node)
            )
        finally:
            self._above.discard(id(node))

    def _mapping(self, node: "yaml.Node") -> Value:
        found: dict[str, Value] = {}
        merged: dict[str, Value] = {}
        for key_node, value_node in node.value:
            value = self.value(value_node)
            if key_node.tag == _MERGE or (key_node.tag == _PLAIN and key_node.value == "<<"):
                for other in reversed(value) if isinstance(value, list) else [value]:
                    merged = {**merged, **_mergeable(other)}
                continue
            key = as_text(self.value(key_node))
            if not isinstance(key, str):
                raise EvaluationError("yamldecode() takes only strings as keys")
            found[key] = value
        return {**merged, **found}


def _mergeable(value: Value) -> dict[str, Value]:
    if isinstance(value, dict):
        return value
    raise EvaluationError("yamldecode() merges only mappings")


def _scalar(node: "yaml.ScalarNode") -> Value:
    text = str(node.value)
    if node.style in ("'", '"', "|", ">") or node.tag in _TEXTS:
        return text
    if node.tag not in (_PLAIN, *_KNOWN_TAGS):
        raise EvaluationError(f"yamldecode() knows no tag {node.tag}")
    if text in _WORDS:
        return _WORDS[text]
    return _number_or_date(text)


def _number_or_date(text: str) -> Value:
    date = _DATE.fullmatch(text)
    if date is not None:
        return _timestamp(date)
    for pattern, base in _BASES:
        if pattern.fullmatch(text):
            return Decimal(int(text[2:], base))
    if _WHOLE.fullmatch(text) or _FRACTION.fullmatch(text):
        return parse_number(text)
    if text.lower().lstrip("+-") in (".inf", ".nan"):
        return Unknown(f"yamldecode() reads {text} as no finite number")
    return text


def _timestamp(date: re.Match[str]) -> str:
    year, month, day, *rest = date.groups()
    hour, minute, second, zone = rest[:4] if rest[0] is not None else [*rest[4:], None]
    try:
        at = datetime(int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0))  # noqa: DTZ001 - the zone is kept as text
    except ValueError:
        return date.group()
    return at.strftime("%Y-%m-%dT%H:%M:%S") + ("Z" if zone in (None, "+00:00", "-00:00") else str(zone))


@YAML("yamlencode", "any?")
def yamlencode(value: Value) -> Value:
    """In blocks, keys in order, strings and keys in double quotes."""
    if isinstance(value, dict) and value:
        return "\n".join(_mapping_lines(value, 0)) + "\n"
    if isinstance(value, list) and value:
        return "\n".join(_sequence_lines(value, 0)) + "\n"
    # NOTE: an end-of-document mark follows what stands alone without quotes
    return _inline(value) + ("\n" if isinstance(value, str | dict | list) else "\n...\n")


def _mapping_lines(value: dict[str, Value], depth: int) -> list[str]:
    lines: list[str] = []
    for key in sorted(value):
        inner = value[key]
        name = "  " * depth + _inline(key) + ":"
        if isinstance(inner, dict) and inner:
            lines += [name, *_mapping_lines(inner, depth + 1)]
        elif isinstance(inner, list) and inner:
            lines += [name, *_sequence_lines(inner, depth)]
        else:
            lines.append(f"{name} {_inline(inner, depth + 1)}")
    return lines


def _sequence_lines(value: list[Value], depth: int) -> list[str]:
    lines: list[str] = []
    for item in value:
        if isinstance(item, dict) and item:
            inner = _mapping_lines(item, depth + 1)
        elif isinstance(item, list) and item:
            inner = _sequence_lines(item, depth + 1)
        else:
            inner = ["  " * (depth + 1) + _inline(item, depth + 1)]
        lines += ["  " * depth + "- " + inner[0].removeprefix("  " * (depth + 1)), *inner[1:]]
    return lines


def _inline(value: Value, depth: int = 0) -> str:
    if isinstance(value, dict):
        return "{}"
    if isinstance(value, list):
        return "[]"
    if isinstance(value, str):
        return _quoted(value, depth)
    return number_text(value) if isinstance(value, Decimal) else json_scalar(value)


def _quoted(text: str, depth: int) -> str:
    if not all(letter.isprintable() or letter == "\n" for letter in text) or text.endswith(" "):
        raise NotFollowedError("yamlencode() of a text with special characters is not worked out here")
    if "\n" not in text:
        if len(text) > _LONGEST_LINE and " " in text:
            raise NotFollowedError("how yamlencode() breaks a long text is not worked out here")
        return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
    body = text.rstrip("\n")
    ending = "" if body and len(text) - len(body) == 1 else "+" if text.endswith("\n") else "-"
    hint = "2" if text[0] in " \n" else ""
    pad = "  " * max(depth, 1)
    return f"|{hint}{ending}\n" + "\n".join(pad + line if line else "" for line in text.removesuffix("\n").split("\n"))
