"""How each provider changes a month after the fact: the ledger before and after, and the same bytes from a replay."""

import json
import shutil
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from agent.billing import Delivered, ingest_source
from agent.billing.ledger.versions import kept_version, source_heads
from agent.config.application import SourceConfig
from agent.period import Period
from tests.agent.billing.ledgers import manifest, rows
from tests.azure_rows import write_both
from tests.cur2_rows import write_cur2
from tests.cur_rows import write_cur
from tests.focus_rows import write_focus
from tests.gcp_rows import write_parquet

SEPTEMBER, OCTOBER, NOVEMBER = Period(2026, 9), Period(2026, 10), Period(2026, 11)


class Steps:
    """A progress that keeps the steps."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def step(self, text: str) -> None:
        self.said.append(text.removeprefix("bill: "))

    def advance(self, done: int, total: int | None, text: str) -> None:
        pass


class Bill:
    """One source on its way through time: ``place`` is what the provider keeps there, ``data`` the ledger."""

    def __init__(self, tmp_path: Path, kind: str) -> None:
        self.place = tmp_path / "x"
        self.data = tmp_path / "data"
        self.source = SourceConfig(name="bill", kind=kind, location=str(self.place))
        self.steps: list[str] = []

    def ingest(self, data: Path | None = None) -> list[Delivered]:
        progress = Steps()
        delivered = ingest_source(self.source, data or self.data, self.place.parent, None, progress)
        self.steps = progress.said
        return delivered

    def told(self) -> dict[str, tuple[int, bool, str]]:
        """Version, whether it is new, and BilledCost, by month."""
        return {str(one.period): (one.version, one.changed, one.billed_text) for one in self.ingest()}

    @property
    def read(self) -> list[str]:
        return [step for step in self.steps if step.startswith(("reading", "writing"))]

    def replayed(self) -> None:
        """Asserts that everything in force comes out of the last delivery again, byte for byte."""
        fresh = self.data.with_name("replay")
        shutil.rmtree(fresh, ignore_errors=True)
        self.ingest(fresh)
        kept = {head.period: head for head in source_heads(self.data, "bill")}
        again = {head.period: head for head in source_heads(fresh, "bill")}
        assert kept.keys() == again.keys()
        for period, head in again.items():
            assert head.files[0].read_bytes() == kept[period].files[0].read_bytes()
            assert head.manifest.files == kept[period].manifest.files
            assert head.manifest.ledger_sums == kept[period].manifest.ledger_sums

    def version(self, period: Period, number: int) -> bytes:
        return kept_version(self.data, "bill", period, number).files[0].read_bytes()


def line(period: str, cost: str, **more: str) -> dict[str, str]:
    return {"BillingPeriodStart": f"{period}-01T00:00:00Z", "BilledCost": cost, **more}


def at(period: str, day: int = 5) -> datetime:
    return datetime.fromisoformat(f"{period}-{day:02d}").replace(tzinfo=UTC)


def usage(period: str, cost: float, **more: Any) -> dict[str, Any]:
    """A line of CUR 2.0."""
    return {
        "bill_billing_period_start_date": at(period, 1),
        "line_item_usage_start_date": at(period),
        "line_item_unblended_cost": cost,
        **more,
    }


def test_a_late_file_adds_its_lines_and_leaves_other_months_alone(tmp_path: Path):
    bill = Bill(tmp_path, "focus")
    write_focus(bill.place / "2026-09.csv", [line("2026-09", "4")])
    write_focus(bill.place / "2026-10-main.csv", [line("2026-10", "1")])
    assert bill.told() == {"2026-09": (1, True, "4 USD"), "2026-10": (1, True, "1 USD")}

    write_focus(bill.place / "2026-10-late.csv", [line("2026-10", "2.5", SubAccountId="late")])
    assert bill.told() == {"2026-09": (1, False, "4 USD"), "2026-10": (2, True, "3.5 USD")}
    assert [(row["SubAccountId"], row["Billed"]) for row in rows(bill.data)] == [("012345678901", "1"), ("late", "2.5")]
    assert bill.read == ["reading 1 file", "reading 1 file", "writing 2026-10"]
    bill.replayed()


def test_a_reopened_month_gets_a_new_version_and_the_closed_one_is_kept(tmp_path: Path):
    """AWS rewrites a closed report when a refund comes: a new assembly, the manifest of the month names it."""
    bill = Bill(tmp_path, "aws-cur")
    september = {
        "bill/BillingPeriodStartDate": "2026-09-01T00:00:00Z",
        "bill/BillingPeriodEndDate": "2026-10-01T00:00:00Z",
        "lineItem/UsageStartDate": "2026-09-05T13:00:00Z",
        "lineItem/UsageEndDate": "2026-09-05T14:00:00Z",
        "bill/InvoiceId": "1001",
        "lineItem/UnblendedCost": "10",
    }
    october = {"lineItem/UnblendedCost": "3"}
    write_cur(bill.place, [september], month="20260901-20261001", assembly="first")
    write_cur(bill.place, [october], assembly="october")
    assert bill.told() == {"2026-09": (1, True, "10 USD"), "2026-10": (1, True, "3 USD")}
    before = bill.version(SEPTEMBER, 1)

    refund = september | {
        "lineItem/LineItemType": "Refund",
        "lineItem/UnblendedCost": "-4.25",
        "bill/InvoiceId": "1002",
    }
    write_cur(bill.place, [september, refund], month="20260901-20261001", assembly="second")
    assert bill.told() == {"2026-09": (2, True, "5.75 USD"), "2026-10": (1, False, "3 USD")}
    assert manifest(bill.data, SEPTEMBER).invoices == {"1001": {"USD": "10"}, "1002": {"USD": "-4.25"}}
    assert bill.read == ["reading 1 file", "writing 2026-09"]
    assert bill.version(SEPTEMBER, 1) == before
    bill.replayed()

    shutil.rmtree(bill.place / "pre" / "cur" / "20260901-20261001")
    write_cur(bill.place, [september], month="20260901-20261001", assembly="first")
    assert bill.told()["2026-09"] == (3, True, "10 USD")
    assert bill.version(SEPTEMBER, 3) == before


def test_aws_rewrites_the_month_before_for_two_weeks(tmp_path: Path):
    """Each day brings new manifests for the month that ended and the one that runs; the invoice id comes last."""
    bill = Bill(tmp_path, "aws-cur2")
    write_cur2(bill.place, [usage("2026-09", 7.0, bill_invoice_id="900")], period="2026-09")
    write_cur2(bill.place, [usage("2026-10", 30.0)], period="2026-10")
    assert bill.told() == {"2026-09": (1, True, "7 USD"), "2026-10": (1, True, "30 USD")}
    for day in range(1, 15):
        invoice = "1000" if day == 14 else None
        settled = [usage("2026-10", 30.0 + day / 4, bill_invoice_id=invoice)]
        write_cur2(bill.place, settled, period="2026-10")
        write_cur2(bill.place, [usage("2026-11", float(day))], period="2026-11")
        billed = format(Decimal(30) + Decimal(day) / 4, "f")
        assert bill.told() == {
            "2026-09": (1, False, "7 USD"),
            "2026-10": (1 + day, True, f"{billed} USD"),
            "2026-11": (day, True, f"{day} USD"),
        }
        assert bill.read == ["reading 2 files", "writing 2026-10", "writing 2026-11"]
        assert (manifest(bill.data, OCTOBER).estimated_until is None) == (day == 14)
    assert bill.told() == {
        "2026-09": (1, False, "7 USD"),
        "2026-10": (15, False, "33.5 USD"),
        "2026-11": (14, False, "14 USD"),
    }
    assert bill.read == []
    bill.replayed()


def test_a_tag_backfill_rewrites_twelve_months_and_no_money(tmp_path: Path):
    bill = Bill(tmp_path, "aws-cur2")
    months = [str(Period(2025 + (10 + step) // 12, (10 + step) % 12 + 1)) for step in range(12)]
    costs = {month: [0.1 + number, 1e-9, 123.456789] for number, month in enumerate(months)}

    def deliver(tags: Mapping[str, str] | None) -> None:
        for month in months:
            lines = [usage(month, cost, line_item_resource_id=f"i-{cost}", resource_tags=tags) for cost in costs[month]]
            write_cur2(bill.place, lines, period=month)

    deliver(None)
    bill.ingest()
    before = {head.period: head.manifest.ledger_sums for head in source_heads(bill.data, "bill")}
    deliver({"user_tenant": "acme"})
    after = bill.ingest()
    assert [str(one.period) for one in after] == months
    assert [(one.version, one.changed) for one in after] == [(2, True)] * 12
    assert {head.period: head.manifest.ledger_sums for head in source_heads(bill.data, "bill")} == before
    for month in months:
        old = kept_version(bill.data, "bill", Period.parse(month), 1)
        assert old.manifest.ledger_sums == before[old.period]
        assert {row["Tags"] for row in rows(bill.data, old.period)} == {'{"user_tenant":"acme"}'}
    assert bill.told()[months[0]][:2] == (2, False)
    bill.replayed()


def test_azure_delivers_six_times_a_day_and_each_run_replaces_the_one_before(tmp_path: Path):
    bill = Bill(tmp_path, "azure")
    for hour in range(6):
        cost = f"{hour + 1}.000000000000001"
        lines = [{"CostInBillingCurrency": cost, "ResourceId": "/subscriptions/1/resourceGroups/a/x/y/vm"}]
        submitted = f"2026-10-06T{4 * hour:02d}:10:00Z"
        write_both(bill.place, lines, lines, submitted=submitted, run=f"run-{hour}")
        assert bill.told() == {"2026-10": (hour + 1, True, f"{cost} USD")}
        assert bill.read == ["reading 2 files", "writing 2026-10"]
    assert bill.told() == {"2026-10": (6, False, "6.000000000000001 USD")}
    assert {manifest(bill.data).ledger_version} == {6}
    for hour in range(6):
        sums = kept_version(bill.data, "bill", OCTOBER, hour + 1).manifest.ledger_sums
        assert sums["USD"]["BilledCost"] == f"{hour + 1}.000000000000001"
    bill.replayed()


def test_azure_runs_that_overwrite_each_other_change_nothing_when_equal(tmp_path: Path):
    bill = Bill(tmp_path, "azure")
    lines = [{"CostInBillingCurrency": "5"}]
    write_both(bill.place, lines, lines, submitted="2026-10-06T04:10:00Z")
    assert bill.told() == {"2026-10": (1, True, "5 USD")}
    write_both(bill.place, lines, lines, submitted="2026-10-06T08:10:00Z")
    assert bill.told() == {"2026-10": (1, False, "5 USD")}
    assert bill.read == []


def test_google_adds_to_invoices_by_partition_and_only_their_month_is_read(tmp_path: Path):
    """A partition is a day of export; a line's month is its invoice's, which may be the month before."""
    bill = Bill(tmp_path, "gcp")

    def partition(day: date, *lines: Mapping[str, Any]) -> None:
        write_parquet(bill.place / f"{day:%Y%m%d}.parquet", lines)

    def used(invoice: str, cost: float, day: int, **more: Any) -> dict[str, Any]:
        start = datetime(int(invoice[:4]), int(invoice[4:]), day, 13, tzinfo=UTC)
        return {"invoice.month": invoice, "cost": cost, "usage_start_time": start, **more}

    for day in range(3):
        partition(date(2026, 9, 10) + timedelta(days=day), used("202609", 1.0, 9 + day))
        partition(date(2026, 10, 10) + timedelta(days=day), used("202610", 2.0, 9 + day))
    assert bill.told() == {"2026-09": (1, True, "3 USD"), "2026-10": (1, True, "6 USD")}

    corrected = used("202609", -0.25, 30, cost_type="adjustment", **{"adjustment_info.type": "USAGE_CORRECTION"})
    partition(date(2026, 10, 13), used("202610", 2.0, 12), corrected)
    assert bill.told() == {"2026-09": (2, True, "2.75 USD"), "2026-10": (2, True, "8 USD")}
    assert {row["x_Kind"] for row in rows(bill.data, SEPTEMBER)} > {"usage"}

    partition(date(2026, 10, 14), used("202610", 4.0, 13))
    assert bill.told() == {"2026-09": (2, False, "2.75 USD"), "2026-10": (3, True, "12 USD")}
    assert bill.read == ["reading 5 files", "writing 2026-10"]

    partition(date(2026, 9, 12), used("202609", 1.5, 11))
    assert bill.told() == {"2026-09": (3, True, "3.25 USD"), "2026-10": (3, False, "12 USD")}
    assert bill.read == ["reading 4 files", "writing 2026-09"]
    bill.replayed()


def test_a_delivery_that_goes_back_gives_the_bytes_it_gave_before(tmp_path: Path):
    bill = Bill(tmp_path, "focus")
    write_focus(bill.place / "a.csv", [line("2026-10", "1", Tags='{"b": "2", "a": "1"}'), line("2026-10", "2")])
    bill.ingest()
    original = (bill.place / "a.csv").read_bytes()
    write_focus(bill.place / "a.csv", [line("2026-10", "9")])
    bill.ingest()
    (bill.place / "a.csv").write_bytes(original)
    assert bill.told() == {"2026-10": (3, True, "3 USD")}
    assert bill.version(OCTOBER, 3) == bill.version(OCTOBER, 1)
    first, third = (
        json.loads((bill.data / "ledger/bill/2026-10" / name / "manifest.json").read_text()) for name in ("v1", "v3")
    )
    assert first | {"ledger_version": 3} == third
    bill.replayed()


def test_two_equal_statements_of_which_one_ends_are_read_anew(tmp_path: Path):
    bill = Bill(tmp_path, "azure")
    lines = [{"CostInBillingCurrency": "5"}]
    write_both(bill.place, lines, lines)
    assert bill.told() == {"2026-10": (1, True, "5 USD")}
    shutil.rmtree(bill.place / "amortizedcost")
    assert bill.told()["2026-10"][:2] == (2, True)
    write_both(bill.place, lines, lines)
    assert bill.told()["2026-10"][:2] == (3, True)
    assert bill.version(OCTOBER, 3) == bill.version(OCTOBER, 1)
