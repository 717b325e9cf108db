"""Drivers from CSV: ``date,customer,quantity``, one row for each customer and day (or hour), exact decimals.

A column ``key`` says which part (region, cluster, ...) the quantity is of; without it there is one part.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime
from itertools import islice
from typing import TypeVar

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as arrow_csv

from agent.config.usage import CsvUsage
from agent.errors import InputError
from agent.usage.interface import ROWS, Driver, NamedContent
from policies.faults import FaultsError
from policies.table import iso_date, open_table, wrong_record

COLUMNS = ("date", "customer", "quantity")
KEY = "key"
_BATCH = 1 << 16
_NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?$"
_QUANTITY = ROWS.field("quantity").type
Moment = tuple[date, int | None]
Parsed = TypeVar("Parsed")


class _BadRow(Exception):
    """Row ``at`` of a driver (from 0, headers not counted, files in order) is wrong."""

    def __init__(self, at: int, message: str, expected: str = "", mend: str = "") -> None:
        super().__init__(message)
        self.at, self.message, self.expected, self.mend = at, message, expected, mend


def read_driver(config: CsvUsage, content: bytes) -> Driver:
    """The driver that one file holds. Raises ``InputError`` naming the first line that is wrong."""
    return read_files(config, [(config.location, content)])


def read_files(config: CsvUsage, files: Sequence[NamedContent]) -> Driver:
    """The driver that several files, as (name, content), make together; a row twice among them is refused."""
    quick = [_quick_texts(content) for _, content in files]
    if all(texts is not None for texts in quick):
        # NOTE: whatever is wrong is found again, and named with its line, by the strict reading below
        with suppress(_BadRow):
            return Driver(config.name, config.interval, _rows(config, pa.concat_tables(quick)))
    try:
        rows = _rows(config, pa.concat_tables([_texts(name, content) for name, content in files]))
    except FaultsError as error:
        raise InputError.of(error.faults) from error
    except _BadRow as bad:
        raise InputError(bad.message, where=_place(files, bad.at), expected=bad.expected, mend=bad.mend) from bad
    return Driver(config.name, config.interval, rows)


def _quick_texts(content: bytes) -> pa.Table | None:
    """The cells as text where nothing in the file is out of the ordinary, else None: no quotes, every row whole."""
    if b'"' in content:
        return None
    types = dict.fromkeys((*COLUMNS, KEY), pa.string())
    convert = arrow_csv.ConvertOptions(column_types=types, strings_can_be_null=False)
    try:
        texts = arrow_csv.read_csv(pa.BufferReader(content), convert_options=convert)
    except pa.ArrowInvalid:
        return None
    return _keyed(texts) if {*texts.column_names} | {KEY} == {*COLUMNS, KEY} else None


def _keyed(texts: pa.Table) -> pa.Table:
    """The columns in order; a file without the column ``key`` has an empty one."""
    if KEY not in texts.column_names:
        texts = texts.append_column(KEY, pa.repeat(pa.scalar("", pa.string()), len(texts)))
    return texts.select([*COLUMNS, KEY])


def _records(name: str, content: bytes) -> tuple[list[str], Iterator[tuple[int, list[str]]]]:
    return open_table(content, name, required=COLUMNS, allowed=(*COLUMNS, KEY))


def _texts(name: str, content: bytes) -> pa.Table:
    """The cells as text, in batches: a file of a million rows is never a million Python rows at once."""
    columns, records = _records(name, content)
    schema = pa.schema([(column, pa.string()) for column in columns])
    tables = [schema.empty_table()]
    while batch := list(islice(records, _BATCH)):
        for line, cells in batch:
            if (problem := wrong_record(cells, columns)) is not None:
                raise InputError(problem, where=f"{name}:{line}")
        turned = zip(*(cells for _, cells in batch), strict=True)
        tables.append(pa.table([pa.array(column, pa.string()) for column in turned], schema))
    return _keyed(pa.concat_tables(tables))


def _place(files: Sequence[NamedContent], at: int) -> str:
    lines = (f"{name}:{line}" for name, content in files for line, _ in _records(name, content)[1])
    return next(islice(lines, at, None))


def _rows(config: CsvUsage, texts: pa.Table) -> pa.Table:
    moments, days = _each(texts["date"], _hour if config.interval == "hour" else _day)
    names, customers = _each(texts["customer"], _customer)
    found = [
        pa.array([day for day, _ in moments], pa.date32()).take(days),
        pa.array([hour for _, hour in moments], pa.int8()).take(days),
        pa.array(names, pa.string()).take(customers),
        _quantities(texts["quantity"]),
        _keys(texts[KEY]),
    ]
    rows = pa.table(found, ROWS)
    _refuse_doubles(rows)
    return rows


def _each(column: pa.ChunkedArray, parse: Callable[[str], Parsed]) -> tuple[list[Parsed], pa.Array]:
    """The distinct texts of a column, parsed, and each row's place among them."""
    coded = column.combine_chunks().dictionary_encode()
    parsed: list[Parsed] = []
    for code, text in enumerate(coded.dictionary.to_pylist()):
        try:
            parsed.append(parse(text.strip()))
        except _BadRow as bad:
            # NOTE: texts are numbered as they first appear, so this is the first wrong row of the column
            at = pc.index(coded.indices, code).as_py()
            raise _BadRow(at, bad.message, bad.expected) from bad
    return parsed, coded.indices


def _day(text: str) -> Moment:
    if (day := iso_date(text)) is not None:
        return day, None
    if iso_date(text[:10]) is not None:
        raise _BadRow(0, f"date {text!r} has a time of day", "YYYY-MM-DD, a UTC day; `interval: hour` takes times")
    raise _BadRow(0, f"date {text!r} is not a date", "YYYY-MM-DD, for example 2026-10-01")


def _hour(text: str) -> Moment:
    expected = "a date and time, for example 2026-10-01T05:00:00Z; without an offset it is UTC"
    if iso_date(text) is not None:
        raise _BadRow(0, f"date {text!r} has no time of day", expected)
    try:
        moment = datetime.fromisoformat(text)
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise _BadRow(0, f"date {text!r} is not a date and time", expected) from error
    return moment.date(), moment.hour


def _customer(text: str) -> str:
    if not text:
        raise _BadRow(0, "customer is empty", "an id of customers.csv")
    return text


def _keys(column: pa.ChunkedArray) -> pa.Array:
    trimmed = pc.utf8_trim_whitespace(column.combine_chunks())
    return pc.if_else(pc.equal(trimmed, ""), pa.scalar(None, pa.string()), trimmed)


def _quantities(column: pa.ChunkedArray) -> pa.Array:
    """Exact decimals of scale 12; a quantity may be negative (the allocation sets such a day aside)."""
    texts = pc.utf8_trim_whitespace(column.combine_chunks())
    wrong = pc.index(pc.match_substring_regex(texts, _NUMBER), value=False).as_py()
    if wrong >= 0:
        raise _BadRow(wrong, f"quantity {texts[wrong].as_py()!r} is not a number", "a plain decimal, such as 1200.5")
    try:
        return pc.cast(texts, _QUANTITY)
    except pa.ArrowInvalid:
        at = next(at for at in range(len(texts)) if not _fits(texts.slice(at, 1)))
        found = texts[at].as_py()
        raise _BadRow(
            at, f"quantity {found!r} does not fit", "at most 26 digits before and 12 after the point"
        ) from None


def _fits(text: pa.Array) -> bool:
    try:
        pc.cast(text, _QUANTITY)
    except pa.ArrowInvalid:
        return False
    return True


def _refuse_doubles(rows: pa.Table) -> None:
    key = ["date", "hour", "customer", "key"]
    if len(rows.group_by(key).aggregate([])) == len(rows):
        return
    keys = list(zip(*(rows[name].to_pylist() for name in key), strict=True))
    first: dict[tuple[object, ...], int] = {}
    at = next(at for at, row in enumerate(keys) if first.setdefault(row, at) != at)
    day, hour, customer, part = keys[at]
    moment = day if hour is None else f"{day} {hour:02d}:00 UTC"
    problem = f"a second row for {customer!r} on {moment}" + (f" in {part!r}" if part is not None else "")
    raise _BadRow(at, problem, mend="is the file, or a part of it, doubled?")
