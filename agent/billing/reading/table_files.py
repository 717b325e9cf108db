"""A file of rows, CSV or Parquet by its name, as batches of known columns."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from agent.billing.reading import csv_files, parquet_files
from agent.billing.reading.columns import Columns, ReadFault
from agent.errors import SourceError

Resolve = Callable[[Sequence[str], str], Mapping[str, int]]
"""Header and the file's shown name -> position of each known column; raises ``SourceError`` naming what is missing."""
PARQUET = ".parquet"


def column_places(path: Path, shown: str, resolve: Resolve) -> Mapping[str, int]:
    """Position of each known column. Raises ``SourceError`` for an empty file and for missing columns."""
    return resolve(_names(path, shown), shown)


def columns_of(path: Path, shown: str, resolve: Resolve) -> Iterator[Columns]:
    """The rows by known column, a batch at a time. Raises ``SourceError`` for a file that cannot be read whole."""
    first = 0
    if _is_parquet(shown):
        names = parquet_files.column_names(path, shown)
        wanted = {name: names[place] for name, place in resolve(names, shown).items()}
        batches = parquet_files.batches(path, shown, list(wanted.values()))
    else:
        header = _header(path, shown)
        places = resolve(header.names, shown)
        wanted = {name: str(place) for name, place in places.items()}
        batches = csv_files.batches(path, shown, header, sorted(places.values()))
    for batch in batches:
        yield Columns({name: batch[column] for name, column in wanted.items()}, len(batch), first)
        first += len(batch)


def located(path: Path, shown: str, fault: ReadFault) -> SourceError:
    """The error of a cell that cannot be taken, with the line (of a CSV) or row it stands in."""
    if _is_parquet(shown):
        where = f"{shown}, row {fault.row + 1}"
    else:
        where = f"{shown}:{csv_files.line_of_row(path, fault.row)}"
    return SourceError(fault.message, where=where, expected=fault.expected, mend=fault.mend)


def _is_parquet(shown: str) -> bool:
    return shown.lower().endswith(PARQUET)


def _names(path: Path, shown: str) -> Sequence[str]:
    return parquet_files.column_names(path, shown) if _is_parquet(shown) else _header(path, shown).names


def _header(path: Path, shown: str) -> csv_files.Header:
    header = csv_files.read_header(path, shown)
    if header is None:
        raise SourceError("the file is empty", where=shown, expected="a header and rows", mend="copy the file again")
    return header
