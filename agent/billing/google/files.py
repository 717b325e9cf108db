"""The files of an export -> blocks of rows: nested Parquet, JSON lines, and dumps as dotted CSV."""

import re
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from agent.billing.delivery.export import ExportFile
from agent.billing.google import json_lines
from agent.billing.google.rows import Rows, leaf_name, nested_rows
from agent.billing.google.schema import ALL, FIELDS, FOR_COMMITMENTS, refuse_missing
from agent.billing.reading import csv_files, parquet_files, table_files
from agent.billing.reading.columns import Columns, ReadFault
from agent.billing.reading.header_names import twice
from agent.errors import SourceError
from agent.period import Period

PARQUET = (".parquet",)
JSON = (".json", ".jsonl", ".ndjson", ".json.gz", ".jsonl.gz", ".ndjson.gz")
CSV = (".csv", ".csv.gz")
SUFFIXES = (*PARQUET, *JSON, *CSV)
COMMITMENT_SKU = "Commitment"
"""How the SKU of a fee for a commitment begins."""
COMMITMENT_CREDITS = ("COMMITTED_USAGE_DISCOUNT", "COMMITTED_USAGE_DISCOUNT_DOLLAR_BASE", "FEE_UTILIZATION_OFFSET")
_MARKS = tuple(mark.encode() for mark in (COMMITMENT_SKU, COMMITMENT_CREDITS[0], COMMITMENT_CREDITS[2]))
RESOURCE = "resource"
_RESOURCE_KEY = re.compile(rf'"{RESOURCE}"\s*:'.encode())
_LONGEST = 64
"""No mark is longer, in bytes."""
MONTH = re.compile(r"20\d\d(?:0[1-9]|1[0-2])")
"""``invoice.month``: year and month."""
_CHUNK = 8 * 2**20


def rows(file: ExportFile) -> Iterator[Rows]:
    """All rows of a file with every column the ledger is made from. Raises ``SourceError``."""
    return _read(file, ALL)


def commitment_rows(file: ExportFile) -> Iterator[Rows]:
    """What commitments are worked out from; nothing, and little time spent, of a file that has none."""
    if _mentions_commitments(file):
        yield from _read(file, FOR_COMMITMENTS)


def invoice_months(file: ExportFile) -> Iterator[set[Period]]:
    """The months of a file's invoices, by block; what is no month is left to who reads the file."""
    for found in _read(file, ("invoice.month",)):
        months = found.columns.words("invoice.month").values if found.columns.rows else ()
        yield {Period(int(text[:4]), int(text[4:])) for text in months if text and MONTH.fullmatch(text)}


def is_detailed(file: ExportFile) -> bool:
    """Whether a file is of the detailed export: it has the column ``resource``, as JSON in at least one line."""
    if _ends(file, PARQUET):
        leaves = parquet_files.leaf_paths(file.path, file.shown)
        return any(leaf_name(path).split(".")[0] == RESOURCE for path in leaves)
    if _ends(file, JSON):
        return _holds(file.path, lambda piece: _RESOURCE_KEY.search(piece) is not None)
    header = csv_files.read_header(file.path, file.shown)
    return any(name.strip().casefold().split(".")[0] == RESOURCE for name in header.names)


def _read(file: ExportFile, names: Sequence[str]) -> Iterator[Rows]:
    if _ends(file, PARQUET):
        return _parquet(file, names)
    return json_lines.rows(file, names) if _ends(file, JSON) else _csv(file, names)


def located(file: ExportFile, fault: ReadFault) -> SourceError:
    """The fault with its file and line (the row of a Parquet file)."""
    if _ends(file, JSON):
        where = f"{file.shown}:{json_lines.line_of_row(file.path, fault.row)}"
    else:
        return table_files.located(file.path, file.shown, fault)
    return SourceError(fault.message, where=where, expected=fault.expected, mend=fault.mend)


def _ends(file: ExportFile, suffixes: Sequence[str]) -> bool:
    return file.shown.lower().endswith(tuple(suffixes))


def _parquet(file: ExportFile, names: Sequence[str]) -> Iterator[Rows]:
    paths = parquet_files.leaf_paths(file.path, file.shown)
    leaves = {path: leaf_name(path) for path in paths}
    _refuse_twice([leaves[path] for path in paths], file.shown)
    tops = {name for leaf in leaves.values() for name in (leaf, leaf.rpartition(".")[0])}
    refuse_missing(frozenset(tops), file.shown)
    wanted = {f"{name}.{inner}" for name, inner_names in FIELDS.items() if name in names for inner in inner_names}
    picked = [path for path, leaf in leaves.items() if leaf in wanted or leaf in names]
    first = 0
    for batch in parquet_files.batches(file.path, file.shown, picked):
        yield nested_rows(batch, first)
        first += len(batch)


def _refuse_twice(leaves: Sequence[str], shown: str) -> None:
    """Two columns, or two fields of a record, that are one to the reader: neither may hide the other."""
    read = {*ALL, *(f"{name}.{inner}" for name, inner_names in FIELDS.items() for inner in inner_names)}
    again = [leaf for leaf in dict.fromkeys(leaves) if leaf in read and leaves.count(leaf) > 1]
    if again:
        raise SourceError(f"the file has {again[0]!r} twice", where=shown, expected="each column once")


def _csv(file: ExportFile, names: Sequence[str]) -> Iterator[Rows]:
    def wanted(header: Sequence[str], shown: str) -> dict[str, int]:
        places = _places(header, shown)
        refuse_missing(frozenset(places), f"{shown}:1")
        return {name: place for name, place in places.items() if name in names}

    for columns in table_files.columns_of(file.path, file.shown, wanted):
        yield Rows(columns, {}, {name: columns.words(name) for name in FIELDS if name in columns.arrays})


def _places(header: Sequence[str], shown: str) -> dict[str, int]:
    places: dict[str, int] = {}
    for place, name in enumerate(header):
        known = name.strip().casefold()
        if known in places and known in ALL:
            raise twice(name, f"{shown}:1")
        places.setdefault(known, place)
    return places


def _mentions_commitments(file: ExportFile) -> bool:
    if not _ends(file, PARQUET):
        # NOTE: three searches for a text are six times as fast as one for a pattern of the three
        return _holds(file.path, lambda piece: any(mark in piece for mark in _MARKS))
    leaves = {leaf_name(path): path for path in parquet_files.leaf_paths(file.path, file.shown)}
    picked = [leaves[name] for name in ("credits.type", "credits", "sku.description") if name in leaves]
    for batch in parquet_files.batches(file.path, file.shown, picked):
        found = nested_rows(batch, 0)
        types = Columns(found.records["credits"].fields if "credits" in found.records else {}, 0, 0).words("type")
        texts = (*types.values, *found.columns.words("sku.description").values)
        cells = found.texts["credits"].values if "credits" in found.texts else ()
        if any(text in COMMITMENT_CREDITS or str(text).startswith(COMMITMENT_SKU) for text in texts):
            return True
        if any(mark in text for text in cells if text for mark in COMMITMENT_CREDITS):
            return True
    return False


def _holds(path: Path, has_mark: Callable[[bytes], bool]) -> bool:
    """Whether a text file has a mark anywhere. A damaged file is left to who reads its rows."""
    tail = b""
    try:
        with csv_files.open_bytes(path) as stream:
            while chunk := stream.read(_CHUNK):
                if has_mark(tail + chunk):
                    return True
                tail = chunk[-_LONGEST:]
    except (EOFError, OSError, zlib.error):
        return True
    return False
