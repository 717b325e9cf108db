"""A period's figures end to end: open months, late drivers, families, unknown revenue, reserved rows."""

import csv
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from agent import pipeline
from agent.config.loading import load_application
from agent.margins.records import CustomerLine, PeriodReport
from agent.money import text_from_units, units_from_text
from agent.period import Period
from agent.progress import Quiet
from tests.project import write_project

OCTOBER = Period(2026, 10)
ACME = '{"tenant": "acme"}'
GLOBEX = '{"tenant": "globex"}'
ALLOCATION = "version: 1\ncustomer: [{tag: tenant}]\n"
APPLICATION = """\
version: 1
company: Example SaaS
policy: policy.yaml
allocation: allocation.yaml
customers: customers.csv
sources: [{name: cloud, kind: focus, location: exports}]
revenue: {kind: csv, location: revenue.csv}
"""


def daily(first: int, last: int, cost: str, tags: str) -> list[Mapping[str, str]]:
    """One usage line for each of these days of October."""
    days = [date(2026, 10, day) for day in range(first, last + 1)]
    return [
        {
            "BilledCost": cost,
            "Tags": tags,
            "ChargePeriodStart": f"{day}T00:00:00Z",
            "ChargePeriodEnd": f"{day + timedelta(days=1)}T00:00:00Z",
        }
        for day in days
    ]


def figures(folder: Path, rows: Sequence[Mapping[str, str]], **texts: str) -> PeriodReport:
    config = write_project(folder, rows)
    for name, text in {"apportion.yaml": APPLICATION, "allocation.yaml": ALLOCATION, **texts}.items():
        (folder / name.replace("__", ".")).write_text(text)
    settings = load_application(config)
    pipeline.ingest(settings, None, Quiet())
    pipeline.allocate(settings, OCTOBER, Quiet())
    return pipeline.figures(settings, OCTOBER)


def line(report: PeriodReport, customer: str) -> CustomerLine:
    return next(found for found in report.customers if found.customer == customer)


def money(units: int | None) -> str | None:
    return None if units is None else text_from_units(units)


@pytest.fixture
def open_month(tmp_path: Path) -> PeriodReport:
    """October through the 10th: acme 1 a day; the 11th has begun and holds 0.4 for half a day."""
    begun = {**daily(11, 11, "0.4", ACME)[0], "ChargePeriodEnd": "2026-10-11T12:00:00Z"}
    return figures(tmp_path, [*daily(1, 10, "1", ACME), begun])


def test_an_open_month_runs_through_its_last_complete_day(open_month: PeriodReport) -> None:
    assert open_month.summary.is_open
    assert open_month.summary.as_of.isoformat() == "2026-10-10"
    assert money(line(open_month, "acme").cost) == "10"


def test_what_is_dated_later_has_a_row_of_its_own_so_that_cost_foots(open_month: PeriodReport) -> None:
    assert money(line(open_month, "@after_asof").cost) == "0.4"
    assert money(sum(row.cost for row in open_month.customers)) == "10.4"
    assert money(open_month.summary.source_total) == "10.4"


def test_revenue_to_date_is_in_proportion_of_active_days(open_month: PeriodReport) -> None:
    acme = line(open_month, "acme")
    assert money(acme.revenue) == text_from_units(units_from_text("900") * 10 // 31)
    assert any("is open" in note.text for note in open_month.notes)


def test_a_paying_customer_absent_from_the_revenue_file_is_unknown_not_zero(tmp_path: Path) -> None:
    report = figures(
        tmp_path,
        [*daily(1, 31, "1", ACME), *daily(1, 31, "1", GLOBEX)],
        revenue__csv="period,customer,amount,currency\n2026-10,acme,62,USD\n2026-10,stray,5,USD\n",
    )
    globex = line(report, "globex")
    assert (globex.revenue, globex.margin, globex.margin_pct) == (None, None, None)
    assert report.unknown_revenue == ("globex",)
    assert line(report, "acme").margin_pct == Decimal("50.000000")
    texts = [note.text for note in report.notes if note.level == "missing"]
    assert any("globex" in text for text in texts)
    assert any("stray" in text for text in texts)


def test_groups_are_sums_over_known_revenue_never_means_of_percentages(tmp_path: Path) -> None:
    report = figures(
        tmp_path,
        [*daily(1, 10, "9", ACME), *daily(1, 10, "0.5", GLOBEX), *daily(31, 31, "0", ACME)],
        customers__csv="id,tier\nacme,gold\nglobex,gold\n",
        revenue__csv="period,customer,amount,currency\n2026-10,acme,100,USD\n2026-10,globex,10,USD\n",
    )
    gold = next(group for group in report.groups if group.dimension == "tier")
    assert (gold.customers, money(gold.cost), money(gold.revenue)) == (2, "95", "110")
    assert gold.margin_pct == Decimal("13.636364")
    assert line(report, "acme").margin_pct == Decimal("10.000000")
    assert line(report, "globex").margin_pct == Decimal("50.000000")


def test_a_family_is_the_sum_of_all_below_its_topmost_parent(tmp_path: Path) -> None:
    report = figures(
        tmp_path,
        [*daily(1, 31, "1", ACME), *daily(1, 31, "2", GLOBEX)],
        customers__csv="id,parent\nholding,\nacme,holding\nglobex,acme\nalone,\n",
    )
    families = [group for group in report.groups if group.dimension == "parent"]
    assert [(group.value, group.customers, money(group.cost)) for group in families] == [("holding", 3, "93")]
    assert families[0].members == ("acme", "globex", "holding")


def test_internal_customers_count_as_opex_and_in_no_average(tmp_path: Path) -> None:
    report = figures(
        tmp_path,
        [*daily(1, 31, "1", ACME), *daily(1, 31, "2", GLOBEX)],
        customers__csv="id,kind\nacme,paying\nglobex,internal\n",
    )
    assert money(line(report, "globex").cost) == "0"
    assert money(line(report, "@opex").cost) == "62"
    assert (report.summary.active_customers, money(report.summary.average_cost)) == (1, "31")


def test_cost_outside_a_customers_dates_stays_and_is_flagged(tmp_path: Path) -> None:
    report = figures(
        tmp_path,
        [*daily(1, 31, "1", ACME), *daily(1, 31, "1", GLOBEX)],
        customers__csv="id,end\nacme,2026-10-20\nglobex,\n",
    )
    acme = line(report, "acme")
    assert (money(acme.cost), money(acme.outside_dates)) == ("31", "11")


def test_the_published_csv_foots_to_the_bill_to_the_last_digit(tmp_path: Path) -> None:
    figures(tmp_path, [*daily(1, 31, "0.333333333333333333333333", ACME), *daily(1, 31, "7e-9", "{}")])
    with (tmp_path / "data/results/2026-10/cost_per_customer.csv").open(newline="") as stream:
        cost = sum(units_from_text(row["Cost"]) for row in csv.DictReader(stream))
    assert text_from_units(cost) == "10.333333550333333333333323"


def test_cost_before_credits_leaves_the_credit_out(tmp_path: Path) -> None:
    credit = {**daily(5, 5, "-3", ACME)[0], "ChargeCategory": "Credit"}
    acme = line(figures(tmp_path, [*daily(1, 31, "1", ACME), credit]), "acme")
    assert (money(acme.cost), money(acme.cost_before_credits), money(acme.charges)) == ("28", "31", "-3")


def test_revenue_of_a_customer_that_changed_tier_goes_by_its_days_in_each(tmp_path: Path) -> None:
    report = figures(
        tmp_path,
        daily(1, 31, "1", ACME),
        customers__csv="id,tier,start,end\nacme,silver,,2026-10-10\nacme,gold,2026-10-11,\n",
        revenue__csv="period,customer,amount,currency\n2026-10,acme,310,USD\n",
    )
    tiers = {group.value: group for group in report.groups if group.dimension == "tier"}
    assert {value: (money(tier.cost), money(tier.revenue)) for value, tier in tiers.items()} == {
        "silver": ("10", "100"),
        "gold": ("21", "210"),
    }
    assert [tier.margin_pct for tier in tiers.values()] == [Decimal("90.000000")] * 2
