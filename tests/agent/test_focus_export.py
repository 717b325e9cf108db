import csv
import json
import shutil
from collections import Counter
from decimal import Decimal
from fractions import Fraction

import pyarrow.parquet as pq
import pytest

from agent import cli
from agent.billing.ledger.versions import heads
from agent.config.columns import KINDS
from agent.errors import ApportionError, NothingToDo, ProofError, UsageError
from agent.focus_export import export
from agent.focus_export.columns import RELEASES, schema
from agent.period import Period
from agent.progress import Quiet
from tests.agent.billing.ledgers import OCTOBER, ingest, rows
from tests.agent.ledger_of_all_kinds import fill
from tests.focus_rows import write_focus

UNITS = ("x_BilledUnits", "x_EffectiveUnits", "x_ListUnits", "x_ContractedUnits")
KEPT = (
    "x_Kind",
    "ProviderName",
    "BillingAccountId",
    "SubAccountId",
    "InvoiceId",
    "InvoiceIssuerName",
    "ServiceName",
    "ResourceId",
    "ResourceName",
    "ResourceType",
    "RegionId",
    "SkuId",
    "CommitmentDiscountId",
    "BillingPeriodStart",
    "BillingCurrency",
    "ChargePeriodStart",
    "ChargePeriodEnd",
    "x_TaxType",
    "Tags",
)
ENUMS = {
    "ChargeCategory": {"Usage", "Purchase", "Tax", "Credit", "Adjustment"},
    "ChargeClass": {None, "Correction"},
    "ChargeFrequency": {"One-Time", "Recurring", "Usage-Based"},
    "PricingCategory": {None, "Committed", "Other"},
    "CommitmentDiscountStatus": {None, "Used", "Unused"},
    "CommitmentDiscountCategory": {None, "Spend", "Usage"},
}
NEVER_NULL = (
    "BilledCost",
    "BillingAccountId",
    "BillingCurrency",
    "BillingPeriodEnd",
    "BillingPeriodStart",
    "ChargeCategory",
    "ChargePeriodEnd",
    "ChargePeriodStart",
    "ContractedCost",
    "EffectiveCost",
    "InvoiceIssuerName",
    "ListCost",
    "ProviderName",
    "PublisherName",
    "ServiceCategory",
    "ServiceName",
    "ServiceSubcategory",
    "x_Kind",
    "x_Source",
)


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    place = tmp_path_factory.mktemp("all-kinds")
    fill(place / "data", place)
    return place / "data"


def exported(data, path, release="focus-1.2"):
    return export(data, OCTOBER, release, path, Quiet())


def held(found):
    """Exact sums of ledger rows by everything an export keeps of them."""
    sums = Counter()
    for row in found:
        key = tuple(str(row[name]) for name in KEPT)
        for name in UNITS:
            sums[(*key, name)] += Fraction(row[name])
    return {key: total for key, total in sums.items() if total}


def test_the_ledger_behind_these_tests_has_every_kind(filled):
    found = {row["x_Kind"] for version in heads(filled, OCTOBER) for row in rows(filled, OCTOBER, version.source)}
    assert found == set(KINDS)


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("suffix", [".parquet", ".csv"])
def test_an_export_taken_in_again_is_the_same_ledger(filled, tmp_path, release, suffix):
    exported(filled, tmp_path / f"x{suffix}", release)
    ingest(tmp_path / f"x{suffix}", tmp_path / "again")
    before = [row for version in heads(filled, OCTOBER) for row in rows(filled, OCTOBER, version.source)]
    assert held(before) == held(rows(tmp_path / "again"))


def test_the_answer_tells_the_ledgers_exact_sums(filled, tmp_path):
    answer = exported(filled, tmp_path / "x.parquet")
    expected = Counter()
    for version in heads(filled, OCTOBER):
        for row in rows(filled, OCTOBER, version.source):
            expected[row["BillingCurrency"]] += Fraction(row["x_BilledUnits"]) / 10**24
    assert {currency: Fraction(by["BilledCost"]) for currency, by in answer.sums.items()} == expected
    assert answer.rows == sum(len(rows(filled, OCTOBER, version.source)) for version in heads(filled, OCTOBER))
    assert answer.sources == ("aws", "azure", "cur2", "mongodb", "oracle", "small")
    assert "oracle delivers no ContractedCost in USD: it is 0 and says nothing of savings" in answer.notes


@pytest.mark.parametrize("suffix", [".parquet", ".csv"])
def test_the_same_ledger_gives_the_same_bytes(filled, tmp_path, suffix):
    exported(filled, tmp_path / f"a{suffix}")
    exported(filled, tmp_path / f"b{suffix}")
    assert (tmp_path / f"a{suffix}").read_bytes() == (tmp_path / f"b{suffix}").read_bytes()


def test_money_is_decimal_and_moments_are_utc(filled, tmp_path):
    exported(filled, tmp_path / "x.parquet")
    types = {field.name: str(field.type) for field in pq.read_schema(tmp_path / "x.parquet")}
    assert types["BilledCost"] == types["EffectiveCost"] == "decimal128(38, 24)"
    assert types["ChargePeriodStart"] == types["BillingPeriodEnd"] == "timestamp[us, tz=UTC]"
    assert types["Tags"] == types["SubAccountId"] == "string"


def test_csv_holds_plain_exact_text(filled, tmp_path):
    exported(filled, tmp_path / "x.csv")
    with (tmp_path / "x.csv").open(newline="") as file:
        found = list(csv.DictReader(file))
    [small] = [row for row in found if row["ResourceId"].endswith("i-1") and row["x_Source"] == "aws"]
    assert (small["BilledCost"], small["ChargePeriodStart"]) == ("0.0416000052", "2026-10-05T00:00:00Z")
    assert json.loads(small["Tags"]) == {"note": "a: b", "tenant": "acme"}
    assert all("E" not in row[cost].upper() for row in found for cost in ("BilledCost", "ListCost"))


@pytest.mark.parametrize(
    ("release", "there", "gone"),
    [
        ("focus-1.2", {"ProviderName", "PublisherName"}, {"ServiceProviderName", "AllocatedTags"}),
        ("focus-1.3", {"ProviderName", "PublisherName", "ServiceProviderName", "HostProviderName"}, set()),
        ("focus-1.4", {"ServiceProviderName", "HostProviderName"}, {"ProviderName", "PublisherName"}),
    ],
)
def test_each_release_has_its_columns_ours_last(filled, tmp_path, release, there, gone):
    exported(filled, tmp_path / "x.parquet", release)
    names = pq.read_schema(tmp_path / "x.parquet").names
    assert there <= set(names)
    assert not gone & set(names)
    own = [name.startswith("x_") for name in names]
    assert own == sorted(own)
    assert len([name for name in names if not name.startswith("x_")]) == {"focus-1.2": 57, "focus-1.3": 65}.get(
        release, 63
    )


def test_nulls_and_enums_are_as_focus_wants_them(filled, tmp_path):
    exported(filled, tmp_path / "x.parquet")
    found = pq.read_table(tmp_path / "x.parquet").to_pylist()
    assert [name for name in NEVER_NULL if any(row[name] is None for row in found)] == []
    for name, allowed in ENUMS.items():
        assert {row[name] for row in found} <= allowed, name
    for row in found:
        usage, tax = row["ChargeCategory"] == "Usage", row["ChargeCategory"] == "Tax"
        assert row["ConsumedQuantity"] is None or (usage and row["CommitmentDiscountStatus"] != "Unused")
        assert row["PricingQuantity"] is None or not tax
        for quantity, unit in (("ConsumedQuantity", "ConsumedUnit"), ("PricingQuantity", "PricingUnit")):
            assert (row[quantity] is None) == (row[unit] is None)
        assert (row["CommitmentDiscountStatus"] is not None) == (usage and row["CommitmentDiscountId"] is not None)
        assert (row["CommitmentDiscountCategory"] is None) == (row["CommitmentDiscountId"] is None)
        assert not (row["ChargeCategory"] == "Purchase" and row["ChargeFrequency"] == "Usage-Based")
        assert row["BillingPeriodEnd"].isoformat() == "2026-11-01T00:00:00+00:00"
        assert row["ServiceSubcategory"] == f"Other ({row['ServiceCategory']})"
        assert isinstance(json.loads(row["Tags"]), dict)


def test_a_tax_has_no_sku_and_a_commitment_is_of_the_kind_its_id_tells(tmp_path):
    ids = ("arn:aws:rds:eu-west-3:1:ri:ri-2", "spend-based commitments: SQL", "resource-based commitments: VM", "sub-1")
    covered = [{"CommitmentDiscountId": told, "SkuId": "S"} for told in ids]
    lines = [{"ChargeCategory": "Tax", "SkuId": "S"}, *covered]
    ingest(write_focus(tmp_path / "x.csv", lines), tmp_path / "data")
    exported(tmp_path / "data", tmp_path / "x.parquet")
    names = ("CommitmentDiscountId", "SkuId", "CommitmentDiscountCategory", "CommitmentDiscountType")
    found = {tuple(row[name] for name in names) for row in pq.read_table(tmp_path / "x.parquet").to_pylist()}
    assert found == {
        (None, None, None, None),
        (ids[0], "S", "Usage", "Reservation"),
        (ids[1], "S", "Spend", "Committed Use Discount"),
        (ids[2], "S", "Usage", "Committed Use Discount"),
        (ids[3], "S", None, None),
    }


def test_what_had_to_be_filled_in_is_named(filled, tmp_path):
    exported(filled, tmp_path / "x.parquet")
    [row] = [row for row in pq.read_table(tmp_path / "x.parquet").to_pylist() if row["x_Lines"] == 0]
    assert (row["x_Kind"], row["x_Source"], row["BilledCost"]) == ("rounding", "small", Decimal("2e-24"))
    assert (row["ProviderName"], row["BillingAccountId"], row["ServiceCategory"]) == ("Unknown", "Unknown", "Other")
    assert json.loads(row["x_FilledColumns"]) == [
        "BillingAccountId",
        "ProviderName",
        "InvoiceIssuerName",
        "ServiceName",
        "ServiceCategory",
        "ChargeCategory",
    ]


def test_a_service_finds_its_category_where_the_bill_does_not_say(filled, tmp_path):
    exported(filled, tmp_path / "x.parquet")
    found = {
        (row["ServiceName"], row["ServiceCategory"])
        for row in pq.read_table(tmp_path / "x.parquet").to_pylist()
        if row["x_Source"] == "cur2"
    }
    assert found == {("AmazonEC2", "Compute"), ("AmazonS3", "Storage")}


def test_rows_stand_by_source_and_then_as_in_the_ledger(filled, tmp_path):
    exported(filled, tmp_path / "x.parquet")
    found = pq.read_table(tmp_path / "x.parquet").to_pylist()
    sources = [row["x_Source"] for row in found]
    assert sources == sorted(sources)
    kinds = [row["x_Kind"] for version in heads(filled, OCTOBER) for row in rows(filled, OCTOBER, version.source)]
    assert [row["x_Kind"] for row in found] == kinds


def test_a_ledger_that_was_changed_is_not_exported(filled, tmp_path):
    data = tmp_path / "data"
    shutil.copytree(filled, data)
    part = data / "ledger" / "aws" / "2026-10" / "v1" / "part-0.parquet"
    part.write_bytes(part.read_bytes()[:-1])
    with pytest.raises(ApportionError, match="a ledger file of aws 2026-10 was changed"):
        exported(data, tmp_path / "x.parquet")


@pytest.mark.parametrize("suffix", [".parquet", ".csv"])
def test_sums_that_do_not_tie_leave_the_old_file_in_place(filled, tmp_path, suffix):
    data, path = tmp_path / "data", tmp_path / f"x{suffix}"
    shutil.copytree(filled, data)
    exported(data, path)
    before = path.read_bytes()
    manifest = data / "ledger" / "azure" / "2026-10" / "v1" / "manifest.json"
    changed = json.loads(manifest.read_text())
    changed["ledger_sums"]["EUR"]["EffectiveCost"] = "13.125000000000000000000001"
    manifest.write_text(json.dumps(changed))
    with pytest.raises(ProofError, match="EffectiveCost of azure in EUR"):
        exported(data, path)
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir() if entry.name.startswith(".")] == []


def test_a_month_without_a_ledger_is_nothing_to_do(filled, tmp_path):
    with pytest.raises(NothingToDo, match="the ledger holds nothing of 2026-09"):
        export(filled, Period(2026, 9), "focus-1.2", tmp_path / "x.parquet", Quiet())


def test_a_name_of_another_kind_of_file_is_refused(filled, tmp_path):
    with pytest.raises(UsageError) as caught:
        exported(filled, tmp_path / "x.xlsx")
    assert "x.xlsx" in caught.value.message


def test_the_command_writes_below_the_data_folder(filled, tmp_path, capsys):
    shutil.copytree(filled, tmp_path / "data")
    config = tmp_path / "apportion.yaml"
    config.write_text("version: 1\ndata: data\n")
    assert cli.main(["export", "--config", str(config), "--period", "2026-10", "--quiet"]) == 0
    path = tmp_path / "data" / "exports" / "2026-10" / "focus-1.2.parquet"
    assert pq.read_schema(path).names == schema("focus-1.2").names
    out = capsys.readouterr().out
    assert f"{path}: 33 rows of 2026-10 from aws, azure, cur2, mongodb, oracle, small" in out
    assert "equal to the ledger to the last digit: EUR 13.125 billed, 13.125 effective; USD " in out


def test_a_folder_that_is_not_there_is_not_made(filled, tmp_path, capsys):
    config = tmp_path / "apportion.yaml"
    config.write_text(f"version: 1\ndata: {filled}\n")
    path = tmp_path / "no" / "such" / "x.parquet"
    assert cli.main(["--config", str(config), "export", "--period", "2026-10", "--output", str(path)]) == 2
    assert f"there is no folder {str(path.parent)!r}" in capsys.readouterr().err
    assert not (tmp_path / "no").exists()


def test_the_command_as_json_and_to_another_file(filled, tmp_path, capsys):
    shutil.copytree(filled, tmp_path / "data")
    config, path = tmp_path / "apportion.yaml", tmp_path / "out.csv"
    config.write_text("version: 1\ndata: data\n")
    call = ["--config", str(config), "--format", "json", "export", "--period", "2026-10", "--output", str(path)]
    assert cli.main([*call, "--quiet"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert (answer["format"], answer["file"], answer["period"]) == ("focus-1.2", str(path), "2026-10")
    assert answer["sums"]["EUR"]["BilledCost"] == "13.125"
    assert path.is_file()
