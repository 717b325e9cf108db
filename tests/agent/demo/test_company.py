"""The demo company: the same bytes each time, in the providers' own form, and with the faults of real life in it."""

import csv
import hashlib
import json
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from agent.demo import DemoCompany, write_demo
from agent.errors import UsageError
from agent.period import Period
from agent.progress import Quiet

SMALL = 20_000
TENANT_KEYS = {"user_tenant", "user_customer", "user_k8s_namespace"}


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> DemoCompany:
    return write_demo(tmp_path_factory.mktemp("demo"), Quiet(), lines=SMALL)


def lines(company: DemoCompany, period: str) -> list[dict[str, Any]]:
    """The month's AWS lines, with the columns the tests look at."""
    columns = [
        "line_item_line_item_type", "line_item_unblended_cost", "line_item_usage_account_id",
        "line_item_product_code", "line_item_resource_id", "line_item_usage_start_date", "identity_line_item_id",
        "identity_time_interval", "resource_tags", "savings_plan_savings_plan_effective_cost",
        "savings_plan_used_commitment", "savings_plan_total_commitment_to_date", "bill_invoice_id",
    ]  # fmt: skip
    month = next(month for month in company.months if str(month.period) == period)
    return [row for path, _ in month.files for row in pq.ParquetFile(path).read(columns).to_pylist()]


def exact(value: float) -> Decimal:
    return Decimal(repr(value))


def focus_rows(company: DemoCompany) -> Iterator[dict[str, str]]:
    with company.focus.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def test_same_arguments_give_the_same_bytes(company: DemoCompany, tmp_path: Path) -> None:
    again = write_demo(tmp_path, Quiet(), lines=SMALL)
    assert digests(again.folder) == digests(company.folder)


def digests(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_another_seed_gives_other_amounts(company: DemoCompany, tmp_path: Path) -> None:
    assert write_demo(tmp_path, Quiet(), lines=SMALL, seed=8).billed != company.billed


def test_spend_does_not_depend_on_the_number_of_lines(company: DemoCompany, tmp_path: Path) -> None:
    finer = write_demo(tmp_path, Quiet(), lines=4 * SMALL)
    assert finer.lines > 2 * company.lines
    for key, amount in company.billed.items():
        assert abs(finer.billed[key] - amount) < Decimal("0.001") * amount


def test_default_size_is_hourly_and_about_200_000_lines(tmp_path: Path) -> None:
    company = write_demo(tmp_path, Quiet())
    assert 190_000 <= company.lines <= 210_000
    hours = {row["line_item_usage_start_date"] for row in lines(company, "2026-10")}
    assert len(hours) == 31 * 24


def test_manifest_lists_every_file_and_column(company: DemoCompany) -> None:
    for month in company.months:
        manifest = json.loads(month.manifest.read_text())
        delivered = sorted(path.name for path in month.files[0][0].parent.iterdir())
        assert [key.rpartition("/")[2] for key in manifest["dataFiles"]] == delivered
        assert all(
            key.startswith("s3://") and f"BILLING_PERIOD={month.period}/" in key for key in manifest["dataFiles"]
        )
        schema = pq.ParquetFile(month.files[0][0]).schema_arrow
        assert [column["name"] for column in manifest["columns"]] == schema.names


def test_row_counts_are_as_reported(company: DemoCompany) -> None:
    for month in company.months:
        assert [pq.ParquetFile(path).metadata.num_rows for path, _ in month.files] == [rows for _, rows in month.files]
    total = sum(rows for month in company.months for _, rows in month.files)
    assert total + sum(1 for _ in focus_rows(company)) == company.lines


def test_columns_have_the_types_of_cur_2(company: DemoCompany) -> None:
    schema = pq.ParquetFile(company.months[0].files[0][0]).schema_arrow
    assert schema.field("line_item_unblended_cost").type == pa.float64()
    assert schema.field("resource_tags").type == pa.map_(pa.string(), pa.string())
    assert schema.field("discount").type == pa.map_(pa.string(), pa.float64())
    assert schema.field("line_item_usage_start_date").type == pa.timestamp("ms")
    assert schema.field("line_item_usage_account_id").type == pa.string()


def test_two_months_and_their_exact_totals(company: DemoCompany) -> None:
    assert company.periods == (Period(2026, 9), Period(2026, 10))
    for period in company.periods:
        raw = sum((exact(row["line_item_unblended_cost"]) for row in lines(company, str(period))), Decimal(0))
        assert raw == company.billed["aws", period]
        focus = [row for row in focus_rows(company) if row["BillingPeriodStart"].startswith(str(period))]
        assert sum((Decimal(row["BilledCost"]) for row in focus), Decimal(0)) == company.billed["gcp", period]
        assert 160_000 < company.billed["aws", period] + company.billed["gcp", period] < 195_000


def test_a_line_is_unique_by_id_and_interval(company: DemoCompany) -> None:
    keys = [(row["identity_line_item_id"], row["identity_time_interval"]) for row in lines(company, "2026-10")]
    assert len(set(keys)) == len(keys)


@pytest.mark.parametrize("period", ["2026-09", "2026-10"])
def test_a_fifth_to_two_fifths_of_the_spend_names_no_customer(company: DemoCompany, period: str) -> None:
    usage = [row for row in lines(company, period) if row["line_item_line_item_type"].endswith("Usage")]
    spend = sum(row["line_item_unblended_cost"] for row in usage)
    bare = sum(row["line_item_unblended_cost"] for row in usage if not TENANT_KEYS & dict(row["resource_tags"]).keys())
    assert 0.2 < bare / spend < 0.4


def test_every_kind_of_line_is_there(company: DemoCompany) -> None:
    rows = lines(company, "2026-10")
    assert {row["line_item_line_item_type"] for row in rows} == {
        "Usage", "SavingsPlanCoveredUsage", "SavingsPlanNegation", "SavingsPlanRecurringFee", "EdpDiscount", "Credit",
        "Tax", "Fee", "Refund",
    }  # fmt: skip
    assert {"AmazonEC2", "AmazonEKS", "AmazonRDS", "AmazonS3", "AmazonApiGateway", "AWSLambda", "AmazonCloudWatch",
            "AmazonMSK", "AWSSupportBusiness"} <= {row["line_item_product_code"] for row in rows}  # fmt: skip
    assert len({row["line_item_usage_account_id"] for row in rows}) == 4
    assert {len(row["line_item_usage_account_id"]) for row in rows} == {12}


def test_savings_plan_pairs_cancel_and_part_of_the_plan_stays_unused(company: DemoCompany) -> None:
    rows = lines(company, "2026-10")
    by_type: dict[str, Decimal] = {}
    for row in rows:
        kind = row["line_item_line_item_type"]
        by_type[kind] = by_type.get(kind, Decimal(0)) + exact(row["line_item_unblended_cost"])
    assert by_type["SavingsPlanCoveredUsage"] + by_type["SavingsPlanNegation"] == 0
    effective = sum(exact(row["savings_plan_savings_plan_effective_cost"] or 0.0) for row in rows)
    fees = [row for row in rows if row["line_item_line_item_type"] == "SavingsPlanRecurringFee"]
    used = sum(exact(row["savings_plan_used_commitment"]) for row in fees)
    bought = sum(exact(row["savings_plan_total_commitment_to_date"]) for row in fees)
    assert effective == used < bought == by_type["SavingsPlanRecurringFee"]
    assert all(row["savings_plan_used_commitment"] <= row["savings_plan_total_commitment_to_date"] for row in fees)


def test_tags_carry_the_mistakes_of_real_life(company: DemoCompany) -> None:
    tags = [dict(row["resource_tags"]) for row in lines(company, "2026-10")]
    tenants = {tag["user_tenant"] for tag in tags if "user_tenant" in tag}
    known = {row["id"] for row in table(company.folder / "customers.csv")}
    assert {"brackenfeld", "Gravelock", "Hollowmere ", "shared"} <= tenants - known
    assert any(tag.get("user_customer", "") not in ("", tag.get("user_tenant", "")) for tag in tags)
    assert any(tag.get("user_k8s_namespace", "").startswith("tenant-") and "user_tenant" not in tag for tag in tags)
    assert {tag.get("user_env") for tag in tags} >= {"prod", "Production", "staging", "dev", "qa", None}


def test_an_open_month_has_no_invoice_yet(company: DemoCompany) -> None:
    assert {row["bill_invoice_id"] for row in lines(company, "2026-10")} == {None}
    assert None not in {row["bill_invoice_id"] for row in lines(company, "2026-09")}


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_forty_customers_in_four_tiers(company: DemoCompany) -> None:
    rows = table(company.folder / "customers.csv")
    assert len(rows) == 40
    assert {row["tier"] for row in rows} == {"enterprise", "business", "starter", "free", ""}
    assert sorted(row["kind"] for row in rows if row["kind"] not in ("paying", "free")) == ["internal", "trial"]
    assert [row["id"] for row in rows if row["end"]] == ["dapplegate"]
    assert "inkwell-nine" in {row["id"] for row in rows if row["start"] > "2026-10-01"}


def test_usage_has_a_day_of_zeros_and_a_missing_day(company: DemoCompany) -> None:
    calls = table(company.folder / "usage" / "api_calls.csv")
    assert {row["quantity"] for row in calls if row["date"] == "2026-10-18"} == {"0"}
    seconds = table(company.folder / "usage" / "db_seconds.csv")
    days = {date(2026, 9, 1).toordinal() + step for step in range(61)}
    assert days - {date.fromisoformat(row["date"]).toordinal() for row in seconds} == {date(2026, 10, 7).toordinal()}


def test_one_paying_customer_has_no_revenue_in_october(company: DemoCompany) -> None:
    paid = {row["customer"] for row in table(company.folder / "revenue.csv") if row["period"] == "2026-10"}
    absent = {row["id"] for row in table(company.folder / "customers.csv") if row["kind"] == "paying"} - paid
    assert absent == {"gorsefield"}


def test_focus_file_has_both_months_json_tags_and_exponents(company: DemoCompany) -> None:
    rows = list(focus_rows(company))
    assert len(rows[0]) == 43
    assert {row["BillingPeriodStart"][:7] for row in rows} == {"2026-09", "2026-10"}
    assert {row["ChargeCategory"] for row in rows} == {"Usage", "Credit", "Tax"}
    assert all(isinstance(json.loads(row["Tags"]), dict) for row in rows if row["Tags"])
    assert any(row["Tags"] == "" for row in rows)


def test_a_project_of_the_users_own_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "apportion.yaml").write_text("version: 1\n")
    with pytest.raises(UsageError, match=r"apportion\.yaml"):
        write_demo(tmp_path, Quiet(), lines=SMALL)
    assert [path.name for path in tmp_path.iterdir()] == ["apportion.yaml"]


def test_terraform_has_tagged_and_untagged_resources(company: DemoCompany) -> None:
    text = (company.folder / "terraform" / "main.tf").read_text()
    assert text.count('resource "aws_') == 5
    assert 'tenant = "aldervane"' in text
