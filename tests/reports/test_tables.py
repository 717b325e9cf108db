"""What every renderer prints: the tables foot, exact text stands beside, nothing empty is an empty table."""

from dataclasses import replace
from decimal import Decimal

import pytest

from agent.margins.records import DriverLine
from agent.money import text_from_units
from reports.breakdown import (
    adjustments_table,
    commitments_table,
    daily_table,
    drivers_table,
    invoices_table,
    pools_table,
    sources_table,
    untagged_table,
)
from reports.customers import PARTS, customers_table
from reports.opening import MARGIN, groups_table, key_figures, standing, target_mark
from tests.reports.example_report import empty_report, example_report, many_customers

BUILDERS = (
    adjustments_table,
    customers_table,
    pools_table,
    commitments_table,
    invoices_table,
    untagged_table,
    daily_table,
    sources_table,
    lambda report: groups_table(report, "tier"),
    lambda report: groups_table(report, "cohort"),
)


@pytest.mark.parametrize("build", BUILDERS)
@pytest.mark.parametrize("report", [example_report(), many_customers(200)], ids=["twelve", "two hundred"])
def test_the_shown_figures_of_every_column_sum_to_its_total(build, report):
    table = build(report)
    for place, column in enumerate(table.columns):
        total = table.total[place]
        if column.kind in ("money", "count") and total.number is not None:
            assert sum(row[place].number or 0 for row in table.rows) == total.number, column.heading


@pytest.mark.parametrize("build", BUILDERS)
def test_a_table_without_rows_says_why(build):
    table = build(empty_report())
    assert not table.rows
    assert table.empty.endswith(".")


def test_a_live_driver_is_told_with_how_it_was_measured():
    lines = (DriverLine("db", "prometheus", "day", "raw samples of the counter db_seconds_total", 31),)
    table = drivers_table(replace(example_report(), drivers=lines))
    assert [cell.text for cell in table.column("measured")] == ["raw samples of the counter db_seconds_total"]
    assert drivers_table(example_report()).empty.endswith(".")


def test_the_cost_column_foots_to_the_source():
    report = example_report()
    table = customers_table(report)
    place = [column.key for column in table.columns].index("cost")
    assert table.total[place].exact == text_from_units(report.summary.source_total)


def test_parts_sum_to_cost_exactly():
    for line in example_report().customers:
        assert sum(getattr(line, key) for key, _, _ in PARTS) == line.cost


def test_exact_text_stands_beside_shown_cents():
    cell = customers_table(example_report()).column("cost")[0]
    assert (cell.text, cell.exact) == ("36,221.26", "36221.256789889")


def test_unknown_revenue_is_said_and_never_zero():
    table = customers_table(example_report())
    fathom = [cell.text for cell in table.column("customer")].index("fathom")
    assert table.column("revenue")[fathom].text == "unknown"
    assert table.column("margin")[fathom].text == "unknown"


def test_reserved_rows_come_last_and_carry_no_margin():
    table = customers_table(example_report())
    assert table.reserved == 3
    assert [cell.text for cell in table.column("customer")[-3:]] == ["@unallocated", "@opex", "@balance_sheet"]
    assert {cell.text for cell in table.column("margin_pct")[-3:]} == {""}


@pytest.mark.parametrize(("pct", "mark"), [("59.999999", "below"), ("60", "fair"), ("69.99", "fair"), ("70", "good")])
def test_a_margin_is_marked_by_its_exact_value_not_by_the_shown_one(pct, mark):
    assert target_mark(Decimal(pct), example_report().summary) == mark


def test_the_figures_asked_for_first_come_first():
    assert [figure.key for figure in key_figures(example_report())] == [
        "cost_to_serve", "average_cost", "margin_pct", "untagged_share_pct",
    ]  # fmt: skip


def test_every_margin_names_its_revenue_basis_and_is_never_called_gross():
    report = example_report()
    report = replace(report, summary=replace(report.summary, revenue_basis="ratable_estimate"))
    margin = key_figures(report)[2]
    assert margin.label == MARGIN == "Margin on allocated COGS"
    assert "ratable estimate revenue" in margin.beside
    for table in (customers_table(report), groups_table(report, "tier")):
        assert "Revenue (ratable estimate)" in [column.heading for column in table.columns]


def test_an_open_month_says_through_which_day_it_runs():
    assert standing(example_report(through=21).summary) == "open month, figures through 21 October 2026 (UTC)"
    assert standing(example_report(through=31).summary) == "complete month, through 31 October 2026 (UTC)"


def test_days_of_fallback_are_told_with_their_cost():
    assert pools_table(example_report()).column("fallback")[0].text == "period: 2 days, 1,152.70"
