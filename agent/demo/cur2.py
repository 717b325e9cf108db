"""Writes billing lines as AWS Data Exports delivers CUR 2.0.

Parquet files below ``data/``, a manifest below ``metadata/``, doubles for metrics, maps for tags.

Layout: https://docs.aws.amazon.com/cur/latest/userguide/dataexports-export-delivery.html
"""

import json
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from agent.demo.cur2_lines import Block
from agent.demo.fleet import digest
from agent.demo.invoices import by_invoice
from agent.demo.tables import rows
from agent.period import Period

EXPORT = "apportion-cur2"
BUCKET = "s3://brindlewood-billing/exports"
_TYPES = {
    "string": pa.string(),
    "double": pa.float64(),
    "timestamp_milliseconds": pa.timestamp("ms"),
    "map<string,string>": pa.map_(pa.string(), pa.string()),
    "map<string,double>": pa.map_(pa.string(), pa.float64()),
}
COLUMNS = {row["name"]: row["type"] for row in rows("cur2_columns.csv")}
SCHEMA = pa.schema([(name, _TYPES[type_]) for name, type_ in COLUMNS.items()])


@dataclass(frozen=True, slots=True)
class Written:
    """One delivered month: its files with their line counts, its manifest, the exact unblended cost, by invoice too."""

    period: Period
    files: tuple[tuple[Path, int], ...]
    manifest: Path
    unblended: Decimal
    invoices: dict[str, Decimal]


def write_month(folder: Path, period: Period, blocks: list[Block], parts: int) -> Written:
    """Writes one billing period below ``folder/apportion-cur2``, the manifest last."""
    table = _by_time(pa.concat_tables([_table(block) for block in blocks]))
    partition = f"BILLING_PERIOD={period}"
    data = folder / EXPORT / "data" / partition
    data.mkdir(parents=True, exist_ok=True)
    size = -(-table.num_rows // parts)
    files = []
    for number in range(parts):
        part = table.slice(number * size, size)
        path = data / f"{EXPORT}-{number + 1:05d}.snappy.parquet"
        pq.write_table(part, path, compression="snappy")
        files.append((path, part.num_rows))
    manifest = folder / EXPORT / "metadata" / partition / f"{EXPORT}-Manifest.json"
    _write_manifest(manifest, period, [f"{BUCKET}/{EXPORT}/data/{partition}/{path.name}" for path, _ in files])
    units = sum(block.units for block in blocks)
    return Written(period, tuple(files), manifest, Decimal(units).scaleb(-12), by_invoice(table))


def _write_manifest(path: Path, period: Period, keys: list[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    document = {
        "executionId": f"{period.next.first_day}T06:00:00.000Z-{digest(str(period), 12)}",
        "exportArn": f"arn:aws:bcm-data-exports:us-east-1:110234567890:export/{EXPORT}-4b1d3c9e",
        "columns": [{"name": name, "type": type_} for name, type_ in COLUMNS.items()],
        "contentType": "PARQUET",
        "dataFiles": keys,
    }
    path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


def _table(block: Block) -> pa.Table:
    """The block's lines with every column of the export."""
    fixed = pa.Table.from_pylist([_maps(row) for row in block.fixed], schema=SCHEMA)
    table = fixed.take(pa.array(block.template))
    columns = {name: pa.array(values, from_pandas=True) for name, values in block.numbers.items()}
    columns["line_item_usage_start_date"] = pa.array(block.start, pa.timestamp("ms"))
    columns["line_item_usage_end_date"] = pa.array(block.end, pa.timestamp("ms"))
    columns["identity_time_interval"] = _interval(columns)
    for name, column in columns.items():
        table = table.set_column(SCHEMA.get_field_index(name), name, column)
    return table


def _maps(row: dict[str, Any]) -> dict[str, Any]:
    return {key: list(value.items()) if isinstance(value, dict) else value for key, value in row.items()}


def _interval(columns: dict[str, pa.Array]) -> pa.Array:
    form = "%Y-%m-%dT%H:%M:%SZ"
    starts, ends = (columns[f"line_item_usage_{edge}_date"].dictionary_encode() for edge in ("start", "end"))
    seconds = pa.timestamp("s")
    texts = [
        pa.DictionaryArray.from_arrays(side.indices, pc.strftime(side.dictionary.cast(seconds), form)).cast(pa.string())
        for side in (starts, ends)
    ]
    return pc.binary_join_element_wise(*texts, "/")


def _by_time(table: pa.Table) -> pa.Table:
    return table.sort_by([("line_item_usage_start_date", "ascending"), ("identity_line_item_id", "ascending")])
