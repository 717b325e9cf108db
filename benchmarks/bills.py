"""Bills of any size: one month, hourly, a thousand tenants; exact costs as providers write them, doubles and text."""

import csv
import json
import random
import subprocess
import sys
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import duckdb

from benchmarks.shapes import SHAPES, Shape

HOURS = 744
TENANTS = 1000
POOLS, CUSTOMERS = 20, 2000
"""Of the company whose allocation is large: its month has about 1.2 million shares."""
PERIOD = "2026-10"
FILES = 5
_SERVICES = (
    "AmazonEC2", "AmazonS3", "AmazonRDS", "AmazonApiGateway", "AWSLambda", "AmazonMSK", "AmazonCloudWatch", "AWSELB",
)  # fmt: skip
_REGIONS = ("eu-west-3", "us-east-1", "eu-central-1")
_PARTS = ("tenant", "env", "team", "app", "cost_center")


@dataclass(frozen=True, slots=True)
class Bill:
    """A company folder: ``apportion.yaml`` and the export it names; ``files`` are the export's data files."""

    folder: Path
    files: tuple[Path, ...]

    @property
    def config(self) -> Path:
        return self.folder / "apportion.yaml"


def bill_of(root: Path, shape: Shape, lines: int) -> Bill:
    """The bill in one export's shape. Made once, then found in place."""
    folder = root / f"{shape.name}-{lines}"
    month = Path("exports") / "data" / f"BILLING_PERIOD={PERIOD}" if shape.kind == "aws-cur2" else Path("exports")
    bill = Bill(folder, tuple(folder / month / f"part-{part}.{shape.suffix}" for part in range(FILES)))
    if not bill.config.exists():
        bill.files[0].parent.mkdir(parents=True, exist_ok=True)
        with _lines(lines, shape.tags) as connection:
            for part, path in enumerate(bill.files):
                query = f"{shape.select} where line % {FILES} = {part} order by line"
                connection.execute(f"copy ({query}) to '{path}' ({_FORMATS[shape.suffix]})")
        if shape.kind == "aws-cur2":
            _manifest(bill)
        _company(bill.folder, shape)
    return bill


def made(root: Path, shape: Shape, lines: int) -> Bill:
    """The same, made by a process of its own: what a process held counts in the peak of those that it starts."""
    command = [sys.executable, "-m", "benchmarks.bills", str(root), shape.name, str(lines)]
    subprocess.run(command, check=True)
    return bill_of(root, shape, lines)


_FORMATS = {"parquet": "format parquet", "csv.gz": "format csv, header true, compression gzip"}


def _manifest(bill: Bill) -> None:
    """What Data Exports writes beside the data, so that completeness is proven."""
    path = bill.folder / "exports" / "metadata" / f"BILLING_PERIOD={PERIOD}" / "bench-Manifest.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    keys = [f"s3://bench/bench/{file.relative_to(bill.folder / 'exports').as_posix()}" for file in bill.files]
    path.write_text(json.dumps({"executionId": "bench", "columns": [], "contentType": "PARQUET", "dataFiles": keys}))


def _lines(lines: int, tags: int) -> duckdb.DuckDBPyConnection:
    """Table ``bill``: one row a resource and hour. A third of the lines cost nothing, one in seven is amortised."""
    connection = duckdb.connect()
    connection.execute("set enable_progress_bar = false")
    resources = max(1, lines // HOURS)
    more = "".join(f", 'label_{n}': 'value-' || (r * {n + 7} % {n + 11})" for n in range(tags - len(_PARTS)))
    named = f"""
      'user_tenant': 'tenant-' || lpad(cast(r * 7 % {TENANTS} as varchar), 4, '0'),
      'user_env': case when r % 9 = 0 then 'dev' else 'prod' end, 'user_team': 'team-' || (r % 12),
      'user_app': 'app-' || (r % 40), 'user_cost_center': cast(1000 + r % 25 as varchar){more}"""
    # NOTE: a resource without a tenant carries as many tags
    unnamed = named.replace("'user_tenant'", "'user_owner'")
    connection.execute(f"""
      create table resource as
      select
        r, cast(111111111111 + r % 3 as varchar) as account,
        {list(_SERVICES)}[1 + r % 8] as service,
        'arn:aws:service:eu-west-3:111111111111:instance/i-' || substr(md5(cast(r as varchar)), 1, 17) as resource_id,
        upper(substr(md5('sku' || (r % 200)), 1, 16)) as sku,
        {list(_REGIONS)}[1 + r % 3] as region,
        case when r % 10 < 7 then map {{ {named} }} else map {{ {unnamed} }} end as tags
      from range({resources}) as t(r);
      create view bill as
      select
        h * {resources} + r as line, *, timestamp '2026-10-01' + to_hours(cast(h as int)) as started,
        timestamp '2026-10-01' + to_hours(cast(h + 1 as int)) as ended,
        case when hash(r * 1000 + h) % 3 = 0 then 0
          when hash(r * 1000 + h) % 7 = 0 then cast(hash(r * 31 + h) % 1000000007 as double) / 987654321.0
          else round(cast(hash(r * 17 + h) % 90000000 as double) / 10000000000.0, 10) end as cost
      from resource, range({HOURS}) as t(h);
    """)
    return connection


def _company(folder: Path, shape: Shape) -> None:
    (folder / "policy.yaml").write_text(
        f"version: 1\ntags:\n  - {{key: tenant, aliases: [{shape.tag}]}}\n  - {{key: env}}\n"
    )
    (folder / "allocation.yaml").write_text(_ALLOCATION)
    with (folder / "customers.csv").open("w", newline="") as stream:
        csv.writer(stream).writerows([["id"], *([name] for name in _tenants())])
    draw = random.Random(7)
    with (folder / "requests.csv").open("w", newline="") as stream:
        rows = ([day, name, draw.randrange(1, 10**6)] for day in _days() for name in _tenants())
        csv.writer(stream).writerows([["date", "customer", "quantity"], *rows])
    # NOTE: written last: it says that the bill is whole
    (folder / "apportion.yaml").write_text(
        _APPLICATION + f"sources: [{{name: bill, kind: {shape.kind}, location: exports, {shape.settings}}}]\n"
    )


def pooled(bill: Bill) -> Bill:
    """The same export in another company: what names no tenant falls on 20 pools, split by 20 drivers a day."""
    folder = bill.folder.with_name(f"{bill.folder.name}-pools")
    found = Bill(folder, bill.files)
    if found.config.exists():
        return found
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "policy.yaml").write_text((bill.folder / "policy.yaml").read_text())
    with (folder / "customers.csv").open("w", newline="") as stream:
        csv.writer(stream).writerows([["id"], *([name] for name in _tenants(CUSTOMERS))])
    draw = random.Random(11)
    for pool in range(POOLS):
        with (folder / f"driver-{pool}.csv").open("w", newline="") as stream:
            rows = ([day, name, draw.randrange(1, 10**6)] for day in _days() for name in _tenants(CUSTOMERS))
            csv.writer(stream).writerows([["date", "customer", "quantity"], *rows])
    pools = "".join(
        f"  - {{name: pool-{pool}, match: {{service: {_SERVICES[pool % len(_SERVICES)]}, "
        f"region: {_REGIONS[pool // len(_SERVICES)]}}}, method: usage, driver: driver-{pool}}}\n"
        for pool in range(POOLS)
    )
    rules = "customer: [{tag: tenant}]\nenvironment: {rules: [{tag: env}], cogs: [prod], opex: [dev]}\n"
    (folder / "allocation.yaml").write_text(f"version: 1\n{rules}pools:\n{pools}")
    drivers = "".join(f"  - {{name: driver-{n}, kind: csv, location: driver-{n}.csv}}\n" for n in range(POOLS))
    source = f"sources: [{{name: bill, kind: aws-cur2, location: ../{bill.folder.name}/exports}}]\n"
    (folder / "apportion.yaml").write_text(_APPLICATION.partition("usage:")[0] + f"usage:\n{drivers}" + source)
    return found


def _days() -> list[date]:
    return [date(2026, 10, 1) + timedelta(days=day) for day in range(31)]


def _tenants(count: int = TENANTS) -> list[str]:
    return [f"tenant-{number:04d}" for number in range(count)]


_APPLICATION = """version: 1
currency: USD
policy: policy.yaml
allocation: allocation.yaml
customers: customers.csv
usage: [{name: requests, kind: csv, location: requests.csv}]
"""
_ALLOCATION = """version: 1
customer: [{tag: tenant}]
environment: {rules: [{tag: env}], cogs: [prod], opex: [dev]}
pools:
  - {name: database, match: {service: AmazonRDS}, method: usage, driver: requests}
  - {name: streaming, match: {service: AmazonMSK}, method: usage, driver: requests}
  - {name: gateway, match: {service: AmazonApiGateway}, method: even}
"""

if __name__ == "__main__":
    bill_of(Path(sys.argv[1]), next(shape for shape in SHAPES if shape.name == sys.argv[2]), int(sys.argv[3]))
