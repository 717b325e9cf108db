"""Small FOCUS 1.2 files for tests: a row names only what the test is about, the rest is a plain usage line."""

import csv
import gzip
import io
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path

DEFAULTS: dict[str, str] = {
    "BilledCost": "1",
    "EffectiveCost": "",
    "ListCost": "",
    "ContractedCost": "",
    "BillingCurrency": "USD",
    "BillingAccountId": "999999999999",
    "BillingAccountName": "Example SaaS",
    "SubAccountId": "012345678901",
    "SubAccountName": "production",
    "BillingPeriodStart": "2026-10-01T00:00:00Z",
    "BillingPeriodEnd": "2026-11-01T00:00:00Z",
    "ChargePeriodStart": "2026-10-05T00:00:00Z",
    "ChargePeriodEnd": "2026-10-06T00:00:00Z",
    "ChargeCategory": "Usage",
    "ChargeClass": "",
    "ChargeDescription": "",
    "ChargeFrequency": "Usage-Based",
    "InvoiceId": "",
    "InvoiceIssuerName": "AWS",
    "ProviderName": "AWS",
    "PublisherName": "AWS",
    "ServiceCategory": "Compute",
    "ServiceName": "Amazon Elastic Compute Cloud",
    "RegionId": "eu-west-3",
    "ResourceId": "",
    "ResourceName": "",
    "ResourceType": "",
    "SkuId": "",
    "CommitmentDiscountId": "",
    "CommitmentDiscountStatus": "",
    "ConsumedQuantity": "1",
    "ConsumedUnit": "Hours",
    "PricingQuantity": "1",
    "PricingUnit": "Hours",
    "Tags": "{}",
}
"""A production EC2 line of October 2026. An empty Effective, List or Contracted cost means: as BilledCost."""

_FOLLOW_BILLED = ("EffectiveCost", "ListCost", "ContractedCost")


def focus_row(row: Mapping[str, str]) -> dict[str, str]:
    """The row with every column it does not name; cost columns it leaves out equal its BilledCost.

    A ``BillingPeriodStart`` of another month moves the default charge period to the 5th of that month; a later
    ``ChargePeriodStart`` moves the default end behind it.
    """
    full = {**DEFAULTS, **row}
    start = full["BillingPeriodStart"]
    if "BillingPeriodStart" in row and "ChargePeriodStart" not in row:
        full["ChargePeriodStart"] = f"{start[:8]}05T00:00:00Z"
        full["ChargePeriodEnd"] = row.get("ChargePeriodEnd", f"{start[:8]}06T00:00:00Z")
    written = full["ChargePeriodStart"][4:5] == "-"
    if written and "ChargePeriodEnd" not in row and full["ChargePeriodEnd"][:10] < full["ChargePeriodStart"][:10]:
        full["ChargePeriodEnd"] = str(date.fromisoformat(full["ChargePeriodStart"][:10]) + timedelta(days=1))
    for column in _FOLLOW_BILLED:
        if column not in row:
            full[column] = full["BilledCost"]
    return full


def focus_text(rows: Sequence[Mapping[str, str]], *, without: Sequence[str] = ()) -> str:
    """The CSV text (LF, quotes where needed); ``without`` leaves columns out."""
    full = [focus_row(row) for row in rows]
    extra = dict.fromkeys(column for row in rows for column in row if column not in DEFAULTS)
    header = [column for column in (*DEFAULTS, *extra) if column not in without]
    out = io.StringIO()
    writer = csv.DictWriter(out, header, restval="", extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(full)
    return out.getvalue()


def write_focus(path: Path, rows: Sequence[Mapping[str, str]], *, without: Sequence[str] = ()) -> Path:
    """Writes the rows as CSV, gzipped (without a time stamp) when ``path`` ends in ``.gz``; makes its folder."""
    raw = focus_text(rows, without=without).encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(raw, mtime=0) if path.suffix == ".gz" else raw)
    return path
