"""Bills of any size: one month, hourly, a thousand tenants; exact costs as providers write them, doubles and text."""

import csv
import json
import random
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import duckdb

HOURS = 744
TENANTS = 1000
PERIOD = "2026-10"
FILES = 5
_PARTS = ("tenant", "env", "team", "app", "cost_center")


@dataclass(frozen=True, slots=True)
class Bill:
    """A company folder: ``apportion.yaml`` and the export it names; ``files`` are the export's data files."""

    folder: Path
    files: tuple[Path, ...]

    @property
    def config(self) -> Path:
        return self.folder / "apportion.yaml"


def parquet_bill(root: Path, lines: int, tags: int) -> Bill:
    """CUR 2.0 as Data Exports writes it, ``tags`` keys on each line. Made once, then found in place."""
    bill = _bill(root / f"cur2-{lines}-{tags}", "aws-cur2", "parquet")
    if not bill.config.exists():
        data = bill.folder / "exports" / "data" / f"BILLING_PERIOD={PERIOD}"
        data.mkdir(parents=True, exist_ok=True)
        with _lines(lines, tags) as connection:
            for part, path in enumerate(bill.files):
                connection.execute(
                    f"copy ({_CUR2} where line % {FILES} = {part} order by line) to '{path}' (format parquet)"
                )
        _manifest(bill)
        _company(bill.folder, "aws-cur2")
    return bill


def csv_bill(root: Path, lines: int) -> Bill:
    """FOCUS 1.0 as gzipped CSV with text decimals. Made once, then found in place."""
    bill = _bill(root / f"focus-{lines}", "focus", "csv.gz")
    if not bill.config.exists():
        bill.files[0].parent.mkdir(parents=True, exist_ok=True)
        with _lines(lines, 5) as connection:
            for part, path in enumerate(bill.files):
                connection.execute(
                    f"copy ({_FOCUS} where line % {FILES} = {part} order by line) to '{path}' "
                    "(format csv, header true, compression gzip, force_quote (Tags, ChargeDescription))"
                )
        _company(bill.folder, "focus")
    return bill


def _manifest(bill: Bill) -> None:
    """What Data Exports writes beside the data, so that completeness is proven."""
    path = bill.folder / "exports" / "metadata" / f"BILLING_PERIOD={PERIOD}" / "bench-Manifest.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    keys = [f"s3://bench/bench/{file.relative_to(bill.folder / 'exports').as_posix()}" for file in bill.files]
    path.write_text(json.dumps({"executionId": "bench", "columns": [], "contentType": "PARQUET", "dataFiles": keys}))


def _bill(folder: Path, kind: str, suffix: str) -> Bill:
    place = Path("exports") / "data" / f"BILLING_PERIOD={PERIOD}" if kind == "aws-cur2" else Path("exports")
    return Bill(folder, tuple(folder / place / f"part-{part}.{suffix}" for part in range(FILES)))


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
        ['AmazonEC2', 'AmazonS3', 'AmazonRDS', 'AmazonApiGateway', 'AWSLambda', 'AmazonMSK', 'AmazonCloudWatch',
         'AWSELB'][1 + r % 8] as service,
        'arn:aws:service:eu-west-3:111111111111:instance/i-' || substr(md5(cast(r as varchar)), 1, 17) as resource_id,
        upper(substr(md5('sku' || (r % 200)), 1, 16)) as sku,
        ['eu-west-3', 'us-east-1', 'eu-central-1'][1 + r % 3] as region,
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


_CUR2 = """
select
  '999999999999' as bill_payer_account_id, timestamp '2026-10-01' as bill_billing_period_start_date,
  'AWS' as bill_billing_entity, 'Amazon Web Services EMEA SARL' as bill_invoicing_entity, '' as bill_invoice_id,
  account as line_item_usage_account_id, 'Usage' as line_item_line_item_type, started as line_item_usage_start_date,
  ended as line_item_usage_end_date, service as line_item_product_code, 'USD' as line_item_currency_code,
  cost as line_item_unblended_cost, resource_id as line_item_resource_id, 1.0::double as line_item_usage_amount,
  '' as line_item_tax_type, 'Amazon Web Services EMEA SARL' as line_item_legal_entity, sku as product_sku,
  region as product_region_code, 'Hrs' as pricing_unit, cost as pricing_public_on_demand_cost,
  'hour of ' || service as line_item_line_item_description, tags as resource_tags
from bill
"""
_FOCUS = """
select
  cast(cost as varchar) as BilledCost, '999999999999' as BillingAccountId, 'Example' as BillingAccountName,
  'USD' as BillingCurrency, '2026-11-01T00:00:00Z' as BillingPeriodEnd, '2026-10-01T00:00:00Z' as BillingPeriodStart,
  'Usage' as ChargeCategory, NULL as ChargeClass, 'hour of ' || service as ChargeDescription,
  'Usage-Based' as ChargeFrequency, strftime(ended, '%Y-%m-%dT%H:%M:%SZ') as ChargePeriodEnd,
  strftime(started, '%Y-%m-%dT%H:%M:%SZ') as ChargePeriodStart, NULL as CommitmentDiscountId,
  NULL as CommitmentDiscountStatus, '1' as ConsumedQuantity, 'Hrs' as ConsumedUnit,
  cast(cost as varchar) as ContractedCost,
  cast(cost as varchar) as EffectiveCost, 'Amazon Web Services EMEA SARL' as InvoiceIssuerName,
  cast(cost as varchar) as ListCost, 'Standard' as PricingCategory, '1' as PricingQuantity, 'Hrs' as PricingUnit,
  'AWS' as ProviderName, 'Amazon Web Services EMEA SARL' as PublisherName, region as RegionId, region as RegionName,
  resource_id as ResourceId, NULL as ResourceName, 'instance' as ResourceType, 'Compute' as ServiceCategory,
  service as ServiceName, sku as SkuId, sku || '.JRTCKXETXF' as SkuPriceId, account as SubAccountId,
  'production' as SubAccountName, cast(to_json(tags) as varchar) as Tags
from bill
"""


def _company(folder: Path, kind: str) -> None:
    tag = "user_tenant" if kind == "focus" else "tenant"
    (folder / "policy.yaml").write_text(f"version: 1\ntags:\n  - {{key: tenant, aliases: [{tag}]}}\n  - {{key: env}}\n")
    (folder / "allocation.yaml").write_text(_ALLOCATION)
    with (folder / "customers.csv").open("w", newline="") as stream:
        csv.writer(stream).writerows([["id"], *([name] for name in _tenants())])
    draw = random.Random(7)
    days = [date(2026, 10, 1) + timedelta(days=day) for day in range(31)]
    with (folder / "requests.csv").open("w", newline="") as stream:
        rows = ([day, name, draw.randrange(1, 10**6)] for day in days for name in _tenants())
        csv.writer(stream).writerows([["date", "customer", "quantity"], *rows])
    # NOTE: written last: it says that the bill is whole
    (folder / "apportion.yaml").write_text(
        _APPLICATION + f"sources: [{json.dumps({'name': 'bill', 'kind': kind, 'location': 'exports'})}]\n"
    )


def _tenants() -> list[str]:
    return [f"tenant-{number:04d}" for number in range(TENANTS)]


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
