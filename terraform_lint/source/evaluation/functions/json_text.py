"""``jsonencode`` and ``jsondecode``: compact, keys in order, ``<``, ``>`` and ``&`` escaped."""

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, NoReturn

from terraform_lint.source.evaluation.conversion import bounded, number_text
from terraform_lint.source.evaluation.functions.registry import Family
from terraform_lint.source.evaluation.knowledge import MOST_LETTERS, TooLargeError, bare
from terraform_lint.source.evaluation.values import EvaluationError, Value

JSON = Family()
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_ESCAPES = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"})


@JSON("jsonencode", "any?")
def jsonencode(value: Value) -> Value:
    """As text, on one line."""
    parts: list[str] = []
    letters = 0
    for part in _encoded(value):
        parts.append(part)
        letters += len(part)
        if letters > MOST_LETTERS:
            raise TooLargeError("a JSON text is too large to evaluate")
    return "".join(parts)


def _encoded(value: Value) -> Iterator[str]:
    value = bare(value)
    if isinstance(value, dict):
        yield from _encoded_map(value)
    elif isinstance(value, list):
        yield "["
        for at, item in enumerate(value):
            yield "," if at else ""
            yield from _encoded(item)
        yield "]"
    else:
        yield json_scalar(value)


def _encoded_map(value: dict[str, Value]) -> Iterator[str]:
    yield "{"
    for at, key in enumerate(sorted(value)):
        yield f"{',' if at else ''}{json_scalar(key)}:"
        yield from _encoded(value[key])
    yield "}"


def json_scalar(value: Value) -> str:
    """A string, number, bool or null as JSON."""
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).translate(_ESCAPES)
    if isinstance(value, bool):
        return "true" if value else "false"
    return number_text(value) if isinstance(value, Decimal) else "null"


@JSON("jsondecode", "text")
def jsondecode(text: str) -> Value:
    """The value of a JSON text."""
    try:
        decoded: Value = json.loads(
            text, parse_int=_number, parse_float=_number, parse_constant=_no_constant, object_pairs_hook=_object
        )
    except ValueError as error:
        raise EvaluationError(f"jsondecode() takes a JSON text: {error}") from error
    return _paired(decoded) if _SURROGATE.search(text) else decoded


def _paired(value: Value) -> Value:
    """With the replacement character in place of every half of a character."""
    if isinstance(value, dict):
        return {str(_paired(key)): _paired(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_paired(item) for item in value]
    return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace") if isinstance(value, str) else value


def _number(text: str) -> Decimal:
    return bounded(Decimal(text))


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Value]:
    return dict(pairs)
