"""A small company on disk for tests: two customers, one FOCUS export of October 2026, a driver and revenue."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.focus_rows import write_focus

APPLICATION = """\
version: 1
company: Example SaaS
policy: policy.yaml
allocation: allocation.yaml
customers: customers.csv
sources:
  - {name: cloud, kind: focus, location: exports, late_after_days: 40}
usage:
  - {name: requests, kind: csv, location: usage/requests.csv, late_after_days: 40}
revenue: {kind: csv, location: revenue.csv}
"""
POLICY = """\
version: 1
tags:
  - key: tenant
    values: {known: customers}
"""
ALLOCATION = """\
version: 1
customer:
  - {tag: tenant}
pools:
  - {name: database, match: {service: AmazonRDS}, method: usage, driver: requests, fallback: [period, unallocated]}
"""
CUSTOMERS = """\
id,name,kind,tier,plan,segment,cohort,parent,start,end
acme,Acme,paying,enterprise,annual,retail,,,2026-01-01,
globex,Globex,paying,growth,monthly,energy,,,2026-01-01,
"""
REVENUE = "period,customer,amount,currency\n2026-10,acme,900,USD\n2026-10,globex,300,USD\n"

ROWS: tuple[Mapping[str, str], ...] = (
    {"BilledCost": "60", "ResourceId": "vm-1", "Tags": '{"tenant": "acme"}'},
    {"BilledCost": "30", "ResourceId": "vm-2", "Tags": '{"tenant": "globex"}'},
    {"BilledCost": "10", "ResourceId": "vm-3", "Tags": "{}"},
    {"BilledCost": "40", "ServiceName": "AmazonRDS", "ResourceId": "db-1"},
)


def usage(customers: Sequence[str] = ("acme", "globex"), quantity: str = "3") -> str:
    """A driver for every day of October 2026, the same quantity for each customer."""
    lines = [f"2026-10-{day:02d},{customer},{quantity}" for day in range(1, 32) for customer in customers]
    return "\n".join(["date,customer,quantity", *lines, ""])


def write_project(folder: Path, rows: Sequence[Mapping[str, str]] = ROWS) -> Path:
    """Writes everything and returns the path of apportion.yaml."""
    texts = {
        "apportion.yaml": APPLICATION,
        "policy.yaml": POLICY,
        "allocation.yaml": ALLOCATION,
        "customers.csv": CUSTOMERS,
        "revenue.csv": REVENUE,
        "usage/requests.csv": usage(),
    }
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    write_focus(folder / "exports" / "october.csv", rows)
    return folder / "apportion.yaml"
