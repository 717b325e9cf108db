"""Each bad file gives one message that says what, where and how to mend it, and leaves nothing behind."""

import gzip
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from agent.billing.ledger.versions import periods, tagsets_path
from agent.errors import SourceError
from tests.agent.billing.ledgers import ingest
from tests.cur2_rows import write_cur2
from tests.focus_rows import focus_row, focus_text, write_focus


@pytest.fixture
def refused(tmp_path):
    """Ingests ``tmp_path/x`` and returns the error; nothing may have been written."""

    def refused(kind="focus", location=tmp_path / "x"):
        data = tmp_path / "data"
        with pytest.raises(SourceError) as caught:
            ingest(location, data, kind=kind)
        assert periods(data) == []
        assert not tagsets_path(data).exists()
        assert not (data / ".tmp").exists()
        assert caught.value.expected
        return caught.value

    return refused


def test_missing_columns_are_all_named(tmp_path, refused):
    write_focus(tmp_path / "x" / "f.csv", [{}], without=["BilledCost", "ServiceName"])
    error = refused()
    assert "2 FOCUS columns are missing: BilledCost, ServiceName" in error.message
    assert error.where == "f.csv:1"


@pytest.mark.parametrize(
    ("change", "cells"), [(lambda row: row + ",extra", 36), (lambda row: row.rsplit(",", 1)[0], 34)]
)
def test_a_ragged_row_is_named_by_its_line(tmp_path, refused, change, cells):
    lines = focus_text([{"ResourceName": "two\nlines"}, {}, {}]).splitlines()
    lines[3] = change(lines[3])
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "f.csv").write_text("\n".join(lines) + "\n")
    error = refused()
    assert (error.message, error.where) == (f"a row has {cells} cells, the header has 35", "f.csv:4")


def test_a_second_header_is_named_by_its_line(tmp_path, refused):
    text = focus_text([{}, {}])
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "f.csv").write_text(text + text)
    error = refused()
    assert "a second header stands among the rows" in error.message
    assert error.where == "f.csv:4"


def test_an_id_rounded_by_a_spreadsheet_is_refused(tmp_path, refused):
    write_focus(tmp_path / "x" / "f.csv", [{}, {"SubAccountId": "1.23457E+11"}])
    error = refused()
    assert "SubAccountId holds '1.23457E+11': a spreadsheet has rounded this id" in error.message
    assert error.where == "f.csv:3"


@pytest.mark.parametrize("amount", ["1,234.50", "$3", "twelve", "NaN", "inf", "--1", "12.3.4", "1_000"])
def test_an_amount_that_is_no_number_is_refused(tmp_path, refused, amount):
    write_focus(tmp_path / "x" / "f.csv", [{}, {"BilledCost": amount}])
    error = refused()
    assert f"BilledCost holds {amount!r}, which is no number" in error.message
    assert error.where == "f.csv:3"


def test_costs_whose_sum_does_not_fit_are_refused(tmp_path, refused):
    write_focus(tmp_path / "x" / "f.csv", [{"BilledCost": "90000000000000"}, {"BilledCost": "90000000000000.5"}])
    assert "costs of 2026-10 sum to more than 38 digits hold" in refused().message


def test_an_empty_cost_is_refused(tmp_path, refused):
    write_focus(tmp_path / "x" / "f.csv", [{}, {"EffectiveCost": "NULL"}])
    error = refused()
    assert (error.message, error.where) == ("EffectiveCost is empty", "f.csv:3")


def test_two_currencies_of_one_account_are_refused(tmp_path, refused):
    write_focus(tmp_path / "x" / "f.csv", [{}, {}, {"BillingCurrency": "EUR"}])
    error = refused()
    assert "EUR (1 rows), USD (2 rows)" in error.message
    assert error.where == "f.csv"


@pytest.mark.parametrize("currency", ["XXQ", "usd", "0.03", "", "US Dollar"])
def test_an_unknown_currency_is_refused(tmp_path, refused, currency):
    write_focus(tmp_path / "x" / "f.csv", [{}, {"BillingCurrency": currency}])
    error = refused()
    assert error.message.startswith("BillingCurrency")
    assert error.where == "f.csv:3"


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("BillingPeriodStart", "AmazonEC2"),
        ("ChargePeriodStart", "13/31/2026"),
        ("ChargePeriodEnd", ""),
        ("ChargeCategory", "Amazon EC2"),
        ("BillingAccountId", "NULL"),
    ],
)
def test_shifted_columns_are_refused(tmp_path, refused, column, value):
    days = {"ChargePeriodStart": "2026-10-05", "ChargePeriodEnd": "2026-10-06"}
    write_focus(tmp_path / "x" / "f.csv", [{}, days | {column: value}])
    error = refused()
    assert error.message.startswith(column)
    assert error.where == "f.csv:3"


def test_one_file_under_two_names_is_refused(tmp_path, refused):
    write_focus(tmp_path / "x" / "a.csv", [{}])
    write_focus(tmp_path / "x" / "b.csv", [{}])
    assert refused().message == "a.csv and b.csv hold the same rows"


def test_the_same_rows_packed_otherwise_are_refused(tmp_path, refused):
    lines = [{"BilledCost": str(n), "ResourceId": f"i-{n}"} for n in range(9)]
    write_focus(tmp_path / "x" / "a.csv", lines)
    write_focus(tmp_path / "x" / "b.csv.gz", lines[::-1])
    assert refused().message == "a.csv and b.csv.gz hold the same rows"


def test_equal_amounts_in_other_hours_are_no_duplicate(tmp_path):
    for hour in range(3):
        span = {"ChargePeriodStart": f"2026-10-05T0{hour}:00:00Z", "ChargePeriodEnd": f"2026-10-05T0{hour + 1}:00:00Z"}
        write_focus(tmp_path / "x" / f"{hour}.csv", [span])
    assert ingest(tmp_path / "x", tmp_path / "data")[0].billed_text == "3 USD"


def test_two_exports_of_one_account_and_period_are_refused(tmp_path, refused):
    write_focus(tmp_path / "x" / "daily" / "f.csv", [{"BilledCost": "1"}])
    write_focus(tmp_path / "x" / "monthly" / "f.csv", [{"BilledCost": "1.5"}])
    error = refused()
    assert error.message == "two exports bill account 999999999999 for 2026-10: daily and monthly"
    assert error.where == "monthly/f.csv"


def test_folders_by_day_or_account_are_parts_of_one_bill(tmp_path):
    write_focus(tmp_path / "x" / "1" / "f.csv", [{}])
    write_focus(tmp_path / "x" / "2" / "f.csv", [{"ChargePeriodStart": "2026-10-06", "ChargePeriodEnd": "2026-10-07"}])
    write_focus(tmp_path / "x" / "3" / "f.csv", [{"SubAccountId": "another"}])
    assert ingest(tmp_path / "x", tmp_path / "data")[0].billed_text == "3 USD"


@pytest.mark.parametrize("keep", [0.5, 0.98])
def test_a_truncated_gzip_is_refused(tmp_path, refused, keep):
    path = write_focus(tmp_path / "x" / "f.csv.gz", [{"ResourceId": f"i-{n * 7919}"} for n in range(3000)])
    raw = path.read_bytes()
    path.write_bytes(raw[: int(len(raw) * keep)])
    error = refused()
    assert (error.message, error.where) == ("the gzip file ends too early or is damaged", "f.csv.gz")


def test_a_cost_column_of_words_in_parquet_is_refused(tmp_path, refused):
    (tmp_path / "x").mkdir()
    pq.write_table(
        pa.Table.from_pylist([focus_row({}), focus_row({"BilledCost": "free tier"})]), tmp_path / "x" / "f.parquet"
    )
    error = refused()
    assert "BilledCost holds 'free tier', which is no number" in error.message
    assert error.where == "f.parquet, row 2"


@pytest.mark.parametrize("value", [float("nan"), float("inf"), None])
def test_a_cost_that_is_no_finite_number_in_parquet_is_refused(tmp_path, refused, value):
    (tmp_path / "x").mkdir()
    table = pa.Table.from_pylist([focus_row({})] * 2)
    place = table.schema.get_field_index("EffectiveCost")
    pq.write_table(table.set_column(place, "EffectiveCost", pa.array([1.5, value])), tmp_path / "x" / "f.parquet")
    assert refused().where == "f.parquet, row 2"


def test_an_id_stored_as_a_float_is_refused(tmp_path, refused):
    (tmp_path / "x").mkdir()
    table = pa.Table.from_pylist([focus_row({})])
    place = table.schema.get_field_index("SubAccountId")
    pq.write_table(table.set_column(place, "SubAccountId", pa.array([12345678901.0])), tmp_path / "x" / "f.parquet")
    assert "SubAccountId is stored as a floating-point number" in refused().message


def test_a_partial_parquet_is_refused(tmp_path, refused):
    (tmp_path / "x").mkdir()
    path = tmp_path / "x" / "f.parquet"
    pq.write_table(pa.Table.from_pylist([focus_row({})] * 100), path)
    path.write_bytes(path.read_bytes()[:-200])
    assert refused().message == "the Parquet file is damaged or not complete"


@pytest.mark.parametrize("name", ["f.csv", "f.csv.gz", "f.parquet"])
def test_an_empty_file_is_refused(tmp_path, refused, name):
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / name).write_bytes(b"")
    assert refused().where == name


@pytest.mark.parametrize("pack", [lambda raw: raw, gzip.compress])
def test_a_header_without_rows_is_refused(tmp_path, refused, pack):
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "f.csv").write_bytes(pack(focus_text([]).encode()))
    error = refused()
    assert (error.message, error.where) == ("the file has no rows", "f.csv")


def test_a_folder_without_exports_is_refused(tmp_path, refused):
    (tmp_path / "x" / "deep").mkdir(parents=True)
    (tmp_path / "x" / "deep" / "readme.txt").write_text("nothing")
    assert refused().message == "no export file lies here"


def test_a_location_that_is_not_there_is_refused(refused):
    assert refused().message == "the export's location does not exist"


@pytest.mark.parametrize("column", ["ResourceName", "BillingAccountName"])
def test_another_encoding_is_refused(tmp_path, refused, column):
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "f.csv").write_bytes(focus_text([{column: "Zürich"}]).encode("latin-1"))
    assert refused().message == "the file is not UTF-8 text"


@pytest.mark.parametrize("mark", [";", "\t"])
def test_another_delimiter_is_refused(tmp_path, refused, mark):
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "f.csv").write_text(focus_text([{}]).replace(",", mark))
    assert refused().message == f"the columns are separated by {mark!r}"


def test_an_unclosed_quote_is_refused(tmp_path, refused):
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "f.csv").write_text(focus_text([{}, {}]) + '"never closed\n')
    refused()


def test_a_manifest_that_names_a_missing_file_is_refused(tmp_path, refused):
    write_cur2(tmp_path / "x", [{"line_item_unblended_cost": 1.0}] * 2, parts=2)
    next((tmp_path / "x").rglob("*00002*")).unlink()
    error = refused(kind="aws-cur2")
    assert "cur2-00002.snappy.parquet, which is not here" in error.message
    assert error.where == "exports/cur2/metadata/BILLING_PERIOD=2026-10/cur2-Manifest.json"


@pytest.mark.parametrize("content", ["{", "[]", json.dumps({"dataFiles": []}), json.dumps({"dataFiles": [1]})])
def test_a_manifest_that_lists_nothing_is_refused(tmp_path, refused, content):
    write_cur2(tmp_path / "x", [{}])
    next((tmp_path / "x").rglob("*Manifest.json")).write_text(content)
    assert "manifest" in refused(kind="aws-cur2").message.lower()


def test_missing_cur_columns_are_all_named(tmp_path, refused):
    write_cur2(tmp_path / "x", [{}], without=["line_item_unblended_cost", "bill_payer_account_id"])
    message = refused(kind="aws-cur2").message
    assert message == "2 CUR 2.0 columns are missing: bill_payer_account_id, line_item_unblended_cost"


def test_an_unknown_line_type_is_refused_with_its_count(tmp_path, refused):
    write_cur2(tmp_path / "x", [{}, {"line_item_line_item_type": "Surprise"}, {"line_item_line_item_type": "Surprise"}])
    error = refused(kind="aws-cur2")
    assert error.message == "2 lines have a line item type that is not known, such as 'Surprise'"
    assert error.where.endswith("cur2-00001.snappy.parquet, row 2")


def test_covered_usage_without_its_amortised_cost_is_refused(tmp_path, refused):
    write_cur2(tmp_path / "x", [{"line_item_line_item_type": "DiscountedUsage"}])
    message = refused(kind="aws-cur2").message
    assert message == "DiscountedUsage lines need reservation_effective_cost, which is empty"


def test_another_source_billing_the_same_usage_is_refused(tmp_path):
    write_focus(tmp_path / "x" / "f.csv", [{}])
    write_focus(tmp_path / "y" / "f.csv", [{"BilledCost": "7"}])
    ingest(tmp_path / "x", tmp_path / "data", name="first")
    with pytest.raises(SourceError) as caught:
        ingest(tmp_path / "y", tmp_path / "data", name="second")
    assert caught.value.message == "source second bills usage of 2026-10 that source first has already billed"
    with pytest.raises(SourceError):
        ingest(tmp_path / "x", tmp_path / "data", name="third")


@pytest.mark.parametrize("name", ["cut.csv", "cut.csv.gz"])
def test_a_file_that_ends_within_quotes_is_refused_though_its_last_row_has_all_cells(tmp_path, refused, name):
    text = focus_text([{}, {"Tags": '{"tenant": "acme"}'}, {}])
    cut = text[: text.index("acme") + 2].encode()
    path = tmp_path / "x" / name
    path.parent.mkdir()
    path.write_bytes(gzip.compress(cut, mtime=0) if name.endswith(".gz") else cut)
    error = refused()
    assert error.message == "the file cannot be read as CSV: unexpected end of data"
    assert error.where == name
    assert "a quote that is never closed" in error.mend


def test_an_inch_sign_in_a_cell_without_quotes_is_a_sign_like_any_other(tmp_path):
    (tmp_path / "x").mkdir()
    text = focus_text([{"ResourceName": "screen"}, {}]).replace("screen", '24" screen')
    (tmp_path / "x" / "october.csv").write_text(text)
    assert ingest(tmp_path / "x", tmp_path / "data")[0].billed_text == "2 USD"
