"""Writes the second provider's bill as one FOCUS 1.0 CSV file: decimals as text, tags as JSON, both months."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from agent.demo.clock import PERIODS, Clock, noise, spread
from agent.demo.fleet import digest
from agent.demo.tables import rows
from agent.period import Period

_TIME = "%Y-%m-%dT%H:%M:%SZ"
NAME = "brindlewood-focus-2026-09-2026-10.csv"
HEADER = (
    "AvailabilityZone", "BilledCost", "BillingAccountId", "BillingAccountName", "BillingCurrency", "BillingPeriodEnd",
    "BillingPeriodStart", "ChargeCategory", "ChargeClass", "ChargeDescription", "ChargeFrequency", "ChargePeriodEnd",
    "ChargePeriodStart", "CommitmentDiscountCategory", "CommitmentDiscountId", "CommitmentDiscountName",
    "CommitmentDiscountStatus", "CommitmentDiscountType", "ConsumedQuantity", "ConsumedUnit", "ContractedCost",
    "ContractedUnitPrice", "EffectiveCost", "InvoiceIssuerName", "ListCost", "ListUnitPrice", "PricingCategory",
    "PricingQuantity", "PricingUnit", "ProviderName", "PublisherName", "RegionId", "RegionName", "ResourceId",
    "ResourceName", "ResourceType", "ServiceCategory", "ServiceName", "SkuId", "SkuPriceId", "SubAccountId",
    "SubAccountName", "Tags",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class FocusFile:
    """The file, its lines, and the exact sum of BilledCost by period."""

    path: Path
    lines: int
    billed: dict[Period, Decimal]


def write_focus(folder: Path, seed: int) -> FocusFile:
    """Writes ``folder``/:data:`NAME`."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / NAME
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, HEADER, restval="", lineterminator="\n")
    writer.writeheader()
    billed = dict.fromkeys(PERIODS, Decimal(0))
    count = 0
    for period in PERIODS:
        for line in [*_usage(period, seed), *_charges(period)]:
            writer.writerow(line)
            billed[period] += Decimal(line["BilledCost"])
            count += 1
    path.write_text(text.getvalue(), encoding="utf-8")
    return FocusFile(path, count, billed)


def _common(period: Period) -> dict[str, str]:
    return {
        "BillingAccountId": "01B2C3-D4E5F6-A7B8C9",
        "BillingAccountName": "Brindlewood Cloud",
        "BillingCurrency": "USD",
        "BillingPeriodStart": f"{period.first_day}T00:00:00Z",
        "BillingPeriodEnd": f"{period.next.first_day}T00:00:00Z",
        "InvoiceIssuerName": "Google Cloud",
        "ProviderName": "Google Cloud",
        "PublisherName": "Google Cloud",
    }


def _usage(period: Period, seed: int) -> Iterator[dict[str, str]]:
    for key, row in enumerate(rows("focus_rows.csv")):
        clock = Clock(period, 24 if row["grain"] == "day" else 1)
        rate = int(row["rate_micros"])
        monthly = int(row["monthly_usd"]) * 10**12 // rate
        monthly = monthly if period == PERIODS[-1] else monthly * 100 // 105
        hourly = spread(monthly, row["curve"], period, noise(seed, 90_000 + key * 16 + period.month, period.days * 24))
        for start, quantity in zip(clock.starts().tolist(), clock.per_step(hourly).tolist(), strict=True):
            end = start + timedelta(hours=clock.step)
            times = {"ChargePeriodStart": f"{start:{_TIME}}", "ChargePeriodEnd": f"{end:{_TIME}}"}
            yield _common(period) | times | _line(row, quantity)


def _line(row: dict[str, str], quantity: int) -> dict[str, str]:
    rate = int(row["rate_micros"])
    cost = _text(Decimal(quantity * rate).scaleb(-12))
    amount, price = _text(Decimal(quantity).scaleb(-6)), _text(Decimal(rate).scaleb(-6))
    sku = digest(row["service"] + row["sku"], 12).upper()
    return {
        "BilledCost": cost, "EffectiveCost": cost, "ContractedCost": cost, "ListCost": cost,
        "ChargeCategory": "Usage", "ChargeDescription": f"{row['service']} {row['sku']}",
        "ChargeFrequency": "Usage-Based",
        "ConsumedQuantity": amount, "ConsumedUnit": row["unit"], "ContractedUnitPrice": price, "ListUnitPrice": price,
        "PricingCategory": "Standard", "PricingQuantity": amount, "PricingUnit": row["unit"],
        "RegionId": "europe-west1", "RegionName": "Belgium",
        "ResourceId": f"//cloud.example/{row['resource']}", "ResourceName": row["resource"].rpartition("/")[2],
        "ResourceType": row["resource"].split("/")[2],
        "ServiceCategory": row["category"], "ServiceName": row["service"],
        "SkuId": sku, "SkuPriceId": f"{sku}-1", "SubAccountId": row["project"], "SubAccountName": row["project"],
        "Tags": row["tags"],
    }  # fmt: skip


def _charges(period: Period) -> Iterator[dict[str, str]]:
    """A promotional credit on one project, and the account's tax, which has no project."""
    whole = {
        "ChargeFrequency": "One-Time",
        "ChargePeriodStart": f"{period.first_day}T00:00:00Z",
        "ChargePeriodEnd": f"{period.next.first_day}T00:00:00Z",
    }
    credit = {"ChargeCategory": "Credit", "ChargeDescription": "Promotion: analytics onboarding"}
    project = {"ServiceCategory": "Analytics", "ServiceName": "BigQuery"}
    account = {"SubAccountId": "brindle-analytics", "SubAccountName": "brindle-analytics"}
    tax = {"ChargeCategory": "Tax", "ChargeDescription": "Tax", "ServiceCategory": "Other", "ServiceName": "Invoice"}
    yield _common(period) | whole | credit | project | account | _amount("-250.00")
    yield _common(period) | whole | tax | _amount("214.36" if period == PERIODS[-1] else "203.18")


def _amount(cost: str) -> dict[str, str]:
    return dict.fromkeys(("BilledCost", "EffectiveCost", "ContractedCost", "ListCost"), cost)


def _text(number: Decimal) -> str:
    """Plain decimal text; below 1e-4 in the exponent form that real bills use."""
    plain = number.normalize()
    tiny = plain != 0 and abs(plain) < Decimal("0.0001")
    return f"{plain:E}" if tiny else format(plain, "f")
