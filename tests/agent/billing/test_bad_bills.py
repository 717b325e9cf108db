"""What can be wrong with a delivery, done to every kind of source alike.

Each is refused with a message that names the file and where it can the line, or taken in to the last digit. In every
case the version that was in force stays, or the new one holds the whole of the new delivery.
"""

import json
from decimal import Decimal

import pyarrow.parquet as pq
import pytest

from agent.billing import SOURCES, source_of
from agent.billing.ledger.versions import periods
from agent.errors import SourceError
from tests.agent.billing.bills import bills, packed, parquets
from tests.agent.billing.ledgers import ingest, manifest, rows
from tests.azure_rows import write_run
from tests.cur2_rows import write_cur2
from tests.cur_rows import write_cur
from tests.focus_rows import write_focus

CSV_KINDS = ("focus", "aws-cur", "azure", "gcp", "oci", "csv")
PARQUET_KINDS = ("focus", "aws-cur", "aws-cur2", "azure", "gcp")
ALL_CSV_KINDS = (*CSV_KINDS, "digitalocean")
"""DigitalOcean's invoice names neither account, currency, ids nor tags; what it fetches is spoiled by its own tests."""
FINE = "0.000000000000000123456789"


with_all_columns = pytest.mark.parametrize("bill", CSV_KINDS, indirect=True)


def test_every_kind_of_source_is_spoiled_here():
    assert set(SOURCES) <= {*ALL_CSV_KINDS, *PARQUET_KINDS}


@pytest.mark.parametrize("kind", SOURCES)
def test_a_source_is_found_by_its_kind(kind):
    assert source_of(kind).kind == kind


@pytest.fixture(params=ALL_CSV_KINDS)
def bill(request, tmp_path):
    return bills(tmp_path)[request.param]


@pytest.fixture
def redelivered(bill, tmp_path):
    """Takes the good bill in, replaces its file by others, and takes those in; gives the outcome.

    After a refusal everything is as it was; after a success the ledger holds what its files say.
    """
    place, data = tmp_path / "x", tmp_path / "data"
    place.mkdir()

    def taken():
        keys = {key: value for key, value in bill.keys.items() if key != "columns"}
        if "columns" in bill.keys:
            keys["columns"] = "columns.yaml"
        return ingest(place, data, kind=bill.kind, **keys)

    def redelivered(**files):
        (place / "good.csv").write_text(bill.text())
        taken()
        before = (manifest(data), rows(data))
        assert billed(data) == "7"
        (place / "good.csv").unlink()
        for name, content in files.items():
            (place / name.replace("__", ".")).write_bytes(content if isinstance(content, bytes) else content.encode())
        try:
            [delivered] = taken()
        except SourceError as error:
            refused = error
        else:
            assert delivered.version == 2
            assert [str(period) for period in periods(data)] == ["2026-10"]
            return None
        assert (manifest(data), rows(data)) == before
        assert not (data / ".tmp").exists()
        assert refused.expected
        return refused

    redelivered.data = data
    return redelivered


def billed(data):
    """The sum over the ledger's rows, which must be what the manifest says of files and ledger alike."""
    found = manifest(data)
    total = sum(Decimal(row["x_BilledUnits"]) for row in rows(data)).scaleb(-24).normalize()
    [currency] = found.ledger_sums
    assert Decimal(found.ledger_sums[currency]["BilledCost"]) == total
    assert sum(Decimal(file.sums[currency]["BilledCost"]) for file in found.files) == total
    assert sum(row["x_Lines"] for row in rows(data)) == found.lines
    return f"{total:f}"


def test_an_empty_file(bill, redelivered):
    error = redelivered(bad__csv="")
    assert (error.message, error.where) == ("the file is empty", "bad.csv")


def test_a_header_without_rows(bill, redelivered):
    error = redelivered(bad__csv=bill.text([]))
    assert error.where == "bad.csv"
    assert "no rows" in error.message


@pytest.mark.parametrize("spoil", [lambda row: row + ",extra", lambda row: row.split(",", 1)[1]], ids=["more", "fewer"])
def test_a_ragged_row(bill, redelivered, spoil):
    lines = bill.text().splitlines()
    lines[2] = spoil(lines[2])
    error = redelivered(bad__csv="\n".join(lines) + "\n")
    assert "cells, the header has" in error.message
    assert error.where == "bad.csv:3"


def test_a_file_cut_in_the_middle_of_a_row(bill, redelivered):
    text = bill.text()
    last = text.rstrip("\n").rindex("\n")
    error = redelivered(bad__csv=text[: last + len(text[last:]) // 2])
    assert error.where.startswith("bad.csv")


def test_a_gzip_file_cut_in_the_middle(bill, redelivered):
    content = packed(bill.text())
    error = redelivered(bad__csv__gz=content[: len(content) // 2])
    assert error.where.startswith("bad.csv.gz")


def test_a_gzip_file_without_its_end(bill, redelivered):
    error = redelivered(bad__csv__gz=packed(bill.text())[:-8])
    assert (error.message, error.where) == ("the gzip file ends too early or is damaged", "bad.csv.gz")


@with_all_columns
def test_an_id_that_a_spreadsheet_has_rounded(bill, redelivered):
    error = redelivered(bad__csv=bill.text(bill.with_line(1, id="1.23457E+11")))
    assert "a spreadsheet has rounded this id" in error.message
    assert error.where == "bad.csv:3"


@with_all_columns
def test_an_account_that_a_spreadsheet_has_rounded(bill, redelivered):
    error = redelivered(bad__csv=bill.text(bill.with_line(1, account="1.23457E+11")))
    assert "a spreadsheet has rounded this id" in error.message
    assert error.where == "bad.csv:3"


@with_all_columns
def test_amounts_in_exponent_notation_are_exact(bill, redelivered):
    lines = bill.with_line(1, cost="5.2E-9")
    lines[2][bill.cost] = "1e+02"
    assert redelivered(bad__csv=bill.text(lines)) is None
    assert billed(redelivered.data) == "101.0000000052"


@with_all_columns
def test_amounts_of_many_decimals_are_exact(bill, redelivered):
    assert redelivered(bad__csv=bill.text(bill.with_line(1, cost=FINE))) is None
    assert billed(redelivered.data) == "5.000000000000000123456789"


@with_all_columns
@pytest.mark.parametrize("amount", ["1,234.50", "twelve", "NaN", "0x1f", "1\x002"])
def test_an_amount_that_is_no_number(bill, redelivered, amount):
    error = redelivered(bad__csv=bill.text(bill.with_line(1, cost=amount)))
    assert "no number" in error.message
    assert error.where == "bad.csv:3"


def test_an_amount_that_is_missing(bill, redelivered):
    error = redelivered(bad__csv=bill.text(bill.with_line(1, cost="")))
    assert error.where == "bad.csv:3"


@with_all_columns
def test_a_nul_byte_in_a_name_is_refused_or_kept(bill, redelivered):
    error = redelivered(bad__csv=bill.text(bill.with_line(1, id="a\x00b")))
    if error is None:
        assert billed(redelivered.data) == "7"
        assert any("a\x00b" in str(value) for row in rows(redelivered.data) for value in row.values())
    else:
        assert error.where == "bad.csv:3"


def test_a_file_of_nul_bytes(bill, redelivered):
    error = redelivered(bad__csv="\x00" * 4096)
    assert error.where.startswith("bad.csv")


def twice(bill):
    """What is said of two equal files: an invoice of DigitalOcean is known by its file's name."""
    if bill.kind != "digitalocean":
        return " hold the same rows"
    return ", of 2026-10, may be of one invoice: a.csv does not tell its number by its name"


def test_one_delivery_under_two_names(bill, redelivered):
    error = redelivered(a__csv=bill.text(), b__csv=bill.text())
    assert error.message == f"a.csv and b.csv{twice(bill)}"


def test_one_delivery_under_two_names_packed_otherwise(bill, redelivered):
    error = redelivered(a__csv=bill.text(), b__csv__gz=packed(bill.text(bill.lines[::-1])))
    assert error.message == f"a.csv and b.csv.gz{twice(bill)}"


@with_all_columns
def test_a_currency_that_changes_within_the_month(bill, redelivered):
    error = redelivered(bad__csv=bill.text(bill.with_line(1, currency="EUR")))
    assert "billed in 2 currencies" in error.message
    assert error.where == "bad.csv"


@with_all_columns
def test_a_currency_that_is_none(bill, redelivered):
    error = redelivered(bad__csv=bill.text(bill.with_line(1, currency="US Dollar")))
    assert error.where == "bad.csv:3"


def folded(text):
    return "".join(character for character in text.casefold() if character.isalnum())


def test_a_column_that_vanished(bill, redelivered):
    name = bill.cost
    without = [{key: value for key, value in line.items() if key != name} for line in bill.lines]
    error = redelivered(bad__csv=bill.text(without))
    assert folded(name) in folded(error.message)
    assert error.where.startswith("bad.csv")


def test_a_second_header_among_the_rows(bill, redelivered):
    error = redelivered(bad__csv=bill.text() + bill.text())
    assert error.where == "bad.csv:5"


@with_all_columns
def test_four_hundred_new_tag_keys(bill, redelivered):
    tags = {f"key-{number:03d}": f"v{number}" for number in range(400)}
    lines = bill.with_line(1)
    lines[1] |= bill.tag(tags)
    assert redelivered(bad__csv=bill.text(lines)) is None
    assert billed(redelivered.data) == "7"
    [tagged] = [row for row in rows(redelivered.data) if "v399" in row["Tags"]]
    assert len([value for value in json.loads(tagged["Tags"]).values() if value in tags.values()]) == 400


@with_all_columns
@pytest.mark.parametrize("value", ['a": "b', '","tenant":"globex', "two\nlines", "{é}"])
def test_a_tag_value_that_looks_like_more_tags(bill, redelivered, value):
    lines = bill.with_line(1)
    lines[1] |= bill.tag({"note": value, "tenant": "acme"})
    assert redelivered(bad__csv=bill.text(lines)) is None
    assert billed(redelivered.data) == "7"
    [tagged] = [json.loads(row["Tags"]) for row in rows(redelivered.data) if "acme" in row["Tags"]]
    assert sorted(
        text for key, text in tagged.items() if key.rpartition(":")[2].rpartition(".")[2] in {"note", "tenant"}
    ) == sorted([value, "acme"])


@pytest.mark.parametrize("kind", PARQUET_KINDS)
@pytest.mark.parametrize("spoil", [lambda raw: raw[: len(raw) // 2], lambda raw: raw[:-4], lambda _: b""])
def test_a_parquet_file_cut_in_the_middle(kind, spoil, tmp_path):
    table, keys = parquets()[kind]
    (tmp_path / "x").mkdir()
    pq.write_table(table, tmp_path / "x" / "good.parquet")
    ingest(tmp_path / "x", tmp_path / "data", kind=kind, **keys)
    before = manifest(tmp_path / "data")
    content = (tmp_path / "x" / "good.parquet").read_bytes()
    (tmp_path / "x" / "good.parquet").write_bytes(spoil(content))
    with pytest.raises(SourceError) as caught:
        ingest(tmp_path / "x", tmp_path / "data", kind=kind, **keys)
    assert caught.value.where.startswith("good.parquet")
    assert manifest(tmp_path / "data") == before


@pytest.mark.parametrize("kind", PARQUET_KINDS)
def test_a_parquet_file_without_rows(kind, tmp_path):
    table, keys = parquets()[kind]
    (tmp_path / "x").mkdir()
    pq.write_table(table.slice(0, 0), tmp_path / "x" / "none.parquet")
    with pytest.raises(SourceError, match="no rows"):
        ingest(tmp_path / "x", tmp_path / "data", kind=kind, **keys)


def aws_focus(root):
    write_focus(root / "focus" / "data" / "BILLING_PERIOD=2026-10" / "f.csv", [{}, {"BilledCost": "6"}])
    folder = root / "focus" / "metadata" / "BILLING_PERIOD=2026-10"
    folder.mkdir(parents=True, exist_ok=True)
    keys = {"dataFiles": ["s3://b/focus/data/BILLING_PERIOD=2026-10/f.csv"]}
    (folder / "focus-Manifest.json").write_text(json.dumps(keys))


def azure_focus(root):
    write_run(root, "FocusCost", [{}])
    [part] = root.rglob("part_*.csv")
    write_focus(part, [{}, {"BilledCost": "6"}])
    [path] = root.rglob("manifest.json")
    content = json.loads(path.read_text())
    content["blobs"][0] |= {"byteCount": part.stat().st_size, "dataRowCount": 2}
    content |= {"byteCount": part.stat().st_size, "dataRowCount": 2}
    path.write_text(json.dumps(content))


DELIVERED = {
    "aws focus": ("focus", aws_focus, {}),
    "azure focus": ("focus", azure_focus, {}),
    "aws-cur": ("aws-cur", lambda root: write_cur(root, [{"lineItem/UnblendedCost": "7"}]), {}),
    "aws-cur2": ("aws-cur2", lambda root: write_cur2(root, [{"line_item_unblended_cost": 7.0}]), {}),
    "azure": (
        "azure",
        lambda root: write_run(root, "AmortizedCost", [{"CostInBillingCurrency": "7"}]),
        {"dataset": "amortized"},
    ),
}


@pytest.fixture(params=DELIVERED)
def manifested(request, tmp_path):
    """A delivery with a manifest, taken in; ``again`` takes it in once more and must be refused."""
    kind, write, keys = DELIVERED[request.param]
    place, data = tmp_path / "x", tmp_path / "data"
    write(place)
    ingest(place, data, kind=kind, **keys)
    assert (manifest(data).completeness, billed(data)) == ("manifest", "7")

    def again():
        before = (manifest(data), rows(data))
        with pytest.raises(SourceError) as caught:
            ingest(place, data, kind=kind, **keys)
        assert (manifest(data), rows(data)) == before
        return caught.value

    again.manifests = sorted(path for path in place.rglob("*") if path.name.lower().endswith("manifest.json"))
    again.files = sorted(path for path in place.rglob("*") if path.is_file() and path not in again.manifests)
    return again


def test_a_manifest_that_is_half_written(manifested):
    for path in manifested.manifests:
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    error = manifested()
    assert "only half of it is there" in error.message
    assert error.where.lower().endswith("manifest.json")


def test_a_manifest_that_is_empty(manifested):
    for path in manifested.manifests:
        path.write_bytes(b"")
    assert manifested().where.lower().endswith("manifest.json")


def test_a_manifest_of_another_tool(manifested):
    for path in manifested.manifests:
        path.write_text('{"files": []}')
    assert manifested().where.lower().endswith("manifest.json")


def test_a_manifest_that_names_a_missing_file(manifested):
    manifested.files[0].unlink()
    error = manifested()
    assert "which is not here" in error.message
    assert error.where.lower().endswith("manifest.json")


def test_a_listed_file_that_is_cut(manifested):
    content = manifested.files[0].read_bytes()
    manifested.files[0].write_bytes(content[: len(content) // 2])
    assert manifested().where


@pytest.mark.parametrize("kind", ["focus", "aws-cur"])
def test_an_account_that_stands_with_and_without_its_leading_zero_is_refused(kind, tmp_path):
    bill = bills(tmp_path)[kind]
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "f.csv").write_text(bill.text(bill.with_line(1, account="12345678901")))
    with pytest.raises(SourceError, match="lost its leading zeros") as caught:
        ingest(tmp_path / "x", tmp_path / "data", kind=kind)
    assert caught.value.where.startswith("f.csv:")


def test_an_account_without_its_leading_zero_is_told_by_focus(tmp_path):
    line = {"SubAccountId": "12345678901"}
    [delivered] = ingest(write_focus(tmp_path / "f.csv", [line]), tmp_path / "data")
    [note] = delivered.notes
    assert note == (
        "AWS account ids with fewer than 12 digits: 1, such as 12345678901; if a spreadsheet took their leading zeros, "
        "rules by account do not match: deliver the export itself"
    )
    assert rows(tmp_path / "data")[0]["SubAccountId"] == "12345678901"


def test_an_account_without_its_leading_zero_is_refused_by_cur2(tmp_path):
    write_cur2(tmp_path / "x", [{"line_item_usage_account_id": "12345678901"}])
    with pytest.raises(SourceError, match="has lost its leading zeros"):
        ingest(tmp_path / "x", tmp_path / "data", kind="aws-cur2")


def test_a_leading_zero_is_kept_where_it_is(tmp_path):
    for kind, bill in bills(tmp_path).items():
        if kind in {"focus", "aws-cur", "csv"}:
            place = tmp_path / kind
            place.mkdir()
            (place / "f.csv").write_text(bill.text())
            keys = {"columns": "columns.yaml"} if kind == "csv" else {}
            ingest(place, tmp_path / f"data-{kind}", kind=kind, **keys)
            accounts = {row["SubAccountId"] or row["BillingAccountId"] for row in rows(tmp_path / f"data-{kind}")}
            assert accounts == ({"0042"} if kind == "csv" else {"012345678901"})


def test_four_hundred_new_keys_in_a_parquet_map(tmp_path):
    tags = {f"key_{number:03d}": f"v{number}" for number in range(400)}
    write_cur2(tmp_path / "x", [{"line_item_unblended_cost": 1.0, "resource_tags": tags}])
    ingest(tmp_path / "x", tmp_path / "data", kind="aws-cur2")
    assert json.loads(rows(tmp_path / "data")[0]["Tags"]) == tags
