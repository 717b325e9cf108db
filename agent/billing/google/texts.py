"""Repeated records that a dump holds as text: JSON, or a list as Python prints it. Numbers keep their digits."""

import json
from collections.abc import Mapping, Sequence

from agent.billing.reading.python_texts import Pairs, PrintFault, printed

Record = Mapping[str, str | None]


class RecordFault(ValueError):
    """A text that is no list of records."""


def records(text: str | None) -> Sequence[Record]:
    """The records of one cell; none for an empty one. Raises :class:`RecordFault`."""
    if text is None or not text.strip():
        return ()
    try:
        return _records(_parsed(text))
    except (PrintFault, RecursionError) as error:
        raise RecordFault(text) from error


def _parsed(text: str) -> object:
    try:
        return json.loads(text, parse_float=str, parse_int=str, parse_constant=str, object_pairs_hook=_once)
    except json.JSONDecodeError:
        return printed(text, _once)


def _once(pairs: Pairs) -> dict[str, object]:
    """A record; one that says a field twice cannot be read."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise RecordFault(str(pairs))
    return found


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
