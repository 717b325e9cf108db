"""Repeated records that a dump holds as text: JSON, or a list as Python prints it. Numbers keep their digits."""

import ast
import json
from collections.abc import Mapping, Sequence

Record = Mapping[str, str | None]


class RecordFault(ValueError):
    """A text that is no list of records."""


def records(text: str | None) -> Sequence[Record]:
    """The records of one cell; none for an empty one. Raises :class:`RecordFault`."""
    if text is None or not text.strip():
        return ()
    try:
        return _records(json.loads(text, parse_float=str, parse_int=str, parse_constant=str))
    except RecursionError as error:
        raise RecordFault(text) from error
    except ValueError:
        pass
    try:
        return _records(_printed(ast.parse(text.strip(), mode="eval").body, text.strip()))
    # NOTE: Python's parser has its own limits, and says so in as many ways
    except (ValueError, SyntaxError, MemoryError, RecursionError) as error:
        raise RecordFault(text) from error


def _records(found: object) -> Sequence[Record]:
    if not isinstance(found, list) or not all(isinstance(record, dict) for record in found):
        raise RecordFault(str(found))
    return [{str(key): _text(value) for key, value in record.items()} for record in found]


def _text(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def _printed(node: ast.expr, text: str) -> object:
    """What a literal stands for; a number is the digits it is spelled with, not the float they name."""
    match node:
        case ast.List(elts=elements) | ast.Tuple(elts=elements):
            return [_printed(element, text) for element in elements]
        case ast.Dict(keys=keys, values=values) if None not in keys:
            named = [_printed(key, text) for key in keys if key is not None]
            return dict(zip(map(str, named), (_printed(value, text) for value in values), strict=True))
        case ast.Constant(value=None | bool() | str() as value):
            return value
        case ast.Constant(value=int() | float()) | ast.UnaryOp(op=ast.USub() | ast.UAdd(), operand=ast.Constant()):
            return ast.get_source_segment(text, node)
        case ast.Name(id="nan" | "inf"):
            return None
        case _:
            raise RecordFault(text)
