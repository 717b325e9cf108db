"""Small CUR 2.0 exports for tests, as AWS Data Exports lays them out: typed Parquet, maps, a manifest per period."""

import csv
import gzip
import io
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

_TIME = pa.timestamp("us", tz="UTC")
_MAP = pa.map_(pa.string(), pa.string())
DEFAULTS: dict[str, tuple[pa.DataType, Any]] = {
    "bill_payer_account_id": (pa.string(), "111111111111"),
    "bill_billing_entity": (pa.string(), "AWS"),
    "bill_bill_type": (pa.string(), "Anniversary"),
    "bill_invoice_id": (pa.string(), None),
    "bill_invoicing_entity": (pa.string(), "Amazon Web Services, Inc."),
    "bill_billing_period_start_date": (_TIME, datetime(2026, 10, 1, tzinfo=UTC)),
    "line_item_usage_account_id": (pa.string(), "012345678901"),
    "line_item_line_item_type": (pa.string(), "Usage"),
    "line_item_usage_start_date": (_TIME, datetime(2026, 10, 5, 13, tzinfo=UTC)),
    "line_item_usage_end_date": (_TIME, None),
    "line_item_product_code": (pa.string(), "AmazonEC2"),
    "line_item_resource_id": (pa.string(), None),
    "line_item_usage_amount": (pa.float64(), 1.0),
    "line_item_currency_code": (pa.string(), "USD"),
    "line_item_unblended_cost": (pa.float64(), 0.0),
    "line_item_tax_type": (pa.string(), None),
    "line_item_legal_entity": (pa.string(), "Amazon Web Services, Inc."),
    "product_sku": (pa.string(), None),
    "product_region_code": (pa.string(), "eu-west-3"),
    "pricing_unit": (pa.string(), "Hrs"),
    "pricing_public_on_demand_cost": (pa.float64(), None),
    "reservation_reservation_a_r_n": (pa.string(), None),
    "reservation_effective_cost": (pa.float64(), None),
    "reservation_unused_amortized_upfront_fee_for_billing_period": (pa.float64(), None),
    "reservation_unused_recurring_fee": (pa.float64(), None),
    "savings_plan_savings_plan_a_r_n": (pa.string(), None),
    "savings_plan_savings_plan_effective_cost": (pa.float64(), None),
    "savings_plan_total_commitment_to_date": (pa.float64(), None),
    "savings_plan_used_commitment": (pa.float64(), None),
    "resource_tags": (_MAP, None),
}
"""A line of an hour of EC2 usage; an end that is not given is an hour after the start."""
NET: dict[str, tuple[pa.DataType, Any]] = {
    "line_item_net_unblended_cost": (pa.float64(), None),
    "reservation_net_effective_cost": (pa.float64(), None),
    "savings_plan_net_savings_plan_effective_cost": (pa.float64(), None),
}
"""Columns of accounts with a private discount; written when a row names one."""
SPLIT: dict[str, tuple[pa.DataType, Any]] = {
    "split_line_item_parent_resource_id": (pa.string(), None),
    "split_line_item_split_cost": (pa.float64(), None),
    "split_line_item_unused_cost": (pa.float64(), None),
}
"""Columns of split cost allocation data; written when a row names one."""
MAPS = ("resource_tags", "tags", "cost_category", "product")
MORE_MAPS: dict[str, tuple[pa.DataType, Any]] = dict.fromkeys(MAPS[1:], (_MAP, None))
"""Written one by one, when a row names it."""


def cur2_table(rows: Sequence[Mapping[str, Any]], *, without: Sequence[str] = ()) -> pa.Table:
    """The lines with every column they do not name."""
    extra = {
        name: column
        for group in (NET, SPLIT)
        if any(group.keys() & row.keys() for row in rows)
        for name, column in group.items()
    }
    extra |= {name: column for name, column in MORE_MAPS.items() if any(name in row for row in rows)}
    columns = {name: column for name, column in (DEFAULTS | extra).items() if name not in without}
    full = [{name: default for name, (_, default) in columns.items()} | dict(row) for row in rows]
    for row in full:
        start = row["line_item_usage_start_date"]
        row["line_item_usage_end_date"] = row["line_item_usage_end_date"] or start + timedelta(hours=1)
        for name in MAPS:
            if row.get(name) is not None:
                row[name] = list(dict(row[name]).items())
    return pa.table({name: pa.array([row[name] for row in full], kind) for name, (kind, _) in columns.items()})


def cur2_text(rows: Sequence[Mapping[str, Any]], *, without: Sequence[str] = ()) -> str:
    """The lines as CSV: maps as JSON text, moments as AWS writes them, nothing for null."""
    table = cur2_table(rows, without=without)
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(table.column_names)
    writer.writerows([_cell(value) for value in row.values()] for row in table.to_pylist())
    return stream.getvalue()


def _cell(value: Any) -> str:
    if isinstance(value, list):
        return json.dumps(dict(value))
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%dT%H:%M:%S.000Z}"
    return "" if value is None else repr(value) if isinstance(value, float) else str(value)


def write_cur2(
    root: Path,
    rows: Sequence[Mapping[str, Any]],
    *,
    period: str = "2026-10",
    parts: int = 1,
    without: Sequence[str] = (),
    form: str = "snappy.parquet",
) -> Path:
    """Writes ``rows`` below ``root`` as the export ``cur2`` in ``parts`` files with a manifest; returns ``root``.

    ``form`` is csv.gz or snappy.parquet.
    """
    data = root / "exports" / "cur2" / "data" / f"BILLING_PERIOD={period}"
    data.mkdir(parents=True, exist_ok=True)
    keys = []
    for part in range(parts):
        name = f"cur2-{part + 1:05d}.{form}"
        if form == "csv.gz":
            (data / name).write_bytes(gzip.compress(cur2_text(rows[part::parts], without=without).encode(), mtime=0))
        else:
            pq.write_table(cur2_table(rows[part::parts], without=without), data / name)
        keys.append(f"s3://bucket/exports/cur2/data/BILLING_PERIOD={period}/{name}")
    metadata = root / "exports" / "cur2" / "metadata" / f"BILLING_PERIOD={period}"
    metadata.mkdir(parents=True, exist_ok=True)
    (metadata / "cur2-Manifest.json").write_text(json.dumps({"dataFiles": keys}))
    return root
