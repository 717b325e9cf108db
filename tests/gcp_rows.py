"""Small Google Cloud billing exports for tests: the same lines as Parquet, JSON lines and dotted CSV."""

import csv
import gzip
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

_TEXT, _TIME, _DOUBLE = pa.string(), pa.timestamp("us", tz="UTC"), pa.float64()
_LABELS = pa.list_(pa.struct([("key", _TEXT), ("value", _TEXT)]))
TYPES: dict[str, pa.DataType] = {
    "billing_account_id": _TEXT,
    "invoice": pa.struct([("month", _TEXT), ("publisher_type", _TEXT)]),
    "cost_type": _TEXT,
    "service": pa.struct([("id", _TEXT), ("description", _TEXT)]),
    "sku": pa.struct([("id", _TEXT), ("description", _TEXT)]),
    "usage_start_time": _TIME,
    "usage_end_time": _TIME,
    "project": pa.struct(
        [("id", _TEXT), ("number", _TEXT), ("name", _TEXT), ("labels", _LABELS), ("ancestry_numbers", _TEXT)]
    ),
    "labels": _LABELS,
    "system_labels": _LABELS,
    "location": pa.struct([("location", _TEXT), ("country", _TEXT), ("region", _TEXT), ("zone", _TEXT)]),
    "tags": pa.list_(pa.struct([("key", _TEXT), ("value", _TEXT), ("inherited", pa.bool_()), ("namespace", _TEXT)])),
    "transaction_type": _TEXT,
    "seller_name": _TEXT,
    "export_time": _TIME,
    "cost": _DOUBLE,
    "currency": _TEXT,
    "currency_conversion_rate": _DOUBLE,
    "usage": pa.struct(
        [("amount", _DOUBLE), ("unit", _TEXT), ("amount_in_pricing_units", _DOUBLE), ("pricing_unit", _TEXT)]
    ),
    "credits": pa.list_(
        pa.struct([("name", _TEXT), ("amount", _DOUBLE), ("full_name", _TEXT), ("id", _TEXT), ("type", _TEXT)])
    ),
    "adjustment_info": pa.struct([("id", _TEXT), ("description", _TEXT), ("type", _TEXT), ("mode", _TEXT)]),
    "cost_at_list": _DOUBLE,
    "resource": pa.struct([("name", _TEXT), ("global_name", _TEXT)]),
    "subscription": pa.struct([("instance_id", _TEXT)]),
}
"""The detailed export; the standard one has no ``resource`` and no ``subscription``."""
DETAILED = ("resource", "subscription")
DEFAULTS: dict[str, Any] = {
    "billing_account_id": "0ABCDE-123456-789012",
    "invoice.month": "202610",
    "invoice.publisher_type": "GOOGLE",
    "cost_type": "regular",
    "service.description": "Compute Engine",
    "sku.id": "D2E3-4F5A-6B7C",
    "sku.description": "N2 Instance Core running in Americas",
    "usage_start_time": datetime(2026, 10, 5, 13, tzinfo=UTC),
    "usage_end_time": None,
    "project.id": "shop-prod",
    "location.region": "us-central1",
    "location.location": "us-central1-a",
    "labels": [],
    "project.labels": [],
    "system_labels": [],
    "tags": [],
    "credits": [],
    "cost": 0.0,
    "currency": "USD",
    "usage.amount": 3600.0,
    "usage.unit": "seconds",
    "transaction_type": "GOOGLE",
    "seller_name": None,
}
"""An hour of a virtual machine; an end that is not given is an hour after the start."""


def full(line: Mapping[str, Any]) -> dict[str, Any]:
    """A line of dotted names with every column of the export, nested; labels may be given as a dict."""
    flat = DEFAULTS | dict(line)
    flat["usage_end_time"] = flat["usage_end_time"] or flat["usage_start_time"] + timedelta(hours=1)
    row: dict[str, Any] = {}
    for name, kind in TYPES.items():
        row[name] = (
            {inner.name: flat.get(f"{name}.{inner.name}") for inner in kind}
            if pa.types.is_struct(kind)
            else flat.get(name)
        )
    for place in (row, row["project"]):
        for name in ("labels", "system_labels"):
            if isinstance(place.get(name), dict):
                place[name] = [{"key": key, "value": value} for key, value in place[name].items()]
    return row


def gcp_table(lines: Sequence[Mapping[str, Any]], *, without: Sequence[str] = (), legacy: bool = False) -> pa.Table:
    """The lines as BigQuery holds them; ``legacy``: lists as structs of ``list`` and ``element``."""
    rows = [full(line) for line in lines]
    names = [name for name in TYPES if name not in without]
    table = pa.table({name: pa.array([row[name] for row in rows], TYPES[name]) for name in names})
    if not legacy:
        return table
    return pa.table({name: _legacy(table[name].combine_chunks()) for name in names})


def _legacy(column: pa.Array) -> pa.Array:
    if pa.types.is_struct(column.type):
        inner = [_legacy(field) for field in column.flatten()]
        return pa.StructArray.from_arrays(inner, names=[field.name for field in column.type])
    if not pa.types.is_list(column.type):
        return column
    elements = pa.StructArray.from_arrays([column.values], names=["element"])
    lists = pa.ListArray.from_arrays(column.offsets, elements)
    return pa.StructArray.from_arrays([lists], names=["list"])


def write_parquet(path: Path, lines: Sequence[Mapping[str, Any]], **options: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    row_group = options.pop("row_group", None)
    pq.write_table(gcp_table(lines, **options), path, row_group_size=row_group)
    return path


def write_json(path: Path, lines: Sequence[Mapping[str, Any]], *, without: Sequence[str] = ()) -> Path:
    """Nulls are left out and times have a zone, as BigQuery writes them."""
    path.parent.mkdir(parents=True, exist_ok=True)
    texts = [json.dumps(_plain({k: v for k, v in full(line).items() if k not in without})) for line in lines]
    _write(path, "".join(f"{text}\n" for text in texts))
    return path


def write_csv(
    path: Path, lines: Sequence[Mapping[str, Any]], *, without: Sequence[str] = (), printed: bool = False
) -> Path:
    """Dotted columns; repeated records as JSON or, ``printed``, as Python prints them."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = [dict(_dotted({k: v for k, v in full(line).items() if k not in without}, printed)) for line in lines]
    with _opened(path) as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def _dotted(row: Mapping[str, Any], printed: bool, before: str = "") -> Any:
    for name, value in row.items():
        if isinstance(value, dict):
            yield from _dotted(value, printed, f"{before}{name}.")
        elif isinstance(value, list):
            yield before + name, repr(value) if printed else json.dumps(value)
        elif isinstance(value, datetime):
            yield before + name, f"{value:%Y-%m-%d %H:%M:%S} UTC"
        else:
            yield before + name, "" if value is None else str(value)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items() if inner is not None}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    return f"{value:%Y-%m-%d %H:%M:%S} UTC" if isinstance(value, datetime) else value


def _write(path: Path, text: str) -> None:
    with _opened(path) as stream:
        stream.write(text)


def _opened(path: Path) -> Any:
    if path.suffix == ".gz":
        return gzip.open(path, "wt", encoding="utf-8", newline="")
    return path.open("w", encoding="utf-8", newline="")


def credit(kind: str, amount: float, name: str = "credit") -> dict[str, Any]:
    return {"name": name, "amount": amount, "full_name": "", "id": name, "type": kind}
