"""The billing export read from BigQuery itself, on a table partitioned by day of arrival."""

import json

import pyarrow.parquet as pq
import pytest

from agent.billing import ingest_source
from agent.config.application import SourceConfig, StorageConfig
from agent.doctor.rights import least
from agent.errors import NoSuchPlace, SourceError, Unreachable
from agent.period import Period
from agent.progress import Quiet
from tests.agent.billing.ledgers import manifest, rows
from tests.fake_bigquery import fake_bigquery
from tests.gcp_rows import DETAILED, credit, gcp_table

NOON, LATER = 1_790_000_000_000_000, 1_790_003_600_000_000


@pytest.fixture(scope="module")
def server():
    with fake_bigquery() as fake:
        yield fake


@pytest.fixture
def bigquery(server):
    """Two days of the standard export: three lines, then one."""
    server.partitions.clear()
    server.read.clear()
    server.listed.clear()
    server.breaks = server.refused = None
    server.put("20261005", table({"cost": 0.1}, {"cost": 0.2, "credits": [credit("PROMOTION", -0.05)]}, {}), NOON)
    server.put("20261006", table({"cost": 4.0}), NOON)
    return server


@pytest.fixture
def ingest(bigquery, tmp_path):
    def ingest(location=bigquery.location, progress=None, **storage):
        storage = {"endpoint": bigquery.endpoint, "anonymous": True} | storage
        source = SourceConfig(name="bill", kind="gcp", location=location, storage=StorageConfig(**storage))
        return ingest_source(source, tmp_path / "data", tmp_path, None, progress or Quiet())

    ingest.raw = tmp_path / "data" / "raw" / "bill"
    ingest.data = tmp_path / "data"
    return ingest


def table(*lines):
    return gcp_table(lines, without=DETAILED)


class Steps(Quiet):
    def __init__(self):
        self.steps = []

    def step(self, text):
        self.steps.append(text)


def index(raw):
    return json.loads((raw / "_index.json").read_text())["files"]


def test_every_partition_becomes_a_file_and_together_they_are_the_bill(ingest, bigquery):
    [delivered] = ingest()
    assert (delivered.billed_text, delivered.lines) == ("4.25 USD", 4)
    assert manifest(ingest.data).completeness == "manifest"
    assert sorted(path.name for path in ingest.raw.glob("*.parquet")) == ["20261005.parquet", "20261006.parquet"]
    assert pq.read_table(ingest.raw / "20261005.parquet").equals(bigquery.partitions["20261005"][0])


def test_nothing_is_read_again_while_nothing_changes(ingest, bigquery):
    ingest()
    bigquery.read.clear()
    [delivered] = ingest()
    assert (bigquery.read, delivered.changed, delivered.version) == ([], False, 1)


def test_only_the_partition_that_changed_is_read_and_it_is_replaced_whole(ingest, bigquery):
    ingest()
    bigquery.read.clear()
    bigquery.put("20261006", table({"cost": 4.0}, {"cost": 0.5}), LATER)
    [delivered] = ingest()
    assert bigquery.read == ["20261006@0"]
    assert (delivered.billed_text, delivered.version) == ("4.75 USD", 2)


def test_a_change_that_keeps_the_number_of_rows_is_read(ingest, bigquery):
    ingest()
    bigquery.put("20261006", table({"cost": 5.0}), LATER)
    assert ingest()[0].billed_text == "5.25 USD"


def test_a_partition_that_is_gone_keeps_its_rows_and_is_marked(ingest, bigquery):
    ingest()
    del bigquery.partitions["20261005"]
    bigquery.put("20261006", table({"cost": 5.0}), LATER)
    assert ingest()[0].billed_text == "5.25 USD"
    assert {name: entry["gone"] for name, entry in index(ingest.raw).items()} == {
        "20261005.parquet": True,
        "20261006.parquet": False,
    }


def test_rows_that_lie_in_no_partition_yet_wait(ingest, bigquery):
    bigquery.put("__UNPARTITIONED__", table({"cost": 9.0}), NOON)
    assert ingest()[0].billed_text == "4.25 USD"


def test_a_stream_that_breaks_off_goes_on_where_it_stopped(ingest, bigquery):
    bigquery.breaks = 1
    assert ingest()[0].billed_text == "4.25 USD"
    assert bigquery.read == ["20261005@0", "20261005@2", "20261006@0"]


def test_fewer_rows_than_the_partition_is_said_to_have_are_refused(ingest, bigquery):
    ingest()
    bigquery.put("20261006", table({"cost": 5.0}), LATER)
    bigquery.listed["20261006"] = 7
    with pytest.raises(Unreachable, match="partition 20261006 is said to have 7 rows") as caught:
        ingest()
    assert "BigQuery is writing to it" in caught.value.mend
    assert index(ingest.raw)["20261006.parquet"]["rows"] == 1


def test_rows_that_arrive_while_they_are_read_are_counted_by_the_next_listing(ingest, bigquery):
    class Arriving(Quiet):
        def advance(self, done, total, text):
            if text == "20261006.parquet":
                bigquery.put("20261006", table({"cost": 4.0}, {"cost": 1.0}), LATER)

    assert ingest(progress=Arriving())[0].billed_text == "5.25 USD"
    assert index(ingest.raw)["20261006.parquet"]["rows"] == 2


def test_what_reading_costs_is_told(ingest):
    said = Steps()
    ingest(progress=said)
    assert "BigQuery: read 2 of 2 partitions, billed for about 0.0 MB" in said.steps


def test_partitions_of_two_tables_do_not_mix(ingest, bigquery):
    ingest()
    with pytest.raises(SourceError, match="what is kept here was read from bigquery://bills/billing/"):
        ingest(location=bigquery.location.replace("_v1_", "_resource_v1_"))


def test_a_partition_file_that_was_lost_is_read_again(ingest, bigquery):
    ingest()
    (ingest.raw / "20261006.parquet").unlink()
    assert ingest()[0].billed_text == "4.25 USD"


def test_only_months_that_a_changed_partition_holds_are_made_anew(ingest, bigquery):
    bigquery.put("20261103", table({"cost": 3.0, "invoice.month": "202611"}), NOON)
    assert [delivered.version for delivered in ingest()] == [1, 1]
    bigquery.put("20261104", table({"cost": 1.0, "invoice.month": "202611"}), LATER)
    said = Steps()
    october, november = ingest(progress=said)
    assert "bill: reading 2 files" in said.steps
    assert (october.changed, november.changed) == (False, True)
    assert sum(row["x_BilledUnits"] for row in rows(ingest.data, Period(2026, 11))) == 4 * 10**24


def test_a_table_without_rows_is_no_bill_yet(ingest, bigquery):
    bigquery.partitions.clear()
    with pytest.raises(SourceError, match="the table holds no rows yet"):
        ingest()


@pytest.mark.parametrize(
    "location", ["bigquery://bills", "bigquery://bills/billing", "bigquery://a/b/c/d", "bigquery://a/b/c`"]
)
def test_a_location_that_names_no_table_is_refused(ingest, location):
    with pytest.raises(SourceError, match="names no table") as caught:
        ingest(location=location)
    assert caught.value.expected == "bigquery://project/dataset/table"


def test_a_table_that_is_not_there_is_named(ingest, bigquery):
    with pytest.raises(NoSuchPlace, match="BigQuery has no such table") as caught:
        ingest(location="bigquery://bills/billing/other")
    assert caught.value.exit_code == 2
    assert caught.value.where == "bigquery://bills/billing/other"


@pytest.mark.parametrize(
    ("reason", "message", "expected"),
    [
        ("accessDenied", "Access Denied: Table bills:billing", "roles/bigquery.dataViewer on the dataset"),
        ("accessNotConfigured", "BigQuery API has not been used in project 1", "bigquerystorage.googleapis.com"),
    ],
)
def test_a_missing_right_and_an_api_that_is_off_are_told_apart(ingest, bigquery, reason, message, expected):
    bigquery.refused = (403, reason, message)
    with pytest.raises(Unreachable) as caught:
        ingest()
    assert expected in caught.value.expected


def test_without_credentials_the_way_to_get_them_is_said(ingest, monkeypatch, tmp_path):
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "none.json"))
    with pytest.raises(Unreachable, match="Google's credentials cannot be used") as caught:
        ingest(anonymous=False)
    assert "gcloud auth application-default login" in caught.value.mend


def test_doctor_prints_the_rights_that_reading_a_table_takes():
    location = "bigquery://exports/billing/gcp_billing_export_v1_0A"
    told = least(SourceConfig(name="g", kind="gcp", location=location, storage=StorageConfig(account="payer")))
    assert "`roles/bigquery.dataViewer` ON SCHEMA `exports.billing`" in told
    for role in ("bigquery.jobUser", "bigquery.readSessionUser"):
        assert f"gcloud projects add-iam-policy-binding payer --member=MEMBER --role=roles/{role}" in told


@pytest.mark.parametrize("text", ['{"version": 1,', "[]", '{"version": 1}', '{"files": 3}'])
def test_a_damaged_index_is_named_and_the_table_is_read_again_once_it_is_removed(ingest, text):
    ingest()
    index = ingest.raw / "_index.json"
    index.write_text(text)
    with pytest.raises(SourceError, match="this is no index of pulled partitions") as caught:
        ingest()
    assert caught.value.where == str(index)
    index.unlink()
    assert [one.version for one in ingest()] == [1]
