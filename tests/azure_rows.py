"""Small Azure cost details for tests, as Cost Management exports them: text or typed Parquet, with manifests."""

import csv
import gzip
import io
import json
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

DEFAULTS: dict[str, str] = {
    "BillingAccountId": "8611537",
    "BillingProfileId": "8611537",
    "BillingPeriodStartDate": "10/01/2026",
    "BillingPeriodEndDate": "10/31/2026",
    "Date": "10/05/2026",
    "SubscriptionId": "11111111-aaaa-4000-8000-000000000001",
    "ResourceLocation": "westeurope",
    "MeterCategory": "Virtual Machines",
    "MeterId": "14fc9a21-4919-4cb1-b495-5666966556bc",
    "ServiceFamily": "Compute",
    "ConsumedService": "Microsoft.Compute",
    "ProductName": "",
    "ResourceId": "",
    "ResourceName": "",
    "Quantity": "1",
    "UnitOfMeasure": "1 Hour",
    "UnitPrice": "",
    "PayGPrice": "",
    "CostInBillingCurrency": "1",
    "BillingCurrencyCode": "USD",
    "ChargeType": "Usage",
    "PricingModel": "OnDemand",
    "PublisherType": "Azure",
    "ProductOrderId": "",
    "ReservationId": "",
    "benefitId": "",
    "CostAllocationRuleName": "",
    "Tags": "",
}
"""A line of an Enterprise Agreement's export: an hour of a virtual machine on 5 October 2026 for 1 USD."""
ORDER = "/providers/Microsoft.Capacity/reservationOrders/a965d46f-aedf-4176-8ff1-2617943b8960"
SCOPE = "/providers/Microsoft.Billing/billingAccounts/8611537"
COVERED = {"PricingModel": "Reservation", "benefitId": f"{ORDER}/reservations/f39d1c73"}
PAYMENT = {"ChargeType": "Purchase", "PricingModel": "Reservation", "benefitId": f"{ORDER}/reservations/"}
UNUSED = {"ChargeType": "UnusedReservation", **COVERED}
_DATES = ("Date", "BillingPeriodStartDate", "BillingPeriodEndDate")
_NUMBERS = ("CostInBillingCurrency", "Quantity", "UnitPrice", "PayGPrice")


def azure_text(
    rows: Sequence[Mapping[str, str]],
    *,
    without: Sequence[str] = (),
    names: Mapping[str, str] | None = None,
    newline: str = "\n",
) -> str:
    """The CSV of these lines; ``names`` renames columns; a column that a row adds comes last."""
    added = [name for row in rows for name in row if name not in DEFAULTS]
    columns = [name for name in dict.fromkeys([*DEFAULTS, *added]) if name not in without]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator=newline)
    writer.writerow([(names or {}).get(name, name) for name in columns])
    writer.writerows([{**DEFAULTS, **row}.get(name, "") for name in columns] for row in rows)
    return out.getvalue()


def write_azure(path: Path, rows: Sequence[Mapping[str, str]], **form: Any) -> Path:
    """Writes the lines to ``path``: compressed where it ends in .gz, typed where it ends in .parquet."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".parquet":
        pq.write_table(azure_table(rows), path, compression="snappy")
    else:
        content = azure_text(rows, **form).encode()
        path.write_bytes(gzip.compress(content, mtime=0) if path.suffix == ".gz" else content)
    return path


def azure_table(rows: Sequence[Mapping[str, str]]) -> pa.Table:
    """The lines with dates as dates and numbers as decimals, as Azure types them in Parquet."""
    columns: dict[str, pa.Array] = {}
    for name in dict.fromkeys([*DEFAULTS, *(name for row in rows for name in row)]):
        values = [{**DEFAULTS, **row}.get(name, "") for row in rows]
        if name in _DATES:
            columns[name] = pa.array([_day(value) for value in values], pa.date32())
        elif name in _NUMBERS:
            columns[name] = pa.array([Decimal(value) if value else None for value in values], pa.decimal128(38, 18))
        else:
            columns[name] = pa.array([value or None for value in values], pa.string())
    return pa.table(columns)


def _day(text: str) -> date | None:
    if not text:
        return None
    month, day, year = map(int, text.split("/"))
    return date(year, month, day)


def write_run(
    root: Path,
    dataset: str,
    rows: Sequence[Mapping[str, str]],
    *,
    export: str = "",
    days: tuple[str, str] = ("2026-10-01", "2026-10-31"),
    submitted: str = "2026-11-08T04:10:00Z",
    run: str = "run-1",
    suffix: str = "csv",
    parts: int = 1,
    scope: str = SCOPE,
    name: str = "manifest.json",
    **changes: Any,
) -> Path:
    """Writes one run of an export below ``root`` with its manifest, and returns the run's folder.

    ``dataset``: the manifest's type, such as ActualCost. ``changes`` replace entries of the manifest.
    """
    first, last = days
    export = export or dataset.lower()
    folder = root / export / f"{first.replace('-', '')}-{last.replace('-', '')}" / run
    files = []
    for part in range(parts):
        path = write_azure(folder / f"part_0_{part:04d}.{suffix}", rows[part::parts])
        listed = {"blobName": f"costs/{path.relative_to(root).as_posix()}", "byteCount": path.stat().st_size}
        files.append(listed | {"dataRowCount": len(rows[part::parts])})
    content = {
        "blobCount": parts,
        "byteCount": sum(file["byteCount"] for file in files),
        "dataRowCount": len(rows),
        "exportConfig": {
            "exportName": export,
            "resourceId": f"{scope}/providers/Microsoft.CostManagement/exports/{export}",
            "dataVersion": "2021-10-01",
            "type": dataset,
        },
        "runInfo": {
            "submittedTime": submitted,
            "runId": run,
            "startDate": f"{first}T00:00:00",
            "endDate": f"{last}T00:00:00",
        },
        "blobs": files,
    }
    (folder / name).write_text(json.dumps(content | changes))
    return folder


def write_both(
    root: Path, actual: Sequence[Mapping[str, str]], amortized: Sequence[Mapping[str, str]], **run: Any
) -> Path:
    """One run of each dataset, as two daily exports leave them; returns ``root``."""
    write_run(root, "ActualCost", actual, **run)
    write_run(root, "AmortizedCost", amortized, **run)
    return root
