"""The finance workbook: records in, bytes out; the same report gives the same bytes.

Figures are shown cents (numbers a spreadsheet can sum), the exact text of Cost stands beside. Words are always written
as strings: a customer id that begins with ``=`` never becomes a formula.
"""

import io
from collections.abc import Sequence
from datetime import UTC, datetime

import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from agent.margins.records import PeriodReport
from reports.breakdown import (
    adjustments_table,
    commitments_table,
    daily_table,
    drivers_table,
    invoices_table,
    pools_table,
    sampled_table,
    sources_table,
    untagged_table,
)
from reports.cells import Cell, Column, Table, money
from reports.customers import customers_table
from reports.definitions import DEFINITIONS
from reports.figures import undirected
from reports.opening import Figure, further_figures, groups_table, key_figures, money_cell, notes, standing, title
from reports.sheet import LONGEST_CELL, NUMBER_FORMATS, Styles, set_widths, write_cell, write_table, write_top

DIMENSIONS = ("tier", "plan", "segment", "cohort", "kind", "parent")


def render(report: PeriodReport) -> bytes:
    """The workbook as bytes."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}) as book:
        book.set_properties(_properties(report))
        styles = Styles(book)
        _summary(book.add_worksheet("Summary"), styles, report)
        _customers(book.add_worksheet("Cost per customer"), styles, report)
        _stacked(book.add_worksheet("Groups"), styles, report, [groups_table(report, each) for each in DIMENSIONS])
        for name, table in _single_tables(report):
            _single(book.add_worksheet(name), styles, report, table)
        _sources(book.add_worksheet("Sources and proof"), styles, report)
        _definitions(book.add_worksheet("Definitions"), styles, report)
    return out.getvalue()


def _properties(report: PeriodReport) -> dict[str, object]:
    day = report.summary.as_of
    return {
        "title": title(report),
        "subject": report.proof_line[:255],
        "author": "apportion",
        "company": undirected(report.summary.company)[:255],
        "comments": f"Figures in {report.summary.currency}; {standing(report.summary)}",
        # NOTE: the clock would give other bytes at every run
        "created": datetime(day.year, day.month, day.day, tzinfo=UTC).replace(tzinfo=None),
    }


def _single_tables(report: PeriodReport) -> tuple[tuple[str, Table], ...]:
    return (
        ("Pools", pools_table(report)),
        *([("Drivers", drivers_table(report))] if report.drivers else []),
        *([("Sampled shares", sampled_table(report))] if report.sampled else []),
        ("Commitments", commitments_table(report)),
        ("Invoices", invoices_table(report)),
        ("Untagged resources", untagged_table(report)),
        ("Adjustments", adjustments_table(report)),
        ("Daily and classes", daily_table(report)),
    )


def _single(sheet: Worksheet, styles: Styles, report: PeriodReport, table: Table) -> None:
    top = write_top(sheet, styles, report, table.title)
    set_widths(sheet, table)
    write_table(sheet, styles, table, top)
    if table.rows:
        sheet.freeze_panes(top + 1, 1)
        sheet.autofilter(top, 0, top + len(table.rows), len(table.columns) - 1)
        sheet.repeat_rows(top)


def _customers(sheet: Worksheet, styles: Styles, report: PeriodReport) -> None:
    table = with_exact(customers_table(report), "cost", "Cost, exact")
    top = write_top(sheet, styles, report, "")
    set_widths(sheet, table)
    write_table(sheet, styles, table, top)
    sheet.fit_to_pages(2, 0)
    sheet.repeat_columns(0, 1)
    sheet.set_v_pagebreaks([[column.key for column in table.columns].index("direct")])
    if table.rows:
        customers = len(table.rows) - table.reserved
        sheet.freeze_panes(top + 1, 2)
        # NOTE: reserved rows and the total stay outside the filter, so that sorting leaves them at the foot
        sheet.autofilter(top, 0, top + max(customers, 1), len(table.columns) - 1)
        sheet.repeat_rows(top)


def with_exact(table: Table, key: str, heading: str) -> Table:
    """The table with one more column beside ``key``: its exact text."""
    place = [column.key for column in table.columns].index(key) + 1
    column = Column(f"{key}_exact", heading, "text", "The unrounded amount; a spreadsheet number holds 15 digits only.")

    def widened(cells: tuple[Cell, ...]) -> tuple[Cell, ...]:
        return (*cells[:place], Cell(cells[place - 1].exact), *cells[place:])

    return Table(
        table.key,
        table.title,
        (*table.columns[:place], column, *table.columns[place:]),
        tuple(widened(row) for row in table.rows),
        None if table.total is None else widened(table.total),
        table.reserved,
        table.empty,
    )


def _stacked(sheet: Worksheet, styles: Styles, report: PeriodReport, tables: Sequence[Table]) -> None:
    row = write_top(sheet, styles, report, "Groups")
    set_widths(sheet, max(tables, key=lambda table: len(table.rows)))
    for table in tables:
        sheet.write_string(row, 0, table.title, styles.get(bold=True, font_size=12))
        row = write_table(sheet, styles, table, row + 1) + 1


def _summary(sheet: Worksheet, styles: Styles, report: PeriodReport) -> None:
    tiers = groups_table(report, "tier")
    row = write_top(sheet, styles, report, "")
    set_widths(sheet, tiers)
    sheet.set_column(0, 0, 46)
    sheet.set_column(1, 1, 20)
    for figure in key_figures(report):
        _figure(sheet, styles, row, figure, size=13)
        row += 1
    sheet.write_string(row + 1, 0, tiers.title, styles.get(bold=True, font_size=12))
    row = write_table(sheet, styles, tiers, row + 2) + 1
    sheet.write_string(row, 0, "Estimated or missing", styles.get(bold=True, font_size=12))
    row = _notes(sheet, styles, report, row + 1) + 1
    sheet.write_string(row, 0, "Where the bill ended", styles.get(bold=True, font_size=12))
    for figure in further_figures(report):
        row += 1
        _figure(sheet, styles, row, figure)


def _figure(sheet: Worksheet, styles: Styles, row: int, figure: Figure, size: int = 10) -> None:
    column = Column(figure.key, figure.label, "money" if figure.unit else "percent")
    look: dict[str, object] = {"bold": True, "font_size": size} if size > 10 else {}
    sheet.set_row(row, size * 1.6)
    sheet.write_string(row, 0, figure.label, styles.get(**look))
    write_cell(sheet, row, 1, figure.cell, styles.cell(column, figure.cell, **look))
    sheet.write_string(row, 2, figure.unit, styles.get())
    sheet.write_string(row, 3, "; ".join(figure.beside), styles.get(font_color="#555555"))


def _notes(sheet: Worksheet, styles: Styles, report: PeriodReport, row: int) -> int:
    for note in notes(report):
        sheet.write_string(row, 0, f"{note.level}: {note.text}"[:LONGEST_CELL], styles.get())
        row += 1
    if not report.notes:
        sheet.write_string(row, 0, "Nothing was estimated, nothing is missing.", styles.get())
        row += 1
    return row


def _sources(sheet: Worksheet, styles: Styles, report: PeriodReport) -> None:
    table = sources_table(report)
    row = write_top(sheet, styles, report, "Sources and proof")
    set_widths(sheet, table)
    row = write_table(sheet, styles, table, row) + 1
    for label, cell in zip(*proof_sum(report), strict=True):
        sheet.write_string(row, 0, label, styles.get())
        write_cell(sheet, row, 4, cell, styles.get(num_format=NUMBER_FORMATS["money"]))
        sheet.write_string(row, 5, cell.exact, styles.get())
        row += 1
    _notes(sheet, styles, report, row + 1)


def proof_sum(report: PeriodReport) -> tuple[list[str], list[Cell]]:
    """The Cost column against the sources: labels, and amounts that add down to the sources and adjustments."""
    reserved = [line for line in report.customers if line.reserved]
    customers = sum(line.cost for line in report.customers if not line.reserved)
    parts = money("cost", "Cost", [customers, *(line.cost for line in reserved)])
    adjustments = sum(line.prior_period for line in report.customers)
    labels = ["Customers", *(line.name or line.customer for line in reserved), "Sum of the Cost column", "Sources"]
    cells = [*parts.cells, parts.total, money_cell(report.summary.source_total), money_cell(adjustments)]
    return [*labels, "Adjustments of closed months"], cells


def _definitions(sheet: Worksheet, styles: Styles, report: PeriodReport) -> None:
    row = write_top(sheet, styles, report, "Definitions")
    sheet.set_column(0, 0, 34)
    sheet.set_column(1, 1, 110)
    for label, means in DEFINITIONS:
        sheet.write_string(row, 0, label, styles.get(bold=True))
        sheet.write_string(row, 1, means, styles.get(text_wrap=True))
        row += 1
