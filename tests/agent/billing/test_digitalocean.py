import gzip

import pytest

from agent.errors import SourceError
from tests.agent.billing.golden_ledgers import GOLDEN, verified
from tests.agent.billing.ledgers import ingest, manifest, rows

NAME = "DigitalOcean Invoice 2026 Oct (6173678-418071234)"
HEADER = "product,group_description,description,hours,start,end,USD,project_name,category\n"
START, END = "2026-10-05 00:00:00 +0000", "2026-10-06 00:00:00 +0000"
ROW = f"Droplets,,web-1,24,{START},{END},$1.00,shop,iaas\n"


@pytest.fixture
def delivered(tmp_path):
    """Writes invoices by name, takes them in, and checks verify on them."""

    def delivered(text, name=NAME, **others):
        (tmp_path / "x").mkdir(exist_ok=True)
        for each, content in {name: text, **others}.items():
            raw = content if isinstance(content, bytes) else content.encode()
            (tmp_path / "x" / f"{each}.csv").write_bytes(raw)
        found = ingest(tmp_path / "x", tmp_path / "data", kind="digitalocean")
        told = verified(tmp_path / "data", tmp_path / "x")
        assert all(recomputed == recorded for recomputed, recorded in told.values())
        return found

    delivered.data = tmp_path / "data"
    return delivered


def test_an_invoice_by_its_own_name_is_final_and_another_an_estimate(delivered):
    [invoiced] = delivered(HEADER + ROW)
    assert invoiced.estimated_until is None
    assert manifest(delivered.data).invoices == {"418071234": {"USD": "1"}}


def test_without_the_name_the_month_is_that_of_all_items_and_the_invoice_unknown(delivered):
    [told] = delivered(HEADER + ROW, "download")
    assert (str(told.period), told.estimated_until) == ("2026-10", "2026-11-01")
    assert told.notes == ("download.csv does not tell the invoice's number by its name",)


def test_items_of_two_months_need_a_name_that_tells_one(delivered):
    both = HEADER + ROW + ROW.replace("2026-10-05", "2026-09-30")
    with pytest.raises(SourceError, match="begin in 2 months, 2026-09 to 2026-10, and its name tells none"):
        delivered(both, "download")


def test_a_month_in_the_name_is_the_invoiced_one(delivered):
    [told] = delivered(HEADER + ROW + ROW.replace("2026-10-05", "2026-09-30"), "do-2026-10")
    assert (str(told.period), told.billed_text) == ("2026-10", "2 USD")


@pytest.mark.parametrize(
    "header",
    [
        "Product,Group_Description,Description,Hours,Start,End,USD,Project_Name,Category\n",
        "product,group_description,description,hours,start,end,USD,project_name\n",
        "\ufeffproduct,group_description,description,duration,start_time,end_time,amount,project_name,category\n",
        "product,group_description,description,hours,start,end,USD,project_name,category,resource_id\n",
    ],
)
def test_headers_differ_in_case_and_columns(delivered, header):
    cells = ROW.strip().split(",")
    width = header.count(",") + 1
    [told] = delivered(header + ",".join([*cells, "4711"][:width]) + "\n")
    assert told.billed_text == "1 USD"
    [row] = rows(delivered.data)
    assert (row["Tags"], row["ResourceId"]) == ('{"project":"shop"}', "4711" if "resource_id" in header else None)


def test_another_currency_names_its_column(delivered):
    [told] = delivered(HEADER.replace("USD", "EUR") + ROW.replace("$", ""))
    assert told.billed_text == "1 EUR"


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("$3.11", "3.11"),
        ("-$3.11", "-3.11"),
        ("$-3.11", "-3.11"),
        ('"$1,234,567.8"', "1234567.8"),
        ("5E-9", "0.000000005"),
    ],
)
def test_amounts_are_dollars_as_written(delivered, written, read):
    delivered(HEADER + ROW.replace("$1.00", written))
    assert rows(delivered.data)[0]["Billed"] == read


@pytest.mark.parametrize(
    ("text", "message", "where"),
    [
        ("", "the file is empty", ""),
        (HEADER, "the file has no rows", ""),
        (HEADER.replace(",USD", ",Cost") + ROW, "1 DigitalOcean invoice column is missing: usd", ":1"),
        (HEADER.replace("hours,start", "start,start") + ROW, "the header names 'start' twice", ":1"),
        (HEADER.replace("hours", "EUR") + ROW, "the header names several currencies: EUR, USD", ":1"),
        (HEADER + ROW + "Droplets,,web\n", "a row has 3 cells, the header has 9", ":3"),
        (HEADER + ROW + ROW.replace("$1.00", '"1,5"'), "amount holds '1,5', which is no amount", ":3"),
        (HEADER + ROW.replace("$1.00", '"$1,23.00"'), "which is no amount", ":2"),
        (HEADER + ROW.replace("$1.00", "1.00 EUR"), "which is no amount", ":2"),
        (HEADER + ROW.replace("$1.00", ""), "amount is empty", ":2"),
        (HEADER + ROW.replace("$1.00", "$1\x00"), "which is no amount", ":2"),
        (HEADER + ROW.replace(START, "5 October"), "start_time holds '5 October', which is no date", ":2"),
        (HEADER + ROW.replace("Droplets", ""), "product is empty", ":2"),
        (HEADER.replace(",", ";"), "the columns are separated by ';'", ":1"),
    ],
)
def test_an_invoice_that_cannot_be_read_exactly_is_refused_and_named(delivered, text, message, where):
    with pytest.raises(SourceError, match=message) as refused:
        delivered(text)
    assert refused.value.where == f"{NAME}.csv{where}"
    assert not (delivered.data / "ledger").exists()


SAME_NUMBER = f"{NAME} (1)"
OTHER = "DigitalOcean Invoice 2026 Oct (6173678-418071299)"
PREVIEW = "DigitalOcean Invoice 2026 Oct preview"


@pytest.mark.parametrize("more", ["", ROW.replace("web-1", "web-2")])
def test_an_invoice_given_twice_is_refused_though_one_download_has_more_lines(delivered, more):
    with pytest.raises(SourceError) as refused:
        delivered(HEADER + ROW, **{SAME_NUMBER: HEADER + ROW + more})
    assert refused.value.message == (f"{SAME_NUMBER}.csv and {NAME}.csv, of 2026-10, are both of invoice 418071234")
    assert refused.value.mend == "keep the newer download"
    assert not (delivered.data / "ledger").exists()


@pytest.mark.parametrize("content", [HEADER + ROW, gzip.compress((HEADER + ROW).encode(), mtime=0), HEADER + ROW * 2])
def test_an_invoice_under_a_name_that_tells_no_number_is_refused_beside_another_of_its_month(delivered, content):
    with pytest.raises(SourceError, match=r"may be of one invoice: copy\.csv does not tell its number by its name"):
        delivered(HEADER + ROW, copy=content)


def test_two_invoices_of_a_month_are_both_billed(delivered):
    [told] = delivered(HEADER + ROW, **{OTHER: HEADER + ROW.replace("web-1", "web-2").replace("$1.00", "$2.50")})
    assert told.billed_text == "3.5 USD"


def test_a_preview_yields_to_the_invoice_of_its_month_and_a_note_says_so(delivered):
    [told] = delivered(HEADER + ROW.replace("$1.00", "$0.90"), PREVIEW)
    assert (told.billed_text, told.estimated_until) == ("0.9 USD", "2026-11-01")
    [told] = delivered(HEADER + ROW)
    assert (told.billed_text, told.estimated_until, told.version) == ("1 USD", None, 2)
    assert f"2026-10: the month is invoiced; {PREVIEW}.csv is not used" in told.notes


def test_two_previews_of_a_month_are_refused(delivered):
    with pytest.raises(SourceError, match="are both of the month to date"):
        delivered(HEADER + ROW, PREVIEW, **{f"{PREVIEW} (1)": HEADER + ROW.replace("$1.00", "$2.00")})


def test_a_month_by_the_api_and_by_csv_is_refused(tmp_path, delivered):
    fetched = GOLDEN / "digitalocean" / "fetched" / "export"
    (tmp_path / "x").mkdir()
    for file in fetched.rglob("*.json"):
        (tmp_path / "x" / file.name).write_bytes(file.read_bytes())
    [month] = {str(one.period) for one in ingest(fetched, tmp_path / "other", kind="digitalocean")[:1]}
    with pytest.raises(SourceError, match="are by the API and a CSV"):
        delivered(HEADER + ROW, f"DigitalOcean Invoice {month} (1-2)")


@pytest.mark.parametrize(
    ("product", "kind", "category"),
    [
        ("Droplets", "usage", "Usage"),
        ("Premium Support", "support", "Usage"),
        ("Marketplace", "marketplace", "Usage"),
        ("Add-Ons", "marketplace", "Usage"),
        ("Taxes", "tax", "Tax"),
        ("Credits", "credit", "Credit"),
        ("Refunds", "refund", "Adjustment"),
        ("Adjustments", "correction", "Adjustment"),
        ("Contract Discount", "discount", "Usage"),
        ("A product of next year", "usage", "Usage"),
    ],
)
def test_products_tell_their_kind(delivered, product, kind, category):
    delivered(HEADER + ROW.replace("Droplets", product))
    [row] = rows(delivered.data)
    assert (row["x_Kind"], row["ChargeCategory"]) == (kind, category)
