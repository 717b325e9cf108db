"""Small legacy Cost and Usage Reports for tests, as AWS lays them out: text, one column a tag, a manifest per month."""

import csv
import gzip
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

DEFAULTS: dict[str, str] = {
    "identity/LineItemId": "line",
    "identity/TimeInterval": "2026-10-05T13:00:00Z/2026-10-05T14:00:00Z",
    "bill/InvoiceId": "",
    "bill/InvoicingEntity": "Amazon Web Services, Inc.",
    "bill/BillingEntity": "AWS",
    "bill/BillType": "Anniversary",
    "bill/PayerAccountId": "111111111111",
    "bill/BillingPeriodStartDate": "2026-10-01T00:00:00Z",
    "bill/BillingPeriodEndDate": "2026-11-01T00:00:00Z",
    "lineItem/UsageAccountId": "012345678901",
    "lineItem/LineItemType": "Usage",
    "lineItem/UsageStartDate": "2026-10-05T13:00:00Z",
    "lineItem/UsageEndDate": "2026-10-05T14:00:00Z",
    "lineItem/ProductCode": "AmazonEC2",
    "lineItem/UsageType": "EU-BoxUsage:m5.large",
    "lineItem/Operation": "RunInstances",
    "lineItem/ResourceId": "",
    "lineItem/UsageAmount": "1",
    "lineItem/CurrencyCode": "USD",
    "lineItem/UnblendedCost": "0",
    "lineItem/BlendedCost": "7",
    "lineItem/TaxType": "",
    "lineItem/LegalEntity": "Amazon Web Services, Inc.",
    "product/sku": "",
    "product/regionCode": "eu-west-3",
    "pricing/publicOnDemandCost": "",
    "pricing/unit": "Hrs",
    "reservation/ReservationARN": "",
    "reservation/EffectiveCost": "",
    "reservation/UnusedAmortizedUpfrontFeeForBillingPeriod": "",
    "reservation/UnusedRecurringFee": "",
    "savingsPlan/SavingsPlanARN": "",
    "savingsPlan/SavingsPlanEffectiveCost": "",
    "savingsPlan/TotalCommitmentToDate": "",
    "savingsPlan/UsedCommitment": "",
}
"""A line of an hour of EC2 usage. A row may name more columns: tags, net costs, split costs."""


def cur_header(rows: Sequence[Mapping[str, str]], without: Sequence[str] = ()) -> list[str]:
    named = dict.fromkeys([*DEFAULTS, *(name for row in rows for name in row)])
    return [name for name in named if name not in without]


def cur_text(rows: Sequence[Mapping[str, str]], *, without: Sequence[str] = ()) -> str:
    """The lines as CSV."""
    names = cur_header(rows, without)
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(names)
    writer.writerows([(DEFAULTS | dict(row)).get(name, "") for name in names] for row in rows)
    return stream.getvalue()


def athena_name(name: str) -> str:
    """``lineItem/UnblendedCost`` as AWS's Parquet reports spell it: an underscore before every capital."""
    spelled = "".join(f"_{char.lower()}" if char.isupper() else char if char.isalnum() else "_" for char in name)
    while "__" in spelled:
        spelled = spelled.replace("__", "_")
    return spelled


_AMOUNT_ENDS = ("Cost", "Fee", "Amount", "CommitmentToDate", "UsedCommitment", "ForBillingPeriod", "Ratio")


def cur_table(rows: Sequence[Mapping[str, str]]) -> pa.Table:
    """The lines as AWS writes them to Parquet: typed, names with underscores, tags lower case."""
    names = cur_header(rows)
    columns = {}
    for name in names:
        texts = [(DEFAULTS | dict(row)).get(name, "") for row in rows]
        if name.endswith(_AMOUNT_ENDS):
            column = pa.array([float(text) if text else None for text in texts], pa.float64())
        elif name.endswith(("StartDate", "EndDate")):
            column = pa.array([text.replace("Z", "") for text in texts]).cast(pa.timestamp("ms"))
        else:
            column = pa.array(texts, pa.string())
        columns[athena_name(name)] = column
    return pa.table(columns)


def write_cur(
    root: Path,
    rows: Sequence[Mapping[str, str]],
    *,
    assembly: str = "11111111-aaaa",
    month: str = "20261001-20261101",
    parts: int = 1,
    form: str = "csv.gz",
    without: Sequence[str] = (),
) -> Path:
    """Writes ``rows`` below ``root`` as the report ``cur``, in ``parts`` files and with its manifests.

    An empty ``assembly`` is a report that overwrites itself. ``form`` is csv, csv.gz or parquet; Parquet is laid out
    by year and month, as for Athena. Returns ``root``.
    """
    report = root / "pre" / "cur"
    folder = report / month / assembly if assembly else report / month
    if form == "parquet":
        folder = report / "cur" / f"year={month[:4]}" / f"month={int(month[4:6])}"
    folder.mkdir(parents=True, exist_ok=True)
    keys = []
    for part in range(parts):
        path = folder / f"cur-{part + 1}.{'snappy.parquet' if form == 'parquet' else form}"
        if form == "parquet":
            pq.write_table(cur_table(rows[part::parts]), path)
        else:
            text = cur_text(rows[part::parts], without=without).encode()
            path.write_bytes(gzip.compress(text, mtime=0) if form == "csv.gz" else text)
        keys.append(path.relative_to(root).as_posix())
    write_manifest(report / month, keys, assembly=assembly, month=month)
    if assembly and form != "parquet":
        write_manifest(folder, keys, assembly=assembly, month=month)
    return root


def write_manifest(folder: Path, keys: Sequence[str], *, assembly: str = "", month: str = "20261001-20261101") -> None:
    """``cur-Manifest.json`` in ``folder``."""
    first, last = month.split("-")
    content = {
        "assemblyId": assembly,
        "account": "111111111111",
        "columns": [],
        "charset": "UTF-8",
        "compression": "GZIP",
        "contentType": "text/csv",
        "reportId": "0" * 64,
        "reportName": "cur",
        "billingPeriod": {"start": f"{first}T000000.000Z", "end": f"{last}T000000.000Z"},
        "bucket": "bucket",
        "reportKeys": list(keys),
        "additionalArtifactKeys": [],
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "cur-Manifest.json").write_text(json.dumps(content))
