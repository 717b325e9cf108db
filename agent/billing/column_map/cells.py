"""The cells of one batch by the names of the file's columns, as the words and terms that the map makes of them."""

from collections.abc import Mapping

from agent.billing.reading.batch import NULL, Words
from agent.billing.reading.columns import Columns
from agent.config.columns import CellMap


def words(columns: Columns, cell: CellMap | None, *, ids: bool = False) -> Words:
    """The values of a mapped cell: as written but for spaces around them, and replaced where the map says so."""
    if cell is None:
        return NULL
    if cell.column is None:
        return Words.same(cell.value)
    read = columns.ids(cell.column) if ids else columns.words(cell.column)
    return read.mapped(lambda value: _replaced(cell, value))


def _replaced(cell: CellMap, value: str | None) -> str | None:
    written = (value or "").strip()
    if written in cell.values:
        return cell.values[written] or None
    return cell.otherwise or written or None


def terms(columns: Columns, name: str, cell: CellMap | None, known: Mapping[str, str]) -> Words:
    """The values of a column that only takes certain terms, as these write them; any other is refused with its count.

    ``known``: folded term -> as the ledger has it.
    """
    written = cell.column if cell is not None and cell.column else name
    found = columns.known(
        words(columns, cell),
        lambda value: value is None or value.casefold() in known,
        lambda value, rows: f"{written} holds {value!r} in {rows} rows, which is no {name}",
        ", ".join(known.values()),
        f"say in the column map what it means: columns.{name}.values",
    )
    return found.mapped(lambda value: known.get((value or "").casefold()))
