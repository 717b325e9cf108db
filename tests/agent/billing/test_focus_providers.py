"""What each release of FOCUS and each provider writes otherwise."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from agent.errors import SourceError
from tests.agent.billing.ledgers import ingest, manifest, rows
from tests.focus_rows import focus_row, write_focus

PLAN = {"CommitmentDiscountId": "sp-1"}


@pytest.fixture
def taken(tmp_path):
    """Ledger rows of FOCUS lines, in the order of their BilledCost."""

    def taken(*lines, without=()):
        ingest(write_focus(tmp_path / "f.csv", lines, without=without), tmp_path / "data")
        return sorted(rows(tmp_path / "data"), key=lambda row: row["x_BilledUnits"])

    return taken


def test_the_new_name_counts_where_the_old_one_is_empty(taken):
    both = {"ServiceProviderName": "Atlas"}
    first, second = taken(both | {"BilledCost": "1", "ProviderName": ""}, both | {"BilledCost": "2"})
    assert (first["ProviderName"], second["ProviderName"]) == ("Atlas", "AWS")


def test_a_row_with_neither_provider_is_refused(tmp_path):
    path = write_focus(tmp_path / "f.csv", [{}, {"ProviderName": "", "ServiceProviderName": ""}])
    with pytest.raises(SourceError, match="ProviderName is empty") as caught:
        ingest(path, tmp_path / "data")
    assert caught.value.where == "f.csv:3"


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ({"ServiceProviderName": "Datadog", "InvoiceIssuerName": "Amazon Web Services, Inc."}, "marketplace"),
        ({"ServiceProviderName": "AWS", "InvoiceIssuerName": "Amazon Web Services, Inc."}, "usage"),
        ({"ServiceProviderName": "Datadog", "InvoiceIssuerName": "Datadog"}, "usage"),
        ({"ServiceProviderName": "Microsoft", "InvoiceIssuerName": "A Reseller Ltd"}, "usage"),
    ],
)
def test_from_1_4_on_the_seller_beside_the_issuer_tells_a_marketplace(taken, line, kind):
    [row] = taken(line, without=["ProviderName", "PublisherName"])
    assert (row["x_Kind"], row["ProviderName"]) == (kind, line["ServiceProviderName"])


def test_a_provider_that_calls_itself_a_marketplace_is_one(taken):
    [row] = taken({"ProviderName": "AWS Marketplace", "PublisherName": ""})
    assert row["x_Kind"] == "marketplace"


@pytest.mark.parametrize(
    ("line", "kind", "status"),
    [
        ({"ChargeSubcategory": "On-Demand"}, "usage", None),
        (PLAN | {"ChargeSubcategory": "Used Commitment"}, "usage", "Used"),
        (PLAN | {"ChargeSubcategory": "Unused Commitment"}, "commitment_unused", "Unused"),
        ({"ChargeCategory": "Adjustment", "ChargeSubcategory": "Refund"}, "refund", None),
        ({"ChargeCategory": "Adjustment", "ChargeSubcategory": "Credit"}, "credit", None),
        ({"ChargeCategory": "Adjustment", "ChargeSubcategory": "Rounding Error"}, "rounding", None),
        ({"ChargeCategory": "Adjustment", "ChargeSubcategory": "General Adjustment"}, "correction", None),
    ],
)
def test_the_charge_subcategory_of_the_first_draft(taken, line, kind, status):
    [row] = taken(line)
    assert (row["x_Kind"], row["CommitmentDiscountStatus"]) == (kind, status)


def test_the_first_drafts_names(tmp_path):
    draft = {"EffectiveCost": "AmortizedCost", "ChargeCategory": "ChargeType", "ConsumedQuantity": "UsageQuantity"}
    draft |= {"ConsumedUnit": "UsageUnit", "RegionId": "Region", "ProviderName": "Provider"}
    line = {draft.get(name, name): value for name, value in focus_row({"ConsumedQuantity": "7"}).items()}
    pq.write_table(pa.Table.from_pylist([line]), tmp_path / "f.parquet")
    ingest(tmp_path / "f.parquet", tmp_path / "data")
    [row] = rows(tmp_path / "data")
    assert (row["Effective"], row["ChargeCategory"], row["ConsumedQuantity"], row["ConsumedUnit"]) == (
        "1",
        "Usage",
        7,
        "Hours",
    )
    assert (row["RegionId"], row["ProviderName"]) == ("eu-west-3", "AWS")


def test_googles_view_lower_case_enums_tags_as_records_and_an_inclusive_end(tmp_path):
    google = {
        "ProviderName": "Google Cloud",
        "PublisherName": "Google Cloud",
        "InvoiceIssuerName": "Google Cloud",
        "BillingPeriodEnd": "2026-10-31T00:00:00Z",
    }
    lines = [
        google | {"BilledCost": "3", "ChargeCategory": "usage"},
        google | {"BilledCost": "-1", "ChargeCategory": "credit"},
        google | {"BilledCost": "0.5", "ChargeCategory": "tax", "ChargeClass": "correction"},
    ]
    table = pa.Table.from_pylist([{**focus_row(line), "x_cost_type": "regular"} for line in lines])
    record = pa.struct([("key", pa.string()), ("value", pa.string()), ("inherited", pa.bool_())])
    tags = [[{"key": "tenant", "value": "acme", "inherited": False}], [], None]
    table = table.set_column(table.schema.get_field_index("Tags"), "Tags", pa.array(tags, pa.list_(record)))
    table = table.set_column(
        table.schema.get_field_index("BilledCost"), "BilledCost", pa.array([3.0, -1.0, 0.5], pa.float64())
    )
    pq.write_table(table, tmp_path / "f.parquet")
    ingest(tmp_path / "f.parquet", tmp_path / "data")
    found = {row["x_Kind"]: (row["ChargeCategory"], row["ChargeClass"], row["Tags"]) for row in rows(tmp_path / "data")}
    assert found == {
        "usage": ("usage", None, '{"tenant":"acme"}'),
        "credit": ("credit", None, "{}"),
        "tax": ("tax", "correction", "{}"),
    }


@pytest.mark.parametrize(
    ("column", "value"),
    [("ChargeCategory", "Spend"), ("ChargeClass", "Restatement"), ("CommitmentDiscountStatus", "Half used")],
)
def test_an_enum_value_that_focus_does_not_have_is_refused_with_its_count(tmp_path, column, value):
    path = write_focus(tmp_path / "f.csv", [{}, {column: value}, {column: value}])
    with pytest.raises(SourceError) as caught:
        ingest(path, tmp_path / "data")
    assert caught.value.message == f"{column} holds {value!r} in 2 rows"
    assert caught.value.where == "f.csv:3"


def test_placeholders_are_null_in_rows_of_microsoft_only(taken):
    odd = {"SkuId": "-2", "RegionId": "Unassigned", "ServiceCategory": "Unassigned"}
    azure, other = taken(odd | {"ProviderName": "Microsoft", "PublisherName": ""}, odd | {"BilledCost": "2"})
    assert [azure[name] for name in odd] == [None, None, None]
    assert [other[name] for name in odd] == ["-2", "Unassigned", "Unassigned"]


def test_a_name_people_chose_is_no_placeholder(taken):
    [row] = taken({"ProviderName": "Microsoft", "PublisherName": "", "ResourceName": "unassigned"})
    assert row["ResourceName"] == "unassigned"


def test_ids_of_other_providers_keep_their_case(taken):
    [row] = taken({"ResourceId": "arn:aws:s3:::Data/Subscriptions/X"})
    assert row["ResourceId"] == "arn:aws:s3:::Data/Subscriptions/X"


def test_a_purchase_of_microsoft_with_both_costs_is_put_right_with_a_note(tmp_path):
    bought = PLAN | {"ChargeCategory": "Purchase", "ProviderName": "Microsoft", "PublisherName": ""}
    lines = [bought | {"BilledCost": "10.25"}, bought | {"BilledCost": "2", "EffectiveCost": "0"}]
    [delivered] = ingest(write_focus(tmp_path / "f.csv", lines), tmp_path / "data")
    assert manifest(tmp_path / "data").ledger_sums["USD"]["EffectiveCost"] == "0"
    assert manifest(tmp_path / "data").ledger_sums["USD"]["BilledCost"] == "12.25"
    [note] = delivered.notes
    assert note == (
        "2026-10: 1 commitment purchase of Microsoft also carries an EffectiveCost, 10.25 USD in all; it stands on the "
        "usage they cover as well and is taken as 0 (finops-toolkit#1092)"
    )


def test_the_same_of_another_provider_is_told_and_left(tmp_path):
    bought = PLAN | {"ChargeCategory": "Purchase", "BilledCost": "10"}
    [delivered] = ingest(write_focus(tmp_path / "f.csv", [bought, bought | {"BilledCost": "5"}]), tmp_path / "data")
    assert manifest(tmp_path / "data").ledger_sums["USD"]["EffectiveCost"] == "15"
    [note] = delivered.notes
    assert note.startswith("2026-10: 2 commitment purchases of AWS also carry an EffectiveCost, 15 USD in all; left")


def test_one_file_of_several_providers(taken):
    names = ["AWS", "Microsoft", "Google Cloud", "Oracle", "SmallCloud"]
    lines = [
        {"ProviderName": name, "PublisherName": name, "InvoiceIssuerName": name, "BilledCost": str(place)}
        for place, name in enumerate(names, 1)
    ]
    assert [(row["ProviderName"], row["x_Kind"]) for row in taken(*lines)] == [(name, "usage") for name in names]


def test_a_column_x_kind_of_another_tool_says_nothing(taken):
    [row] = taken({"x_Kind": "Cost", "x_TaxType": "odd"})
    assert (row["x_Kind"], row["x_TaxType"]) == ("usage", None)


def test_other_datasets_beside_the_charges_are_no_charges(tmp_path):
    write_focus(tmp_path / "x" / "costs.csv", [{}])
    (tmp_path / "x" / "FOCUS_BillingPeriods.csv").write_text(
        "InvoiceIssuerName,BillingPeriodStart,BillingPeriodStatus\nAWS,2026-10-01T00:00:00Z,Open\n"
    )
    (tmp_path / "x" / "InvoiceDetail.csv").write_text("InvoiceDetailId,BilledCost,PaymentTerms\n1,5,30 days\n")
    (tmp_path / "x" / "contract-commitment.csv").write_text("ContractCommitmentId,ContractId\n1,2\n")
    [delivered] = ingest(tmp_path / "x", tmp_path / "data")
    assert (delivered.billed_text, delivered.notes) == (
        "1 USD",
        ("2026-10: AWS says that its billing period is open",),
    )


def test_charges_in_a_file_that_is_named_by_its_billing_period_are_charges(tmp_path):
    [delivered] = ingest(write_focus(tmp_path / "x" / "billing_period_2026-10.csv", [{}]), tmp_path / "data")
    assert delivered.billed_text == "1 USD"


def test_a_folder_of_other_datasets_only_is_refused(tmp_path):
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "InvoiceDetail.csv").write_text("InvoiceDetailId,BilledCost,PaymentTerms\n1,5,30 days\n")
    with pytest.raises(SourceError, match="no file with charges lies here"):
        ingest(tmp_path / "x", tmp_path / "data")


def test_splits_made_by_the_provider_from_tags_as_maps(tmp_path):
    split = {"AllocatedMethodId": "cpu", "AllocatedResourceName": None}
    lines = [
        split | {"BilledCost": "3", "AllocatedResourceId": "pod-1", "ResourceId": "node", "ResourceName": "n"},
        split | {"BilledCost": "1", "AllocatedResourceId": None, "ResourceId": "node", "ResourceName": "n"},
    ]
    table = pa.Table.from_pylist([focus_row(line) for line in lines])
    maps = pa.map_(pa.string(), pa.string())
    for name, tags in (("Tags", [[("pool", "a")]] * 2), ("AllocatedTags", [[("tenant", "acme")], None])):
        column = pa.array(tags, maps)
        place = table.schema.get_field_index(name)
        table = table.append_column(name, column) if place < 0 else table.set_column(place, name, column)
    pq.write_table(table, tmp_path / "f.parquet")
    ingest(tmp_path / "f.parquet", tmp_path / "data")
    found = [(row["Billed"], row["ResourceId"], row["ResourceName"], row["Tags"]) for row in rows(tmp_path / "data")]
    assert sorted(found) == [
        ("1", "node", "n", '{"apportion:split":"unused","pool":"a"}'),
        ("3", "pod-1", None, '{"pool":"a","tenant":"acme"}'),
    ]
