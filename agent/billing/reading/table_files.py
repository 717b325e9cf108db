"""A file of rows, CSV or Parquet by its name, as batches of known columns."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from agent.billing.reading import csv_files, parquet_files
from agent.billing.reading.columns import Columns, ReadFault
from agent.errors import SourceError

Resolve = Callable[[Sequence[str], str], Mapping[str, int]]
"""Header and the file's shown name -> position of each known column; raises ``SourceError`` naming what is missing."""
PARQUET = ".parquet"


def column_names(path: Path, shown: str) -> Sequence[str]:
    """The header. Raises ``SourceError`` for an empty file."""
    if is_parquet(shown):
        return parquet_files.column_names(path, shown)
    return csv_files.read_header(path, shown).names


def columns_of(
    path: Path, shown: str, resolve: Resolve, dialect: csv_files.Dialect = csv_files.PLAIN
) -> Iterator[Columns]:
    """The rows by known column, a batch at a time. Raises ``SourceError`` for a file that cannot be read whole."""
    first = 0
    if is_parquet(shown):
        names = parquet_files.column_names(path, shown)
        wanted = {name: names[place] for name, place in resolve(names, shown).items()}
        batches = parquet_files.batches(path, shown, list(wanted.values()))
    else:
        header = csv_files.read_header(path, shown, dialect)
        places = resolve(header.names, shown)
        wanted = {name: str(place) for name, place in places.items()}
        batches = csv_files.batches(path, shown, header, sorted(places.values()), dialect)
    for batch in batches:
        yield Columns({name: batch[column] for name, column in wanted.items()}, len(batch), first)
        first += len(batch)


def located(path: Path, shown: str, fault: ReadFault, dialect: csv_files.Dialect = csv_files.PLAIN) -> SourceError:
    """The error of a cell that cannot be taken, with the line (of a CSV) or row it stands in."""
    if is_parquet(shown):
        where = f"{shown}, row {fault.row + 1}"
    else:
        where = f"{shown}:{csv_files.line_of_row(path, fault.row, dialect)}"
    return SourceError(fault.message, where=where, expected=fault.expected, mend=fault.mend)


def is_parquet(shown: str) -> bool:
    """Whether a file is Parquet, by its name; any other is CSV."""
    return shown.lower().endswith(PARQUET)
