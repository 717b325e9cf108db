"""Dates that no bill has are refused, those that few bills have are told with their sums."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from agent.errors import SourceError
from tests.agent.billing.bills import bills
from tests.agent.billing.ledgers import ingest, manifest, rows
from tests.azure_rows import write_azure
from tests.cur_rows import cur_text
from tests.focus_rows import write_focus
from tests.gcp_rows import write_parquet

FILE = "DigitalOcean Invoice 2026 Oct (6173678-418071234).csv"
SPANS = {
    "focus": ("ChargePeriodStart", "ChargePeriodEnd"),
    "aws-cur": ("lineItem/UsageStartDate", "lineItem/UsageEndDate"),
    "oci": ("lineItem/intervalUsageStart", "lineItem/intervalUsageEnd"),
    "gcp": ("usage_start_time", "usage_end_time"),
    "digitalocean": ("start", "end"),
}


def charged(day: str, **more: str) -> dict[str, str]:
    return {"ChargePeriodStart": f"{day}T00:00:00Z", "ChargePeriodEnd": f"{day}T01:00:00Z", **more}


def period(first: str) -> dict[str, str]:
    return {"BillingPeriodStart": f"{first}T00:00:00Z", "BillingPeriodEnd": f"{first}T00:00:00Z"}


@pytest.mark.parametrize("kind", SPANS)
def test_an_end_before_its_start_is_refused_with_its_line(tmp_path: Path, kind: str) -> None:
    bill = bills(tmp_path)[kind]
    start, end = SPANS[kind]
    lines = [dict(line) for line in bill.lines]
    lines[1][end], lines[1][start] = lines[1][start], lines[1][end]
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / FILE).write_text(bill.text(lines))
    with pytest.raises(SourceError, match=r" lies before .* in 1 row") as caught:
        ingest(tmp_path / "x", tmp_path / "data", kind=kind, **bill.keys)
    assert caught.value.where == f"{FILE}:3"


def test_a_span_of_nothing_is_of_its_day(tmp_path: Path) -> None:
    write_focus(tmp_path / "x" / "f.csv", [charged("2026-10-05") | {"ChargePeriodEnd": "2026-10-05T00:00:00Z"}])
    ingest(tmp_path / "x", tmp_path / "data")
    assert str(rows(tmp_path / "data")[0]["ChargePeriodStart"]) == "2026-10-05"


@pytest.mark.parametrize("first", ["2026-10-15", "2026-10-02", "2026-09-30"])
def test_a_billing_period_that_begins_no_month_is_refused(tmp_path: Path, first: str) -> None:
    write_focus(tmp_path / "x" / "f.csv", [{}, period(first) | charged("2026-10-05")])
    with pytest.raises(SourceError, match=f"BillingPeriodStart holds {first}, which is no first day") as caught:
        ingest(tmp_path / "x", tmp_path / "data")
    assert caught.value.where == "f.csv:3"


def test_aws_bills_by_calendar_months_only(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "f.csv").write_text(cur_text([{"bill/BillingPeriodStartDate": "2026-10-15T00:00:00Z"}]))
    with pytest.raises(SourceError, match="bill_billing_period_start_date holds 2026-10-15"):
        ingest(tmp_path / "x", tmp_path / "data", kind="aws-cur")


def test_microsoft_may_bill_from_any_day_on(tmp_path: Path) -> None:
    line = period("2026-10-15") | charged("2026-10-20") | {"ProviderName": "Microsoft"}
    write_focus(tmp_path / "x" / "f.csv", [line])
    ingest(tmp_path / "x", tmp_path / "data")
    assert manifest(tmp_path / "data").notes == ("a billing period that begins on 2026-10-15 counts as 2026-10",)


def test_azures_subscriptions_may_be_billed_from_any_day_on(tmp_path: Path) -> None:
    span = {"BillingPeriodStartDate": "10/15/2026", "BillingPeriodEndDate": "11/14/2026", "Date": "10/20/2026"}
    write_azure(tmp_path / "x" / "b.csv", [span])
    ingest(tmp_path / "x", tmp_path / "data", kind="azure")
    assert "a billing period that begins on 2026-10-15 counts as 2026-10" in manifest(tmp_path / "data").notes


@pytest.mark.parametrize("day", ["2029-11-01", "2031-10-05"])
def test_a_charge_that_starts_years_after_its_bill_is_refused(tmp_path: Path, day: str) -> None:
    write_focus(tmp_path / "x" / "f.csv", [{}, charged(day)])
    with pytest.raises(SourceError, match=rf"1 charges of 2026-10 start three years .* such as on {day}") as caught:
        ingest(tmp_path / "x", tmp_path / "data")
    assert caught.value.where == "f.csv"


def test_a_bill_of_another_age_than_its_charges_is_refused(tmp_path: Path) -> None:
    write_focus(tmp_path / "x" / "f.csv", [{}, period("2099-10-01") | charged("2026-10-05")])
    with pytest.raises(SourceError, match="no charge of the billing period 2099-10 starts after 2026-10-05"):
        ingest(tmp_path / "x", tmp_path / "data")
    assert not list((tmp_path / "data").glob("ledger/*/*/HEAD.json"))


@pytest.mark.parametrize("day", ["2025-09-01", "2026-10-31", "2026-11-30"])
def test_charges_of_the_year_before_and_of_the_month_after_are_nothing_to_tell(tmp_path: Path, day: str) -> None:
    write_focus(tmp_path / "x" / "f.csv", [{}, charged(day)])
    ingest(tmp_path / "x", tmp_path / "data")
    assert manifest(tmp_path / "data").notes == ()


def test_charges_from_afar_are_told_with_their_sums(tmp_path: Path) -> None:
    lines = [
        charged("2025-08-31", BilledCost="-3.10", EffectiveCost="-3"),
        charged("1999-01-01", BilledCost="1", EffectiveCost="1"),
        charged("2026-12-01", BilledCost="7", EffectiveCost="0"),
    ]
    write_focus(tmp_path / "x" / "f.csv", [{}, *lines])
    ingest(tmp_path / "x", tmp_path / "data")
    assert manifest(tmp_path / "data").notes == (
        "2 lines start more than 13 months before the billing period: billed -2.1 USD, effective -2",
        "1 line starts more than a month after the billing period: billed 7 USD, effective 0",
    )


def test_usage_of_a_later_month_completes_no_day_of_this_one(tmp_path: Path) -> None:
    write_focus(tmp_path / "x" / "f.csv", [{}, charged("2026-12-24")])
    ingest(tmp_path / "x", tmp_path / "data")
    assert manifest(tmp_path / "data").usage_through == "2026-10-31"


def test_googles_months_begin_in_the_evening_of_california(tmp_path: Path) -> None:
    line = {"cost": 1.0, "usage_start_time": datetime(2026, 11, 1, 6, tzinfo=UTC)}
    write_parquet(tmp_path / "x" / "b.parquet", [line])
    ingest(tmp_path / "x", tmp_path / "data", kind="gcp")
    assert not any("start" in note for note in manifest(tmp_path / "data").notes)
