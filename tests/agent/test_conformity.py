"""Sentences of the method that need the whole job, or a corner of it, to be seen: docs/allocation.md, by section."""

import json
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pyarrow.parquet as pq

from agent import pipeline, results
from agent.allocation import default_period
from agent.config.loading import Settings, load_application
from agent.margins.records import CustomerLine, PeriodReport
from agent.period import Period
from agent.progress import Quiet
from tests.focus_rows import write_focus

SEPTEMBER, OCTOBER, NOVEMBER = Period(2026, 9), Period(2026, 10), Period(2026, 11)
POLICY = "version: 1\ntags:\n  - key: tenant\n    values: {known: customers}\n"
CUSTOMERS = "id,kind,tier,start,end\nacme,paying,gold,,\nbeta,paying,silver,,\n"
RULES = "version: 1\ncustomer: [{tag: tenant}]\nenvironment: {rules: [{tag: env}], opex: [dev]}\n"
QUEUE = RULES + "pools: [{name: db, match: {service: RDS}, method: usage, driver: queries}]\n"
Rows = Sequence[Mapping[str, str]]


def row(cost: str, day: date, **columns: str) -> dict[str, str]:
    """A usage line of one day, in that day's month."""
    plain = {
        "BilledCost": cost,
        "BillingPeriodStart": f"{day:%Y-%m}-01T00:00:00Z",
        "ChargePeriodStart": f"{day}T00:00:00Z",
        "ChargePeriodEnd": f"{day + timedelta(days=1)}T00:00:00Z",
    }
    return plain | columns


def tags(**of: str) -> str:
    """A Tags column."""
    return json.dumps(of)


def daily(period: Period, last: int, cost: str = "1", customer: str = "acme") -> list[dict[str, str]]:
    """The same cost for a customer on every day of a month through ``last``."""
    days = (period.first_day + timedelta(days=at) for at in range(last))
    return [row(cost, day, Tags=tags(tenant=customer)) for day in days]


def october(day: int) -> date:
    return date(2026, 10, day)


def queries(last: int) -> str:
    """acme three quarters, beta one quarter of each day of October through ``last``."""
    days = [f"{october(day)},acme,3\n{october(day)},beta,1\n" for day in range(1, last + 1)]
    return "".join(["date,customer,quantity\n", *days])


def project(
    folder: Path, sources: Mapping[str, Rows], rules: str = RULES, customers: str = CUSTOMERS, usage: str = ""
) -> Settings:
    """A project on disk, taken in."""
    for name, rows in sources.items():
        write_focus(folder / name / "bill.csv", rows)
    listed = "".join(f"  - {{name: {name}, kind: focus, location: {name}}}\n" for name in sources)
    driver = "usage: [{name: queries, kind: csv, location: queries.csv}]\n" if usage else ""
    texts = {
        "apportion.yaml": "version: 1\npolicy: policy.yaml\nallocation: allocation.yaml\ncustomers: customers.csv\n"
        f"sources:\n{listed}{driver}",
        "policy.yaml": POLICY,
        "allocation.yaml": rules,
        "customers.csv": customers,
        "queries.csv": usage,
    }
    for name, text in texts.items():
        (folder / name).write_text(text)
    settings = load_application(folder / "apportion.yaml")
    pipeline.ingest(settings, None, Quiet())
    return settings


def figures(settings: Settings, period: Period = OCTOBER) -> PeriodReport:
    pipeline.allocate(settings, period, Quiet())
    return pipeline.figures(settings, period)


def costs(settings: Settings, *by: str, **only: str) -> dict[object, Decimal]:
    """EffectiveCost of the published allocation by columns, of the rows with these values."""
    sums: dict[object, Decimal] = {}
    for found in pq.read_table(results.folder(settings.data, OCTOBER) / "allocation.parquet").to_pylist():
        if all(found[name] == value for name, value in only.items()):
            key = tuple(found[name] for name in by) if len(by) > 1 else found[by[0]]
            sums[key] = sums.get(key, Decimal(0)) + found["EffectiveCost"]
    return {key: cost for key, cost in sums.items() if cost}


def line(report: PeriodReport, customer: str) -> CustomerLine:
    return next(found for found in report.customers if found.customer == customer)


def whole(units: int) -> Decimal:
    return Decimal(units).scaleb(-24).normalize()


# 1. Rows, days, periods


def test_a_late_driver_is_left_out_of_day_d_and_splits_the_days_it_delivered(tmp_path: Path) -> None:
    bill = [*daily(OCTOBER, 31), row("100", october(5), ServiceName="RDS")]
    settings = project(tmp_path, {"cloud": bill}, QUEUE, usage=queries(20))
    report = figures(settings)
    assert report.summary.as_of == october(31)
    assert any("queries" in note.text and note.level == "missing" for note in report.notes)
    assert costs(settings, "Customer", "Fallback", Class="shared") == {("acme", None): 75, ("beta", None): 25}


def test_a_driver_that_no_pool_uses_holds_nothing_back(tmp_path: Path) -> None:
    settings = project(tmp_path, {"cloud": daily(OCTOBER, 20)}, usage=queries(18))
    assert figures(settings).summary.as_of == october(20)


def test_the_month_of_day_d_is_the_one_before_until_a_day_is_complete(tmp_path: Path) -> None:
    begun = {**row("1", NOVEMBER.first_day), "ChargePeriodEnd": "2026-11-01T05:00:00Z"}
    assert default_period(project(tmp_path, {"cloud": [*daily(OCTOBER, 31), begun]})) == OCTOBER


def test_the_month_of_day_d_waits_for_a_source_that_has_yet_to_deliver_it(tmp_path: Path) -> None:
    sources = {"cloud": daily(OCTOBER, 2), "other": daily(SEPTEMBER, 30)}
    assert default_period(project(tmp_path, sources)) == SEPTEMBER


def test_the_month_of_day_d_waits_for_a_driver_in_use(tmp_path: Path) -> None:
    bill = [*daily(OCTOBER, 31), *daily(NOVEMBER, 1)]
    assert default_period(project(tmp_path, {"cloud": bill}, QUEUE, usage=queries(31))) == OCTOBER


def test_whatever_is_printed_runs_through_day_d(tmp_path: Path) -> None:
    bill = [
        *daily(OCTOBER, 12),
        row("100", october(5), ResourceId="early"),
        row("1000", october(12), ResourceId="after"),
        row("500", october(12), ServiceName="RDS"),
        row("70", october(12), ChargeCategory="Tax"),
    ]
    report = figures(project(tmp_path, {"cloud": bill}, QUEUE, usage=queries(10)))
    assert report.summary.as_of == october(10)
    assert [found.resource for found in report.untagged] == ["early"]
    assert [whole(pool.effective) for pool in report.pools] == [0]
    assert [whole(report.summary.tax_unconfirmed), report.summary.coverage_pct] == [0, 0]
    assert whole(report.summary.environment_by_default) == 110


def test_a_month_compares_with_as_many_days_of_a_shorter_one(tmp_path: Path) -> None:
    settings = project(tmp_path, {"cloud": [*daily(SEPTEMBER, 30, "10"), *daily(OCTOBER, 31, "10")]})
    figures(settings, SEPTEMBER)
    report = figures(settings)
    assert report.previous_cost_to_serve == report.summary.cost_to_serve


def test_a_line_of_a_whole_month_completes_no_day(tmp_path: Path) -> None:
    bill = [*daily(OCTOBER, 5), row("50", october(1), ServiceName="Route 53", ChargePeriodEnd="2026-11-01T00:00:00Z")]
    assert figures(project(tmp_path, {"cloud": bill})).summary.as_of == october(5)


def test_a_line_of_an_hour_over_midnight_is_split_by_the_day_it_starts(tmp_path: Path) -> None:
    short = row("100", october(5), ServiceName="RDS")
    short |= {"ChargePeriodStart": "2026-10-05T23:30:00Z", "ChargePeriodEnd": "2026-10-06T00:30:00Z"}
    usage = "date,customer,quantity\n2026-10-05,acme,1\n2026-10-06,beta,1\n2026-10-31,beta,1\n"
    settings = project(tmp_path, {"cloud": [*daily(OCTOBER, 31), short]}, QUEUE, usage=usage)
    figures(settings)
    assert costs(settings, "Customer", Class="shared") == {"acme": 100}


def test_a_source_billed_by_the_month_neither_completes_the_month_nor_makes_others_late(tmp_path: Path) -> None:
    contract = row("50", october(1), ChargePeriodEnd="2026-11-01T00:00:00Z", BillingAccountId="v", ProviderName="Care")
    report = figures(project(tmp_path, {"cloud": daily(OCTOBER, 5), "care": [contract]}))
    assert report.summary.as_of == october(5)


def invoiced(rows: Rows) -> list[dict[str, str]]:
    return [{**found, "InvoiceId": "INV-1"} for found in rows]


def test_a_month_of_which_every_charge_names_its_invoice_is_complete_wherever_its_usage_ends(tmp_path: Path) -> None:
    ends_at_noon = row("3", october(14), ChargePeriodEnd="2026-10-14T12:00:00Z")
    report = figures(project(tmp_path, {"cloud": invoiced([*daily(OCTOBER, 13), ends_at_noon])}))
    assert (report.summary.as_of, report.summary.is_open) == (october(31), False)
    assert "@after_asof" not in {found.customer for found in report.customers}
    assert costs(load_application(tmp_path / "apportion.yaml"), "Class") == {"direct": 13, "untagged": 3}


def test_an_invoiced_month_of_one_day_has_a_base_that_untagged_cost_is_spread_over(tmp_path: Path) -> None:
    bill = [row("30", october(1), Tags=tags(tenant="acme")), row("5", october(1))]
    bill = [{**found, "ChargePeriodEnd": "2026-10-01T01:00:00Z"} for found in bill]
    report = figures(project(tmp_path, {"cloud": invoiced(bill)}))
    assert whole(line(report, "acme").untagged) == 5


def test_a_month_with_charges_that_name_no_invoice_is_complete_through_its_usage_only(tmp_path: Path) -> None:
    bill = [*invoiced(daily(OCTOBER, 10)), row("1", october(10))]
    assert figures(project(tmp_path, {"cloud": bill})).summary.as_of == october(10)


def test_an_invoice_for_a_purchase_does_not_make_a_month_complete_before_it_has_usage(tmp_path: Path) -> None:
    bought = row("500", NOVEMBER.first_day, InvoiceId="INV-2", ChargeCategory="Purchase", ChargeFrequency="One-Time")
    bill = [*daily(OCTOBER, 31), bought]
    settings = project(tmp_path, {"cloud": bill})
    assert default_period(settings) == OCTOBER


def test_a_source_that_is_invoiced_early_makes_no_other_late(tmp_path: Path) -> None:
    vendor = [row("9", october(1), BillingAccountId="v", ProviderName="Care", InvoiceId="C-1")]
    report = figures(project(tmp_path, {"cloud": daily(OCTOBER, 20), "care": vendor}))
    assert report.summary.as_of == october(20)
    assert not [note.text for note in report.notes if "left out of the as-of day" in note.text]


def test_a_driver_that_ends_early_is_late_against_the_end_of_an_invoiced_month(tmp_path: Path) -> None:
    bill = [*daily(OCTOBER, 20), row("100", october(5), ServiceName="RDS")]
    report = figures(project(tmp_path, {"cloud": invoiced(bill)}, QUEUE, usage=queries(20)))
    assert report.summary.as_of == october(31)
    assert any("queries is left out of the as-of day" in note.text for note in report.notes)


def test_a_source_without_invoices_has_left_a_month_behind_when_it_delivers_the_one_after_next(tmp_path: Path) -> None:
    fee = row("1", date(2026, 12, 1), ChargeCategory="Purchase")
    settings = project(tmp_path, {"cloud": [*daily(OCTOBER, 20), fee]})
    assert figures(settings).summary.as_of == october(31)


def test_a_complete_month_holds_what_its_bill_dates_after_it(tmp_path: Path) -> None:
    after = row("7", NOVEMBER.first_day, BillingPeriodStart="2026-10-01T00:00:00Z", Tags=tags(tenant="acme"))
    untagged = after | {"BilledCost": "3", "Tags": "{}"}
    settings = project(tmp_path, {"cloud": [*daily(OCTOBER, 31), *daily(NOVEMBER, 3), after, untagged]})
    report = figures(settings)
    assert [whole(line(report, "acme").direct), whole(line(report, "acme").untagged)] == [38, 3]
    assert whole(report.summary.untagged) == 3
    assert not any(found.customer == "@after_asof" for found in report.customers)


# 2. The passes


def test_a_customers_own_nonproduction_is_shown_where_it_counts_as_cost(tmp_path: Path) -> None:
    dev = row("40", october(5), Tags=tags(tenant="acme", env="dev"))
    settings = project(tmp_path, {"cloud": [*daily(OCTOBER, 31), dev]}, RULES + "customer_nonprod: cogs\n")
    report = figures(settings)
    assert whole(line(report, "acme").cost) == 71
    assert any("non-production of 40.00 USD counts as their cost" in note.text for note in report.notes)


def test_a_discount_whose_resource_shows_no_usage_reduces_its_service_that_day(tmp_path: Path) -> None:
    contract = {"ChargeDescription": "EDP discount", "ResourceId": "contract-7"}
    bill = [*daily(OCTOBER, 31, "100"), row("-10", october(5), **contract)]
    settings = project(tmp_path, {"cloud": bill})
    figures(settings)
    assert costs(settings, "Customer", "Class", Kind="discount") == {("acme", "direct"): -10}


def test_a_standard_rate_recovers_cost_through_day_d_only(tmp_path: Path) -> None:
    bill = [*daily(OCTOBER, 12, "20"), row("100", october(5)), row("1000", october(12))]
    settings = project(tmp_path, {"cloud": bill}, QUEUE + "untagged: {method: tax, rate: '0.1'}\n", usage=queries(10))
    report = figures(settings)
    assert whole(line(report, "acme").untagged) == 20
    assert whole(line(report, "@unallocated").untagged) == 80
    assert whole(line(report, "@after_asof").cost) == 1040


def test_a_customer_whose_cost_is_below_zero_has_no_weight_and_is_listed(tmp_path: Path) -> None:
    bill = [*daily(OCTOBER, 31, customer="beta"), row("-50", october(5), Tags=tags(tenant="acme"))]
    settings = project(tmp_path, {"cloud": [*bill, row("7", october(5))]})
    report = figures(settings)
    assert costs(settings, "Customer", Class="untagged") == {"beta": 7}
    assert any("acme: direct and shared cost of -50.00 USD counts as zero" in note.text for note in report.notes)


# 4. Registry


def test_cost_before_a_customer_became_internal_is_cost_to_serve(tmp_path: Path) -> None:
    customers = "id,kind,start,end\nacme,paying,,2026-10-15\nacme,internal,2026-10-16,\nbeta,paying,,\n"
    summary = figures(project(tmp_path, {"cloud": daily(OCTOBER, 31)}, customers=customers)).summary
    assert [whole(summary.cost_to_serve), whole(summary.opex), whole(summary.source_total)] == [15, 16, 31]


def test_a_tier_has_the_cost_of_the_days_a_customer_was_in_it(tmp_path: Path) -> None:
    customers = "id,tier,start,end\nacme,silver,,2026-10-15\nacme,gold,2026-10-16,\n"
    report = figures(project(tmp_path, {"cloud": daily(OCTOBER, 31)}, customers=customers))
    assert {group.value: whole(group.cost) for group in report.groups if group.dimension == "tier"} == {
        "silver": 15,
        "gold": 16,
    }


# 5. Charges that follow


def test_a_charge_without_an_account_follows_its_invoice(tmp_path: Path) -> None:
    bare = {"SubAccountId": "", "InvoiceId": "inv-1"}
    bill = [{**found, "InvoiceId": "inv-1"} for found in daily(OCTOBER, 31, "10")]
    bill.append(row("1", october(5), Tags=tags(tenant="beta"), ServiceName="Organisation", **bare))
    bill.append(row("311", october(5), ChargeCategory="Tax", ServiceName="Tax", **bare))
    settings = project(tmp_path, {"cloud": bill})
    figures(settings)
    assert costs(settings, "Customer", Kind="tax") == {"acme": 310, "beta": 1}
