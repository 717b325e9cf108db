"""Drivers from CSV: ``date,customer,quantity``, one row for each customer and day (or hour), exact decimals.

A column ``key`` says which part (region, cluster, ...) the quantity is of; without it there is one part.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import islice

import pyarrow as pa
from pyarrow import csv as arrow_csv

from agent.config.usage import CsvUsage
from agent.errors import InputError
from agent.usage.interface import ROWS, Driver, NamedContent
from agent.usage.rows import BadRow, customers, exact_quantities, keys, moments, refuse_doubles
from policies.faults import FaultsError
from policies.table import open_table, wrong_record

COLUMNS = ("date", "customer", "quantity")
KEY = "key"
_BATCH = 1 << 16


def read_driver(config: CsvUsage, content: bytes) -> Driver:
    """The driver that one file holds. Raises ``InputError`` naming the first line that is wrong."""
    return read_files(config, [(config.location, content)])


def read_files(config: CsvUsage, files: Sequence[NamedContent]) -> Driver:
    """The driver that several files, as (name, content), make together; a row twice among them is refused."""
    quick = [_quick_texts(content) for _, content in files]
    if all(texts is not None for texts in quick):
        # NOTE: whatever is wrong is found again, and named with its line, by the strict reading below
        with suppress(BadRow):
            return Driver(config.name, config.interval, _rows(config, pa.concat_tables(quick)))
    try:
        rows = _rows(config, pa.concat_tables([_texts(name, content) for name, content in files]))
    except FaultsError as error:
        raise InputError.of(error.faults) from error
    except BadRow as bad:
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
    days, hours = moments(texts["date"], config.interval)
    found = [days, hours, customers(texts["customer"]), exact_quantities(texts["quantity"]), keys(texts[KEY])]
    rows = pa.table(found, ROWS)
    refuse_doubles(rows)
    return rows
