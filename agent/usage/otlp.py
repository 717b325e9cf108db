"""Documents of OTLP JSON: exports of metrics and spans as the collector's file exporter and OTLP/HTTP write them.

Field names are lowerCamelCase, 64-bit integers are text or numbers, enumerations are numbers. Every number stays text
until somebody needs it exact. Source: the OTLP specification (JSON Protobuf encoding) and its ``.proto`` files.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from agent.errors import InputError
from agent.usage.quantities import number

Json = Mapping[str, Any]
Attributes = tuple[tuple[str, str, str], ...]
"""Sorted (key, type of the value, value as text), which tells streams apart."""
NANOS = 1_000_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MOST_NANOS = 2**64
_WANTED = "OTLP JSON, as the collector's file exporter writes it with `format: json` and without compression"
_REQUESTS = ("resourceMetrics", "resourceSpans", "resourceLogs", "resourceProfiles")
_NAMING = frozenset({"stringValue", "intValue", "boolValue", "doubleValue"})
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d{1,4})?", re.ASCII)
_NOT_FINITE = frozenset({"NaN", "Infinity", "-Infinity"})


@dataclass(frozen=True, slots=True)
class Origin:
    """What made a point or span: its resource, and the name, version and attributes of its scope."""

    resource: Attributes
    scope: Attributes
    library: tuple[str, str]


def documents(name: str, content: bytes) -> Iterator[tuple[str, Json]]:
    """The requests of a file, one a line or one in all, each with its place. Raises ``InputError``."""
    if content.startswith(b"PAR1"):
        raise InputError("Parquet is not read by drivers of kind opentelemetry", where=name, expected=_WANTED)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError("the file is no text in UTF-8", where=name, expected=_WANTED) from error
    lines = [(at, line) for at, line in enumerate(text.split("\n"), 1) if line.strip()]
    if len(lines) > 1 and not _is_document(lines[0][1]):
        yield name, _request(text, name, 0)
        return
    for at, line in lines:
        yield f"{name}:{at}", _request(line, name, at)


def _is_document(line: str) -> bool:
    try:
        _parsed(line)
    except (ValueError, RecursionError):
        return False
    return True


def _parsed(text: str) -> Any:
    # NOTE: numbers stay text, so that none passes through a float
    return json.loads(text, parse_float=str, parse_int=str, parse_constant=str)


def _request(text: str, name: str, line: int) -> Json:
    try:
        found = _parsed(text)
    except json.JSONDecodeError as error:
        raise InputError(
            f"this is no JSON: {error.msg}",
            where=f"{name}:{line or error.lineno}",
            expected=_WANTED,
            mend="is the file still being written, or cut off?",
        ) from error
    except RecursionError as error:
        raise InputError("the JSON is nested too deeply", where=f"{name}:{line or 1}", expected=_WANTED) from error
    if not isinstance(found, dict) or (found and not any(key in found for key in _REQUESTS)):
        raise InputError(
            "this is no export of metrics or spans",
            where=f"{name}:{line or 1}",
            expected=f"an object with resourceMetrics or resourceSpans; {_WANTED}",
        )
    return found


def metrics(request: Json, place: str) -> Iterator[tuple[Origin, Json]]:
    """Every metric of a request."""
    return _held(request, "resourceMetrics", "scopeMetrics", "metrics", place)


def spans(request: Json, place: str) -> Iterator[tuple[Origin, Json]]:
    """Every span of a request."""
    return _held(request, "resourceSpans", "scopeSpans", "spans", place)


def _held(request: Json, resources: str, scopes: str, what: str, place: str) -> Iterator[tuple[Origin, Json]]:
    for by_resource in items(request, resources, place):
        resource = attributes(part(by_resource, "resource", place), place)
        for by_scope in items(by_resource, scopes, place):
            scope = part(by_scope, "scope", place)
            library = str(scope.get("name") or ""), str(scope.get("version") or "")
            origin = Origin(resource, attributes(scope, place), library)
            for item in items(by_scope, what, place):
                yield origin, item


def part(holder: Json, name: str, place: str) -> Json:
    """An object within an object; an empty one where there is none."""
    found = holder.get(name)
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise InputError(f"{name} is no object", where=place, expected=_WANTED)
    return found


def items(holder: Json, name: str, place: str) -> list[Json]:
    """A list of objects within an object; an empty one where there is none."""
    found = holder.get(name)
    if found is None:
        return []
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        raise InputError(f"{name} is no list of objects", where=place, expected=_WANTED)
    return found


def attributes(holder: Json, place: str) -> Attributes:
    """The attributes of a resource, scope, point or span."""
    found = []
    for item in items(holder, "attributes", place):
        value = part(item, "value", place)
        kind = next(iter(value), "")
        held = value.get(kind)
        text = held if isinstance(held, str) else json.dumps(held, sort_keys=True)
        found.append((str(item.get("key") or ""), kind, text))
    return tuple(sorted(found))


def named(key: str, *among: Attributes) -> str:
    """The value of an attribute in the first of these that has it, trimmed; empty where none has.

    A list, a map or bytes name nobody.
    """
    texts = (text.strip() for held in among for name, kind, text in held if name == key and kind in _NAMING)
    return next(filter(None, texts), "").encode("utf-8", "replace").decode()


def nanos(holder: Json, name: str, place: str) -> int:
    """A time in nanoseconds since 1970, UTC; 0 where there is none."""
    text = str(holder.get(name) or "0")
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(_MOST_NANOS)) and int(text) < _MOST_NANOS):
        raise InputError(f"{name} is {text!r}", where=place, expected="nanoseconds since 1970, a whole number")
    return int(text)


def value(holder: Json, name: str, place: str) -> Decimal | None:
    """A number, exact; None for NaN and infinities. The field must be there."""
    text = str(holder[name])
    if text in _NOT_FINITE:
        return None
    if not _NUMBER.fullmatch(text):
        raise InputError(f"{name} is {text!r}", where=place, expected="a number")
    return number(text, place)


def shown(at: int) -> str:
    """A time as messages name it, to the second."""
    return f"{moment(at):%Y-%m-%d %H:%M:%S} UTC"


def moment(at: int) -> datetime:
    """A time in nanoseconds as UTC, cut to seconds."""
    return _EPOCH + timedelta(seconds=at // NANOS)
