"""Google's export line by line: what each becomes, what is refused, and what must not depend on how it is delivered."""

import gzip
import json
import random
from datetime import UTC, datetime
from decimal import Decimal, localcontext

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from agent.billing.ledger.versions import source_heads
from agent.errors import SourceError
from agent.period import Period
from agent.verify.gcp import read_lines
from tests.agent.billing.golden_ledgers import verified
from tests.agent.billing.ledgers import ingest, manifest, rows
from tests.gcp_rows import credit, full, gcp_table, write_csv, write_json, write_parquet

CUD = "COMMITTED_USAGE_DISCOUNT_DOLLAR_BASE"
CPU = "COMMITTED_USAGE_DISCOUNT"
FEE = {"sku.description": "Commitment - dollar based v1: GCE for 1 year", "project.id": "billing"}


@pytest.fixture(params=["parquet", "json", "csv"])
def ledger(request, tmp_path):
    """Rows of the ledger that an export of these lines makes, in each form; verify must agree."""

    def ledger(*lines, **options):
        write = {"parquet": write_parquet, "json": write_json, "csv": write_csv}[request.param]
        ledger.file = write(tmp_path / "x" / f"bill.{request.param}", lines, **options)
        ingest(tmp_path / "x", tmp_path / "data", kind="gcp")
        assert all(left == right for left, right in verified(tmp_path / "data", tmp_path / "x").values())
        return rows(tmp_path / "data")

    ledger.form = request.param
    ledger.data = tmp_path / "data"
    ledger.place = tmp_path / "x"
    return ledger


def money(row):
    return row["Billed"], row["Effective"]


def line_of(error):
    """The line or row that an error names."""
    return error.where.rpartition(":")[2].rpartition(" ")[2]


def test_a_line_keeps_its_identity(ledger):
    [row] = ledger(
        {
            "cost": 0.1 + 0.2,
            "cost_at_list": 0.5,
            "resource.name": "vm",
            "resource.global_name": "//compute.googleapis.com/projects/1/zones/us-central1-a/instances/7",
            "labels": {"tenant": "acme"},
        }
    )
    assert (*money(row), row["List"]) == ("0.30000000000000004", "0.30000000000000004", "0.5")
    assert (row["ProviderName"], row["InvoiceIssuerName"], row["InvoiceId"]) == ("Google Cloud", "Google Cloud", None)
    assert (row["BillingAccountId"], row["SubAccountId"]) == ("0ABCDE-123456-789012", "shop-prod")
    assert (row["ServiceName"], row["SkuId"], row["RegionId"]) == ("Compute Engine", "D2E3-4F5A-6B7C", "us-central1")
    assert (row["ResourceId"], row["ResourceName"]) == (
        "//compute.googleapis.com/projects/1/zones/us-central1-a/instances/7",
        "vm",
    )
    assert (row["ConsumedQuantity"], row["ConsumedUnit"], row["x_Lines"]) == (Decimal(3600), "seconds", 1)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ({"resource.name": "vm"}, {"ResourceId": "vm", "ResourceName": "vm"}),
        ({"location.region": None}, {"RegionId": "us-central1-a"}),
        ({"location.region": None, "location.location": None}, {"RegionId": None}),
        ({"project.id": None}, {"SubAccountId": None}),
        ({"seller_name": "Vendor Ltd"}, {"InvoiceIssuerName": "Vendor Ltd"}),
    ],
)
def test_what_is_not_stated_is_taken_from_the_next_best(ledger, line, expected):
    [row] = ledger({"cost": 1.0} | line)
    assert {name: row[name] for name in expected} == expected


@pytest.mark.parametrize(
    ("line", "kind", "category"),
    [
        ({}, "usage", "Usage"),
        ({"cost_type": "tax"}, "tax", "Tax"),
        ({"cost_type": "adjustment"}, "correction", "Adjustment"),
        ({"cost_type": "adjustment", "adjustment_info.type": "GENERAL_ADJUSTMENT"}, "correction", "Adjustment"),
        ({"cost_type": "adjustment", "adjustment_info.type": "GOODWILL"}, "credit", "Credit"),
        ({"cost_type": "adjustment", "adjustment_info.type": "SLA_VIOLATION"}, "credit", "Credit"),
        ({"cost_type": "rounding_error"}, "rounding", "Adjustment"),
        ({"service.description": "Support"}, "support", "Usage"),
        ({"invoice.publisher_type": "PARTNER"}, "marketplace", "Usage"),
        ({"transaction_type": "THIRD_PARTY_RESELLER"}, "marketplace", "Usage"),
        ({"transaction_type": "THIRD_PARTY_AGENCY", **FEE}, "marketplace", "Usage"),
        (FEE, "commitment_purchase", "Purchase"),
        (FEE | {"cost_type": "tax"}, "tax", "Tax"),
    ],
)
def test_every_line_has_its_kind(ledger, line, kind, category):
    found = ledger({"cost": -2.5} | line)
    assert [(row["x_Kind"], row["ChargeCategory"]) for row in found if row["x_Lines"]] == [(kind, category)]
    assert sum(Decimal(row["Billed"]) for row in found) == sum(Decimal(row["Effective"]) for row in found) == -2.5


@pytest.mark.parametrize(
    ("kind", "line", "expected"),
    [
        ("SUSTAINED_USAGE_DISCOUNT", {}, "discount"),
        ("DISCOUNT", {}, "discount"),
        ("SUBSCRIPTION_BENEFIT", {}, "discount"),
        ("RESELLER_MARGIN", {}, "discount"),
        (CUD, {}, "discount"),
        (CPU, {}, "discount"),
        ("PROMOTION", {}, "credit"),
        ("FREE_TIER", {}, "credit"),
        ("CREDIT_TYPE_UNSPECIFIED", {}, "credit"),
        ("PROMOTION", {"service.description": "Support"}, "credit"),
        ("PROMOTION", FEE, "credit"),
    ],
)
def test_every_credit_has_its_kind_and_stands_beside_its_line(ledger, kind, line, expected):
    found = ledger({"cost": 2.0, "labels": {"tenant": "acme"}, "credits": [credit(kind, -0.5)]} | line)
    [row] = [row for row in found if row["Billed"] == "-0.5"]
    assert (row["x_Kind"], row["Effective"], row["x_Lines"]) == (expected, "-0.5", 0)
    assert row["Tags"] == '{"tenant":"acme"}'


@pytest.mark.parametrize(
    ("line", "kind"),
    [({"service.description": "Support"}, "support"), ({"cost_type": "tax"}, "tax"), (FEE, "commitment_purchase")],
)
def test_a_discount_on_what_is_no_usage_reduces_it(ledger, line, kind):
    found = ledger({"cost": 2.0, "credits": [credit("DISCOUNT", -0.5)]} | line)
    assert [row["Billed"] for row in found if row["x_Kind"] == kind] == ["1.5"]


def test_every_credit_of_a_line_counts_once(ledger):
    credits_ = [credit("DISCOUNT", -0.125), credit("DISCOUNT", -0.125), credit("PROMOTION", -0.25)]
    ledger({"cost": 1.0, "credits": credits_, "labels": {"a": "1", "b": "2", "c": "3"}})
    [file] = manifest(ledger.data).files
    assert (file.rows, file.sums["USD"]["BilledCost"]) == (1, "0.5")


def test_money_is_exact_to_the_last_digit_of_every_double(ledger):
    draw = random.Random(4)
    costs = [0.1, 1e-07, 1.2345678901234567e-10, 123456.78901234567, 1 / 3, -0.0, 9.87654321e-13]
    costs += [draw.random() * 10 ** draw.randint(-9, 3) for _ in range(200)]
    ledger(*({"cost": cost, "credits": [credit("DISCOUNT", -cost / 3)]} for cost in costs))
    with localcontext(prec=100):
        expected = sum(Decimal(repr(cost)) + Decimal(repr(-cost / 3)) for cost in costs)
    [file] = manifest(ledger.data).files
    assert Decimal(file.sums["USD"]["BilledCost"]) == expected


def test_a_correction_of_an_earlier_month_says_so(ledger):
    september = {"usage_start_time": datetime(2026, 9, 30, 23, tzinfo=UTC)}
    found = ledger(
        {"cost": 1.0, **september},
        {"cost": 2.0, "adjustment_info.id": "a", **september},
        {"cost": 3.0, "adjustment_info.id": "a"},
        {"cost": 4.0, "cost_type": "adjustment", **september},
    )
    assert {row["Billed"]: row["ChargeClass"] for row in found} == {
        "1": None,
        "2": "Correction",
        "3": None,
        "4": "Correction",
    }


def test_lines_of_three_invoice_months_are_three_periods(ledger):
    months = {"202609": 1.0, "202610": 2.0, "202611": 4.0}
    ledger(*({"cost": cost, "invoice.month": month} for month, cost in months.items()))
    heads = source_heads(ledger.data, "bill")
    assert {str(head.period): head.manifest.ledger_sums["USD"]["BilledCost"] for head in heads} == {
        "2026-09": "1",
        "2026-10": "2",
        "2026-11": "4",
    }
    assert {row["ChargePeriodStart"].month for head in heads for row in rows(ledger.data, head.period)} == {10}


# Labels


def test_a_label_of_the_resource_wins_over_a_tag_and_a_tag_over_the_project(ledger):
    [row] = ledger(
        {
            "labels": {"tenant": "own"},
            "tags": [
                {"key": "tenant", "value": "bound", "inherited": False, "namespace": "1"},
                {"key": "team", "value": "bound", "inherited": True, "namespace": "1"},
            ],
            "project.labels": {"tenant": "project", "team": "project", "env": "prod"},
        }
    )
    assert json.loads(row["Tags"]) == {
        "tenant": "own",
        "team": "bound",
        "env": "prod",
        "project/tenant": "project",
        "project/team": "project",
        "project/env": "prod",
        "tag/1/tenant": "bound",
        "tag/1/team": "bound",
    }


def test_system_labels_keep_their_names_beside_a_label_of_the_same(ledger):
    [row] = ledger({"labels": {"cores": "many"}, "system_labels": {"cores": "4", "compute.googleapis.com/cores": "4"}})
    assert json.loads(row["Tags"]) == {"cores": "many", "system/cores": "4", "compute.googleapis.com/cores": "4"}


def test_values_of_labels_are_kept_as_they_are(ledger):
    labels = {"a": 'quoted "b": "c"', "d": "back\\slash", "e": "", "f": "Ünï", "g": "{'x': 1}"}
    [row] = ledger({"labels": labels})
    assert json.loads(row["Tags"]) == labels


def test_four_hundred_labels(ledger):
    labels = {f"label-{number}": f"value-{number}" for number in range(400)}
    found = ledger({"cost": 1.0, "labels": labels}, {"cost": 2.0, "labels": labels | {"label-7": "other"}})
    assert [json.loads(row["Tags"])["label-7"] for row in found] == ["other", "value-7"]


@pytest.mark.parametrize(
    ("namespace", "split"),
    [
        ("kube:unallocated", "unused"),
        ("kube:system-overhead", "overhead"),
        ("goog-k8s-unknown", None),
        ("goog-k8s-unsupported-sku", None),
        ("", None),
        ("shop", None),
    ],
)
def test_what_gke_leaves_unused_is_marked(ledger, namespace, split):
    [row] = ledger({"cost": 1.0, "labels": {"goog-k8s-cluster-name": "c", "k8s-namespace": namespace}})
    assert json.loads(row["Tags"]).get("apportion:split") == split


# Commitments


def test_a_fee_is_spread_over_what_it_covers_in_proportion(ledger):
    found = ledger(
        {"cost": 6.0, **FEE},
        {"cost": 9.0, "labels": {"tenant": "acme"}, "credits": [credit(CUD, -8.0), credit("PROMOTION", -1.0)]},
        {"cost": 4.0, "labels": {"tenant": "globex"}, "credits": [credit(CUD, -4.0)]},
    )
    used = {row["Tags"]: row["Effective"] for row in found if row["CommitmentDiscountStatus"] == "Used"}
    assert used == {'{"tenant":"acme"}': "4", '{"tenant":"globex"}': "2"}
    assert not [row for row in found if row["x_Kind"] == "commitment_unused"]


def test_a_fee_that_covers_nothing_is_unused(ledger):
    unused, purchase = sorted(ledger({"cost": 6.0, **FEE}), key=lambda row: row["x_Lines"])
    assert (purchase["x_Kind"], money(purchase)) == ("commitment_purchase", ("6", "0"))
    assert (unused["x_Kind"], money(unused)) == ("commitment_unused", ("0", "6"))
    assert unused["ResourceId"] == unused["CommitmentDiscountId"] == purchase["CommitmentDiscountId"]
    assert manifest(ledger.data).notes == (
        "2026-10: fees of committed use of 6 USD, less their offsets, find no credit on their day and count as unused",
    )


def test_a_credit_that_finds_no_fee_leaves_the_cost_as_billed(ledger):
    found = ledger({"cost": 4.0, "credits": [credit(CUD, -4.0)]})
    assert sorted(money(row) for row in found) == [("-4", "-4"), ("4", "4")]
    [note] = manifest(ledger.data).notes
    assert note.startswith("2026-10: credits of committed use of 4 USD find no fee on their day; what they cover has ")


def test_flexible_commitments_cover_other_services(ledger):
    found = ledger(
        {"cost": 3.0, **FEE},
        {"cost": 4.0, "service.description": "Cloud Run", "credits": [credit(CUD, -4.0)]},
        {"cost": 2.0, "service.description": "Kubernetes Engine", "credits": [credit(CUD, -2.0)]},
    )
    used = {row["ServiceName"]: row["Effective"] for row in found if row["CommitmentDiscountStatus"] == "Used"}
    assert used == {"Cloud Run": "2", "Kubernetes Engine": "1"}


def test_commitments_to_resources_cover_no_other_service_and_no_spend(ledger):
    found = ledger(
        {"cost": 3.0, "sku.description": "Commitment v1: N2 Cpu in Americas for 1 Year"},
        {"cost": 4.0, "service.description": "Cloud Run", "credits": [credit(CUD, -4.0)]},
        {"cost": 2.0, "service.description": "Kubernetes Engine", "credits": [credit(CPU, -2.0)]},
        {"cost": 1.0, "credits": [credit(CPU, -1.0)]},
    )
    used = {row["ServiceName"]: row["Effective"] for row in found if row["CommitmentDiscountStatus"] == "Used"}
    assert used == {"Compute Engine": "3"}


def test_a_subscription_that_both_state_keeps_its_fees_for_itself(ledger):
    found = ledger(
        {"cost": 3.0, **FEE, "subscription.instance_id": "one"},
        {"cost": 5.0, **FEE, "subscription.instance_id": "two"},
        {"cost": 4.0, "credits": [credit(CUD, -4.0)], "subscription.instance_id": "one", "labels": {"tenant": "a"}},
        {"cost": 10.0, "credits": [credit(CUD, -10.0)], "labels": {"tenant": "b"}},
    )
    used = {
        row["Tags"]: (row["Effective"], row["CommitmentDiscountId"])
        for row in found
        if row["CommitmentDiscountStatus"] == "Used"
    }
    assert used == {
        '{"tenant":"a"}': ("3", "one"),
        '{"tenant":"b"}': ("5", "spend-based commitments: Compute Engine"),
    }


def test_a_fee_whose_offset_is_for_what_was_used_leaves_the_rest_unused(ledger):
    offset = {"sku.description": "Flexible CUD fee", "subscription.instance_id": "flex"}
    found = ledger(
        {"cost": 5.0, **offset, "credits": [credit("FEE_UTILIZATION_OFFSET", -5.0)]},
        {
            "cost": 5.0,
            **offset,
            "sku.description": "Commitment: flexible",
            "usage_start_time": datetime(2026, 10, 6, tzinfo=UTC),
        },
        {"cost": 4.0, "credits": [credit(CPU, -4.0)]},
        {"cost": 1.0, "sku.description": "Commitment v1: N2 Cpu for 1 Year"},
    )
    unused = {str(row["ChargePeriodStart"]): row["Effective"] for row in found if row["x_Kind"] == "commitment_unused"}
    assert unused == {"2026-10-06": "5"}
    assert [row["Effective"] for row in found if row["CommitmentDiscountStatus"] == "Used"] == ["1"]


def test_fees_of_one_account_currency_and_month_cover_nothing_of_another(ledger):
    covered = {"cost": 4.0, "credits": [credit(CUD, -4.0)]}
    ledger(
        {"cost": 3.0, **FEE},
        covered,
        covered | {"billing_account_id": "0ABCDE-999999-999999", "currency": "EUR", "project.id": "other"},
        covered | {"invoice.month": "202611"},
    )
    october = manifest(ledger.data).ledger_sums
    assert (october["USD"]["EffectiveCost"], october["EUR"]["EffectiveCost"]) == ("3", "0")
    assert manifest(ledger.data, Period(2026, 11)).ledger_sums["USD"]["EffectiveCost"] == "0"


def random_line(draw, scale):
    cost, day = draw.random() * scale, datetime(2026, 10, draw.randint(1, 3), tzinfo=UTC)
    line = {"cost": cost, "usage_start_time": day, "labels": {"tenant": str(draw.randint(1, 3))}}
    match draw.randint(0, 3):
        case 0:
            return line | FEE | {"credits": [credit("DISCOUNT", -cost * 0.1)] if draw.random() < 0.3 else []}
        case 1 | 2:
            return line | {"credits": [credit(CUD, -cost * draw.choice([1, 0.3])), credit("PROMOTION", -1e-5)]}
        case _:
            return line


@pytest.mark.parametrize("seed", range(4))
def test_used_and_unused_are_the_fees_whatever_the_amounts(tmp_path, seed):
    draw = random.Random(seed)
    scale = 10.0 ** draw.choice([-9, -3, 0, 5])
    lines = [random_line(draw, scale) for _ in range(150)]
    write_parquet(tmp_path / "whole" / "bill.parquet", lines, row_group=40)
    ingest(tmp_path / "whole", tmp_path / "one", kind="gcp")
    sums = manifest(tmp_path / "one").ledger_sums["USD"]
    assert sums["BilledCost"] == sums["EffectiveCost"]
    draw.shuffle(lines)
    for place in range(5):
        write_parquet(tmp_path / "parts" / f"{place}.parquet", lines[place::5])
    ingest(tmp_path / "parts", tmp_path / "many", kind="gcp")
    assert rows(tmp_path / "many") == rows(tmp_path / "one")
    assert all(left == right for left, right in verified(tmp_path / "many", tmp_path / "parts").values())


def test_huge_and_tiny_amounts_are_spread_exactly(ledger):
    found = ledger(
        {"cost": 9_000_000.0, **FEE},
        {"cost": 1e-06, "credits": [credit(CUD, -1e-06)]},
        {"cost": 2e-06, "credits": [credit(CUD, -2e-06)], "labels": {"tenant": "a"}},
    )
    used = {row["Tags"]: row["Effective"] for row in found if row["CommitmentDiscountStatus"] == "Used"}
    assert used == {"{}": "3000000", '{"tenant":"a"}': "6000000"}


# What is refused


@pytest.mark.parametrize(
    ("line", "message", "expected"),
    [
        ({"cost_type": "surprise"}, "1 lines have a cost type that is not known, such as 'surprise'", "regular, tax"),
        ({"cost_type": None}, "1 lines have a cost type that is not known, such as None", "regular, tax"),
        ({"credits": [credit("BONUS", -1.0)]}, "1 credits are of a type that is not known, such as 'BONUS'", "PROMO"),
        ({"credits": [credit(None, -1.0)]}, "1 credits are of a type that is not known, such as None", "PROMOTION"),
        ({"credits": [credit("PROMOTION", None)]}, "credits.amount is empty", "an amount in every row"),
        ({"cost": None}, "cost is empty", "an amount in every row"),
        ({"currency": "dollars"}, "currency holds 'dollars'", "ISO 4217"),
        ({"currency": "EUR"}, "one billing account is billed in 2 currencies", "one currency"),
        ({"invoice.month": "2026-10"}, "invoice.month is '2026-10'", "a month as YYYYMM"),
        ({"invoice.month": "202613"}, "invoice.month is '202613'", "a month as YYYYMM"),
        ({"invoice.month": None}, "invoice.month is empty", "a value in every row"),
        ({"billing_account_id": None}, "billing_account_id is empty", "a value in every row"),
        ({"service.description": None}, "service.description is empty", "a value in every row"),
    ],
)
def test_a_line_that_cannot_be_read_is_refused_where_it_stands(ledger, line, message, expected):
    with pytest.raises(SourceError) as caught:
        ledger({"cost": 1.0}, {"cost": 1.0}, {"cost": 1.0} | line)
    assert message in caught.value.message
    assert expected in caught.value.expected
    if "currencies" not in message:
        assert line_of(caught.value) == {"parquet": "3", "json": "3", "csv": "4"}[ledger.form]


def test_unknown_types_are_counted(ledger):
    with pytest.raises(SourceError, match="3 credits are of a type"):
        ledger({"cost": 1.0, "credits": [credit("X", -1.0), credit("X", -1.0)]}, {"credits": [credit("Y", 0.0)]})


@pytest.mark.parametrize("name", ["credits", "labels", "cost", "sku", "project"])
def test_a_needed_column_that_is_missing_is_named(ledger, name):
    if ledger.form == "json" and name in ("labels", "sku", "project"):
        # NOTE: JSON leaves out what is null, and so may all lines of a file.
        [row] = ledger({"cost": 1.0}, without=[name])
        assert row["Billed"] == "1"
        return
    with pytest.raises(SourceError) as caught:
        ledger({"cost": 1.0}, without=[name])
    assert name in caught.value.message


def test_columns_that_google_added_later_may_be_missing(ledger):
    [row] = ledger({"cost": 1.0}, without=["resource", "subscription", "tags", "cost_at_list", "adjustment_info"])
    assert (row["Billed"], row["ResourceId"], row["List"]) == ("1", None, "0")


def test_a_column_that_nobody_knows_is_left_alone(tmp_path):
    table = gcp_table([{"cost": 1.0}])
    table = table.append_column("consumption_model", pa.array([{"id": "5515", "description": "CUD"}]))
    (tmp_path / "x").mkdir()
    pq.write_table(table, tmp_path / "x" / "bill.parquet")
    assert ingest(tmp_path / "x", tmp_path / "data", kind="gcp")[0].billed_text == "1 USD"


def test_a_table_stored_flat_with_texts_for_lists_is_read(tmp_path):
    lines = [{"cost": 1.0, "labels": {"tenant": "acme"}, "credits": [credit("PROMOTION", -0.5)]}]
    text = write_csv(tmp_path / "bill.csv", lines, printed=True)
    (tmp_path / "x").mkdir()
    pq.write_table(pa.csv.read_csv(text), tmp_path / "x" / "bill.parquet")
    ingest(tmp_path / "x", tmp_path / "data", kind="gcp")
    assert {(row["x_Kind"], row["Billed"], row["Tags"]) for row in rows(tmp_path / "data")} == {
        ("usage", "1", '{"tenant":"acme"}'),
        ("credit", "-0.5", '{"tenant":"acme"}'),
    }


def test_lists_that_are_null_are_empty(tmp_path):
    write_parquet(tmp_path / "x" / "b.parquet", [{"cost": 1.0, "labels": None, "credits": None}, {"cost": 1.0}])
    ingest(tmp_path / "x", tmp_path / "data", kind="gcp")
    assert [row["Billed"] for row in rows(tmp_path / "data")] == ["2"]


# JSON lines


def json_bill(tmp_path, text):
    (tmp_path / "x").mkdir()
    content = text if isinstance(text, bytes) else text.encode()
    (tmp_path / "x" / "bill.json").write_bytes(content)
    return ingest(tmp_path / "x", tmp_path / "data", kind="gcp")


def json_line(**changes):
    return json.dumps(json.loads(json.dumps(full({"cost": 1.0}), default=str)) | changes)


@pytest.mark.parametrize(
    ("spelled", "exact"),
    [
        ("1e-30", "0.000000000000000000000000000001"),
        ("1.23456789012345678901234567890", "1.2345678901234567890123456789"),
        ("12345678901234.5", "12345678901234.5"),
        ("9e12", "9000000000000"),
        ('"0.1"', "0.1"),
        ("-0.0", "0"),
        ("1E+2", "100"),
        ("1.7e-35", "0.000000000000000000000000000000000017"),
    ],
)
def test_json_money_keeps_the_digits_it_is_spelled_with(tmp_path, spelled, exact):
    text = json_line(cost="COST").replace('"COST"', spelled) + "\n"
    json_bill(tmp_path, text)
    [file] = manifest(tmp_path / "data").files
    assert file.sums["USD"]["BilledCost"] == exact
    assert all(left == right for left, right in verified(tmp_path / "data", tmp_path / "x").values())


@pytest.mark.parametrize(
    "spelled", ["NaN", "Infinity", "true", '"one"', "1e40", "123456789012345678901234567890", f"{10**39 + 1}.5", "{}"]
)
def test_json_money_that_is_no_amount_of_a_bill_is_refused(tmp_path, spelled):
    text = f"{json_line()}\n" + json_line(cost="COST").replace('"COST"', spelled) + "\n"
    with pytest.raises(SourceError, match="cost holds") as caught:
        json_bill(tmp_path, text)
    assert caught.value.where == "bill.json:2"


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        ('{"cost": 1', "the line is no JSON"),
        ("[1, 2]", "the line is no JSON object"),
        ("null", "the line is no JSON object"),
        ("\x00\x00\x00", "the line is no JSON"),
        ("{'cost': 1}", "the line is no JSON"),
    ],
)
def test_a_line_that_is_no_object_is_named(tmp_path, broken, message):
    with pytest.raises(SourceError, match=message) as caught:
        json_bill(tmp_path, f"{json_line()}\n\n{broken}\n{json_line()}\n")
    assert caught.value.where == "bill.json:3"


def test_json_that_is_not_utf_8_is_refused(tmp_path):
    with pytest.raises(SourceError, match="the line is no JSON") as caught:
        json_bill(tmp_path, json_line(seller_name="SELLER").encode().replace(b"SELLER", b"\xff\xfe\xfa") + b"\n")
    assert caught.value.where == "bill.json:1"


def test_json_with_a_byte_order_mark_empty_lines_and_no_last_newline(tmp_path):
    [delivered] = json_bill(tmp_path, f"\ufeff{json_line()}\r\n\r\n{json_line()}")
    assert (delivered.billed_text, delivered.lines) == ("2 USD", 2)


def test_a_gzip_of_json_cut_in_the_middle_is_refused(tmp_path):
    whole = gzip.compress("".join(f"{json_line(seller_name=str(n))}\n" for n in range(2000)).encode())
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "bill.json.gz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(SourceError, match="the gzip file ends too early"):
        ingest(tmp_path / "x", tmp_path / "data", kind="gcp")


def test_numbers_where_texts_are_expected_are_their_digits(tmp_path):
    text = json_line(invoice={"month": 202610}, project={"id": 7}, billing_account_id=12345678901234567890)
    json_bill(tmp_path, text + "\n")
    [row] = rows(tmp_path / "data")
    assert (row["SubAccountId"], row["BillingAccountId"]) == ("7", "12345678901234567890")


# How an export is delivered


def test_days_of_arrival_hold_the_same_days_of_usage_in_folders_of_their_own(tmp_path):
    for day, cost in ((5, 1.0), (6, 2.0), (7, 4.0)):
        write_parquet(tmp_path / "x" / f"day=2026-10-{day:02d}" / "000.parquet", [{"cost": cost}, {"cost": cost / 8}])
    [delivered] = ingest(tmp_path / "x", tmp_path / "data", kind="gcp")
    assert delivered.billed_text == "7.875 USD"


def test_an_extract_of_days_that_were_extracted_before_is_refused(tmp_path):
    days = {day: {"usage_start_time": datetime(2026, 10, day, 1, tzinfo=UTC)} for day in range(1, 5)}
    lines = [{"cost": 0.1 * n, "sku.id": f"S-{n}", **day} for day in days.values() for n in range(1, 4)]
    write_parquet(tmp_path / "x" / "monday.parquet", lines[:9])
    write_json(tmp_path / "x" / "tuesday.json", lines[3:])
    with pytest.raises(SourceError, match=r"monday\.parquet and tuesday\.json hold the same usage"):
        ingest(tmp_path / "x", tmp_path / "data", kind="gcp")


def test_a_late_file_makes_only_the_months_it_holds_anew(tmp_path):
    write_parquet(tmp_path / "x" / "september.parquet", [{"cost": 1.0, "invoice.month": "202609"}])
    write_parquet(tmp_path / "x" / "october.parquet", [{"cost": 2.0}])
    ingest(tmp_path / "x", tmp_path / "data", kind="gcp")
    write_parquet(tmp_path / "x" / "late.parquet", [{"cost": 4.0, "sku.id": "late"}])
    delivered = ingest(tmp_path / "x", tmp_path / "data", kind="gcp")
    assert [(str(each.period), each.version, each.changed) for each in delivered] == [
        ("2026-09", 1, False),
        ("2026-10", 2, True),
    ]


def test_a_fee_that_arrives_later_changes_what_its_day_cost(tmp_path):
    used = {"cost": 4.0, "credits": [credit(CUD, -4.0)], "labels": {"tenant": "acme"}}
    write_parquet(tmp_path / "x" / "1.parquet", [used])
    ingest(tmp_path / "x", tmp_path / "data", kind="gcp")
    assert manifest(tmp_path / "data").ledger_sums["USD"]["EffectiveCost"] == "0"
    write_parquet(tmp_path / "x" / "2.parquet", [{"cost": 3.0, **FEE}])
    ingest(tmp_path / "x", tmp_path / "data", kind="gcp")
    used = [row for row in rows(tmp_path / "data") if row["CommitmentDiscountStatus"] == "Used"]
    assert [(row["Effective"], row["Tags"]) for row in used] == [("3", '{"tenant":"acme"}')]
    assert manifest(tmp_path / "data").notes == ()


def both_exports(place, form, *, day=5):
    """A day of three SKUs, in the standard export and, by resource, in the detailed one."""
    write = {"parquet": write_parquet, "json": write_json, "csv": write_csv}[form]
    start = datetime(2026, 10, day, 7, tzinfo=UTC)
    skus = [{"sku.id": f"S{n}", "usage_start_time": start} for n in range(3)]
    write(place / f"standard/a.{form}", [sku | {"cost": 3.0} for sku in skus], without=("resource", "subscription"))
    parts = [sku | {"cost": cost, "resource.name": name} for sku in skus for name, cost in (("a", 1.0), ("b", 2.0))]
    write(place / f"detailed/a.{form}", parts)


@pytest.mark.parametrize("form", ["parquet", "json", "csv"])
def test_the_standard_export_beside_the_detailed_one_is_refused(tmp_path, form):
    both_exports(tmp_path / "x", form)
    with pytest.raises(SourceError) as refused:
        ingest(tmp_path / "x", tmp_path / "data", kind="gcp")
    assert refused.value.message == (
        f"standard/a.{form} is of the standard export and detailed/a.{form} of the detailed one, and both bill SKU S0 "
        "of 0ABCDE-123456-789012 on 2026-10-05 (2026-10): together they would double the bill"
    )
    assert refused.value.where == f"standard/a.{form}"


def test_the_standard_export_of_other_days_may_stay_beside_the_detailed_one(tmp_path):
    both_exports(tmp_path / "x", "json")
    both_exports(tmp_path / "y", "json", day=6)
    (tmp_path / "y/standard/a.json").rename(tmp_path / "x/standard/a.json")
    assert ingest(tmp_path / "x", tmp_path / "data", kind="gcp")[0].billed_text == "18 USD"


def test_the_standard_and_the_detailed_export_in_two_sources_are_refused(tmp_path):
    both_exports(tmp_path / "x", "parquet")
    ingest(tmp_path / "x" / "standard", tmp_path / "data", kind="gcp", name="one")
    with pytest.raises(SourceError, match="source two bills usage of 2026-10 that source one has already billed"):
        ingest(tmp_path / "x" / "detailed", tmp_path / "data", kind="gcp", name="two")


def test_parts_of_the_detailed_export_without_a_resource_are_parts_of_one_bill(tmp_path):
    write_json(tmp_path / "x" / "a.json", [{"cost": 1.0, "sku.id": "S1", "resource.name": "vm"}])
    other = {"cost": 2.0, "sku.id": "S2", "service.description": "Networking"}
    write_json(tmp_path / "x" / "b.json", [other], without=("resource",))
    assert ingest(tmp_path / "x", tmp_path / "data", kind="gcp")[0].billed_text == "3 USD"


@pytest.mark.parametrize("left_out", ["missing", "null"])
@pytest.mark.parametrize("read", ["by Arrow", "line by line"])
def test_a_json_line_without_credits_is_refused_with_its_line_by_ingest_and_verify(tmp_path, left_out, read):
    file = write_json(tmp_path / "x" / "bill.json", [{"cost": 1.0}, {"cost": 2.0}, {"cost": 3.0}])
    texts = file.read_text().splitlines()
    if read == "line by line":
        texts[0] = texts[0].replace('"cost": 1.0', '"cost": 1' + "0" * 60)
    line = json.loads(texts[1])
    if left_out == "missing":
        del line["credits"]
    else:
        line["credits"] = None
    file.write_text("\n".join([texts[0], "", json.dumps(line), texts[2]]) + "\n")
    with pytest.raises(SourceError, match="credits is missing") as refused:
        ingest(tmp_path / "x", tmp_path / "data", kind="gcp")
    assert refused.value.where == "bill.json:3"
    assert "[]" in refused.value.expected
    with pytest.raises(ValueError, match="credits"):
        read_lines(file, "2026-10")
