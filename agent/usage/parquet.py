"""Drivers from Parquet: one row for each customer and day (or hour), columns found by their names.

Decimals, integers and texts are taken as they are. A float is the shortest decimal that names it: the number that the
writer meant. Times are UTC; one without a zone is UTC.
"""

from collections.abc import Sequence
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from agent.config.usage import ParquetUsage
from agent.errors import InputError
from agent.usage.interface import ROWS, Driver, NamedContent
from agent.usage.rows import BadRow, customers, cut_quantities, keys, moments, refuse_doubles

_MICRO = pa.timestamp("us")
_EPOCH = date(1970, 1, 1).toordinal()
_FIRST_DAY, _LAST_DAY = date.min.toordinal() - _EPOCH, date.max.toordinal() - _EPOCH


def read_files(config: ParquetUsage, files: Sequence[NamedContent]) -> Driver:
    """The driver that several files, as (name, content), make together; a row twice among them is refused."""
    tables, finer = [ROWS.empty_table()], 0
    for name, content in files:
        try:
            rows, cut = _rows(config, _opened(config, name, content))
        except BadRow as bad:
            raise _told(bad, f"{name}, row {bad.at + 1}") from bad
        tables.append(rows)
        finer += cut
    rows = pa.concat_tables(tables)
    try:
        refuse_doubles(rows, _doubled(config, files))
    except BadRow as bad:
        raise _told(bad, _place(files, [len(table) for table in tables[1:]], bad.at)) from bad
    notes = (f"{finer} quantities had more than 12 decimals; they were cut there",) if finer else ()
    return Driver(config.name, config.interval, rows, notes=notes)


def _told(bad: BadRow, where: str) -> InputError:
    return InputError(bad.message, where=where, expected=bad.expected, mend=bad.mend)


def _place(files: Sequence[NamedContent], lengths: Sequence[int], at: int) -> str:
    for (name, _), length in zip(files, lengths, strict=True):
        if at < length:
            return f"{name}, row {at + 1}"
        at -= length
    raise AssertionError


def _doubled(config: ParquetUsage, files: Sequence[NamedContent]) -> str:
    """What to look for: a part that nobody named is likelier than a file that is doubled."""
    held = pq.ParquetFile(pa.BufferReader(files[0][1])).schema_arrow.names if files else []
    if config.key_column is None and "key" in held:
        return "the column 'key' is not read: set `key_column: key`"
    return "is the file, or a part of it, doubled?"


def _opened(config: ParquetUsage, name: str, content: bytes) -> dict[str, pa.ChunkedArray]:
    """The columns that the configuration names, each under what it is."""
    wanted = {"date": config.date_column, "customer": config.customer_column, "quantity": config.quantity_column}
    wanted |= {"key": config.key_column} if config.key_column is not None else {}
    try:
        # NOTE: legacy nanosecond times reach only to 2262, and beyond that they wrap
        file = pq.ParquetFile(pa.BufferReader(content), coerce_int96_timestamp_unit="us")
        held = file.schema_arrow.names
        for what, column in wanted.items():
            if held.count(column) != 1:
                raise InputError(
                    f"column {column!r} is {'there twice' if column in held else 'missing'}",
                    where=name,
                    expected=f"one column with the {what}; the file holds {', '.join(held) or 'none'}",
                    mend=f"set `{what}_column` of usage {config.name!r}",
                )
        table = file.read(columns=list(dict.fromkeys(wanted.values())))
    except (pa.ArrowException, OSError) as error:
        raise InputError("the file cannot be read as Parquet", where=name, expected="a whole Parquet file") from error
    return {what: table[column] for what, column in wanted.items()}


def _rows(config: ParquetUsage, columns: dict[str, pa.ChunkedArray]) -> tuple[pa.Table, int]:
    for what in ("date", "customer", "quantity"):
        if columns[what].null_count:
            at = pc.index(pc.is_null(columns[what]), value=True).as_py()
            raise BadRow(at, f"{what} is null")
    days, hours = _moments(config, columns["date"])
    _refuse_far(days)
    quantities, finer = _quantities(columns["quantity"])
    key = columns.get("key")
    parts = pa.nulls(len(quantities), pa.string()) if key is None else keys(pc.fill_null(_texts(key, "key"), ""))
    found = [days, hours, customers(_texts(columns["customer"], "customer")), quantities, parts]
    return pa.table(found, ROWS), finer


def _moments(config: ParquetUsage, column: pa.ChunkedArray) -> tuple[pa.Array, pa.Array]:
    """UTC days and hours. A time in a daily driver must be midnight, since anything else hides another zone."""
    column = _plain(column)
    if pa.types.is_date(column.type):
        if config.interval == "hour":
            raise BadRow(0, "the dates have no time of day", "a timestamp column, since `interval` is hour")
        return pc.cast(column, pa.date32()).combine_chunks(), pa.nulls(len(column), pa.int8())
    if not pa.types.is_timestamp(column.type):
        return moments(_texts(column, "date"), config.interval)
    # NOTE: Arrow keeps a time with a zone as its UTC instant, so that taking the zone away leaves UTC
    naive = pc.cast(column, pa.timestamp(column.type.unit), safe=False)
    times = pc.cast(naive, _MICRO, safe=False).combine_chunks()
    days = pc.cast(pc.floor_temporal(times, unit="day"), pa.date32())
    if config.interval == "hour":
        return days, pc.cast(pc.hour(times), pa.int8())
    off = pc.not_equal(times, pc.cast(days, _MICRO))
    if pc.any(off).as_py():
        at = pc.index(off, value=True).as_py()
        raise BadRow(
            at,
            f"date {times[at].as_py().isoformat()} has a time of day",
            "midnight UTC, or a date; `interval: hour` takes times",
        )
    return days, pa.nulls(len(days), pa.int8())


def _refuse_far(days: pa.Array) -> None:
    """A day that no calendar of ours has is a time in another unit."""
    numbers = pc.cast(days, pa.int32())
    far = pc.or_(pc.less(numbers, _FIRST_DAY), pc.greater(numbers, _LAST_DAY))
    if pc.any(far).as_py():
        at = pc.index(far, value=True).as_py()
        raise BadRow(at, f"date is {numbers[at]} days from 1970-01-01", "a day of the years 1 to 9999")


def _quantities(column: pa.ChunkedArray) -> tuple[pa.Array, int]:
    column = _plain(column)
    kind = column.type
    if not (pa.types.is_floating(kind) or pa.types.is_integer(kind) or pa.types.is_decimal(kind) or _is_text(kind)):
        raise BadRow(0, f"quantity is of type {kind}", "decimals, integers, floats or text")
    if pa.types.is_float16(kind):
        raise BadRow(0, "quantity is of type halffloat, which holds three digits", "a decimal or double column")
    return cut_quantities(pc.cast(column, pa.string()))


def _texts(column: pa.ChunkedArray, what: str) -> pa.ChunkedArray:
    column = _plain(column)
    if not (_is_text(column.type) or (what != "date" and pa.types.is_integer(column.type))):
        raise BadRow(0, f"{what} is of type {column.type}", "text" if what != "date" else "a date, a timestamp or text")
    return pc.cast(column, pa.string())


def _plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """A column without the dictionary it may be encoded by."""
    if pa.types.is_dictionary(column.type):
        return pc.cast(column, column.type.value_type)
    return column


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))
