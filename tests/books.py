"""A small company whose months can be closed: every line is invoiced, every invoice is in invoices.csv."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from agent import cli
from agent.config.loading import Settings, load_application
from agent.period import Period
from tests.focus_rows import write_focus

APPLICATION = """\
version: 1
company: Example SaaS
policy: policy.yaml
allocation: allocation.yaml
customers: customers.csv
invoices: invoices.csv
sources:
  - {name: cloud, kind: focus, location: exports}
usage:
  - {name: requests, kind: csv, location: requests.csv}
revenue: {kind: csv, location: revenue.csv}
close: {unallocated_pct: 5}
"""
POLICY = "version: 1\ntags:\n  - {key: tenant, values: {known: customers}}\n"
ALLOCATION = """\
version: 1
methodology: {id: 2026-H2, from: 2026-07}
customer:
  - {tag: tenant}
pools:
  - {name: database, match: {service: Database}, method: usage, driver: requests}
"""
CUSTOMERS = "id,name,kind,start\nacorn,Acorn,paying,2026-01-01\nbirch,Birch,paying,2026-01-01\n"
JULY, AUGUST, SEPTEMBER = Period(2026, 7), Period(2026, 8), Period(2026, 9)
Line = tuple[str, str, str]
"""(what it cost, what it is, the customer its tag names, or '')."""
BILL: tuple[Line, ...] = (("60", "vm-1", "acorn"), ("30", "vm-2", "birch"), ("10", "vm-3", ""), ("40", "db-1", ""))
"""Acorn 60, birch 30, untagged 10, a database of 40 that acorn uses for a quarter."""


@dataclass(frozen=True, slots=True)
class Company:
    """The company in a folder."""

    root: Path

    @property
    def config(self) -> Path:
        return self.root / "apportion.yaml"

    @property
    def data(self) -> Path:
        return self.root / "data"

    @property
    def settings(self) -> Settings:
        return load_application(self.config)

    def write(self, name: str, text: str) -> None:
        (self.root / name).write_text(text, encoding="utf-8")

    def deliver(self, month: Period, lines: Sequence[Line] = BILL, **more: str) -> None:
        """The bill of a month, in place of what was delivered of it before."""
        rows = [_row(month, line) | more for line in lines]
        write_focus(self.root / "exports" / f"{month}.csv", rows)

    def invoices(self, amounts: Mapping[Period, str]) -> None:
        rows = [f"{month},cloud,INV-{month},{amount},USD\n" for month, amount in amounts.items()]
        self.write("invoices.csv", "".join(["period,source,invoice_id,amount,currency\n", *rows]))

    def call(self, *argv: str) -> int:
        return cli.main([*argv, "--config", str(self.config), "--quiet"])

    def done(self, *argv: str) -> None:
        """A command that must succeed."""
        assert self.call(*argv) == 0, argv

    def closed(self, *months: Period) -> "Company":
        """These months ingested, allocated and closed."""
        self.done("ingest")
        for month in months:
            self.done("allocate", "--period", str(month))
            self.done("close", str(month), "--by", "Ada")
        return self

    def posted(self, month: Period, allocate: bool = True) -> dict[tuple[str, str], str]:
        """(origin, customer) -> EffectiveCost of adjustments in a month's results, after taking everything in."""
        if allocate:
            self.done("ingest")
            self.done("allocate", "--period", str(month))
        sums: dict[tuple[str, str], Decimal] = {}
        for row in pq.read_table(self.results(month) / "allocation.parquet").to_pylist():
            if row["OriginPeriod"] != row["Period"]:
                key = (row["OriginPeriod"], row["Customer"])
                sums[key] = sums.get(key, Decimal(0)) + row["EffectiveCost"]
        return {key: _plain(amount) for key, amount in sorted(sums.items()) if amount}

    def results(self, month: Period) -> Path:
        return self.data / "results" / str(month)

    def entry(self, month: Period, version: int = 1) -> Path:
        return self.data / "closed" / str(month) / f"v{version}"

    def proof(self, month: Period) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.results(month) / "proof.json").read_text())
        return found

    def costs(self, month: Period, column: str = "Cost") -> dict[str, str]:
        text = (self.results(month) / "cost_per_customer.csv").read_text(encoding="utf-8")
        return {row["Customer"]: row[column] for row in csv.DictReader(io.StringIO(text))}


def company(root: Path, *months: Period) -> Company:
    """Everything on disk, with the same bill in each month."""
    made = Company(root)
    root.mkdir(parents=True, exist_ok=True)
    days = [day for month in (*months, *([months[-1].next] if months else [])) for day in month.dates()]
    texts = {
        "apportion.yaml": APPLICATION,
        "policy.yaml": POLICY,
        "allocation.yaml": ALLOCATION,
        "customers.csv": CUSTOMERS,
        "requests.csv": "".join(["date,customer,quantity\n", *(f"{day},acorn,1\n{day},birch,3\n" for day in days)]),
        "revenue.csv": "".join(
            ["period,customer,amount,currency\n"]
            + [f"{month},acorn,200,USD\n{month},birch,100,USD\n" for month in months]
        ),
    }
    for name, text in texts.items():
        made.write(name, text)
    made.invoices(dict.fromkeys(months, "140"))
    for month in months:
        made.deliver(month)
    return made


@pytest.fixture
def books(tmp_path: Path) -> Company:
    """July and August delivered, nothing closed."""
    return company(tmp_path / "company", JULY, AUGUST)


def _row(month: Period, line: Line) -> dict[str, str]:
    cost, resource, tenant = line
    return {
        "BilledCost": cost,
        "BillingPeriodStart": f"{month.first_day}T00:00:00Z",
        "BillingPeriodEnd": f"{month.next.first_day}T00:00:00Z",
        "ChargePeriodStart": f"{month.last_day}T00:00:00Z",
        "ChargePeriodEnd": f"{month.next.first_day}T00:00:00Z",
        "ServiceName": "Database" if resource.startswith("db") else "Compute",
        "ResourceId": resource,
        "InvoiceId": f"INV-{month}",
        "Tags": json.dumps({"tenant": tenant} if tenant else {}),
    }


def _plain(amount: Decimal) -> str:
    return format(amount.normalize(), "f")
