import io
from dataclasses import replace
from decimal import Decimal

import openpyxl
import pytest

from reports import xlsx
from reports.customers import customers_table
from reports.definitions import DEFINITIONS
from tests.reports.example_report import PEOPLE, empty_report, example_report

SHEETS = [
    "Summary", "Cost per customer", "Groups", "Pools", "Commitments", "Invoices", "Untagged resources",
    "Adjustments", "Daily and classes", "Sources and proof", "Definitions",
]  # fmt: skip
TOP = 5
"""The heading row of a sheet that holds one table."""


def book(report, *, values=True):
    return openpyxl.load_workbook(io.BytesIO(xlsx.render(report)), data_only=values)


def column(sheet, heading):
    place = [cell.value for cell in sheet[TOP]].index(heading) + 1
    return [sheet.cell(row, place).value for row in range(TOP + 1, sheet.max_row + 1)]


def test_the_same_report_gives_the_same_bytes():
    assert xlsx.render(example_report()) == xlsx.render(example_report())


def test_every_sheet_is_there_and_carries_the_proof_line():
    report = example_report()
    found = book(report)
    assert found.sheetnames == SHEETS
    for sheet in found:
        assert sheet["A3"].value == f"Proof: {report.proof_line}"


def test_exact_text_of_cost_reads_back_equal():
    report = example_report()
    sheet = book(report)["Cost per customer"]
    exact = [cell.exact for cell in customers_table(report).column("cost")]
    assert column(sheet, "Cost, exact")[:-1] == exact


def test_numbers_are_cents_that_a_spreadsheet_sums_to_the_total():
    sheet = book(example_report())["Cost per customer"]
    *cents, total = (Decimal(str(value)) for value in column(sheet, "Cost, USD"))
    assert sum(cents) == total == Decimal("163588.48")


def test_the_total_row_is_a_sum_one_can_follow():
    sheet = book(example_report(), values=False)["Cost per customer"]
    assert column(sheet, "Cost, USD")[-1] == "=SUM(D6:D20)"


def test_the_summary_opens_with_the_figures_asked_for_first():
    sheet = book(example_report())["Summary"]
    assert [sheet.cell(row, 1).value for row in range(5, 9)] == [
        "Total cost to serve", "Average cost per active customer", "Margin on allocated COGS",
        "Untagged share of infrastructure spend",
    ]  # fmt: skip
    assert sheet["B5"].value == 137553.16
    words = [row[0].value for row in sheet.iter_rows()]
    assert "missing: Revenue of 1 paying customer is unknown: fathom." in words


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", "=cmd|' /C calc'!A0", "{=1}", "https://example.com"])
def test_words_from_outside_stay_words(name):
    report = example_report(through=2, people=(replace(PEOPLE[0], id="x", name=name, tier=name),))
    sheet = book(report, values=False)["Cost per customer"]
    for place in (2, 3):
        cell = sheet.cell(TOP + 1, place)
        assert (cell.value, cell.data_type, cell.hyperlink) == (name, "s", None)


def test_no_cell_but_our_sums_is_a_formula():
    for sheet in book(example_report(), values=False):
        formulas = [cell.value for row in sheet.iter_rows() for cell in row if cell.data_type == "f"]
        assert all(formula.startswith("=SUM(") for formula in formulas)


def test_margins_below_target_and_fast_growth_are_coloured():
    sheet = book(example_report())["Cost per customer"]
    heads = [cell.value for cell in sheet[TOP]]
    margin, change = heads.index("Infrastructure margin %") + 1, heads.index("Change") + 1
    colours = {sheet.cell(row, 1).value: sheet.cell(row, margin).fill.fgColor.rgb for row in range(TOP + 1, TOP + 13)}
    assert colours["corvid"] == "FFF8D7D3"
    assert colours["acme"] == "FFFBEBC8"
    assert colours["ion"] == "00000000"
    assert sheet.cell(TOP + 1, change).fill.fgColor.rgb == "FFFBEBC8"


def test_sheets_print_in_landscape_with_their_headings_repeated():
    sheet = book(example_report())["Cost per customer"]
    assert sheet.page_setup.orientation == "landscape"
    assert sheet.print_title_rows == "$5:$5"
    assert sheet.freeze_panes == "C6"
    assert sheet.auto_filter.ref == "A5:Y17"


def test_the_rows_that_are_no_customers_stay_out_of_the_filter():
    sheet = book(example_report())["Cost per customer"]
    assert sheet["A17"].value == "lumen"
    assert sheet["A18"].value == "@unallocated"


def test_the_proof_sheet_adds_the_cost_column_down_to_the_sources():
    labels, cells = xlsx.proof_sum(example_report())
    sums = dict(zip(labels, cells, strict=True))
    assert sums["Sum of the Cost column"].exact == sums["Sources"].exact == "163588.480096834001"
    assert sums["Adjustments of closed months"].exact == "0"


def test_every_label_is_defined():
    words = [row[0].value for row in book(example_report())["Definitions"].iter_rows()]
    assert [label for label, _ in DEFINITIONS] == words[4:]


def test_a_month_without_anything_says_so_on_every_sheet():
    found = book(empty_report())
    assert found["Cost per customer"]["A5"].value == "No customer in the registry, and no cost."
    assert found["Untagged resources"]["A5"].value == "Everything found its customer: no untagged spend."


def test_text_longer_than_a_cell_is_cut_to_what_a_cell_takes():
    report = example_report(through=2, people=(replace(PEOPLE[0], name="n" * 40_000),))
    assert len(book(report)["Cost per customer"].cell(TOP + 1, 2).value) == 32_767
