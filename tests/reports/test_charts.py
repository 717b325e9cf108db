from dataclasses import replace
from decimal import Decimal

import pytest

from agent.margins.records import DrillRow
from agent.money import UNITS_PER_ONE
from reports import charts
from reports.customers import customers_table
from tests.reports.example_report import empty_report, example_report


def test_bars_of_a_day_stand_on_each_other_inside_the_chart():
    chart = charts.day_chart(example_report())
    assert len(chart.columns) == 21
    for column in chart.columns:
        assert column.bars[0].y + column.bars[0].height == pytest.approx(chart.base, abs=0.02)
        for lower, upper in zip(column.bars, column.bars[1:], strict=False):
            assert upper.y + upper.height == pytest.approx(lower.y, abs=0.02)
        assert column.bars[-1].y >= charts.TOP


def test_a_day_of_credit_hangs_below_the_axis():
    report = example_report(through=2)
    first = report.daily[0][0]
    credit = -50_000 * UNITS_PER_ONE
    drill = (*report.drill, DrillRow("acme", first, "charge", "", credit))
    daily = tuple((day, units + credit if day == first else units) for day, units in report.daily)
    chart = charts.day_chart(replace(report, drill=drill, daily=daily))
    below = next(bar for bar in chart.columns[0].bars if bar.look == "charge")
    assert below.y >= chart.base - 0.02
    assert below.y + below.height <= charts.HEIGHT - charts.BOTTOM + 0.02


def test_days_whose_classes_do_not_make_up_the_total_are_drawn_whole():
    report = replace(example_report(through=2), drill=())
    assert [[bar.look for bar in column.bars] for column in charts.day_chart(report).columns] == [["cost"], ["cost"]]


@pytest.mark.parametrize(
    ("span", "step"), [("7500", "2000"), ("0.03", "0.01"), ("100", "50"), ("4", "1"), ("41", "20")]
)
def test_gridlines_stand_at_round_figures(span, step):
    assert charts.nice_step(Decimal(span)) == Decimal(step)


def test_the_mix_is_the_cost_to_serve():
    report = example_report()
    slices = charts.mix(report)
    total = sum(Decimal(each.text.replace(",", "")) for each in slices)
    assert total == Decimal("137553.16")
    assert sum(each.width for each in slices) == pytest.approx(100, abs=0.01)


def test_the_dearest_customers_show_the_same_cents_as_the_table():
    report = example_report()
    table = customers_table(report)
    cents = dict(zip((cell.text for cell in table.column("customer")), table.column("cost"), strict=True))
    bars = charts.customer_bars(report)
    assert [bar.customer for bar in bars[:3]] == ["corvid", "acme", "brightline"]
    assert all(bar.cost == cents[bar.customer].text for bar in bars)
    assert bars[0].width == 100


def test_a_month_without_cost_has_no_chart():
    assert charts.day_chart(empty_report()) is None
    assert charts.mix(empty_report()) == ()
    assert charts.customer_bars(empty_report()) == ()
