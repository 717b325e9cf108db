import gzip
import re
from pathlib import Path

import pytest

from agent.errors import ConfigError, SourceError
from tests.agent.billing.golden_ledgers import GOLDEN, verified
from tests.agent.billing.ledgers import ingest, manifest, rows

MAP = """\
version: 1
columns:
  BilledCost: cost
  BillingCurrency: {value: EUR}
  ChargePeriodStart: day
  BillingAccountId: {value: "1"}
  ServiceName: service
"""
DAY = "2026-10-05"


@pytest.fixture
def taken_in(tmp_path):
    """Writes a map and a file, takes the file in, and answers with its ledger rows."""

    def taken_in(text, column_map=MAP, **files):
        (tmp_path / "x").mkdir(exist_ok=True)
        (tmp_path / "columns.yaml").write_text(column_map)
        for name, content in {"a": text, **files}.items():
            (tmp_path / "x" / f"{name}.csv").write_bytes(content if isinstance(content, bytes) else content.encode())
        ingest(tmp_path / "x", tmp_path / "data", kind="csv", columns="columns.yaml")
        assert all(recomputed == recorded for recomputed, recorded in agreed(tmp_path).values())
        return rows(tmp_path / "data")

    taken_in.data = tmp_path / "data"
    return taken_in


def agreed(root):
    content = (root / "columns.yaml").read_bytes()
    return verified(root / "data", root / "x", configured={"columns": content})


def money(found):
    return [(row["x_Kind"], row["Billed"], row["Effective"]) for row in found]


def test_what_is_left_out_is_counted_with_its_sum(tmp_path):
    folder = GOLDEN / "csv" / "german_invoice"
    [delivered] = ingest(folder / "export", tmp_path / "data", kind="csv", columns=str(folder / "columns.yaml"))
    [file] = manifest(tmp_path / "data").files
    assert (file.rows, file.left_out_rows) == (6, 2)
    assert file.left_out == {
        "the gross total (Art Summe brutto)": {"EUR": "1462.34"},
        "the net total (Art Summe netto)": {"EUR": "1228.86"},
    }
    assert delivered.billed_text == "1462.3434 EUR"


def test_a_row_spans_a_day_unless_the_map_says_a_month(taken_in):
    [row] = taken_in(f"day,service,cost\n{DAY},a,1\n")
    assert (str(row["ChargePeriodStart"]), str(row["ChargePeriodEnd"])) == (DAY, "2026-10-06")
    [row] = taken_in(f"day,service,cost\n{DAY},a,1\n", MAP + "dates: {length: month}\n")
    assert str(row["ChargePeriodEnd"]) == "2026-11-01"


def test_another_map_makes_another_version_of_the_same_file(taken_in, tmp_path):
    text = f"day,service,cost,net\n{DAY},a,1,2\n"
    taken_in(text)
    [again] = ingest(tmp_path / "x", tmp_path / "data", kind="csv", columns="columns.yaml")
    assert not again.changed
    assert money(taken_in(text, MAP.replace("cost", "net"))) == [("usage", "2", "2")]
    assert manifest(taken_in.data).ledger_version == 2


def test_unused_columns_are_named(taken_in):
    taken_in(f"day,service,cost,colour,size\n{DAY},a,1,red,2\n")
    assert manifest(taken_in.data).notes == ("columns that the map does not use: colour, size",)


@pytest.mark.parametrize(
    ("form", "written", "read"),
    [
        ("{decimal: ','}", '"1234,5"', "1234.5"),
        ("{decimal: ',', thousands: '.'}", '"-1.234,50"', "-1234.5"),
        ("{decimal: ',', thousands: ' '}", '"1\u202f234,5"', "1234.5"),
        ('{thousands: "\'"}', "1\u2019234.5", "1234.5"),
        ("{thousands: ','}", '"1,234,567.89"', "1234567.89"),
        ("{symbols: [$, USD]}", "-$3.11", "-3.11"),
        ("{symbols: [$, USD]}", "$ -3.11 USD", "-3.11"),
        ("{decimal: ','}", '"5,2E-9"', "0.0000000052"),
        ("{}", "\u22123", "-3"),
        ("{}", "+.5", "0.5"),
        ("{}", "7.", "7"),
    ],
)
def test_amounts_are_read_as_the_map_says_they_are_written(taken_in, form, written, read):
    [row] = taken_in(f"day,service,cost\n{DAY},a,{written}\n", MAP + f"file: {form}\n")
    assert row["Billed"] == read


@pytest.mark.parametrize(
    ("form", "written"),
    [
        ("{}", '"12,50"'),
        ("{}", '"1,234.50"'),
        ("{decimal: ','}", "12.50"),
        ("{decimal: ',', thousands: '.'}", "12.50"),
        ("{decimal: ',', thousands: '.'}", '"1.23,4"'),
        ("{}", "$3"),
        ("{}", "(3)"),
        ("{}", "3-"),
        ("{}", "three"),
        ("{}", "1\x002"),
        ("{}", "١٢"),
    ],
)
def test_an_amount_in_another_form_is_refused_with_its_line(taken_in, form, written):
    with pytest.raises(SourceError, match=r"cost holds .* which is no number") as refused:
        taken_in(f"day,service,cost\n{DAY},a,1\n{DAY},b,{written}\n", MAP + f"file: {form}\n")
    assert refused.value.where == "a.csv:3"
    assert not (taken_in.data / "ledger").exists()


@pytest.mark.parametrize(
    ("dates", "written", "start"),
    [
        ("{format: DD/MM/YYYY}", "05/10/2026", "2026-10-05"),
        ("{format: M/D/YYYY}", "10/5/2026", "2026-10-05"),
        ("{format: YYYYMMDD}", "20261005", "2026-10-05"),
        ("{timezone: America/New_York}", "2026-10-05", "2026-10-05"),
        ("{timezone: America/New_York}", "2026-10-05T23:00:00", "2026-10-06"),
        ("{timezone: America/New_York}", "2026-10-05T23:00:00+02:00", "2026-10-05"),
        ("{format: 'YYYY-MM-DD HH:mm'}", "2026-10-05 13:00", "2026-10-05"),
    ],
)
def test_dates_are_read_as_the_map_says_they_are_written(taken_in, dates, written, start):
    [row] = taken_in(f"day,service,cost\n{written},a,1\n", MAP + f"dates: {dates}\n")
    assert str(row["ChargePeriodStart"]) == start


@pytest.mark.parametrize(
    ("dates", "written"),
    [
        ("{format: DD/MM/YYYY}", "10/31/2026"),
        ("{format: DD/MM/YYYY}", "2026-10-05"),
        ("{format: DD/MM/YYYY}", "31/02/2026"),
        ("{}", "05.10.2026"),
        ("{}", "45935"),
        ("{}", ""),
    ],
)
def test_a_date_in_another_form_is_refused_with_its_line(taken_in, dates, written):
    with pytest.raises(SourceError, match=r"which is no date|day is empty") as refused:
        taken_in(f"day,service,cost\n{written},a,1\n", MAP + f"dates: {dates}\n")
    assert refused.value.where == "a.csv:2"


def test_the_billing_period_may_be_told_apart_from_the_day(taken_in):
    column_map = MAP.replace("  ChargePeriodStart", "  BillingPeriodStart: month\n  ChargePeriodStart")
    [row] = taken_in(
        "day,month,service,cost\n2026-09-30,2026-10,a,1\n", column_map + "dates: {period_format: YYYY-MM}\n"
    )
    assert (str(row["BillingPeriodStart"]), str(row["ChargePeriodStart"])) == ("2026-10-01", "2026-09-30")


def test_an_end_that_is_not_after_its_start_is_refused_with_the_likely_cause(taken_in):
    column_map = MAP.replace("  ChargePeriodStart", "  ChargePeriodEnd: end\n  ChargePeriodStart")
    with pytest.raises(SourceError, match="end is not after day") as refused:
        taken_in(f"day,end,service,cost\n{DAY},{DAY},a,1\n", column_map)
    assert "inclusive_end" in refused.value.mend
    [row] = taken_in(f"day,end,service,cost\n{DAY},{DAY},a,1\n", column_map + "dates: {inclusive_end: true}\n")
    assert str(row["ChargePeriodEnd"]) == "2026-10-06"


TYPED = MAP + "  Kind: {column: type, values: {U: usage, VAT: tax, CR: credit, RF: refund, FE: fee}}\n"


def test_kinds_and_categories_follow_the_value_table(taken_in):
    lines = "".join(f"{DAY},{kind},{kind},1\n" for kind in ("U", "VAT", "CR", "RF", "FE"))
    found = taken_in(f"day,type,service,cost\n{lines}", TYPED)
    assert {(row["ServiceName"], row["x_Kind"], row["ChargeCategory"]) for row in found} == {
        ("U", "usage", "Usage"),
        ("VAT", "tax", "Tax"),
        ("CR", "credit", "Credit"),
        ("RF", "refund", "Adjustment"),
        ("FE", "fee", "Purchase"),
    }


def test_a_type_that_the_table_does_not_list_is_refused_with_its_count(taken_in):
    with pytest.raises(SourceError, match="type holds 'ZZ' in 2 rows, which is no Kind") as refused:
        taken_in(f"day,type,service,cost\n{DAY},U,a,1\n{DAY},ZZ,a,1\n{DAY},ZZ,b,1\n", TYPED)
    assert (refused.value.where, refused.value.mend) == (
        "a.csv:3",
        "say in the column map what it means: columns.Kind.values",
    )


def test_otherwise_takes_what_the_table_does_not_list(taken_in):
    column_map = TYPED.replace("FE: fee}", "FE: fee}, otherwise: support")
    assert money(taken_in(f"day,type,service,cost\n{DAY},ZZ,a,1\n", column_map)) == [("support", "1", "1")]


def test_without_a_table_category_and_wording_decide(taken_in):
    column_map = MAP + "  ChargeCategory: type\n  ChargeDescription: text\n"
    charges = ("usage,web,hours,1", "Usage,web,volume discount,-1", "TAX,web,,2", "Usage,Premium Support,,3")
    lines = "".join(f"{DAY},{charge}\n" for charge in charges)
    assert sorted(money(taken_in(f"day,type,service,text,cost\n{lines}", column_map))) == [
        ("discount", "-1", "-1"),
        ("support", "3", "3"),
        ("tax", "2", "2"),
        ("usage", "1", "1"),
    ]


def test_signs_are_turned_for_all_or_for_kinds(taken_in):
    text = f"day,type,service,cost\n{DAY},U,a,1E-25\n{DAY},CR,a,2\n"
    assert ("credit", "-2", "-2") in money(taken_in(text, TYPED + "negate: [credit]\n"))
    assert manifest(taken_in.data).files[0].sums["EUR"]["BilledCost"] == f"-1.{'9' * 25}"
    assert ("credit", "-2", "-2") in money(taken_in(text, TYPED + "negate: all\n"))
    assert manifest(taken_in.data).files[0].sums["EUR"]["BilledCost"] == f"-2.{'0' * 24}1"


def test_tax_beside_the_cost_becomes_rows_of_its_own(taken_in):
    column_map = MAP + "tax: {amount: vat}\n"
    assert money(taken_in(f"day,service,cost,vat\n{DAY},a,10,2.5\n{DAY},b,10,\n{DAY},c,1,0\n", column_map)) == [
        ("tax", "2.5", "2.5"),
        ("usage", "10", "10"),
        ("usage", "10", "10"),
        ("usage", "1", "1"),
    ]
    assert manifest(taken_in.data).lines == 3


def test_a_percentage_of_tax_is_exact_and_never_taken_of_tax(taken_in):
    column_map = TYPED + "tax: {percent: {value: '7.7'}}\n"
    found = money(taken_in(f"day,type,service,cost\n{DAY},U,a,0.333\n{DAY},VAT,b,1\n", column_map))
    assert found == [("tax", "0.025641", "0.025641"), ("usage", "0.333", "0.333"), ("tax", "1", "1")]


def test_a_list_gives_a_key_twice_and_a_value_an_equals_sign(taken_in):
    column_map = MAP + "tags:\n  - {column: tags, as: list}\n"
    found = taken_in(f"day,service,cost,tags\n{DAY},a,1,tenant=acme;tenant=globex\n{DAY},b,1,solo;k=v=w\n", column_map)
    assert [row["Tags"] for row in found] == ['{"tenant":"acme","tenant ":"globex"}', '{"k":"v=w","solo":""}']


def test_the_first_of_several_columns_gives_a_key_its_value(taken_in):
    column_map = MAP + "tags:\n  - {column: t1, key: tenant}\n  - {column: t2, as: json}\n"
    [row] = taken_in(f'day,service,cost,t1,t2\n{DAY},a,1,acme,"{{""tenant"": ""x"", ""b"": 1.50}}"\n', column_map)
    assert row["Tags"] == '{"b":"1.50","tenant":"acme"}'


def test_semicolons_tabs_encodings_and_gzip(taken_in):
    tabs = f"day\tservice\tcost\n{DAY}\tcafé\t1\n".encode("cp1252")
    [row] = taken_in(gzip.compress(tabs, mtime=0), MAP + "file: {delimiter: tab, encoding: cp1252}\n")
    assert row["ServiceName"] == "café"


@pytest.mark.parametrize(
    ("text", "message", "where"),
    [
        ("", "the file is empty", "a.csv"),
        ("day,service,cost\n", "the file has no rows", "a.csv"),
        ("day,service,costs\n", "names columns that are not here: 'cost'; did you mean 'costs'", "a.csv:1"),
        ("day,service,cost,cost\n", "the header names 'cost' twice", "a.csv:1"),
        ("day;service;cost\n", "the columns are separated by ';'", "a.csv:1"),
        (f"day,service,cost\n{DAY},a,1\n{DAY},a\n", "a row has 2 cells, the header has 3", "a.csv:3"),
        (f"day,service,cost\n{DAY},,1\n", "service is empty", "a.csv:2"),
        (f"day,service,cost\n{DAY},a,\n", "cost is empty", "a.csv:2"),
        (f"day,service,cost\n{DAY},caf\udce9,1\n".encode("utf-8", "surrogateescape"), "is not UTF-8 text", "a.csv"),
    ],
)
def test_a_file_that_cannot_be_read_exactly_is_refused_and_named(taken_in, text, message, where):
    with pytest.raises(SourceError, match=message) as refused:
        taken_in(text)
    assert refused.value.where == where


def test_an_unknown_currency_is_refused(taken_in):
    with pytest.raises(SourceError, match="currency holds 'EURO' in 1 rows, which is no BillingCurrency"):
        taken_in(f"day,service,cost,currency\n{DAY},a,1,EURO\n", MAP.replace("{value: EUR}", "currency"))


def test_an_account_that_a_spreadsheet_rounded_is_refused(taken_in):
    with pytest.raises(SourceError, match="a spreadsheet has rounded this id"):
        taken_in(f"day,service,cost,account\n{DAY},a,1,1.23E+11\n", MAP.replace('{value: "1"}', "account"))


def test_a_fault_below_rows_that_are_left_out_names_its_own_line(taken_in):
    column_map = MAP + "leave_out: [{column: service, equals: Total, reason: a total}]\n"
    with pytest.raises(SourceError, match="no number") as refused:
        taken_in(f"day,service,cost\n{DAY},a,1\n,Total,1\n{DAY},b,x\n", column_map)
    assert refused.value.where == "a.csv:4"
    with pytest.raises(SourceError, match="no number") as refused:
        taken_in(f"day,service,cost\n{DAY},a,1\n,Total,1\n{DAY},b,2\n,Total,x\n", column_map)
    assert refused.value.where == "a.csv:5"


def test_a_file_of_totals_only_is_refused(taken_in):
    column_map = MAP + "leave_out: [{column: service, equals: Total, reason: a total}]\n"
    with pytest.raises(SourceError, match="every row of the file is left out"):
        taken_in("day,service,cost\n,Total,1\n", column_map)


def test_one_file_under_two_names_is_refused(taken_in):
    text = f"day,service,cost\n{DAY},a,1\n"
    with pytest.raises(SourceError, match="hold the same rows"):
        taken_in(text, b=text)


EXAMPLES = sorted((Path(__file__).parents[3] / "examples").glob("columns-*.yaml"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_reads_the_invoice_that_it_shows(taken_in, path):
    column_map = path.read_text()
    invoice = "".join(f"{line}\n" for line in re.findall(r"^#   (.*)$", column_map, re.MULTILINE))
    assert {
        "columns-hetzner": [("usage", "6.8", "6.8"), ("tax", "1.292", "1.292")],
        "columns-ovh": [("credit", "-5", "-5"), ("usage", "12.5", "12.5"), ("tax", "-1", "-1"), ("tax", "2.5", "2.5")],
    }[path.stem] == sorted(money(taken_in(invoice, column_map)), key=lambda line: (line[0] == "tax", line))


def test_a_map_with_mistakes_names_them_all(taken_in):
    with pytest.raises(ConfigError) as refused:
        taken_in("x", MAP + "dates: {format: DD.MM}\nfile: {decimal: ';'}\n")
    assert [fault.line for fault in refused.value.faults] == [8, 9]


INVOICED = MAP.replace("columns:\n", "columns:\n  InvoiceId: invoice\n", 1)


def test_two_files_of_one_invoice_are_refused_though_every_amount_differs(taken_in):
    first, second = (f"day,service,cost,invoice\n{DAY},a,{cost},R-1\n" for cost in (1, 2))
    with pytest.raises(SourceError) as refused:
        taken_in(first, INVOICED, b=second)
    assert (refused.value.message, refused.value.where) == ("a.csv and b.csv both hold invoice R-1", "b.csv")


def test_files_of_other_invoices_months_or_without_a_number_are_one_bill(taken_in):
    text = "day,service,cost,invoice\n{},a,{},{}\n"
    others = {"b": text.format(DAY, 2, "R-2"), "c": text.format("2026-09-05", 3, "R-1"), "d": text.format(DAY, 4, "")}
    found = taken_in(text.format(DAY, 1, "R-1"), INVOICED, **others, e=text.format(DAY, 5, ""))
    assert sorted(row["Billed"] for row in found) == ["1", "2", "9"]


@pytest.mark.parametrize("written", ["2026-W40", "20261005", "2026-W40-1"])
def test_a_date_without_a_format_is_a_year_a_month_and_a_day(taken_in, written):
    with pytest.raises(SourceError, match="which is no date"):
        taken_in(f"day,service,cost\n{written},a,1\n")
