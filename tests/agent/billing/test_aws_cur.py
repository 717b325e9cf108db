import gzip
import tracemalloc
from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from agent.errors import SourceError
from agent.period import Period
from tests.agent.billing.ledgers import ingest, manifest, rows
from tests.cur2_rows import write_cur2
from tests.cur_rows import athena_name, cur_table, cur_text, write_cur, write_manifest

SP = "arn:aws:savingsplans::111111111111:savingsplan/sp-1"
RI = "arn:aws:ec2:eu-west-3:111111111111:reserved-instances/ri-1"
COST, TYPE = "lineItem/UnblendedCost", "lineItem/LineItemType"
MONTH = {"lineItem/UsageStartDate": "2026-10-01T00:00:00Z", "lineItem/UsageEndDate": "2026-11-01T00:00:00Z"}
BILL = (
    {COST: "5.2E-9", "lineItem/ResourceId": "i-1", "product/sku": "SKU1", "pricing/publicOnDemandCost": "0.1"},
    {COST: "0.096", "lineItem/ResourceId": "i-1", "product/sku": "SKU1", "resourceTags/user:tenant": "acme"},
    {TYPE: "DiscountedUsage", "reservation/ReservationARN": RI, "reservation/EffectiveCost": "0.07"},
    MONTH
    | {
        TYPE: "RIFee",
        COST: "31",
        "reservation/ReservationARN": RI,
        "reservation/UnusedAmortizedUpfrontFeeForBillingPeriod": "1.5",
        "reservation/UnusedRecurringFee": "2.25",
    },
    MONTH | {TYPE: "Fee", COST: "365", "reservation/ReservationARN": RI},
    {
        TYPE: "SavingsPlanRecurringFee",
        COST: "10",
        "savingsPlan/SavingsPlanARN": SP,
        "savingsPlan/TotalCommitmentToDate": "10",
        "savingsPlan/UsedCommitment": "7.9",
    },
    {
        TYPE: "SavingsPlanCoveredUsage",
        COST: "1",
        "lineItem/ResourceId": "i-2",
        "savingsPlan/SavingsPlanARN": SP,
        "savingsPlan/SavingsPlanEffectiveCost": "0.6",
    },
    {TYPE: "SavingsPlanNegation", COST: "-1", "savingsPlan/SavingsPlanARN": SP},
    {TYPE: "EdpDiscount", COST: "-0.5"},
    MONTH | {TYPE: "Tax", COST: "20", "lineItem/TaxType": "VAT"},
    MONTH | {TYPE: "Credit", COST: "-3"},
    MONTH | {TYPE: "Refund", COST: "-2", "bill/BillType": "Refund"},
    {COST: "7", "bill/BillingEntity": "AWS Marketplace"},
    MONTH | {COST: "100", "lineItem/ProductCode": "AWSSupportBusiness"},
)


def compared(data):
    """Ledger rows without what tells the forms of delivery apart: how tag keys are spelled."""
    left_out = ("Tags", "x_TagSetId")
    return sorted(str({name: value for name, value in row.items() if name not in left_out}) for row in rows(data))


def as_cur2(line):
    """The line of a legacy report as CUR 2.0 has it."""
    typed = {}
    for name, text in line.items():
        if name.startswith("resourceTags/"):
            typed.setdefault("resource_tags", {})[athena_name(name.removeprefix("resourceTags/"))] = text
        elif name.endswith(("StartDate", "EndDate")):
            typed[athena_name(name)] = datetime.fromisoformat(text).astimezone(UTC)
        elif name.endswith(("Cost", "Fee", "CommitmentToDate", "UsedCommitment", "ForBillingPeriod")):
            typed[athena_name(name)] = float(text)
        else:
            typed[athena_name(name)] = text
    return typed


@pytest.mark.parametrize("form", ["csv", "csv.gz", "parquet"])
def test_a_legacy_report_gives_the_ledger_of_cur_2(tmp_path, form):
    ingest(write_cur(tmp_path / "x", BILL, form=form), tmp_path / "legacy", kind="aws-cur")
    ingest(write_cur2(tmp_path / "y", [as_cur2(line) for line in BILL]), tmp_path / "cur2", kind="aws-cur2")
    assert compared(tmp_path / "legacy") == compared(tmp_path / "cur2")
    sums = manifest(tmp_path / "legacy").ledger_sums["USD"]
    assert (sums["BilledCost"], sums["EffectiveCost"]) == ("527.5960000052", "128.1160000052")


def test_a_header_may_have_underscores(tmp_path):
    header, rest = cur_text(BILL).split("\n", 1)
    names = ",".join("resource_tags_user_tenant" if "Tags" in n else athena_name(n) for n in header.split(","))
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "report.csv").write_text(f"{names}\n{rest}")
    ingest(tmp_path / "x", tmp_path / "underscores", kind="aws-cur")
    ingest(write_cur(tmp_path / "y", BILL), tmp_path / "slashes", kind="aws-cur")
    assert compared(tmp_path / "underscores") == compared(tmp_path / "slashes")
    tags = {row["Tags"] for row in rows(tmp_path / "underscores")}
    assert tags == {"{}", '{"user_tenant":"acme"}'}


def test_tags_keep_their_keys_and_cost_categories_stand_among_them(tmp_path):
    line = {
        "resourceTags/user:Tenant": "acme",
        "resourceTags/user:tenant": "globex",
        "resourceTags/aws:createdBy": "IAMUser:anna",
        "resourceTags/user:empty": "",
        "costCategory/Unit": "core",
    }
    ingest(write_cur(tmp_path / "x", [line]), tmp_path / "data", kind="aws-cur")
    [row] = rows(tmp_path / "data")
    assert row["Tags"] == (
        '{"aws:createdBy":"IAMUser:anna","costCategory/Unit":"core","user:Tenant":"acme","user:tenant":"globex"}'
    )


def test_tags_of_the_parquet_form_are_kept_as_delivered(tmp_path):
    line = {"resource_tags_user_tenant": "acme", "resource_tags_user_te_nant": "globex", "cost_category_team": "core"}
    table = cur_table([{}])
    for name, value in line.items():
        table = table.append_column(name, pa.array([value]))
    (tmp_path / "x").mkdir()
    pq.write_table(table, tmp_path / "x" / "f.snappy.parquet")
    ingest(tmp_path / "x", tmp_path / "data", kind="aws-cur")
    [row] = rows(tmp_path / "data")
    assert row["Tags"] == '{"costCategory/team":"core","user_te_nant":"globex","user_tenant":"acme"}'


def test_a_key_delivered_twice_keeps_both_values(tmp_path):
    header, line = cur_text([{"resourceTags/user:a": "1", "resourceTags/user:b": "2"}]).strip().split("\n")
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "f.csv").write_text(f"{header.replace('user:b', 'user:a')}\n{line}\n")
    ingest(tmp_path / "x", tmp_path / "data", kind="aws-cur")
    assert rows(tmp_path / "data")[0]["Tags"] == '{"user:a":"1","user:a ":"2"}'


@pytest.mark.parametrize("value", ['a": "b', "None", "null", "NULL", "{}", "two\nlines", "a,b", " padded "])
def test_a_tags_value_is_kept_to_the_letter(tmp_path, value):
    write_cur(tmp_path / "x", [{"resourceTags/user:note": value}])
    ingest(tmp_path / "x", tmp_path / "data", kind="aws-cur")
    [row] = rows(tmp_path / "data")
    assert (
        row["Tags"]
        == '{"user:note":' + {'a": "b': r'"a\": \"b"', "two\nlines": r'"two\nlines"'}.get(value, f'"{value}"') + "}"
    )


def test_tag_columns_come_and_go_by_month(tmp_path):
    september = {
        "bill/BillingPeriodStartDate": "2026-09-01T00:00:00Z",
        "lineItem/UsageStartDate": "2026-09-05T13:00:00Z",
        "lineItem/UsageEndDate": "2026-09-05T14:00:00Z",
        "resourceTags/user:old": "x",
    }
    write_cur(tmp_path / "x", [september], month="20260901-20261001")
    write_cur(tmp_path / "x", [{"resourceTags/user:new": "y"}])
    delivered = ingest(tmp_path / "x", tmp_path / "data", kind="aws-cur")
    assert [str(one.period) for one in delivered] == ["2026-09", "2026-10"]
    assert rows(tmp_path / "data", Period(2026, 9))[0]["Tags"] == '{"user:old":"x"}'
    assert rows(tmp_path / "data")[0]["Tags"] == '{"user:new":"y"}'


def test_four_hundred_new_tag_columns_cost_what_is_in_them(tmp_path):
    lines = [
        {COST: "0.01", f"resourceTags/user:key{n % 400}": f"v{n % 7}", "resourceTags/user:tenant": f"t{n % 50}"}
        for n in range(12_000)
    ]
    write_cur(tmp_path / "x", lines)
    tracemalloc.start()
    [delivered] = ingest(tmp_path / "x", tmp_path / "data", kind="aws-cur")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert delivered.billed_text == "120 USD"
    assert len({row["Tags"] for row in rows(tmp_path / "data")}) == 2800
    assert peak < 200 * 2**20


def test_the_region_of_an_old_report_is_in_its_older_column(tmp_path):
    write_cur(tmp_path / "x", [{"product/region": "us-east-1"}], without=["product/regionCode"])
    ingest(tmp_path / "x", tmp_path / "data", kind="aws-cur")
    assert rows(tmp_path / "data")[0]["RegionId"] == "us-east-1"


def test_a_refund_of_a_commitment_takes_back_what_was_billed_and_costs_nothing_itself(tmp_path):
    lines = [
        {TYPE: "Refund", COST: "-5", "savingsPlan/SavingsPlanARN": SP},
        {TYPE: "Refund", COST: "-4", "reservation/ReservationARN": RI},
        {TYPE: "Refund", COST: "-3", "lineItem/ProductCode": "ComputeSavingsPlans"},
        {TYPE: "Refund", COST: "-2", "lineItem/ProductCode": "AWSEnterpriseDiscountProgram"},
    ]
    ingest(write_cur(tmp_path / "x", lines), tmp_path / "data", kind="aws-cur")
    found = sorted((row["x_Kind"], row["Billed"], row["Effective"]) for row in rows(tmp_path / "data"))
    assert found == [
        ("commitment_purchase", "-3", "0"),
        ("commitment_purchase", "-4", "0"),
        ("commitment_purchase", "-5", "0"),
        ("refund", "-2", "-2"),
    ]


def test_net_costs_are_chosen_on_text_as_on_doubles(tmp_path):
    net = "lineItem/NetUnblendedCost"
    lines = [{COST: "10", net: "9"}, {TYPE: "EdpDiscount", COST: "-1", net: "0"}, MONTH | {TYPE: "Tax", COST: "2"}]
    for form in ("csv.gz", "parquet"):
        ingest(write_cur(tmp_path / form / "x", lines, form=form), tmp_path / form / "data", kind="aws-cur")
        found = sorted((row["x_Kind"], row["Billed"], row["Effective"]) for row in rows(tmp_path / form / "data"))
        assert found == [("discount", "0", "0"), ("tax", "2", "2"), ("usage", "9", "9")]


def test_the_manifest_of_the_month_names_the_assembly_in_force(tmp_path):
    write_cur(tmp_path / "x", [{COST: "1"}, {COST: "2"}, {COST: "3"}], assembly="old", parts=3)
    write_cur(tmp_path / "x", [{COST: "4"}, {COST: "5"}], assembly="new", parts=2)
    [delivered] = ingest(tmp_path / "x", tmp_path / "data", kind="aws-cur")
    assert delivered.billed_text == "9 USD"
    found = manifest(tmp_path / "data")
    folder = "pre/cur/20261001-20261101/new"
    assert (found.completeness, [file.path for file in found.files]) == (
        "manifest",
        [f"{folder}/cur-1.csv.gz", f"{folder}/cur-2.csv.gz"],
    )


@pytest.mark.parametrize("assembly", ["", "11111111-aaaa"])
@pytest.mark.parametrize("below", ["", "pre", "pre/cur", "pre/cur/20261001-20261101"])
def test_the_location_may_be_any_folder_above_the_report(tmp_path, below, assembly):
    write_cur(tmp_path / "x", [{COST: "1"}, {COST: "2"}], assembly=assembly, parts=2)
    [delivered] = ingest(tmp_path / "x" / below, tmp_path / "data", kind="aws-cur")
    assert (str(delivered.period), delivered.billed_text) == ("2026-10", "3 USD")


def test_one_assembly_alone_is_whole_by_its_own_manifest(tmp_path):
    write_cur(tmp_path / "x", [{COST: "1"}, {COST: "2"}], parts=2)
    folder = tmp_path / "x" / "pre" / "cur" / "20261001-20261101" / "11111111-aaaa"
    [delivered] = ingest(folder, tmp_path / "data", kind="aws-cur")
    assert delivered.billed_text == "3 USD"
    assert manifest(tmp_path / "data").completeness == "manifest"


def test_parquet_for_athena_lies_beside_its_manifests_folder(tmp_path):
    write_cur(tmp_path / "x", [{COST: "1"}, {COST: "2"}], form="parquet", parts=2)
    [delivered] = ingest(tmp_path / "x", tmp_path / "data", kind="aws-cur")
    assert delivered.billed_text == "3 USD"
    assert manifest(tmp_path / "data").completeness == "manifest"


def test_without_a_manifest_the_folder_is_the_whole_report(tmp_path):
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "a.csv.gz").write_bytes(gzip.compress(cur_text([{COST: "1"}]).encode()))
    (tmp_path / "x" / "b.csv").write_text(cur_text([{COST: "2", "lineItem/UsageAccountId": "222222222222"}]))
    [delivered] = ingest(tmp_path / "x", tmp_path / "data", kind="aws-cur")
    assert delivered.billed_text == "3 USD"
    assert manifest(tmp_path / "data").completeness == "not proven"


def test_a_later_assembly_replaces_the_month(tmp_path):
    write_cur(tmp_path / "x", [{COST: "1"}], assembly="a")
    ingest(tmp_path / "x", tmp_path / "data", kind="aws-cur")
    write_cur(tmp_path / "x", [{COST: "1"}, {COST: "0.5", TYPE: "Tax"}], assembly="b")
    [delivered] = ingest(tmp_path / "x", tmp_path / "data", kind="aws-cur")
    assert (delivered.version, delivered.changed, delivered.billed_text) == (2, True, "1.5 USD")
    [again] = ingest(tmp_path / "x", tmp_path / "data", kind="aws-cur")
    assert (again.version, again.changed) == (2, False)


@pytest.fixture
def refused(tmp_path):
    """Ingests ``tmp_path/x`` and returns the error; the ledger stays empty."""

    def refused(kind="aws-cur"):
        with pytest.raises(SourceError) as caught:
            ingest(tmp_path / "x", tmp_path / "data", kind=kind)
        assert not (tmp_path / "data" / "ledger" / "bill").exists()
        assert caught.value.expected
        return caught.value

    return refused


def test_a_missing_file_is_not_replaced_by_one_of_an_older_assembly(tmp_path, refused):
    write_cur(tmp_path / "x", [{COST: "1"}, {COST: "2"}], assembly="old", parts=2)
    write_cur(tmp_path / "x", [{COST: "4"}, {COST: "5"}], assembly="new", parts=2)
    (tmp_path / "x" / "pre" / "cur" / "20261001-20261101" / "new" / "cur-2.csv.gz").unlink()
    error = refused()
    assert error.message == "the manifest lists pre/cur/20261001-20261101/new/cur-2.csv.gz, which is not here"
    assert error.where == "pre/cur/20261001-20261101/cur-Manifest.json"


def test_a_half_written_manifest_is_refused(tmp_path, refused):
    write_cur(tmp_path / "x", [{COST: "1"}])
    path = tmp_path / "x" / "pre" / "cur" / "20261001-20261101" / "cur-Manifest.json"
    path.write_text(path.read_text()[:100])
    assert "only half of it is there" in refused().message


def test_assemblies_without_the_months_manifest_are_refused(tmp_path, refused):
    write_cur(tmp_path / "x", [{COST: "1"}], assembly="old")
    write_cur(tmp_path / "x", [{COST: "2"}], assembly="new")
    (tmp_path / "x" / "pre" / "cur" / "20261001-20261101" / "cur-Manifest.json").unlink()
    assert refused().message == "2 assemblies of the report lie here, and nothing says which is in force"


@pytest.mark.parametrize(
    ("keys", "found"),
    [
        ([], "the manifest lists no files"),
        (["pre/cur/20261001-20261101/cur-1.csv.zip"], "the report is compressed as ZIP"),
        (None, "this is no manifest of a Cost and Usage Report"),
    ],
)
def test_a_manifest_that_cannot_be_read_is_refused(tmp_path, refused, keys, found):
    folder = tmp_path / "x" / "cur" / "20261001-20261101"
    if keys is None:
        folder.mkdir(parents=True)
        (folder / "cur-Manifest.json").write_text("[]")
    else:
        write_manifest(folder, keys)
    assert found in refused().message


def test_a_manifest_in_another_months_folder_is_refused(tmp_path, refused):
    write_cur(tmp_path / "x", [{COST: "1"}])
    month = tmp_path / "x" / "pre" / "cur" / "20261001-20261101"
    month.rename(month.with_name("20260901-20261001"))
    assert refused().message == "the manifest is of 2026-10, its folder of 2026-09"


def test_a_ragged_row_is_named_by_its_line(tmp_path, refused):
    lines = cur_text([{}, {}, {}]).splitlines()
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "f.csv").write_text("\n".join([*lines[:2], lines[2] + ",more", lines[3]]) + "\n")
    error = refused()
    assert (error.message, error.where) == ("a row has 36 cells, the header has 35", "f.csv:3")


def test_columns_that_vanished_are_all_named(tmp_path, refused):
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "f.csv").write_text(cur_text([{}], without=[COST, "lineItem/CurrencyCode"]))
    error = refused()
    assert error.message == (
        "2 Cost and Usage Report columns are missing: line_item_currency_code, line_item_unblended_cost"
    )


def test_a_column_that_covered_lines_need_is_named_with_the_line(tmp_path, refused):
    (tmp_path / "x").mkdir()
    lines = [{}, {TYPE: "DiscountedUsage", "reservation/ReservationARN": RI}]
    (tmp_path / "x" / "f.csv").write_text(cur_text(lines, without=["reservation/EffectiveCost"]))
    error = refused()
    assert error.message == "DiscountedUsage lines need reservation_effective_cost, which is missing"
    assert error.where == "f.csv:3"


@pytest.mark.parametrize("column", ["bill/PayerAccountId", "lineItem/UsageAccountId"])
@pytest.mark.parametrize(
    ("account", "found"),
    [
        ("12345678901", "an account id has 12 digits, this one has lost its leading zeros"),
        ("123456789", "lost its leading zeros"),
        ("12345678", "lost its leading zeros"),
        ("12345678901.0", "an account id has 12 digits, and nothing else"),
        ("123456789012.0", "an account id has 12 digits, and nothing else"),
        ("'012345678901", "an account id has 12 digits, and nothing else"),
        ("1234-5678-9012", "an account id has 12 digits, and nothing else"),
        ("1.23457E+11", "a spreadsheet has rounded this id"),
    ],
)
def test_an_account_that_is_no_longer_itself_is_refused(tmp_path, refused, column, account, found):
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "f.csv").write_text(cur_text([{}, {column: account}]))
    error = refused()
    assert found in error.message
    assert error.where == "f.csv:3"


def test_accounts_stored_as_numbers_are_refused(tmp_path, refused):
    table = cur_table([{}])
    place = table.column_names.index("line_item_usage_account_id")
    table = table.set_column(place, "line_item_usage_account_id", pa.array([12345678901]))
    (tmp_path / "x").mkdir()
    pq.write_table(table, tmp_path / "x" / "f.parquet")
    assert "lost its leading zeros" in refused().message


def test_an_unknown_line_type_is_refused_with_its_count(tmp_path, refused):
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "f.csv").write_text(cur_text([{}, {TYPE: "MoonFee"}, {TYPE: "MoonFee"}]))
    error = refused()
    assert error.message == "2 lines have a line item type that is not known, such as 'MoonFee'"
    assert error.where == "f.csv:3"


def test_a_header_without_rows_is_refused_unless_a_manifest_lists_it(tmp_path, refused):
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "f.csv").write_text(cur_text([]))
    assert refused().message in ("the file has no rows", "the delivery holds no rows at all")


def test_an_empty_part_of_a_whole_delivery_is_noted(tmp_path):
    write_cur(tmp_path / "x", [{COST: "1"}], parts=2)
    [delivered] = ingest(tmp_path / "x", tmp_path / "data", kind="aws-cur")
    assert delivered.billed_text == "1 USD"
    assert any("cur-2.csv.gz has no rows" in note for note in manifest(tmp_path / "data").notes)


@pytest.mark.parametrize("form", ["csv", "csv.gz"])
def test_the_same_delivery_under_two_names_is_refused(tmp_path, refused, form):
    text = cur_text([{COST: "1"}, {COST: "2"}]).encode()
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "a.csv").write_bytes(text)
    (tmp_path / "x" / f"b.{form}").write_bytes(gzip.compress(text) if form == "csv.gz" else text)
    assert "the same" in refused().message


def test_a_currency_that_changes_within_the_month_is_refused(tmp_path, refused):
    (tmp_path / "x").mkdir()
    lines = [{COST: "1"}, {COST: "2", "lineItem/CurrencyCode": "EUR"}]
    (tmp_path / "x" / "f.csv").write_text(cur_text(lines))
    assert "one billing account is billed in 2 currencies" in refused().message


def test_a_currency_that_changes_from_one_part_to_the_next_is_refused(tmp_path, refused):
    write_cur(tmp_path / "x", [{COST: "1"}, {COST: "2", "lineItem/CurrencyCode": "EUR"}], parts=2)
    assert "one billing account is billed in 2 currencies" in refused().message


def test_the_words_of_other_tools_for_null_are_null_outside_of_tags(tmp_path):
    line = {COST: "1", "lineItem/ResourceId": "NULL", "reservation/ReservationARN": "null", "product/sku": "None"}
    ingest(write_cur(tmp_path / "x", [line, {COST: "2"}]), tmp_path / "data", kind="aws-cur")
    [row] = rows(tmp_path / "data")
    assert (row["ResourceId"], row["CommitmentDiscountId"], row["SkuId"], row["x_Lines"]) == (None, None, None, 2)


@pytest.mark.parametrize("cost", ["", "NULL"])
def test_a_line_without_a_cost_is_named(tmp_path, refused, cost):
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "f.csv").write_text(cur_text([{COST: "1"}, {COST: cost}]))
    error = refused()
    assert (error.message, error.where) == ("line_item_unblended_cost is empty", "f.csv:3")


def test_a_line_without_its_net_cost_is_gross_with_its_class_and_told(tmp_path):
    net = "lineItem/NetUnblendedCost"
    lines = [{COST: "10", net: "9"}, {COST: "1", net: ""}, {COST: "-0.5", TYPE: "EdpDiscount", net: "0"}]
    ingest(write_cur(tmp_path / "x", lines, parts=3), tmp_path / "data", kind="aws-cur")
    assert manifest(tmp_path / "data").ledger_sums["USD"]["BilledCost"] == "10.5"
    assert manifest(tmp_path / "data").notes == (
        "2026-10: net costs are filled for a part of Usage only; gross costs are used",
    )


def test_net_costs_that_are_not_in_every_file_are_not_used_and_told(tmp_path):
    lines = [{COST: "10", "lineItem/NetUnblendedCost": "9"}, {COST: "1"}]
    ingest(write_cur(tmp_path / "x", lines, parts=2), tmp_path / "data", kind="aws-cur")
    assert manifest(tmp_path / "data").ledger_sums["USD"]["BilledCost"] == "11"
    assert manifest(tmp_path / "data").notes == ("net costs are not in every file; gross costs are used",)


def test_a_file_without_a_byte_is_refused(tmp_path, refused):
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "f.csv").write_bytes(b"")
    assert refused().message == "the file is empty"


def test_nul_bytes_are_refused(tmp_path, refused):
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "f.csv").write_bytes(cur_text([{}, {}]).encode() + b"\x00" * 4096)
    refused()


def test_a_required_column_named_twice_is_refused(tmp_path, refused):
    header, line = cur_text([{"extra": "1"}]).strip().split("\n")
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "f.csv").write_text(f"{header.replace('extra', 'line_item_unblended_cost')}\n{line}\n")
    assert refused().message == "the header names 'line_item_unblended_cost' twice"


@pytest.mark.parametrize("kind", ["aws-cur", "aws-cur2"])
def test_the_other_reports_manifests_are_of_no_use(tmp_path, kind):
    """Each kind reads its own layout; the other's files are then a folder without a manifest."""
    if kind == "aws-cur":
        write_cur2(tmp_path / "x", [{"line_item_unblended_cost": 1.0}])
    else:
        write_cur(tmp_path / "x", [{COST: "1"}])
    if kind == "aws-cur":
        with pytest.raises(SourceError, match="no manifest of a Cost and Usage Report"):
            ingest(tmp_path / "x", tmp_path / "data", kind=kind)
    else:
        [delivered] = ingest(tmp_path / "x", tmp_path / "data", kind=kind)
        assert delivered.billed_text == "1 USD"


def downloads(place, *files, form="csv"):
    """Reports without a manifest, each line by its id and cost, all of one hour."""
    place.mkdir()
    for name, lines in files:
        full = [{"identity/LineItemId": line, COST: cost} for line, cost in lines]
        if form == "csv":
            (place / f"{name}.csv").write_text(cur_text(full))
        else:
            pq.write_table(cur_table(full), place / f"{name}.parquet")


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_a_line_that_two_files_without_a_manifest_name_alike_is_refused(tmp_path, form):
    downloads(tmp_path / "x", ("early", [("a", "1"), ("b", "2")]), ("late", [("a", "1.5"), ("c", "3")]), form=form)
    with pytest.raises(SourceError) as refused:
        ingest(tmp_path / "x", tmp_path / "data", kind="aws-cur")
    assert refused.value.message == (
        f"early.{form} and late.{form} hold the same lines: 1 have one LineItemId and TimeInterval in both"
    )
    assert refused.value.where == f"late.{form}"


def test_one_id_in_two_months_or_twice_in_a_file_names_no_line(tmp_path):
    september = {
        "bill/BillingPeriodStartDate": "2026-09-01T00:00:00Z",
        "bill/BillingPeriodEndDate": "2026-10-01T00:00:00Z",
    }
    downloads(tmp_path / "x", ("one", [("a", "1"), ("b", "2"), ("b", "3")]), ("two", [("b", "4"), ("", "5")]))
    (tmp_path / "x" / "three.csv").write_text(cur_text([september | {"identity/LineItemId": "a", COST: "9"}]))
    october = ingest(tmp_path / "x", tmp_path / "data", kind="aws-cur")[-1]
    assert october.billed_text == "15 USD"
