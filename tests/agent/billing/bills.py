"""One small good bill of every kind, as the CSV cells it is delivered in, so that each can be spoiled the same way."""

import csv
import gzip
import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa

from tests import azure_rows, cur2_rows, cur_rows, focus_rows, gcp_rows

Lines = Sequence[Mapping[str, str]]
MAP = """\
version: 1
columns:
  BilledCost: cost
  BillingCurrency: currency
  ChargePeriodStart: day
  BillingAccountId: account
  ServiceName: service
  ResourceId: resource
tags: [{prefix: "tag:"}]
"""


@dataclass(frozen=True, slots=True)
class Bill:
    """A kind of source as CSV: what its columns are called, and three lines that cost 1, 2 and 4.

    ``id`` is a column of ids that may be all digits; ``tag`` gives the cell (column, text) that says tag = value. What
    a provider's file does not have is left out.
    """

    kind: str
    lines: Lines
    cost: str
    account: str = ""
    id: str = ""
    currency: str = ""
    tag: Callable[[Mapping[str, str]], Mapping[str, str]] = dict
    keys: Mapping[str, Any] = field(default_factory=dict)

    def header(self, lines: Lines) -> list[str]:
        return list(dict.fromkeys(name for line in lines for name in line))

    def text(self, lines: Lines | None = None) -> str:
        lines = self.lines if lines is None else lines
        out = io.StringIO()
        writer = csv.DictWriter(out, self.header(lines or self.lines), restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(lines)
        return out.getvalue()

    def with_line(self, number: int, **cells: str) -> list[dict[str, str]]:
        """The lines with some cells of one changed; names of columns by their role."""
        changed = [dict(line) for line in self.lines]
        changed[number] |= {getattr(self, role): cell for role, cell in cells.items()}
        return changed


def _cells(text: str) -> Lines:
    return list(csv.DictReader(io.StringIO(text)))


def _json_tags(column: str) -> Callable[[Mapping[str, str]], Mapping[str, str]]:
    return lambda tags: {column: json.dumps(tags)}


def _columns(prefix: str) -> Callable[[Mapping[str, str]], Mapping[str, str]]:
    return lambda tags: {prefix + key: value for key, value in tags.items()}


def _labels(tags: Mapping[str, str]) -> Mapping[str, str]:
    return {"labels": json.dumps([{"key": key, "value": value} for key, value in tags.items()])}


def _gcp(place: Path) -> Lines:
    path = gcp_rows.write_csv(
        place / "gcp.csv",
        [{"cost": cost, "project.id": f"p-{cost:.0f}", "resource.name": "vm"} for cost in (1.0, 2.0, 4.0)],
    )
    found = _cells(path.read_text())
    path.unlink()
    return found


def bills(place: Path) -> dict[str, Bill]:
    """Every kind that is delivered as CSV; ``place`` is for what has to be written to be made."""
    (place / "columns.yaml").write_text(MAP)
    costs = ("1", "2", "4")
    named = [{"cost": cost, "currency": "USD", "day": "2026-10-05"} for cost in costs]
    every = (
        Bill(
            "focus",
            _cells(focus_rows.focus_text([{"BilledCost": cost, "ResourceId": f"r-{cost}"} for cost in costs])),
            "BilledCost",
            "SubAccountId",
            "ResourceId",
            "BillingCurrency",
            _json_tags("Tags"),
        ),
        Bill(
            "aws-cur",
            _cells(
                cur_rows.cur_text(
                    [{"lineItem/UnblendedCost": cost, "lineItem/ResourceId": f"r-{cost}"} for cost in costs]
                )
            ),
            "lineItem/UnblendedCost",
            "lineItem/UsageAccountId",
            "bill/InvoiceId",
            "lineItem/CurrencyCode",
            _columns("resourceTags/user:"),
        ),
        Bill(
            "azure",
            _cells(
                azure_rows.azure_text(
                    [{"CostInBillingCurrency": cost, "ResourceId": f"/subscriptions/r-{cost}"} for cost in costs]
                )
            ),
            "CostInBillingCurrency",
            "SubscriptionId",
            "BillingAccountId",
            "BillingCurrencyCode",
            _json_tags("Tags"),
            {"dataset": "amortized"},
        ),
        Bill(
            "gcp",
            _gcp(place),
            "cost",
            "project.id",
            "sku.id",
            "currency",
            _labels,
        ),
        Bill(
            "oci",
            [OCI | {"cost/myCost": cost, "product/resourceId": f"r-{cost}"} for cost in costs],
            "cost/myCost",
            "lineItem/tenantId",
            "product/compartmentId",
            "cost/currencyCode",
            _columns("tags/Billing."),
        ),
        Bill(
            "csv",
            [line | {"account": "0042", "service": "Mail", "resource": f"r-{line['cost']}"} for line in named],
            "cost",
            "account",
            "resource",
            "currency",
            _columns("tag:"),
            {"columns": "columns.yaml"},
        ),
    )
    ocean = Bill(
        "digitalocean", [OCEAN | {"USD": f"${cost}.00", "description": f"web-{cost}"} for cost in costs], "USD"
    )
    return {bill.kind: bill for bill in (*every, ocean)}


OCEAN = {
    "product": "Droplets",
    "group_description": "",
    "description": "",
    "hours": "744",
    "start": "2026-10-01 00:00:00 +0000",
    "end": "2026-11-01 00:00:00 +0000",
    "USD": "",
    "project_name": "shop",
    "category": "iaas",
}
OCI = {
    "lineItem/referenceNo": "V2.1",
    "lineItem/tenantId": "ocid1.tenancy.oc1..t",
    "lineItem/intervalUsageStart": "2026-10-05T13:00Z",
    "lineItem/intervalUsageEnd": "2026-10-05T14:00Z",
    "product/service": "COMPUTE",
    "product/compartmentId": "ocid1.compartment.oc1..c",
    "product/resourceId": "",
    "usage/billedQuantity": "1",
    "cost/productSku": "B1",
    "cost/myCost": "",
    "cost/myCostOverage": "0",
    "cost/currencyCode": "USD",
    "lineItem/isCorrection": "false",
    "lineItem/backreferenceNo": "",
}


def parquets() -> dict[str, tuple[pa.Table, Mapping[str, Any]]]:
    """A good bill of every kind that is delivered as Parquet, and the keys of its source."""
    focus = [focus_rows.focus_row({"BilledCost": str(cost)}) for cost in range(1, 4)]
    return {
        "focus": (pa.Table.from_pylist(focus), {}),
        "aws-cur": (cur_rows.cur_table([{"lineItem/UnblendedCost": "1"}]), {}),
        "aws-cur2": (cur2_rows.cur2_table([{"line_item_unblended_cost": 1.5}]), {}),
        "azure": (azure_rows.azure_table([{}]), {"dataset": "amortized"}),
        "gcp": (gcp_rows.gcp_table([{"cost": 1.5}]), {}),
    }


def packed(text: str) -> bytes:
    return gzip.compress(text.encode(), mtime=0)
