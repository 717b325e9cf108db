import gzip
from datetime import date
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from agent.period import Period
from tests.agent.billing.ledgers import OCTOBER, ingest, manifest, rows
from tests.focus_rows import focus_row, focus_text, write_focus


@pytest.fixture
def data(tmp_path):
    return tmp_path / "data"


def test_a_line_becomes_a_ledger_row_with_exact_units(tmp_path, data):
    write_focus(tmp_path / "f.csv", [{"BilledCost": "5.2E-9", "EffectiveCost": "0.1", "ResourceId": "i-1"}])
    delivered = ingest(tmp_path / "f.csv", data)
    [row] = rows(data)
    assert (row["Billed"], row["Effective"], row["List"]) == ("0.0000000052", "0.1", "0.0000000052")
    assert row["x_BilledUnits"] == Decimal(5_200_000_000_000_000)
    assert (row["ResourceId"], row["SubAccountId"], row["x_Kind"], row["x_Lines"]) == (
        "i-1",
        "012345678901",
        "usage",
        1,
    )
    assert (row["ChargePeriodStart"], row["ChargePeriodEnd"]) == (date(2026, 10, 5), date(2026, 10, 6))
    assert row["ConsumedQuantity"] == Decimal(1)
    assert row["InvoiceId"] is None
    assert [(d.period, d.version, d.changed, d.rows, d.lines, d.billed_text) for d in delivered] == [
        (OCTOBER, 1, True, 1, 1, "0.0000000052 USD")
    ]


def test_hours_of_a_day_are_summed_into_one_row(tmp_path, data):
    hours = [
        {
            "BilledCost": "0.1",
            "ChargePeriodStart": f"2026-10-05T{hour:02d}:00:00Z",
            "ChargePeriodEnd": f"2026-10-05T{hour + 1:02d}:00:00Z" if hour < 23 else "2026-10-06T00:00:00Z",
        }
        for hour in range(24)
    ]
    ingest(write_focus(tmp_path / "f.csv", hours), data)
    [row] = rows(data)
    assert (row["Billed"], row["x_Lines"], row["ConsumedQuantity"]) == ("2.4", 24, Decimal(24))


def test_plain_gzip_and_parquet_give_the_same_ledger_bytes(tmp_path):
    lines = [
        {"BilledCost": f"1.{n:03d}", "ResourceId": f"i-{n}", "Tags": f'{{"tenant": "t{n % 3}"}}'} for n in range(50)
    ]
    write_focus(tmp_path / "a" / "f.csv", lines)
    write_focus(tmp_path / "b" / "f.csv.gz", lines)
    full = [{name: value or None for name, value in focus_row(line).items()} for line in lines]
    (tmp_path / "c").mkdir()
    pq.write_table(pa.Table.from_pylist(full), tmp_path / "c" / "f.parquet")
    written = []
    for folder in "abc":
        ingest(tmp_path / folder, tmp_path / "data" / folder)
        [entry] = manifest(tmp_path / "data" / folder).ledger
        written.append(entry.sha256)
    assert len(set(written)) == 1


def test_parquet_types_of_providers_are_read_exactly(tmp_path, data):
    line = focus_row({"SubAccountId": "007"})
    table = pa.Table.from_pylist([line, line])
    typed = {
        "BilledCost": pa.array([0.1, 2.5e-13]),
        "EffectiveCost": pa.array([Decimal("0.123456789012345678901234"), Decimal(1)], pa.decimal128(38, 24)),
        "ListCost": pa.array([3, None], pa.int64()),
        "ContractedCost": pa.array(["1E-3", None]),
        "ChargePeriodStart": pa.array([date(2026, 10, 5)] * 2),
        "Tags": pa.array([[("a", "1"), ("b", None)], [("b", ""), ("a", "1")]], pa.map_(pa.string(), pa.string())),
    }
    for name, column in typed.items():
        table = table.set_column(table.schema.get_field_index(name), name, column)
    pq.write_table(table, tmp_path / "f.parquet")
    ingest(tmp_path / "f.parquet", data)
    [row] = rows(data)
    assert (row["Billed"], row["Effective"]) == ("0.10000000000025", "1.123456789012345678901234")
    assert (row["List"], row["Tags"], row["SubAccountId"]) == ("3", '{"a":"1","b":""}', "007")


@pytest.mark.parametrize("token", ["", "NULL", "null", "None"])
def test_each_null_token_is_null(tmp_path, data, token):
    ingest(write_focus(tmp_path / "f.csv", [{"ResourceId": token, "ListCost": token, "Tags": token}]), data)
    [row] = rows(data)
    assert (row["ResourceId"], row["List"], row["Tags"]) == (None, "0", "{}")


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2026-10-05T13:00:00Z", "2026-10-05T14:00:00Z"),
        ("2026-10-05T13:00:00.000Z", "2026-10-05T14:00:00.000Z"),
        ("2026-10-05T13:00Z", "2026-10-05T14:00Z"),
        ("2026-10-05 13:00:00", "2026-10-05 14:00:00"),
        ("10/05/2026", "10/06/2026"),
        ("10/5/2026", "10/6/2026"),
        ("2026-10-05", "2026-10-06"),
        ("2026-10-06 01:30:00+02:00", "2026-10-06 02:00:00+02:00"),
        ("2026-10-05 13:00:00 UTC", "2026-10-05 14:00:00 UTC"),
    ],
)
def test_date_forms_of_real_exports(tmp_path, data, start, end):
    line = {"BillingPeriodStart": "2026-10-01", "ChargePeriodStart": start, "ChargePeriodEnd": end}
    ingest(write_focus(tmp_path / "f.csv", [line]), data)
    [row] = rows(data)
    assert (row["ChargePeriodStart"], row["ChargePeriodEnd"]) == (date(2026, 10, 5), date(2026, 10, 6))


def test_the_billing_period_is_the_month_its_provider_wrote(tmp_path, data):
    line = {"BillingPeriodStart": "2026-10-01T00:00:00+02:00", "ChargePeriodStart": "2026-10-05"}
    ingest(write_focus(tmp_path / "f.csv", [line | {"ChargePeriodEnd": "2026-10-06"}]), data)
    assert rows(data)[0]["BillingPeriodStart"] == date(2026, 10, 1)


def test_a_span_of_over_a_day_ends_after_its_last_moment_a_shorter_one_after_its_first_day(tmp_path, data):
    spans = [
        ("2026-10-01T00:00:00Z", "2026-11-01T00:00:00Z"),
        ("2026-10-03T00:00:00Z", "2026-10-03T00:00:00Z"),
        ("2026-10-04T23:00:00Z", "2026-10-05T00:00:01Z"),
        ("2026-10-06T23:00:00Z", "2026-10-08T00:00:00Z"),
    ]
    lines = [{"ChargePeriodStart": start, "ChargePeriodEnd": end} for start, end in spans]
    ingest(write_focus(tmp_path / "f.csv", lines), data)
    assert [(row["ChargePeriodStart"].day, row["ChargePeriodEnd"].isoformat()) for row in rows(data)] == [
        (1, "2026-11-01"),
        (3, "2026-10-04"),
        (4, "2026-10-05"),
        (6, "2026-10-08"),
    ]


def test_header_forms_bom_crlf_case_localised_and_old_names(tmp_path, data):
    text = focus_text([{"BilledCost": "2"}])
    header, rest = text.split("\n", 1)
    renamed = {"BilledCost": "billedcost", "RegionId": "Region", "SubAccountId": "Abonnement-GUID (SubAccountId)"}
    names = [renamed.get(name, name) for name in header.split(",")]
    names[names.index("EffectiveCost")] = "AmortizedCost"
    names[names.index("ProviderName")] = "ServiceProviderName"
    crlf = (",".join(names) + "\n" + rest).replace("\n", "\r\n")
    (tmp_path / "f.csv").write_bytes(b"\xef\xbb\xbf" + crlf.encode())
    ingest(tmp_path / "f.csv", data)
    [row] = rows(data)
    assert (row["Billed"], row["Effective"], row["RegionId"], row["SubAccountId"], row["ProviderName"]) == (
        "2",
        "2",
        "eu-west-3",
        "012345678901",
        "AWS",
    )


def test_optional_columns_may_be_missing(tmp_path, data):
    without = ["ListCost", "ContractedCost", "Tags", "ResourceId", "ChargeClass", "PublisherName", "ConsumedQuantity"]
    ingest(write_focus(tmp_path / "f.csv", [{"BilledCost": "1"}], without=without), data)
    [row] = rows(data)
    assert (row["List"], row["Tags"], row["ResourceId"], row["ConsumedQuantity"]) == ("0", "{}", None, None)


def test_quotes_newlines_and_commas_in_tags_survive(tmp_path, data):
    tags = '{"tenant": "a \\"b\\"\\n, c", "note": "x,y", " org": "1", "org": "2"}'
    ingest(write_focus(tmp_path / "f.csv", [{"Tags": tags, "ResourceName": 'two\nlines, "quoted"'}]), data)
    [row] = rows(data)
    assert row["Tags"] == '{" org":"1","note":"x,y","org":"2","tenant":"a \\"b\\"\\n, c"}'
    assert row["ResourceName"] == 'two\nlines, "quoted"'


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ('"env": "prod","note": "a: b","tenant": "acme"', '{"env":"prod","note":"a: b","tenant":"acme"}'),
        ('{"n": 1.50, "t": true, "e": null}', '{"e":"","n":"1.50","t":"true"}'),
        ("[{'key': 'tenant', 'value': 'acme', 'namespace': None}]", '{"tenant":"acme"}'),
        ('[{"key": "tenant", "value": "acme"}]', '{"tenant":"acme"}'),
    ],
)
def test_tag_encodings(tmp_path, data, written, canonical):
    ingest(write_focus(tmp_path / "f.csv", [{"Tags": written}]), data)
    assert rows(data)[0]["Tags"] == canonical


def test_tags_that_cannot_be_read_are_counted_by_file(tmp_path, data):
    ingest(write_focus(tmp_path / "x" / "f.csv", [{"Tags": "tenant=acme"}] * 3 + [{"Tags": "{}"}]), data)
    assert manifest(data).tag_failures == {"f.csv": 3}
    [row] = rows(data)
    assert (row["Tags"], row["x_Lines"]) == ("{}", 4)


def test_digits_below_a_unit_are_booked_as_a_rounding_row(tmp_path, data):
    fine = "0.1000000000000000000000006"
    lines = [{"BilledCost": fine, "EffectiveCost": "1", "ListCost": "1", "ContractedCost": "1"}] * 3
    ingest(write_focus(tmp_path / "f.csv", lines), data)
    rounding, usage = rows(data)
    assert (usage["Billed"], usage["x_Lines"]) == ("0.3", 3)
    assert (rounding["x_Kind"], rounding["Billed"], rounding["Effective"], rounding["x_Lines"]) == (
        "rounding",
        "0.000000000000000000000001",
        "0",
        0,
    )
    assert (rounding["ServiceName"], rounding["Tags"], rounding["BillingCurrency"]) == (None, "{}", "USD")
    found = manifest(data)
    assert found.files[0].sums["USD"]["BilledCost"] == "0.3000000000000000000000018"
    assert found.rounding == {"USD": {"BilledCost": "0.0000000000000000000000018"}}
    assert found.notes == ("8E-25 USD of BilledCost lies below 1e-24 and stands in no row",)


def test_hundreds_of_decimals_are_told_in_short_and_recorded_in_full(tmp_path, data):
    tiny = "0." + "0" * 43 + "1" + "0" * 255 + "5"
    ingest(write_focus(tmp_path / "f.csv", [{"BilledCost": tiny}, {"BilledCost": "-1E-400"}]), data)
    found = manifest(data)
    assert found.notes[0] == "1…E-44 USD of BilledCost lies below 1e-24 and stands in no row"
    assert Decimal(found.rounding["USD"]["BilledCost"]) == Decimal(tiny.removesuffix("5") + "4" + "9" * 100)


def test_amounts_too_large_for_64_bits_of_picos_stay_exact(tmp_path, data):
    lines = [{"BilledCost": "12345678901234.000000000001"}, {"BilledCost": "-345678901234.5"}, {"BilledCost": "0.1"}]
    ingest(write_focus(tmp_path / "f.csv", lines), data)
    assert rows(data)[0]["Billed"] == "11999999999999.600000000001"


def test_the_manifest_says_what_was_read(tmp_path, data):
    lines = [
        {"BilledCost": "3", "ChargePeriodStart": "2026-10-30T13:00:00Z", "ChargePeriodEnd": "2026-10-31T12:00:00Z"},
        {"BilledCost": "1", "ChargeCategory": "Tax", "ChargePeriodEnd": "2026-11-01"},
        {"BilledCost": "-0.5", "ChargeCategory": "Credit"},
    ]
    path = write_focus(tmp_path / "x" / "sub" / "f.csv", lines)
    ingest(tmp_path / "x", data)
    found = manifest(data)
    assert (found.source, found.kind, found.period, found.ledger_version) == ("bill", "focus", "2026-10", 1)
    assert (found.completeness, found.usage_through, found.stale) == ("not proven", "2026-10-30", False)
    [file] = found.files
    assert (file.path, file.bytes, file.rows) == ("sub/f.csv", path.stat().st_size, 3)
    assert file.sums["USD"]["BilledCost"] == found.ledger_sums["USD"]["BilledCost"] == "3.5"
    assert {kind: (sums.rows, sums.BilledCost) for kind, sums in found.kinds.items()} == {
        "usage": (1, "3"),
        "tax": (1, "1"),
        "credit": (1, "-0.5"),
    }


def test_several_files_and_periods(tmp_path, data):
    write_focus(
        tmp_path / "x" / "1.csv", [{"BilledCost": "1"}, {"BilledCost": "2", "BillingPeriodStart": "2026-09-01"}]
    )
    write_focus(tmp_path / "x" / "2.csv", [{"BilledCost": "4"}])
    delivered = ingest(tmp_path / "x", data)
    assert [(str(d.period), d.lines, d.billed_text) for d in delivered] == [
        ("2026-09", 1, "2 USD"),
        ("2026-10", 2, "5 USD"),
    ]
    assert [(file.path, file.rows, file.all_rows) for file in manifest(data).files] == [
        ("1.csv", 1, 2),
        ("2.csv", 1, 1),
    ]


def test_only_the_periods_asked_for_are_taken_in(tmp_path, data):
    write_focus(tmp_path / "f.csv", [{"BilledCost": "1"}, {"BilledCost": "2", "BillingPeriodStart": "2026-09-01"}])
    asked = ingest(tmp_path / "f.csv", data, periods={Period(2026, 9)})
    assert [str(d.period) for d in asked] == ["2026-09"]
    assert [(str(d.period), d.changed) for d in ingest(tmp_path / "f.csv", data)] == [
        ("2026-09", False),
        ("2026-10", True),
    ]


def test_currencies_may_differ_by_account(tmp_path, data):
    lines = [{"BilledCost": "1"}, {"BilledCost": "2", "BillingAccountId": "2", "BillingCurrency": "EUR"}]
    delivered = ingest(write_focus(tmp_path / "f.csv", lines), data)
    assert delivered[0].billed_text == "2 EUR, 1 USD"
    assert set(manifest(data).kinds) == {"usage/EUR", "usage/USD"}


def test_a_gzip_of_several_members_is_read_whole(tmp_path, data):
    head, rest = focus_text([{"BilledCost": "1"}, {"BilledCost": "2"}]).split("\n", 1)
    (tmp_path / "f.csv.gz").write_bytes(gzip.compress(f"{head}\n".encode()) + gzip.compress(rest.encode()))
    assert ingest(tmp_path / "f.csv.gz", data)[0].billed_text == "3 USD"


def test_many_blocks_make_one_ledger(tmp_path, data):
    lines = [{"BilledCost": "0.01", "ResourceId": f"i-{n % 40}", "ResourceName": "x" * 300} for n in range(9000)]
    assert ingest(write_focus(tmp_path / "f.csv", lines), data)[0].billed_text == "90 USD"
    assert len(rows(data)) == 40
