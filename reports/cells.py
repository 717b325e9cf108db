"""Tables as records: what every renderer prints, so that workbook, page and CSV never disagree.

A table is built from columns (:func:`text`, :func:`money`, :func:`percent`, :func:`count`), each giving a cell per
row and one for the total. A money column is rounded as a whole, so that its shown cents sum to the shown total.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from agent.money import text_from_units
from reports.figures import DASH, footing, grouped
from reports.figures import percent as percent_text

Kind = Literal["text", "money", "percent", "count", "date"]
Mark = Literal["", "below", "fair", "good", "grows"]


@dataclass(frozen=True, slots=True)
class Cell:
    """One figure or word. ``text`` is what people read."""

    text: str
    exact: str = ""
    """The unrounded figure as plain text; empty where ``text`` says it all."""
    number: Decimal | None = None
    """What a workbook computes with and a column sorts by: the shown figure. None for words and empty cells."""
    mark: Mark = ""


@dataclass(frozen=True, slots=True)
class Column:
    """Heading and kind of a column; ``means`` says in a sentence what the figure means."""

    key: str
    heading: str
    kind: Kind = "text"
    means: str = ""


@dataclass(frozen=True, slots=True)
class Series:
    """A column with its cells, one a row, and the cell of the total row."""

    column: Column
    cells: tuple[Cell, ...]
    total: Cell = Cell("")


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells under columns. ``reserved`` counts the trailing rows that are no customers (ids with ``@``)."""

    key: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    total: tuple[Cell, ...] | None = None
    reserved: int = 0
    empty: str = "Nothing in this period."
    """What is said instead of a table without rows."""

    def column(self, key: str) -> tuple[Cell, ...]:
        """The cells of one column; ``KeyError`` if there is none of that key."""
        place = {column.key: place for place, column in enumerate(self.columns)}[key]
        return tuple(row[place] for row in self.rows)


def table(
    key: str, title: str, series: Sequence[Series], *, total: bool = False, reserved: int = 0, empty: str
) -> Table:
    """Puts columns side by side. With ``total`` the last row is the sum of the others."""
    rows = tuple(zip(*(each.cells for each in series), strict=True))
    sums = tuple(each.total for each in series) if total else None
    return Table(key, title, tuple(each.column for each in series), rows, sums, reserved, empty)


def text(key: str, heading: str, values: Sequence[str], means: str = "", total: str = "") -> Series:
    """Words: ids, names, reasons."""
    return Series(Column(key, heading, "text", means), tuple(Cell(value) for value in values), Cell(total))


def money(
    key: str,
    heading: str,
    units: Sequence[int | None],
    means: str = "",
    *,
    missing: Sequence[str] | None = None,
    marks: Sequence[Mark] | None = None,
) -> Series:
    """Amounts in cents that foot, the exact text beside. ``missing`` says, per row, what stands for ``None``."""
    plain = footing(units)
    cells = tuple(
        amount(value, cut, missing[row] if missing else "", marks[row] if marks else "")
        for row, (value, cut) in enumerate(zip(units, plain, strict=True))
    )
    known = [value for value in units if value is not None]
    total = amount(sum(known), footing([sum(known)])[0]) if known else Cell("")
    return Series(Column(key, heading, "money", means), cells, total)


def amount(units: int | None, cut: str | None, missing: str = "", mark: Mark = "") -> Cell:
    """The cell of one amount, ``cut`` being its cents; ``missing`` where it is unknown or does not apply."""
    if units is None or cut is None:
        return Cell(missing)
    return Cell(grouped(cut), text_from_units(units), Decimal(cut), mark)


def percent(
    key: str,
    heading: str,
    values: Sequence[Decimal | None],
    means: str = "",
    marks: Sequence[Mark] | None = None,
) -> Series:
    """Percentages to one place, six decimals as exact text; a dash where the definition leaves them empty."""
    cells = tuple(share(value, marks[row] if marks else "") for row, value in enumerate(values))
    return Series(Column(key, heading, "percent", means), cells)


def share(value: Decimal | None, mark: Mark = "") -> Cell:
    """The cell of one percentage."""
    if value is None:
        return Cell(DASH)
    return Cell(percent_text(value), f"{value:f}", value, mark)


def count(key: str, heading: str, values: Sequence[int], means: str = "", *, adds: bool = True) -> Series:
    """Whole numbers; their sum is the total, unless they overlap and so do not add."""
    cells = tuple(Cell(f"{value:,}", str(value), Decimal(value)) for value in values)
    total = sum(values)
    foot = Cell(f"{total:,}", str(total), Decimal(total)) if adds else Cell("")
    return Series(Column(key, heading, "count", means), cells, foot)
