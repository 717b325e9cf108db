"""The billing export read from BigQuery's emulator: clients, partitions, the Storage Read API over gRPC, nested rows.

The emulator knows neither tables partitioned by arrival nor when a single partition changed: the table here is
partitioned by usage, and a change of one partition is told by its number of rows. ``test_bigquery.py`` shows the rest.
"""

from datetime import UTC, datetime

import pyarrow as pa
import pytest

from agent.billing import ingest_source
from agent.billing.google.bigquery import Table as Named
from agent.billing.google.pulling import Pull
from agent.config.application import SourceConfig, StorageConfig
from agent.progress import Quiet
from tests.agent.billing.golden_ledgers import verified
from tests.agent.billing.ledgers import rows
from tests.bigquery_server import DATASET, LOCATION, PROJECT, TABLE, bigquery_server
from tests.gcp_rows import TYPES, credit, full

pytestmark = pytest.mark.slow

SIXTH = {"usage_start_time": datetime(2026, 10, 6, 1, tzinfo=UTC)}
CUD = "COMMITTED_USAGE_DISCOUNT_DOLLAR_BASE"


@pytest.fixture(scope="module")
def server(judge, tmp_path_factory):
    with bigquery_server(judge("bqemulator", "bin/bqemulator"), tmp_path_factory.mktemp("home")) as running:
        yield running


@pytest.fixture
def table(server):
    """An empty table of the detailed export, and a function that adds lines to it."""
    from google.cloud.bigquery import SchemaField, Table, TimePartitioning

    def column(name, kind, mode="NULLABLE"):
        if pa.types.is_list(kind):
            return column(name, kind.value_type, "REPEATED")
        if pa.types.is_struct(kind):
            return SchemaField(name, "RECORD", mode, fields=[column(inner.name, inner.type) for inner in kind])
        return SchemaField(name, _KINDS.get(kind, "TIMESTAMP"), mode)

    client = server.client()
    client.create_dataset(DATASET, exists_ok=True)
    wanted = Table(f"{PROJECT}.{DATASET}.{TABLE}", [column(name, kind) for name, kind in TYPES.items()])
    wanted.time_partitioning = TimePartitioning(field="usage_start_time")
    created = client.create_table(wanted)

    def add(*lines):
        assert client.insert_rows_json(created, [_plain(full(line)) for line in lines]) == []

    yield add
    client.delete_table(created)
    client.close()


_KINDS = {pa.string(): "STRING", pa.float64(): "FLOAT", pa.bool_(): "BOOLEAN"}


def _plain(value):
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    return value.isoformat() if isinstance(value, datetime) else value


def test_a_table_is_pulled_ingested_changed_and_pulled_again(server, table, tmp_path):
    storage = StorageConfig(endpoint=server.endpoint, anonymous=True)
    source = SourceConfig(name="bill", kind="gcp", location=LOCATION, storage=storage)
    data, raw = tmp_path / "data", tmp_path / "data" / "raw" / "bill"

    def ingest():
        return ingest_source(source, data, tmp_path, None, Quiet())

    table(
        {"cost": 0.1, "labels": {"tenant": "acme"}, "credits": [credit("PROMOTION", -0.01), credit(CUD, -0.09)]},
        {"cost": 0.07, "sku.description": "Commitment - dollar based v1: GCE for 1 year"},
        {"cost": 1e-07, **SIXTH},
    )
    [first] = ingest()
    assert (first.billed_text, first.lines) == ("0.0700001 USD", 3)
    assert {row["x_Kind"] for row in rows(data)} >= {"usage", "credit", "discount", "commitment_purchase"}
    assert all(left == right for left, right in verified(data, raw).values())
    before = {path.name: path.stat().st_mtime_ns for path in raw.glob("*.parquet")}

    table({"cost": 2.0, **SIXTH})
    [second] = ingest()
    assert (second.billed_text, second.version) == ("2.0700001 USD", 2)
    assert before.keys() == {"20261005.parquet", "20261006.parquet"}
    assert all(left == right for left, right in verified(data, raw).values())
    after = {path.name: path.stat().st_mtime_ns for path in raw.glob("*.parquet")}
    assert after["20261006.parquet"] != before["20261006.parquet"]

    [third] = ingest()
    assert (third.changed, {path.name: path.stat().st_mtime_ns for path in raw.glob("*.parquet")}) == (False, after)


def test_a_table_without_partitions_is_one_file(server, tmp_path):
    from google.cloud.bigquery import SchemaField, Table

    client = server.client()
    client.create_dataset(DATASET, exists_ok=True)
    copy = client.create_table(Table(f"{PROJECT}.{DATASET}.copy", [SchemaField("cost", "FLOAT")]))
    assert client.insert_rows_json(copy, [{"cost": 0.1}, {"cost": 0.2}]) == []
    storage = StorageConfig(endpoint=server.endpoint, anonymous=True)
    Pull(Named(PROJECT, DATASET, "copy"), storage, tmp_path, Quiet()).run()
    assert [path.name for path in tmp_path.glob("*.parquet")] == ["table.parquet"]
    client.close()
