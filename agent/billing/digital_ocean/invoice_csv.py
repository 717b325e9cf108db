"""An invoice's CSV as the control panel and ``/v2/customers/my/invoices/{uuid}/csv`` give it."""

import re
from collections.abc import Sequence

import pyarrow as pa

from agent.billing.delivery.export import ExportFile
from agent.billing.digital_ocean.charges import Invoice
from agent.billing.reading import csv_files
from agent.billing.reading.columns import Columns
from agent.billing.reading.currencies import CURRENCIES
from agent.billing.reading.header_names import missing_columns, twice
from agent.billing.reading.moments import day_as_written
from agent.errors import SourceError
from agent.period import Period

COLUMNS = {
    "product": ("product",),
    "group_description": ("group_description",),
    "description": ("description",),
    "duration": ("hours", "duration"),
    "start_time": ("start", "start_time"),
    "end_time": ("end", "end_time"),
    "amount": ("usd", "amount"),
    "project_name": ("project_name",),
    "resource_uuid": ("resource_uuid",),
    "resource_id": ("resource_id",),
}
"""The API's name of a field -> its names in the CSV, in any case. The amount's column is named by its currency."""
NEEDED = ("product", "start_time", "end_time", "amount")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = re.compile(rf"(20\d\d)[ _-]({'|'.join(_MONTHS)}|0[1-9]|1[0-2])(?!\d)", re.IGNORECASE)
_NUMBERS = re.compile(r"\((\w+)-(\w+)\)")
"""``DigitalOcean Invoice 2020 Jul (6173678-418071234).csv``: the account's number and the invoice's."""


def read(file: ExportFile) -> tuple[Columns, Invoice]:
    """All items of the file, and what its name and header tell of the invoice. Raises ``SourceError``."""
    header = csv_files.read_header(file.path, file.shown)
    places, currency = _resolved(header.names, file.shown)
    found = list(csv_files.batches(file.path, file.shown, header, sorted(places.values())))
    if not found:
        raise SourceError(
            "the file has no rows", where=file.shown, expected="the items of an invoice", mend="download it again"
        )
    table = pa.Table.from_batches(found).unify_dictionaries().combine_chunks()
    arrays = {name: table[str(place)].chunk(0) for name, place in places.items()}
    empty = pa.nulls(len(table), pa.string()).dictionary_encode()
    arrays |= {name: empty for name in COLUMNS if name not in arrays}
    columns = Columns(arrays, len(table), 0)
    account, invoice = numbers(file.shown)
    return columns, Invoice(_period(columns, file.shown), currency, account, invoice)


def numbers(name: str) -> tuple[str | None, str | None]:
    """The account's number and the invoice's, where the name tells them."""
    found = _NUMBERS.search(name)
    return (found[1], found[2]) if found else (None, None)


def named_month(name: str) -> Period | None:
    """The month that a file's name tells."""
    match = _MONTH.search(name)
    if match is None:
        return None
    named = match[2].casefold()
    return Period(int(match[1]), _MONTHS.index(named) + 1 if named in _MONTHS else int(named))


def _resolved(header: Sequence[str], shown: str) -> tuple[dict[str, int], str]:
    """Position of each known column, and the currency of the amount's."""
    names = [name.strip().casefold() for name in header]
    currencies = [name.upper() for name in names if name.upper() in CURRENCIES]
    if len(currencies) > 1:
        raise SourceError(
            f"the header names several currencies: {', '.join(currencies)}",
            where=f"{shown}:1",
            expected="one column of amounts",
        )
    known = COLUMNS | ({"amount": (currencies[0].casefold(),)} if currencies else {})
    found = {field: next((name for name in aliases if name in names), None) for field, aliases in known.items()}
    missing = [COLUMNS[field][0] for field in NEEDED if found[field] is None]
    if missing:
        raise missing_columns(
            "DigitalOcean invoice",
            missing,
            where=f"{shown}:1",
            expected="product,group_description,description,hours,start,end,USD,project_name,category",
            mend="download the invoice's CSV again, or read the file by a source of kind csv and a column map",
        )
    for name in found.values():
        if name is not None and names.count(name) > 1:
            raise twice(name, f"{shown}:1")
    places = {field: names.index(name) for field, name in found.items() if name is not None}
    return places, currencies[0] if currencies else "USD"


def _period(columns: Columns, shown: str) -> Period:
    """The invoiced month: as the file's name says, else the one in which all items begin."""
    if named := named_month(shown.rsplit("/", 1)[-1]):
        return named
    columns.moments("start_time")
    words = columns.words("start_time")
    months = sorted({str(day_as_written(value))[:7] for value in words.values if value is not None})
    if len(months) != 1:
        raise SourceError(
            f"its items begin in {len(months)} months, {months[0]} to {months[-1]}, and its name tells none",
            where=shown,
            expected="a file named as downloaded: DigitalOcean Invoice 2026 Oct (6173678-418071234).csv",
            mend="name the file so, or put the month into its name: 2026-10",
        )
    return Period.parse(months[0])
