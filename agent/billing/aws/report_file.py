"""One file of a Cost and Usage Report, CSV or Parquet, block by block by the names of CUR 2.0."""

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from agent.billing.aws.header import Header, resolve
from agent.billing.delivery.export import ExportFile
from agent.billing.reading import csv_files, parquet_files
from agent.billing.reading.columns import Columns, ReadFault
from agent.billing.reading.table_files import is_parquet, located

_CELLS = 10_000_000
"""Cells of a block at most: hundreds of tag columns make the blocks shorter, not the memory larger."""
_FEWEST_ROWS = 5_000
_DIALECT = csv_files.Dialect(nulls=("",))
"""AWS writes nothing else for nothing; the words that stand for null elsewhere are fine values of a tag."""


@dataclass(frozen=True, slots=True)
class Block:
    """Consecutive rows: the known columns that were asked for, and the columns that are one tag each."""

    columns: Columns
    tags: Sequence[tuple[str, pa.Array]]

    def where(self, rows: pa.Array) -> "Block":
        """The rows for which ``rows`` is true. Faults found in them name no row."""
        columns = {name: column.filter(rows) for name, column in self.columns.arrays.items()}
        tags = [(key, column.filter(rows)) for key, column in self.tags]
        return Block(Columns(columns, pc.sum(rows).as_py() or 0, self.columns.first), tags)


class ReportFile:
    """A file and its header. Raises ``SourceError`` where a required column is missing."""

    def __init__(self, file: ExportFile, report: str) -> None:
        self.file = file
        self._csv: csv_files.Header | None = None
        self._names: Sequence[str]
        if is_parquet(file.shown):
            self._names = parquet_files.column_names(file.path, file.shown)
        else:
            self._csv = csv_files.read_header(file.path, file.shown)
            self._names = self._csv.names
        self.header: Header = resolve(self._names, file.shown, report)

    def blocks(self, names: Sequence[str], *, tags: bool = False, plain: Sequence[str] = ()) -> Iterator[Block]:
        """All rows, with those of the columns ``names`` that the file has; with its tag columns if wanted.

        Texts are dictionary-coded, but for the columns ``plain``, whose texts hardly repeat.
        """
        known = {name: self.header.places[name] for name in self.header.having(names)}
        keys = self.header.tags if tags else {}
        first = 0
        uncoded = {known[name] for name in plain if name in known}
        for batch, at in self._batches(sorted({*known.values(), *keys}), uncoded):
            arrays = {name: self._plain(batch.column(at[place])) for name, place in known.items()}
            tagged = [(key, batch.column(at[place])) for place, key in keys.items()]
            yield Block(Columns(arrays, len(batch), first), tagged)
            first += len(batch)

    def _batches(
        self, places: Sequence[int], plain: AbstractSet[int]
    ) -> Iterator[tuple[pa.RecordBatch, Mapping[int, int]]]:
        """Batches of the columns at ``places``, with the place of each in the batch."""
        shown = self.file.shown
        if self._csv is None:
            names = list(dict.fromkeys(self._names[place] for place in places))
            for batch in parquet_files.batches(self.file.path, shown, names, {self._names[place] for place in plain}):
                yield batch, self._in_batch(batch, places)
            return
        rows = max(_FEWEST_ROWS, min(csv_files.BATCH_ROWS, _CELLS // max(1, len(places))))
        for batch in csv_files.batches(self.file.path, shown, self._csv, places, _DIALECT, rows, plain):
            yield batch, {place: batch.schema.get_field_index(str(place)) for place in places}

    def _in_batch(self, batch: pa.RecordBatch, places: Sequence[int]) -> Mapping[int, int]:
        """The place of each column in a batch of Parquet: two of one name, which only tags may be, keep their order."""
        held: dict[str, list[int]] = {}
        for at, name in enumerate(batch.schema.names):
            held.setdefault(name, []).append(at)
        return {place: held[self._names[place]].pop(0) for place in places}

    def _plain(self, column: pa.Array) -> pa.Array:
        return _null_tokens(column) if self._csv is not None and pa.types.is_dictionary(column.type) else column

    @contextmanager
    def located(self) -> Iterator[None]:
        """Turns a fault in a cell into an error that names its line (CSV) or row (Parquet)."""
        try:
            yield
        except ReadFault as fault:
            raise located(self.file.path, self.file.shown, fault) from fault


def _null_tokens(column: pa.Array) -> pa.Array:
    """A dictionary column with the words that other tools write for null taken as null."""
    spelled = pc.is_in(column.dictionary, pa.array(csv_files.NULL_TOKENS))
    if not pc.any(spelled).as_py():
        return column
    indices = pc.if_else(spelled.take(column.indices), pa.scalar(None, column.indices.type), column.indices)
    return pa.DictionaryArray.from_arrays(indices, column.dictionary)
