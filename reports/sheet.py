"""The look of one worksheet: formats, the lines on top, print setup, and a table written cell by cell."""

from collections.abc import Sequence

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from agent.margins.records import PeriodReport
from reports.cells import Cell, Column, Kind, Mark, Table
from reports.figures import undirected
from reports.opening import standing, title

NUMBER_FORMATS: dict[Kind, str] = {
    "money": "#,##0.00;[Red]-#,##0.00",
    "percent": '0.0" %";[Red]-0.0" %"',
    "count": "#,##0",
}
MARK_COLOURS: dict[Mark, str] = {"below": "#F8D7D3", "fair": "#FBEBC8", "good": "", "grows": "#FBEBC8", "": ""}
WIDTHS: dict[Kind, int] = {"text": 8, "money": 11, "percent": 8, "count": 8, "date": 11}
WIDEST_COLUMN = 44
HEADING_HEIGHT = 42
"""Points; three lines of a wrapped heading."""
LONGEST_CELL = 32_767
"""Characters Excel takes in one cell."""


class Styles:
    """Cell formats of one workbook, made once per look."""

    def __init__(self, book: xlsxwriter.Workbook) -> None:
        self._book = book
        self._made: dict[tuple[tuple[str, object], ...], Format] = {}

    def get(self, **look: object) -> Format:
        key = tuple(sorted(look.items()))
        if key not in self._made:
            self._made[key] = self._book.add_format({"font_name": "Calibri", "font_size": 10, "valign": "top", **look})
        return self._made[key]

    def cell(self, column: Column, cell: Cell, **look: object) -> Format:
        """The look of a cell by its column's kind and its mark."""
        if column.kind in NUMBER_FORMATS:
            look |= {"num_format": NUMBER_FORMATS[column.kind], "align": "right"}
        elif column.kind == "text":
            look["indent"] = 1
        if colour := MARK_COLOURS[cell.mark]:
            look["bg_color"] = colour
        return self.get(**look)

    def heading(self, column: Column) -> Format:
        align = "left" if column.kind in ("text", "date") else "right"
        return self.get(
            indent=int(align == "left"),
            bold=True,
            bottom=1,
            text_wrap=True,
            align=align,
            valign="bottom",
            bg_color="#EEF1F4",
        )


def write_cell(sheet: Worksheet, row: int, place: int, cell: Cell, look: Format) -> None:
    """A number where there is one, else the words as a string; never a formula, never a link."""
    if cell.number is not None:
        sheet.write_number(row, place, cell.number, look)
    elif cell.text:
        sheet.write_string(row, place, undirected(cell.text)[:LONGEST_CELL], look)
    else:
        sheet.write_blank(row, place, None, look)


def write_table(sheet: Worksheet, styles: Styles, table: Table, top: int) -> int:
    """Heading row at ``top``, rows, total; gives the first free row. Says so where there is nothing."""
    if not table.rows:
        sheet.write_string(top, 0, table.empty, styles.get(italic=True))
        return top + 1
    sheet.set_row(top, HEADING_HEIGHT)
    for place, column in enumerate(table.columns):
        sheet.write_string(top, place, column.heading, styles.heading(column))
        if column.means:
            sheet.write_comment(top, place, column.means, {"x_scale": 2, "author": ""})
    for row, cells in enumerate(table.rows, top + 1):
        muted: dict[str, object] = {"font_color": "#666666"} if row > top + len(table.rows) - table.reserved else {}
        _write_row(sheet, styles, table.columns, row, cells, **muted)
    last = top + len(table.rows)
    if table.total is None:
        return last + 1
    _write_row(sheet, styles, table.columns, last + 1, table.total, bold=True, top=1)
    for place, (column, cell) in enumerate(zip(table.columns, table.total, strict=True)):
        if column.kind in ("money", "count") and cell.number is not None:
            letter = xlsxwriter.utility.xl_col_to_name(place)
            look = styles.cell(column, cell, bold=True, top=1)
            sheet.write_formula(last + 1, place, f"=SUM({letter}{top + 2}:{letter}{last + 1})", look, cell.number)
    return last + 2


def _write_row(
    sheet: Worksheet, styles: Styles, columns: Sequence[Column], row: int, cells: Sequence[Cell], **look: object
) -> None:
    for place, (column, cell) in enumerate(zip(columns, cells, strict=True)):
        write_cell(sheet, row, place, cell, styles.cell(column, cell, **look))


def write_top(sheet: Worksheet, styles: Styles, report: PeriodReport, heading: str) -> int:
    """Title, standing and proof line, on every sheet; print setup. Gives the first free row."""
    sheet.hide_gridlines(2)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.set_margins(0.4, 0.4, 0.6, 0.6)
    sheet.set_footer('&L&8&"Calibri"' + title(report).replace("&", "&&")[:120] + "&R&8&P / &N")
    sheet.write_string(
        0, 0, f"{heading}: {title(report)}" if heading else title(report), styles.get(bold=True, font_size=14)
    )
    said = f"{standing(report.summary)}; amounts in {report.summary.currency}"
    sheet.set_row(0, 21)
    sheet.write_string(1, 0, said[0].upper() + said[1:], styles.get(font_color="#555555"))
    sheet.write_string(2, 0, f"Proof: {report.proof_line}", styles.get(font_color="#1B6B4A"))
    return 4


def set_widths(sheet: Worksheet, table: Table) -> None:
    """Column widths that fit the words of the table, within reason."""
    for place, column in enumerate(table.columns):
        cells = [row[place].text for row in [*table.rows, *([table.total] if table.total else [])]]
        longest = max((len(word) for word in [*cells, *column.heading.split()]), default=0)
        width = min(max(longest + 2, WIDTHS[column.kind]), WIDEST_COLUMN)
        sheet.set_column(place, place, width)
