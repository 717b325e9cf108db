"""Three months of AWS, Azure and Google together, closed one after the other while their bills go on changing.

On paper, USD. Each month is delivered as AWS acorn 60, birch 30, untagged 10; Azure acorn 20, birch 40; Google acorn
40, birch 10: direct 120 and 80, so that untagged is 6 and 4, acorn 126 and birch 84, together 210.

| delivered later | July comes to | posts |
| --- | --- | --- |
| after July's close: AWS birch 100, Google acorn 20, then Azure acorn 70 | 150 + 5, 150 + 5 | +29, +71 to August |
| after August's close: AWS birch 50 | 150 + 6, 100 + 4 | +1, -51 to September |
| after August's close: Google birch 50 in August, which then comes to 120 + 5, 120 + 5 | | -1, +41 to September |

So August is 126 + 29 and 84 + 71, September 126 + 0 and 84 - 10. All three: 407 and 313, together 720, which is what
the latest bills come to: 260 + 250 + 210.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from agent.period import Period
from tests.azure_rows import write_azure
from tests.books import AUGUST, CUSTOMERS, JULY, POLICY, SEPTEMBER, Company
from tests.cur_rows import write_cur
from tests.gcp_rows import write_parquet

MONTHS = (JULY, AUGUST, SEPTEMBER)
APPLICATION = """\
version: 1
company: Example SaaS
policy: policy.yaml
allocation: allocation.yaml
customers: customers.csv
invoices: invoices.csv
sources:
  - {name: aws, kind: aws-cur, location: aws}
  - {name: azure, kind: azure, location: azure}
  - {name: google, kind: gcp, location: google}
"""
ALLOCATION = "version: 1\ncustomer: [{tag: tenant}]\n"
Bill = Mapping[str, str]
"""Customer, '' for untagged -> cost."""
AWS: Bill = {"acorn": "60", "birch": "30", "": "10"}
AZURE: Bill = {"acorn": "20", "birch": "40"}
GOOGLE: Bill = {"acorn": "40", "birch": "10"}


class Clouds(Company):
    """The company with three clouds, and an invoice of each for each month."""

    def aws(self, month: Period, bill: Bill) -> None:
        day, following = f"{month.last_day}T23:00:00Z", f"{month.next.first_day}T00:00:00Z"
        of = {
            "bill/InvoiceId": f"A-{month}",
            "bill/BillingPeriodStartDate": f"{month.first_day}T00:00:00Z",
            "bill/BillingPeriodEndDate": following,
            "lineItem/UsageStartDate": day,
            "lineItem/UsageEndDate": following,
        }
        rows = [of | {"lineItem/UnblendedCost": cost, "resourceTags/user:tenant": who} for who, cost in bill.items()]
        write_cur(self.root / "aws", rows, month=f"{month.first_day:%Y%m%d}-{month.next.first_day:%Y%m%d}")

    def azure(self, month: Period, bill: Bill) -> None:
        day = f"{month.last_day:%m/%d/%Y}"
        of = {"BillingPeriodStartDate": f"{month.first_day:%m/%d/%Y}", "BillingPeriodEndDate": day, "Date": day}
        rows = [of | {"CostInBillingCurrency": cost, "Tags": f'"tenant": "{who}"'} for who, cost in bill.items()]
        write_azure(self.root / "azure" / f"{month}.csv", rows)

    def google(self, month: Period, bill: Bill) -> None:
        start = datetime(month.year, month.month, month.last_day.day, 12, tzinfo=UTC)
        of = {
            "invoice.month": f"{month.first_day:%Y%m}",
            "usage_start_time": start,
            "usage_end_time": start + timedelta(hours=12),
        }
        rows = [of | {"cost": float(cost), "labels": {"tenant": who}} for who, cost in bill.items()]
        write_parquet(self.root / "google" / f"{month}.parquet", rows)

    def invoiced(self, changed: Mapping[tuple[str, Period], str]) -> None:
        plain = {"aws": "100", "azure": "60", "google": "50"}
        rows = [
            f"{month},{source},{f'A-{month}' if source == 'aws' else ''},{changed.get((source, month), amount)},USD\n"
            for month in MONTHS
            for source, amount in plain.items()
        ]
        self.write("invoices.csv", "".join(["period,source,invoice_id,amount,currency\n", *rows]))

    def shut(self, month: Period) -> None:
        """The month allocated and closed. Azure and Google never name an invoice: somebody says that they are final."""
        self.done("allocate", "--period", str(month))
        assert self.call("close", str(month), "--by", "Ada") == 2
        self.done("close", str(month), "--by", "Ada", "--accept-estimates", "Azure and Google are invoiced")

    def cost(self, month: Period, column: str = "Cost") -> tuple[Decimal, ...]:
        found = self.costs(month, column)
        assert not any(Decimal(found[who]) for who in found if who.startswith("@"))
        return tuple(Decimal(found[who]).normalize() for who in ("acorn", "birch"))


@pytest.fixture
def clouds(tmp_path: Path) -> Clouds:
    """Three months of three clouds delivered and taken in."""
    made = Clouds(tmp_path)
    texts = {"apportion.yaml": APPLICATION, "policy.yaml": POLICY, "allocation.yaml": ALLOCATION}
    for name, text in (texts | {"customers.csv": CUSTOMERS}).items():
        made.write(name, text)
    for month in MONTHS:
        made.aws(month, AWS)
        made.azure(month, AZURE)
        made.google(month, GOOGLE)
    made.invoiced({})
    made.done("ingest")
    return made


def test_late_bills_of_three_clouds_end_where_they_were_worked_out(clouds: Clouds, capsys):
    clouds.shut(JULY)
    assert clouds.cost(JULY) == (126, 84)

    clouds.aws(JULY, AWS | {"birch": "100"})
    clouds.google(JULY, GOOGLE | {"acorn": "20"})
    clouds.invoiced({("aws", JULY): "170", ("google", JULY): "30"})
    clouds.done("ingest")
    clouds.done("allocate", "--period", "2026-08")
    assert clouds.cost(AUGUST, "PriorPeriod") == (-22, 72)  # direct 100 and 150: untagged is 4 and 6
    clouds.azure(JULY, AZURE | {"acorn": "70"})
    clouds.invoiced({("aws", JULY): "170", ("google", JULY): "30", ("azure", JULY): "110"})
    clouds.done("ingest")
    clouds.shut(AUGUST)
    assert clouds.cost(AUGUST, "PriorPeriod") == (29, 71)
    assert clouds.cost(AUGUST) == (155, 155)

    clouds.aws(JULY, AWS | {"birch": "50"})
    clouds.google(AUGUST, GOOGLE | {"birch": "50"})
    latest = {("aws", JULY): "120", ("google", JULY): "30", ("azure", JULY): "110", ("google", AUGUST): "90"}
    clouds.invoiced(latest)
    clouds.done("ingest")
    clouds.shut(SEPTEMBER)
    assert clouds.posted(SEPTEMBER, allocate=False) == {
        ("2026-07", "acorn"): "1",
        ("2026-07", "birch"): "-51",
        ("2026-08", "acorn"): "-1",
        ("2026-08", "birch"): "41",
    }
    assert clouds.cost(SEPTEMBER) == (126, 74)
    assert [sum(parts) for parts in zip(*map(clouds.cost, MONTHS), strict=True)] == [407, 313]

    assert clouds.cost(JULY) == (126, 84)
    capsys.readouterr()
    clouds.done("verify", "--format", "json")
    verified = json.loads(capsys.readouterr().out)
    assert [one["period"] for one in verified["periods"]] == ["2026-07", "2026-08", "2026-09"]
    now = {
        check["name"]: check["left"]
        for check in verified["periods"][0]["checks"]
        if check["name"].startswith("now: ") and "BilledCost" in check["name"]
    }
    assert now == {
        "now: aws: invoice A-2026-07 == BilledCost, USD": "120",
        "now: azure: invoice of the month == BilledCost, USD": "110",
        "now: google: invoice of the month == BilledCost, USD": "30",
    }
