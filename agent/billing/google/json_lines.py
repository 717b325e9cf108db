"""JSON lines as BigQuery exports them: one object a line, nulls left out, money as it is spelled.

Arrow reads the money into decimals wide enough for any double; a block it cannot read, or might read wrongly, is read
line by line instead, as is one whose fault must be named.
"""

import json
from collections.abc import Iterator, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import json as arrow_json

from agent.billing.delivery.export import ExportFile
from agent.billing.google.rows import Records, Rows, nested_rows
from agent.billing.google.schema import FIELDS, LISTS, SCALARS, refuse_missing
from agent.billing.reading import csv_files
from agent.billing.reading.columns import Columns, ReadFault
from agent.billing.reading.disguises import LOOKED_AT, refuse_disguised
from agent.errors import SourceError

BLOCK_BYTES = 16 * 2**20
CREDITS = "credits"
_TEXT = pa.string()
_MONEY = pa.decimal256(76, 46)
"""Holds every double from 1e-29 to 1e14 and beyond to its last digit."""
_KINDS = {
    "cost": _MONEY,
    "cost_at_list": _MONEY,
    "credits.amount": _MONEY,
    # NOTE: no money, and a double in BigQuery: its shortest text is what was exported
    "usage.amount": pa.float64(),
}
_TRUSTED = 1e14
"""NOTE: a number of more digits than :data:`_MONEY` holds becomes another number, and Arrow says nothing (pyarrow 26).
It keeps the lowest 256 bits: what comes out is far above this, as no amount of a bill is."""


def rows(file: ExportFile, names: Sequence[str]) -> Iterator[Rows]:
    """The rows of one file. Raises ``SourceError`` naming the line of what is no JSON object."""
    schema = _schema(names)
    seen: set[str] = set()
    first = line = 0
    for block in _blocks(file):
        seen |= {name for name in LISTS if name not in seen and f'"{name}"'.encode() in block}
        found = _by_arrow(block, schema, first)
        if found is None:
            found = _line_by_line(block, names, first, line, file.shown)
        yield found
        first += found.columns.rows
        line += block.count(b"\n")
    # NOTE: a scalar is left out where it is null, so each row is asked for those it must have; a list never is
    if first:
        refuse_missing(frozenset({*SCALARS, *seen}), file.shown)


def line_of_row(path: Path, row: int) -> int:
    """The line of the row of this 0-based number; empty lines are no rows."""
    with csv_files.open_bytes(path) as stream:
        count = -1
        for number, text in enumerate(stream, 1):
            count += bool(text.strip())
            if count == row:
                return number
    return 0


def _blocks(file: ExportFile) -> Iterator[bytes]:
    """Whole lines, some megabytes of them at a time."""
    try:
        with csv_files.open_bytes(file.path) as stream:
            yield from _lines(stream, file.shown)
    except (EOFError, OSError) as error:
        raise csv_files.truncated(file.shown) from error


def _lines(stream: BinaryIO, shown: str) -> Iterator[bytes]:
    waiting = stream.read(LOOKED_AT)
    refuse_disguised(waiting, shown)
    waiting = waiting.removeprefix(b"\xef\xbb\xbf")
    while chunk := stream.read(BLOCK_BYTES):
        whole, newline, rest = chunk.rpartition(b"\n")
        if newline:
            yield waiting + whole + newline
            waiting = rest
        else:
            waiting += rest
    if waiting.strip():
        yield waiting + b"\n"


def _schema(names: Sequence[str]) -> pa.Schema:
    tree: dict[str, Any] = {}
    for name in names:
        parts = name.split(".")
        place = tree
        for part in parts[:-1]:
            place = place.setdefault(part, {})
        place[parts[-1]] = _records_of(name) if name in FIELDS else _KINDS.get(name, _TEXT)
    return pa.schema([pa.field(name, _kind(kind)) for name, kind in tree.items()])


def _records_of(name: str) -> pa.DataType:
    return pa.list_(pa.struct([(inner, _KINDS.get(f"{name}.{inner}", _TEXT)) for inner in FIELDS[name]]))


def _kind(kind: Any) -> pa.DataType:
    if isinstance(kind, dict):
        return pa.struct([(name, _kind(inner)) for name, inner in kind.items()])
    return kind


def _by_arrow(block: bytes, schema: pa.Schema, first: int) -> Rows | None:
    # NOTE: Arrow takes bytes that are no UTF-8, and a line that says ``null``
    if b"\0" in block or not _is_text(block):
        return None
    reading = arrow_json.ReadOptions(use_threads=False, block_size=len(block) + 1)
    parsing = arrow_json.ParseOptions(explicit_schema=schema, unexpected_field_behavior="ignore")
    try:
        table = arrow_json.read_json(BytesIO(block), reading, parsing)
    except pa.ArrowInvalid:
        return None
    if not len(table):
        return None
    _refuse_null_credits(table, first)
    found = nested_rows(table.combine_chunks().to_batches()[0], first)
    return found if all(map(_trusted, _amounts(found))) else None


def _refuse_null_credits(table: pa.Table, first: int) -> None:
    if CREDITS in table.column_names and table[CREDITS].null_count:
        raise _no_credits(first + pc.index(pc.is_null(table[CREDITS]), value=True).as_py())


def _no_credits(row: int) -> ReadFault:
    return ReadFault(
        "credits is missing",
        row,
        "[] in a line without credits, as BigQuery writes an empty list: only what is null is left out",
        "export the table again; without the credits the line would be billed too high",
    )


def _amounts(found: Rows) -> Iterator[pa.Array]:
    for name in _KINDS:
        of, _, inner = name.rpartition(".")
        if name in found.columns.arrays:
            yield found.columns.arrays[name]
        elif of in found.records:
            yield found.records[of].fields[inner]


def _trusted(amounts: pa.Array) -> bool:
    if not pa.types.is_decimal(amounts.type):
        return True
    largest = pc.max(pc.abs(pc.cast(amounts, pa.float64()))).as_py()
    return largest is None or bool(largest < _TRUSTED)


def _is_text(block: bytes) -> bool:
    try:
        if not block.isascii():
            block.decode()
    except UnicodeDecodeError:
        return False
    return b"\nnull" not in block and not block.startswith(b"null")


def _line_by_line(block: bytes, names: Sequence[str], first: int, line: int, shown: str) -> Rows:
    objects = [_object(text, line + number, shown) for number, text in enumerate(block.split(b"\n"), 1) if text.strip()]
    scalars = {name: _scalars(objects, name) for name in names if name not in FIELDS}
    records = {name: _records(objects, name, first) for name in names if name in FIELDS}
    return Rows(Columns(scalars, len(objects), first), records)


def _object(text: bytes, line: int, shown: str) -> dict[str, Any]:
    try:
        found = json.loads(text, parse_float=str, parse_int=str, parse_constant=str)
    except (ValueError, RecursionError) as error:
        raise _no_object(f"the line is no JSON: {error}", line, shown) from error
    if not isinstance(found, dict):
        raise _no_object("the line is no JSON object", line, shown)
    return found


def _no_object(message: str, line: int, shown: str) -> SourceError:
    return SourceError(
        message,
        where=f"{shown}:{line}",
        expected="one JSON object a line, as BigQuery exports a table",
        mend="export again with format='JSON'; a line that breaks off is a sign of a cut file",
    )


def _value(found: Any, path: Sequence[str]) -> Any:
    for part in path:
        found = found.get(part) if isinstance(found, dict) else None
    return found


def _text(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _scalars(objects: Sequence[dict[str, Any]], name: str) -> pa.Array:
    path = name.split(".")
    return pa.array([_text(_value(found, path)) for found in objects], _TEXT)


def _records(objects: Sequence[dict[str, Any]], name: str, first: int) -> Records:
    path = name.split(".")
    lists = [_value(found, path) for found in objects]
    if name == CREDITS and None in lists:
        raise _no_credits(first + lists.index(None))
    lists = [entries or [] for entries in lists]
    offsets = np.zeros(len(lists) + 1, np.int64)
    np.cumsum([len(entries) for entries in lists], out=offsets[1:])
    fields = {
        inner: pa.array([_text(_value(entry, (inner,))) for entries in lists for entry in entries], _TEXT)
        for inner in FIELDS[name]
    }
    return Records(offsets, fields)
