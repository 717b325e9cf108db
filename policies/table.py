"""Small CSV files people write, read strictly: exact header, no ragged rows, every fault with its line."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from policies.faults import Fault, FaultsError
from policies.nearest import did_you_mean

_UTF16 = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, slots=True)
class Row:
    """One record: the 1-based line it begins on, and its cells, trimmed; a column left out reads as empty."""

    line: int
    cells: Mapping[str, str]

    def __getitem__(self, column: str) -> str:
        return self.cells.get(column, "")


@dataclass(frozen=True, slots=True)
class Table:
    """The rows that could be read, and the faults of those that could not."""

    rows: tuple[Row, ...]
    faults: tuple[Fault, ...]


def open_table(
    content: bytes, name: str, *, required: Sequence[str], allowed: Sequence[str]
) -> tuple[list[str], Iterator[tuple[int, list[str]]]]:
    """The columns, and the records below them: 1-based line each begins on, cells as written. Blank lines are skipped.

    RFC 4180 CSV in UTF-8 (a byte order mark is fine). Raises ``FaultsError`` where it cannot be read: encoding, header,
    and, while the records are consumed, broken quoting.
    """
    records = _records(_text(content, name), name)
    line, header = next(records, (1, []))
    columns = [cell.strip() for cell in header]
    if wrong := _header_faults(columns, required, allowed):
        raise FaultsError([Fault(name, line, message) for message in wrong])
    return columns, records


def read_table(content: bytes, name: str, *, required: Sequence[str], allowed: Sequence[str]) -> Table:
    """All rows of a small file. Raises as :func:`open_table` does; rows that are wrong by themselves are faults."""
    columns, records = open_table(content, name, required=required, allowed=allowed)
    rows, faults = [], []
    for line, record in records:
        cells = [cell.strip() for cell in record]
        if (problem := wrong_record(cells, columns)) is not None:
            faults.append(Fault(name, line, problem))
        else:
            rows.append(Row(line, dict(zip(columns, cells, strict=True))))
    return Table(tuple(rows), tuple(faults))


def wrong_record(cells: Sequence[str], columns: Sequence[str]) -> str | None:
    """What is wrong with a record as a whole: ragged, or the header once more."""
    if len(cells) != len(columns):
        return f"{len(cells)} cells, but the header has {len(columns)} columns"
    return "the header is repeated; were two files joined?" if cells == columns else None


def _text(content: bytes, name: str) -> str:
    if content.startswith(_UTF16):
        raise FaultsError([Fault(name, 1, "the file is UTF-16; save it as CSV UTF-8")])
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise FaultsError([Fault(name, line, "not UTF-8; save the file as CSV UTF-8")]) from error


def _records(text: str, name: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    line = 1
    try:
        for record in reader:
            if any(cell.strip() for cell in record):
                yield line, record
            line = reader.line_num + 1
    except csv.Error as error:
        raise FaultsError([Fault(name, line, f"the quoting of this row is broken: {error}")]) from error


def _header_faults(columns: Sequence[str], required: Sequence[str], allowed: Sequence[str]) -> list[str]:
    if not columns:
        return [f"the file is empty; the first line names the columns: {','.join(allowed)}"]
    if len(columns) == 1 and ";" in columns[0]:
        return ["columns are separated by semicolons; separate them by commas"]
    absent = [column for column in allowed if column not in columns]
    faults = [f"unknown column {column!r}{did_you_mean(column, absent)}" for column in columns if column not in allowed]
    faults += [f"column {column!r} is there twice" for column in sorted({c for c in columns if columns.count(c) > 1})]
    faults += [f"column {column!r} is missing" for column in required if column not in columns]
    return faults


def iso_date(text: str) -> date | None:
    """A day written YYYY-MM-DD; None for anything else (the other forms of ISO 8601 are easily misread)."""
    try:
        return date.fromisoformat(text) if len(text) == len("2026-01-31") else None
    except ValueError:
        return None
