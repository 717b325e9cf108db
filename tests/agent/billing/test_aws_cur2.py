import json
from datetime import UTC, date, datetime
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from agent.billing.ledger.versions import tagsets_path
from agent.errors import SourceError
from tests.agent.billing.ledgers import ingest, manifest, rows
from tests.cur2_rows import cur2_table, cur2_text, write_cur2

SP = "arn:aws:savingsplans::1:savingsplan/sp-1"
RI = "arn:aws:ec2:eu-west-3:1:reserved-instances/ri-1"
MONTH = {
    "line_item_usage_start_date": datetime(2026, 10, 1, tzinfo=UTC),
    "line_item_usage_end_date": datetime(2026, 11, 1, tzinfo=UTC),
}


@pytest.fixture
def ledger(tmp_path):
    """Rows of the ledger that an export of these lines makes."""

    def ledger(*lines):
        write_cur2(tmp_path / "x", lines)
        ingest(tmp_path / "x", tmp_path / "data", kind="aws-cur2")
        return rows(tmp_path / "data")

    ledger.data = tmp_path / "data"
    return ledger


def money(row):
    return row["Billed"], row["Effective"]


def test_usage_is_read_with_its_tags_and_identity(ledger):
    [row] = ledger(
        {
            "line_item_unblended_cost": 0.1 + 0.2,
            "pricing_public_on_demand_cost": 0.5,
            "line_item_resource_id": "i-1",
            "product_sku": "SKU1",
            "line_item_usage_amount": 0.25,
            "resource_tags": {"user_tenant": "acme", "aws_created_by": "x"},
        }
    )
    assert money(row) == ("0.30000000000000004", "0.30000000000000004")
    assert (row["List"], row["ConsumedQuantity"], row["ConsumedUnit"]) == ("0.5", Decimal("0.25"), "Hrs")
    assert row["Tags"] == '{"aws_created_by":"x","user_tenant":"acme"}'
    assert (row["ProviderName"], row["BillingAccountId"], row["SubAccountId"]) == (
        "AWS",
        "111111111111",
        "012345678901",
    )
    assert (row["ServiceName"], row["ResourceId"], row["SkuId"], row["RegionId"]) == (
        "AmazonEC2",
        "i-1",
        "SKU1",
        "eu-west-3",
    )
    assert (row["ChargeCategory"], row["x_Kind"], row["CommitmentDiscountId"]) == ("Usage", "usage", None)
    assert (row["ChargePeriodStart"], row["ChargePeriodEnd"]) == (date(2026, 10, 5), date(2026, 10, 6))


def test_reserved_usage_costs_its_amortised_part(ledger):
    [row] = ledger(
        {
            "line_item_line_item_type": "DiscountedUsage",
            "reservation_reservation_a_r_n": RI,
            "reservation_effective_cost": 0.07,
        }
    )
    assert money(row) == ("0", "0.07")
    assert (row["x_Kind"], row["CommitmentDiscountId"], row["CommitmentDiscountStatus"]) == ("usage", RI, "Used")


def test_a_reservation_fee_also_tells_what_was_not_used(ledger):
    unused, fee = sorted(
        ledger(
            MONTH
            | {
                "line_item_line_item_type": "RIFee",
                "line_item_unblended_cost": 100.0,
                "reservation_reservation_a_r_n": RI,
                "reservation_unused_amortized_upfront_fee_for_billing_period": 1.5,
                "reservation_unused_recurring_fee": 2.25,
            }
        ),
        key=lambda row: row["x_Kind"] == "commitment_purchase",
    )
    assert (money(fee), fee["x_Kind"], fee["ChargeCategory"], fee["x_Lines"]) == (
        ("100", "0"),
        "commitment_purchase",
        "Purchase",
        1,
    )
    assert (money(unused), unused["x_Kind"], unused["ChargeCategory"], unused["x_Lines"]) == (
        ("0", "3.75"),
        "commitment_unused",
        "Usage",
        0,
    )
    assert (unused["ResourceId"], unused["CommitmentDiscountStatus"]) == (RI, "Unused")
    assert unused["ConsumedQuantity"] is None


def test_a_savings_plan_fee_leaves_its_commitment_less_what_was_used(ledger):
    found = ledger(
        {
            "line_item_line_item_type": "SavingsPlanRecurringFee",
            "line_item_unblended_cost": 10.0,
            "savings_plan_savings_plan_a_r_n": SP,
            "savings_plan_total_commitment_to_date": 10.0,
            "savings_plan_used_commitment": 7.9,
        }
    )
    assert {(row["x_Kind"], *money(row)) for row in found} == {
        ("commitment_purchase", "10", "0"),
        ("commitment_unused", "0", "2.1"),
    }


def test_covered_usage_and_its_negation_leave_only_the_remainder(ledger):
    covered = {
        "line_item_line_item_type": "SavingsPlanCoveredUsage",
        "line_item_resource_id": "i-1",
        "savings_plan_savings_plan_a_r_n": SP,
        "line_item_unblended_cost": 1.0,
        "savings_plan_savings_plan_effective_cost": 0.6,
        "resource_tags": {"user_tenant": "acme"},
    }
    negation = {
        "line_item_line_item_type": "SavingsPlanNegation",
        "savings_plan_savings_plan_a_r_n": SP,
        "line_item_unblended_cost": -1.99,
    }
    found = ledger(covered, covered, negation)
    assert {(row["x_Kind"], *money(row), row["x_Lines"], row["CommitmentDiscountId"]) for row in found} == {
        ("usage", "0", "1.2", 2, SP),
        ("discount", "0.01", "0", 1, SP),
    }


def test_upfront_fees_of_commitments_are_no_cost_of_the_month(ledger):
    found = ledger(
        MONTH
        | {"line_item_line_item_type": "Fee", "line_item_unblended_cost": 500.0, "reservation_reservation_a_r_n": RI},
        MONTH
        | {
            "line_item_line_item_type": "SavingsPlanUpfrontFee",
            "line_item_unblended_cost": 300.0,
            "savings_plan_savings_plan_a_r_n": SP,
        },
    )
    assert {(row["x_Kind"], *money(row), row["CommitmentDiscountId"]) for row in found} == {
        ("commitment_purchase", "500", "0", RI),
        ("commitment_purchase", "300", "0", SP),
    }


@pytest.mark.parametrize(
    ("line", "kind", "category"),
    [
        ({"line_item_line_item_type": "Tax", "line_item_tax_type": "VAT"}, "tax", "Tax"),
        ({"line_item_line_item_type": "Credit"}, "credit", "Credit"),
        ({"line_item_line_item_type": "Refund"}, "refund", "Adjustment"),
        ({"line_item_line_item_type": "Fee"}, "fee", "Purchase"),
        ({"line_item_line_item_type": "EdpDiscount"}, "discount", "Usage"),
        ({"line_item_line_item_type": "PrivateRateDiscount"}, "discount", "Usage"),
        ({"line_item_line_item_type": "BundledDiscount"}, "discount", "Usage"),
        ({"bill_billing_entity": "AWS Marketplace"}, "marketplace", "Usage"),
        ({"bill_billing_entity": "AWS Marketplace", "line_item_line_item_type": "Fee"}, "marketplace", "Purchase"),
        ({"bill_billing_entity": "AWS Marketplace", "line_item_line_item_type": "Tax"}, "tax", "Tax"),
        ({"line_item_product_code": "AWSSupportBusiness"}, "support", "Usage"),
        ({"line_item_product_code": "OCBPremiumSupport", "line_item_line_item_type": "Fee"}, "support", "Purchase"),
    ],
)
def test_every_other_line_keeps_its_cost_under_its_kind(ledger, line, kind, category):
    [row] = ledger(line | {"line_item_unblended_cost": -2.5})
    assert (row["x_Kind"], row["ChargeCategory"], *money(row)) == (kind, category, "-2.5", "-2.5")
    assert row["x_TaxType"] == line.get("line_item_tax_type")


def test_a_refund_bill_corrects_a_closed_period(ledger):
    [row] = ledger({"line_item_line_item_type": "Refund", "bill_bill_type": "Refund", "line_item_unblended_cost": -1.0})
    assert row["ChargeClass"] == "Correction"


def test_net_costs_are_used_where_the_export_has_them(ledger):
    found = ledger(
        {"line_item_unblended_cost": 10.0, "line_item_net_unblended_cost": 9.0},
        {
            "line_item_line_item_type": "EdpDiscount",
            "line_item_unblended_cost": -1.0,
            "line_item_net_unblended_cost": 0.0,
        },
        {
            "line_item_line_item_type": "DiscountedUsage",
            "line_item_net_unblended_cost": 0.0,
            "reservation_reservation_a_r_n": RI,
            "reservation_effective_cost": 5.0,
            "reservation_net_effective_cost": 4.5,
        },
        {"line_item_line_item_type": "Tax", "line_item_unblended_cost": 2.0},
    )
    assert sorted((row["x_Kind"], *money(row)) for row in found) == [
        ("discount", "0", "0"),
        ("tax", "2", "2"),
        ("usage", "0", "4.5"),
        ("usage", "9", "9"),
    ]


def test_net_costs_filled_for_a_part_of_a_class_are_not_used_at_all(ledger):
    found = ledger(
        {"line_item_unblended_cost": 10.0, "line_item_net_unblended_cost": 9.0},
        {"line_item_unblended_cost": 1.0, "line_item_net_unblended_cost": None},
    )
    assert [money(row) for row in found] == [("11", "11")]
    assert manifest(ledger.data).notes == (
        "2026-10: net costs are filled for a part of Usage only; gross costs are used",
    )


def test_net_columns_of_zeros_beside_a_real_bill_are_not_used(ledger):
    [row] = ledger({"line_item_unblended_cost": 10.0, "line_item_net_unblended_cost": 0.0})
    assert money(row) == ("10", "10")


def test_billed_equals_the_unblended_cost_of_the_files_to_the_last_digit(ledger):
    costs = [0.1, 1e-17, 123456.789012345678, 3.3e-13, -0.0000004, 1 / 3]
    ledger(*({"line_item_unblended_cost": cost, "line_item_resource_id": f"i-{n}"} for n, cost in enumerate(costs)))
    expected = sum(Decimal(repr(cost)) for cost in costs)
    assert Decimal(manifest(ledger.data).ledger_sums["USD"]["BilledCost"]) == expected


def test_the_manifest_decides_which_files_count(tmp_path):
    write_cur2(tmp_path / "x", [{"line_item_unblended_cost": 1.0}, {"line_item_unblended_cost": 2.0}], parts=2)
    write_cur2(tmp_path / "x", [{"line_item_unblended_cost": 4.0}], parts=1)
    [delivered] = ingest(tmp_path / "x", tmp_path / "data", kind="aws-cur2")
    assert delivered.billed_text == "4 USD"
    found = manifest(tmp_path / "data")
    assert (found.completeness, [file.path for file in found.files]) == (
        "manifest",
        ["exports/cur2/data/BILLING_PERIOD=2026-10/cur2-00001.snappy.parquet"],
    )


@pytest.mark.parametrize("below", ["", "exports", "exports/cur2"])
def test_the_location_may_be_any_folder_above_the_export(tmp_path, below):
    september = {"bill_billing_period_start_date": datetime(2026, 9, 1, tzinfo=UTC), "line_item_unblended_cost": 2.0}
    write_cur2(tmp_path / "x", [{"line_item_unblended_cost": 1.0}])
    write_cur2(tmp_path / "x", [september], period="2026-09")
    delivered = ingest(tmp_path / "x" / below, tmp_path / "data", kind="aws-cur2")
    assert [(str(d.period), d.billed_text) for d in delivered] == [("2026-09", "2 USD"), ("2026-10", "1 USD")]


def test_tags_are_taken_from_the_one_map_there_is(tmp_path):
    table = cur2_table([{"resource_tags": {"user_tenant": "acme"}}]).rename_columns({"resource_tags": "tags"})
    (tmp_path / "x").mkdir()
    pq.write_table(pa.concat_tables([table, table]), tmp_path / "x" / "f.parquet")
    ingest(tmp_path / "x", tmp_path / "data", kind="aws-cur2")
    [row] = rows(tmp_path / "data")
    assert (row["Tags"], row["x_Lines"]) == ('{"user_tenant":"acme"}', 2)


@pytest.mark.parametrize("form", ["csv.gz", "snappy.parquet"])
def test_every_form_gives_the_same_ledger(tmp_path, form):
    lines = [
        {"line_item_unblended_cost": 0.1, "resource_tags": {"user_tenant": "acme", "user_note": 'a": "b'}},
        {
            "line_item_line_item_type": "DiscountedUsage",
            "line_item_net_unblended_cost": 0.0,
            "reservation_reservation_a_r_n": RI,
            "reservation_effective_cost": 5.0,
            "reservation_net_effective_cost": 4.5,
        },
        MONTH | {"line_item_line_item_type": "Tax", "line_item_unblended_cost": 5.2e-9, "line_item_tax_type": "VAT"},
    ]
    write_cur2(tmp_path / "x", lines, form=form, parts=2)
    write_cur2(tmp_path / "y", lines)
    ingest(tmp_path / "x", tmp_path / "one", kind="aws-cur2")
    ingest(tmp_path / "y", tmp_path / "other", kind="aws-cur2")
    assert rows(tmp_path / "one") == rows(tmp_path / "other")
    assert {row["Tags"] for row in rows(tmp_path / "one")} == {
        "{}",
        r'{"user_note":"a\": \"b","user_tenant":"acme"}',
    }


@pytest.mark.parametrize("form", ["csv.gz", "snappy.parquet"])
def test_cost_categories_stand_among_the_tags(tmp_path, form):
    lines = [
        {"resource_tags": {"user_tenant": "acme"}, "cost_category": {"Team": "core"}},
        {"cost_category": {"Team": "edge"}},
    ]
    ingest(write_cur2(tmp_path / "x", lines, form=form), tmp_path / "data", kind="aws-cur2")
    assert {row["Tags"] for row in rows(tmp_path / "data")} == {
        '{"costCategory/Team":"core","user_tenant":"acme"}',
        '{"costCategory/Team":"edge"}',
    }
    assert '{"Team":"core"}' not in pq.read_table(tagsets_path(tmp_path / "data"))["Tags"].to_pylist()


def test_the_map_of_all_tags_is_read_in_place_of_the_others(tmp_path):
    tags = {"resourceTags/tenant": "acme", "accountTag/team": "core", "costCategory/Unit": "b2b"}
    line = {"tags": tags, "resource_tags": {"user_tenant": "acme"}, "cost_category": {"Unit": "b2b"}}
    ingest(write_cur2(tmp_path / "x", [line]), tmp_path / "data", kind="aws-cur2")
    [row] = rows(tmp_path / "data")
    assert row["Tags"] == '{"accountTag/team":"core","costCategory/Unit":"b2b","resourceTags/tenant":"acme"}'


@pytest.mark.parametrize("form", ["csv.gz", "snappy.parquet"])
def test_sku_and_region_come_from_the_product_where_they_were_not_selected(tmp_path, form):
    lines = [{"product": {"region": "eu-west-3", "sku": "SKU1"}}, {"product": {"region_code": "us-east-1"}}, {}]
    write_cur2(tmp_path / "x", lines, form=form, without=["product_sku", "product_region_code"])
    ingest(tmp_path / "x", tmp_path / "data", kind="aws-cur2")
    found = {(row["SkuId"], row["RegionId"]) for row in rows(tmp_path / "data")}
    assert found == {("SKU1", "eu-west-3"), (None, "us-east-1"), (None, None)}


def test_a_product_that_cannot_be_read_tells_nothing(tmp_path):
    text = cur2_text([{"product": {"sku": "SKU1"}}], without=["product_sku"]).replace('""SKU1""}', '""SKU1')
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "f.csv").write_text(text)
    ingest(tmp_path / "x", tmp_path / "data", kind="aws-cur2")
    assert rows(tmp_path / "data")[0]["SkuId"] is None


@pytest.mark.parametrize("name", ["resource_tags", "cost_category"])
def test_tags_stored_as_numbers_are_refused(tmp_path, name):
    table = cur2_table([{}], without=["resource_tags"])
    (tmp_path / "x").mkdir()
    pq.write_table(table.append_column(name, pa.array([1])), tmp_path / "x" / "f.parquet")
    with pytest.raises(SourceError, match=f"{name} is stored as int64"):
        ingest(tmp_path / "x", tmp_path / "data", kind="aws-cur2")


def test_tags_in_csv_that_cannot_be_read_are_counted(tmp_path):
    text = cur2_text([{"resource_tags": {"user_tenant": "acme"}}, {}]).replace('""acme""}', '""acme')
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "f.csv").write_text(text)
    ingest(tmp_path / "x", tmp_path / "data", kind="aws-cur2")
    assert manifest(tmp_path / "data").tag_failures == {"f.csv": 1}


def test_columns_missing_from_a_csv_are_all_named(tmp_path):
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "f.csv").write_text(cur2_text([{}], without=["line_item_currency_code"]))
    with pytest.raises(SourceError, match=r"1 CUR 2\.0 column is missing: line_item_currency_code"):
        ingest(tmp_path / "x", tmp_path / "data", kind="aws-cur2")


def test_a_missing_file_is_not_replaced_by_one_of_an_older_run(tmp_path):
    write_cur2(tmp_path / "x", [{"line_item_unblended_cost": 1.0}])
    data = tmp_path / "x" / "exports" / "cur2" / "data" / "BILLING_PERIOD=2026-10"
    (data / "run-1").mkdir()
    (data / "cur2-00001.snappy.parquet").rename(data / "run-1" / "cur2-00001.snappy.parquet")
    key = "s3://bucket/exports/cur2/data/BILLING_PERIOD=2026-10/run-2/cur2-00001.snappy.parquet"
    metadata = tmp_path / "x" / "exports" / "cur2" / "metadata" / "BILLING_PERIOD=2026-10"
    (metadata / "cur2-Manifest.json").write_text(json.dumps({"dataFiles": [key]}))
    with pytest.raises(SourceError, match=r"run-2/cur2-00001.snappy.parquet, which is not here"):
        ingest(tmp_path / "x", tmp_path / "data", kind="aws-cur2")


def test_maps_whose_pages_change_encoding_are_read(tmp_path):
    lines = [
        {"resource_tags": {"user_tenant": f"tenant-{n:06d}" * 4}, "line_item_unblended_cost": 0.01} for n in range(3000)
    ]
    (tmp_path / "x").mkdir()
    pq.write_table(
        cur2_table(lines),
        tmp_path / "x" / "f.parquet",
        dictionary_pagesize_limit=4096,
        data_page_size=4096,
        row_group_size=2000,
    )
    [delivered] = ingest(tmp_path / "x", tmp_path / "data", kind="aws-cur2")
    assert (delivered.billed_text, delivered.rows) == ("30 USD", 3000)
    assert {row["Tags"] for row in rows(tmp_path / "data")} == {
        f'{{"user_tenant":"{f"tenant-{n:06d}" * 4}"}}' for n in range(3000)
    }
