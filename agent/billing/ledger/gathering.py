"""Batches -> ledger rows: equal rows summed exactly, any number of them in bounded memory.

Within a batch equal rows are summed at once; what remains is spooled as (packed identity, integer limbs). At the end
DuckDB groups and sorts the spool, spilling to disk where it must.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

from agent.billing.ledger.columns import COSTS, UNITS
from agent.billing.ledger.grouping import Groups, groups_of, summed
from agent.billing.ledger.row_keys import Layout, Packed, RankedDimensions, Vocabularies
from agent.billing.ledger.table import ledger_table
from agent.billing.reading.batch import PICO, Batch, Ints, Numbers, Words
from agent.errors import SourceError
from agent.period import Period

MEMORY = "2GB"
_ONE_THREAD = 1_000_000
"""Fewer rows than these one thread groups and sorts with a third less work than several, and no later."""
LIMBS = ("whole", "pico", "fine")
QUANTITY = "ConsumedQuantity"
_KNOWN = "known"
_LINES = "lines"
_WORTH_GROUPING = 0.8
"""A batch that shrinks less than this is left to the final grouping."""
_SCALE = {"whole": 24, "pico": 12, "fine": 0}


@dataclass(frozen=True, slots=True)
class Piece:
    """One batch in the spool: its file, and the layout its packed identities are in.

    ``same``: measures that equal another one, row by row, and are not in the file: costs that nothing sets apart.
    """

    path: Path
    rows: int
    layout: Layout
    columns: tuple[str, ...]
    same: Mapping[str, str]


class Gathering:
    """All rows of one source, by billing period, spooled in ``folder``."""

    def __init__(self, folder: Path) -> None:
        self.vocabularies = Vocabularies()
        self._folder = folder
        self._pieces: dict[Period, list[Piece]] = {}

    @property
    def periods(self) -> list[Period]:
        return sorted(self._pieces)

    def add(self, period: Period, batch: Batch, groups: Groups | None = None) -> None:
        """Takes in rows of one billing period; ``groups`` are theirs, where somebody has them already."""
        words, rows, measures = _reduced(batch, groups or groups_of(batch.words, batch.rows))
        layout, keys = self.vocabularies.pack(words, rows)
        same = _repeated(measures)
        columns: dict[str, Packed | Ints] = {f"w{word}": key for word, key in enumerate(keys)}
        columns |= {name: values for name, values in measures.items() if name not in same}
        pieces = self._pieces.setdefault(period, [])
        path = self._folder / f"{period}-{len(pieces)}.arrow"
        table = pa.table(columns)
        with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
            writer.write_table(table)
        pieces.append(Piece(path, len(table), layout, tuple(measures), same))

    def rows(self, period: Period, batch_rows: int) -> Iterator[pa.Table]:
        """The period's ledger rows, unique and sorted by every dimension, in tables of ``batch_rows``."""
        ranked = self.vocabularies.ranked()
        pieces = self._pieces[period]
        same = _repeated_throughout(pieces)
        names = sorted({name for piece in pieces for name in piece.columns})
        keys = [f"w{word}" for word in range(ranked.layout.words)]
        spooled = [name for name in names if name not in same]
        schema = pa.schema([(key, pa.uint64()) for key in keys] + [(name, pa.int64()) for name in spooled])
        spool = pa.RecordBatchReader.from_batches(schema, _repacked(pieces, ranked, schema))
        with duckdb.connect(config={"temp_directory": str(self._folder), "memory_limit": MEMORY}) as connection:
            if sum(piece.rows for piece in pieces) < _ONE_THREAD:
                connection.execute("set threads = 1")
            connection.register("spool", spool)
            summed = connection.sql(_grouping(keys, names, same))
            try:
                for table in _evenly(summed.to_arrow_reader(batch_rows), batch_rows):
                    yield ledger_table(table, ranked)
            except (duckdb.ConversionException, duckdb.OutOfRangeException) as error:
                raise beyond_38_digits(period) from error


def beyond_38_digits(period: Period) -> SourceError:
    """The error for sums no column can hold."""
    return SourceError(
        f"the costs of {period} sum to more than 38 digits hold",
        expected="sums below 100,000,000,000,000 of a currency",
        mend="a cost of this size is most likely a shifted column",
    )


def _reduced(batch: Batch, groups: Groups) -> tuple[Mapping[str, Words], int, dict[str, Ints]]:
    """Columns, number of rows and measures of a batch, its groups summed where that is safe and worth the while."""
    measures = _measures(batch)
    sums = summed(measures, groups) if groups.rows <= _WORTH_GROUPING * batch.rows else None
    return (batch.words, batch.rows, measures) if sums is None else (groups.words, groups.rows, sums)


def _measures(batch: Batch) -> dict[str, Ints]:
    """Limbs by spool column name; a limb that is zero throughout has no column."""
    columns = {_LINES: np.full(batch.rows, batch.lines, np.int64)}
    if batch.quantity is not None and batch.quantity_known is not None:
        columns |= _limbs(QUANTITY, replace(batch.quantity, fine=None))
        columns[_KNOWN] = batch.quantity_known.astype(np.int64)
    for name, numbers in batch.costs.items():
        columns |= _limbs(name, numbers)
    return columns


def _limbs(name: str, numbers: Numbers) -> dict[str, Ints]:
    limbs = {"whole": numbers.whole, "pico": numbers.pico, "fine": numbers.fine}
    return {f"{name}.{limb}": values for limb, values in limbs.items() if values is not None}


def _repeated(measures: Mapping[str, Ints]) -> dict[str, str]:
    """Measures that hold what an earlier one of the same limb holds, by the name of that one."""
    same: dict[str, str] = {}
    first: dict[str, list[str]] = {}
    for name, values in measures.items():
        earlier = first.setdefault(name.rpartition(".")[2], [])
        equal = next((other for other in earlier if np.array_equal(measures[other], values)), None)
        if equal is None:
            earlier.append(name)
        else:
            same[name] = equal
    return same


def _repeated_throughout(pieces: Sequence[Piece]) -> dict[str, str]:
    """Measures that repeat the same other one in every piece."""
    return {
        name: other
        for name, other in pieces[0].same.items()
        if all(piece.same.get(name) == other for piece in pieces[1:])
    }


def _repacked(pieces: Sequence[Piece], ranked: RankedDimensions, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    for piece in pieces:
        with pa.memory_map(str(piece.path)) as source:
            table = pa.ipc.open_file(source).read_all().combine_chunks()
        packed = [table[f"w{word}"].to_numpy() for word in range(piece.layout.words)]
        keys = piece.layout.repack(packed, ranked.layout, ranked.ranks)
        zeros = np.zeros(len(table), np.int64)
        columns = dict(zip((f"w{word}" for word in range(len(keys))), keys, strict=True))
        columns |= {
            name: table[piece.same.get(name, name)].to_numpy() if name in piece.columns else zeros
            for name in schema.names[len(keys) :]
        }
        yield pa.record_batch([pa.array(columns[name]) for name in schema.names], schema=schema)


def _grouping(keys: Sequence[str], names: Sequence[str], same: Mapping[str, str]) -> str:
    """One row per identity, sorted; sums as 128-bit integers, which raise rather than wrap."""
    sums = [f"{_total(cost, names, same)}::decimal(38,0) as {UNITS[cost]}" for cost in COSTS]
    quantity = "null"
    if _KNOWN in names:
        quantity = f"case when sum({_KNOWN}) > 0 then {_total(QUANTITY, names, same, PICO)} end"
    sums += [f"({quantity})::decimal(38,0) as {QUANTITY}", f"sum({_LINES})::bigint as x_Lines"]
    by = ", ".join(keys)
    return f"select {by}, {', '.join(sums)} from spool group by {by} order by {by}"


def _total(name: str, names: Sequence[str], same: Mapping[str, str], base: int = 0) -> str:
    parts = [
        f'sum("{same.get(f"{name}.{limb}", f"{name}.{limb}")}")::hugeint * {10 ** (_SCALE[limb] - base)}::hugeint'
        for limb in LIMBS
        if f"{name}.{limb}" in names
    ]
    return f"({' + '.join(parts) or '0'})"


def _evenly(batches: Iterator[pa.RecordBatch], rows: int) -> Iterator[pa.Table]:
    """Tables of exactly ``rows`` rows but the last, however the engine hands them out."""
    waiting: list[pa.RecordBatch] = []
    count = 0
    for batch in batches:
        waiting.append(batch)
        count += len(batch)
        if count >= rows:
            whole = pa.Table.from_batches(waiting)
            while count >= rows:
                yield whole.slice(0, rows)
                whole, count = whole.slice(rows), count - rows
            waiting = whole.to_batches()
    if count:
        yield pa.Table.from_batches(waiting)
