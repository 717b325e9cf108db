"""Source azure: Microsoft's actual and amortised costs, put together, with nothing lost and nothing counted twice."""

from datetime import date

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from agent.billing import ingest_source
from agent.config.application import SourceConfig
from agent.period import Period
from agent.progress import Quiet
from tests.agent.billing.golden_ledgers import GOLDEN
from tests.agent.billing.ledgers import manifest, rows
from tests.azure_rows import COVERED, ORDER, PAYMENT, UNUSED, azure_table, write_azure, write_both, write_run


@pytest.fixture
def azure(tmp_path):
    """Ingests ``tmp_path/x`` as source ``bill`` and returns what was delivered."""

    def azure(location=tmp_path / "x", dataset=None):
        source = SourceConfig(name="bill", kind="azure", location=str(location), dataset=dataset)
        return ingest_source(source, tmp_path / "data", tmp_path, None, Quiet())

    azure.data = tmp_path / "data"
    azure.x = tmp_path / "x"
    return azure


@pytest.fixture
def ledger(azure):
    """Ledger rows of lines of actual costs alone."""

    def ledger(*lines, dataset="actual", **form):
        write_azure(azure.x / "bill.csv", lines, **form)
        azure(dataset=dataset)
        return rows(azure.data)

    return ledger


def money(row):
    return row["x_Kind"], row["Billed"], row["Effective"]


def test_both_datasets_bill_what_actual_says_and_spread_what_amortised_says(azure):
    azure(GOLDEN / "azure" / "enterprise_agreement" / "export")
    held = manifest(azure.data)
    actual, amortized = held.files
    assert held.completeness == "manifest"
    assert (actual.dataset, actual.rows, actual.left_out_rows) == ("payments for commitments, of actual", 6, 5)
    assert actual.left_out == {"the amortised costs state these charges too": {"USD": "5.0000000382214784622192412"}}
    assert (amortized.dataset, amortized.left_out_rows) == ("amortized", 0)
    assert held.ledger_sums["USD"]["BilledCost"] == "77.000000038221478462219241"
    assert held.ledger_sums["USD"]["EffectiveCost"] == "9.800000038221478462219241"
    assert any(
        "2026-10: 5 lines of actual costs that the amortised costs state too agree" in note
        and "5.0000000382214784622192412 USD" in note
        for note in held.notes
    )


def test_typed_parquet_gives_the_ledger_of_the_text(azure, tmp_path):
    lines = [
        {"CostInBillingCurrency": "0.000000019110739231", "Quantity": "0.0004", "Tags": '"tenant": "acme"'},
        {**COVERED, "CostInBillingCurrency": "1.5", "UnitPrice": "0.25", "Quantity": "8"},
    ]
    write_azure(azure.x / "bill.csv.gz", lines)
    azure(dataset="amortized")
    text = rows(azure.data)
    write_azure(tmp_path / "y" / "bill.parquet", lines)
    source = SourceConfig(name="bill", kind="azure", location=str(tmp_path / "y"), dataset="amortized")
    ingest_source(source, tmp_path / "other", tmp_path, None, Quiet())
    assert rows(tmp_path / "other") == text
    assert len(text) == 2


def test_timestamps_and_doubles_of_parquet_are_read_as_dates_and_shortest_numbers(azure):
    table = azure_table([{"CostInBillingCurrency": "0.3"}])
    for name, kind in (("Date", pa.timestamp("ms")), ("BillingPeriodStartDate", pa.timestamp("us", tz="UTC"))):
        table = table.set_column(table.column_names.index(name), name, table[name].cast(kind))
    cost = pa.array([0.1 + 0.2])
    table = table.set_column(table.column_names.index("CostInBillingCurrency"), "CostInBillingCurrency", cost)
    azure.x.mkdir()
    pq.write_table(table, azure.x / "bill.parquet")
    azure(dataset="actual")
    [row] = rows(azure.data)
    assert (row["Billed"], row["ChargePeriodStart"]) == ("0.30000000000000004", date(2026, 10, 5))


def test_actual_costs_alone_are_not_amortised_and_say_so(azure):
    write_azure(azure.x / "actual.csv", [{**PAYMENT, "CostInBillingCurrency": "72"}, {}])
    [delivered] = azure()
    assert sorted(map(money, rows(azure.data))) == [("commitment_purchase", "72", "72"), ("usage", "1", "1")]
    assert any("EffectiveCost equals BilledCost" in note for note in delivered.notes)


def test_amortised_costs_alone_lack_the_payments_and_say_so(azure):
    lines = [{**COVERED, "CostInBillingCurrency": "1.6"}, {**UNUSED, "CostInBillingCurrency": "0.8"}, {}]
    write_azure(azure.x / "bill.csv", lines)
    [delivered] = azure()
    assert sorted(map(money, rows(azure.data))) == [
        ("commitment_unused", "0", "0.8"),
        ("usage", "0", "1.6"),
        ("usage", "1", "1"),
    ]
    assert any("does not tie to the invoice" in note for note in delivered.notes)


def test_one_of_two_delivered_datasets_is_read_where_the_configuration_says_so(azure):
    write_both(
        azure.x, [{**PAYMENT, "CostInBillingCurrency": "72"}, {}], [{**UNUSED, "CostInBillingCurrency": "2"}, {}]
    )
    azure(dataset="amortized")
    assert manifest(azure.data).ledger_sums["USD"]["EffectiveCost"] == "3"
    azure(dataset="actual")
    assert manifest(azure.data).ledger_sums["USD"]["EffectiveCost"] == "73"


def test_datasets_without_a_manifest_are_told_by_their_content(azure):
    write_azure(azure.x / "one" / "a.csv", [{}, {**PAYMENT, "CostInBillingCurrency": "72"}])
    write_azure(azure.x / "two" / "b.csv", [{}, {**COVERED, "CostInBillingCurrency": "2.4"}])
    azure()
    assert sorted(map(money, rows(azure.data))) == [
        ("commitment_purchase", "72", "0"),
        ("usage", "0", "2.4"),
        ("usage", "1", "1"),
    ]


def test_two_equal_datasets_of_a_bill_without_commitments_count_once(azure):
    write_both(azure.x, [{}], [{}])
    azure()
    assert [money(row) for row in rows(azure.data)] == [("usage", "1", "1")]


def test_a_refund_of_a_reservation_is_a_negative_payment_for_it(azure):
    refund = {**PAYMENT, "ChargeType": "Refund", "CostInBillingCurrency": "-10"}
    write_both(azure.x, [refund, {}], [{}])
    azure()
    [back] = [row for row in rows(azure.data) if row["x_Kind"] != "usage"]
    assert (*money(back), back["ChargeCategory"], back["ChargeClass"], back["CommitmentDiscountId"]) == (
        "commitment_purchase",
        "-10",
        "0",
        "Purchase",
        "Correction",
        ORDER.lower(),
    )


def test_a_reservation_without_a_benefit_id_is_known_by_its_order(ledger):
    order = "a965d46f-aedf-4176-8ff1-2617943b8960"
    found = ledger(
        {**COVERED, "benefitId": "", "ReservationId": "f39d", "ProductOrderId": order, "CostInBillingCurrency": "2"},
        {**UNUSED, "benefitId": "", "ReservationId": "f39d", "ProductOrderId": order.upper()},
        {**COVERED, "benefitId": "", "PricingModel": "Savings Plan", "ProductOrderId": order, "Quantity": "2"},
        dataset="amortized",
    )
    assert {row["CommitmentDiscountId"] for row in found} == {
        f"/providers/microsoft.capacity/reservationorders/{order}",
        f"/providers/microsoft.billingbenefits/savingsplanorders/{order}",
    }


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ({}, "usage"),
        ({"PricingModel": "Spot"}, "usage"),
        ({"PublisherType": "Marketplace"}, "marketplace"),
        ({"PublisherType": "Marketplace", "ChargeType": "Purchase", "PricingModel": ""}, "marketplace"),
        ({"ChargeType": "Purchase"}, "fee"),
        ({"ChargeType": "Purchase", "MeterCategory": "Azure Support"}, "support"),
        ({**PAYMENT}, "commitment_purchase"),
        ({"ChargeType": "Refund"}, "refund"),
        ({"ChargeType": "Credit"}, "credit"),
        ({"ChargeType": "tax"}, "tax"),
        ({"ChargeType": "Adjustment"}, "correction"),
        ({"ChargeType": "RoundingAdjustment"}, "rounding"),
    ],
)
def test_every_charge_type_has_its_kind(line, kind, ledger):
    [row] = ledger(line)
    assert row["x_Kind"] == kind


def test_covered_usage_is_contracted_at_its_price_without_the_commitment(ledger):
    line = {**COVERED, "CostInBillingCurrency": "0.493152", "Quantity": "8", "UnitPrice": "0.146"}
    [row] = ledger(line, dataset="amortized")
    assert int(row["x_ContractedUnits"]) == 1_168 * 10**21


def test_prices_in_another_currency_than_the_bill_give_no_contracted_cost(ledger):
    line = {**COVERED, "Quantity": "8", "UnitPrice": "0.146", "PricingCurrency": "EUR"}
    [row] = ledger(line, dataset="amortized")
    assert int(row["x_ContractedUnits"]) == 0


def test_list_cost_is_as_told_else_the_list_price_of_the_usage(ledger):
    found = ledger(
        {"PaygCostInBillingCurrency": "1.5", "PayGPrice": "9", "Quantity": "2"},
        {"PaygCostInBillingCurrency": "", "PayGPrice": "0.25", "Quantity": "8"},
        {"PaygCostInBillingCurrency": "", "PayGPrice": "0.25", "Quantity": "4", "ChargeType": "Purchase"},
    )
    assert {(row["x_Kind"], row["List"]) for row in found} == {("usage", "3.5"), ("fee", "0")}


def test_ids_join_in_lower_case_and_names_show_as_written(ledger):
    [row] = ledger(
        {
            "SubscriptionId": "ABCDEF00-aaaa-4000-8000-00000000000A",
            "ResourceId": "/subscriptions/ABC/resourceGroups/RG/providers/Microsoft.Sql/servers/S1/databases/Orders",
            "ResourceLocation": "West Europe",
            "MeterId": "AAAA",
        }
    )
    assert row["SubAccountId"] == "abcdef00-aaaa-4000-8000-00000000000a"
    assert (
        row["ResourceId"] == "/subscriptions/abc/resourcegroups/rg/providers/microsoft.sql/servers/s1/databases/orders"
    )
    assert (row["ResourceName"], row["ResourceType"]) == ("Orders", "microsoft.sql/servers/databases")
    assert (row["RegionId"], row["SkuId"]) == ("westeurope", "aaaa")


def test_header_names_of_older_exports_are_understood(azure):
    names = {
        "CostInBillingCurrency": "Cost",
        "BillingCurrencyCode": "BillingCurrency",
        "ResourceId": "InstanceName",
        "Date": "usagedatetime",
        "SubscriptionId": "Abonnement-GUID (SubscriptionGuid)",
    }
    write_azure(azure.x / "bill.csv", [{"ResourceId": "/a/B"}], names=names, newline="\r\n")
    azure(dataset="actual")
    [row] = rows(azure.data)
    assert (row["ResourceId"], row["ResourceName"], row["SubAccountId"]) == (
        "/a/b",
        "B",
        "11111111-aaaa-4000-8000-000000000001",
    )


def test_a_day_of_a_charge_ends_with_the_day_and_quantity_is_kept_for_usage_only(ledger):
    purchase, usage = ledger({"ChargeType": "Purchase", "Quantity": "3"}, {"Quantity": "2", "Date": "2026-10-31"})
    assert (usage["ChargePeriodEnd"], usage["ConsumedQuantity"], usage["ConsumedUnit"]) == (
        date(2026, 11, 1),
        2,
        "1 Hour",
    )
    assert (purchase["ConsumedQuantity"], purchase["ConsumedUnit"]) == (None, None)


def test_cost_that_azure_allocated_itself_is_counted_in_a_note(azure):
    moved = {"CostAllocationRuleName": "by-headcount"}
    write_azure(azure.x / "bill.csv", [moved, {**moved, "Date": "10/06/2026"}, {}])
    [delivered] = azure(dataset="actual")
    assert [note for note in delivered.notes if "allocation" in note] == [
        "Azure's own cost allocation has moved cost already: by-headcount (2 lines); pools must not split it again"
    ]


def test_tags_in_either_form_keep_keys_and_values_as_written(ledger):
    found = ledger(
        {"Tags": '"env": "prod","note": "a: b","tenant": "acme"'},
        {"Tags": '{"Tenant": "acme", " org": "x", "tenant": "beta"}', "Quantity": "2"},
        {"Tags": "not tags", "Quantity": "3"},
    )
    assert {row["Tags"] for row in found} == {
        '{"env":"prod","note":"a: b","tenant":"acme"}',
        '{" org":"x","Tenant":"acme","tenant":"beta"}',
        "{}",
    }


def test_days_that_were_still_changing_may_differ_and_are_told(azure):
    late = {"Date": "10/19/2026", "CostInBillingCurrency": "5"}
    write_run(azure.x, "ActualCost", [{}], submitted="2026-10-20T04:00:00Z", days=("2026-10-01", "2026-10-31"))
    write_run(azure.x, "AmortizedCost", [{}, late], submitted="2026-10-20T10:00:00Z")
    [delivered] = azure()
    assert any("differ by -5 USD from 2026-10-19 to 2026-10-19" in note for note in delivered.notes)


def test_a_month_of_which_only_one_dataset_is_there_is_read_as_it_is(azure):
    september = {"BillingPeriodStartDate": "09/01/2026", "BillingPeriodEndDate": "09/30/2026", "Date": "09/05/2026"}
    write_both(azure.x, [{**PAYMENT, "CostInBillingCurrency": "72"}, {}], [{}])
    write_run(azure.x, "ActualCost", [september], days=("2026-09-01", "2026-09-30"), run="run-0")
    azure()
    assert [money(row) for row in rows(azure.data, Period(2026, 9))] == [("usage", "1", "1")]
    notes = manifest(azure.data, Period(2026, 9)).notes
    assert any("only actual costs are there for 2026-09" in note for note in notes)
    assert [money(row) for row in rows(azure.data)] == [("commitment_purchase", "72", "0"), ("usage", "1", "1")]
