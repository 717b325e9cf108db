"""A reference company through the real SQL: ledger files by hand in, published rows out, in the reference's records."""

from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from agent.allocation.allocating import run_passes
from agent.allocation.asof import AsOf
from agent.allocation.facts import Facts
from agent.billing.ledger.columns import SCHEMA
from agent.billing.ledger.versions import LedgerFileEntry, LedgerVersion, Manifest, tagsets_path
from agent.config.application import ApplicationFile, SourceConfig
from agent.engine import Engine
from agent.progress import Quiet
from agent.usage import interface as usage
from policies.registry import Registry
from policies.tags import canonical_json, tagset_id
from tests.reference.records import Allocation, Company, Driver, Money, Published, Row

COLUMNS = {
    "ProviderName": "provider",
    "BillingAccountId": "billing",
    "SubAccountId": "sub",
    "InvoiceId": "invoice",
    "InvoiceIssuerName": "issuer",
    "ServiceName": "service",
    "ResourceId": "resource",
    "ResourceName": "resource_name",
    "RegionId": "region",
    "CommitmentDiscountId": "commitment",
    "BillingCurrency": "currency",
    "ChargePeriodStart": "start",
    "ChargePeriodEnd": "end",
    "x_Kind": "kind",
    "x_TaxType": "tax_type",
    "x_BilledUnits": "billed",
    "x_EffectiveUnits": "effective",
}
ALLOCATION = """
select ChargeDate, Customer, Bucket, Class, Kind, CostGroup, Currency, Function, Pool, Method, Fallback, Reason,
  nullif(Source, '') as Source, nullif(ProviderName, '') as ProviderName,
  nullif(BillingAccountId, '') as BillingAccountId, nullif(SubAccountId, '') as SubAccountId,
  nullif(ServiceName, '') as ServiceName, BilledUnits, EffectiveUnits
from allocation
"""


def run(engine: Engine, company: Company, data: Path) -> None:
    """Runs every pass over the company; its tables stay in the engine."""
    run_passes(engine, facts(company, data), data, Quiet())


def published(engine: Engine) -> Allocation:
    """What the passes published, without rows of no money."""
    found: Allocation = {}
    for *row, billed, effective in zip(
        *(column.to_pylist() for column in engine.fetch(ALLOCATION).columns), strict=True
    ):
        assert Published(*row) not in found
        if billed or effective:
            found[Published(*row)] = Money(int(billed), int(effective))
    return found


def facts(company: Company, data: Path) -> Facts:
    """Writes ledger and tag sets below ``data`` and names everything the passes read."""
    groups = {row.source: row.group for row in company.rows}
    sources = [SourceConfig(name=name, kind="focus", location=".", cogs=group) for name, group in groups.items()]
    _write_tag_sets(company.rows, data)
    return Facts(
        period=company.period,
        app=ApplicationFile(version="1", sources=sources),
        rules=company.allocation,
        policy=company.policy,
        registry=Registry(company.customers),
        drivers={name: _driver(name, driver) for name, driver in company.drivers.items()},
        versions=tuple(_version(company, name, data) for name in sorted(groups)),
        as_of=AsOf(company.period, company.as_of, {}, {}),
    )


def _version(company: Company, source: str, data: Path) -> LedgerVersion:
    folder = data / "ledger" / source / str(company.period) / "v1"
    folder.mkdir(parents=True, exist_ok=True)
    rows = [_ledger_row(row, company) for row in company.rows if row.source == source]
    pq.write_table(pa.Table.from_pylist(rows, SCHEMA), folder / "part-0.parquet")
    part = LedgerFileEntry("part-0.parquet", "", len(rows))
    manifest = Manifest(source, "focus", str(company.period), 1, "not proven", (), (part,), {})
    return LedgerVersion(source, company.period, 1, folder, manifest)


def _ledger_row(row: Row, company: Company) -> dict[str, object]:
    given = {column: getattr(row, name) for column, name in COLUMNS.items()}
    rest = {"x_ListUnits": 0, "x_ContractedUnits": 0, "x_Lines": 1, "x_TagSetId": tagset_id(row.tags)}
    return given | rest | {"BillingPeriodStart": company.period.first_day}


def _write_tag_sets(rows: Iterable[Row], data: Path) -> None:
    sets = {tagset_id(row.tags): canonical_json(row.tags) for row in rows}
    tagsets_path(data).parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table({"x_TagSetId": list(sets), "Tags": list(sets.values())}), tagsets_path(data))


def _driver(name: str, driver: Driver) -> usage.Driver:
    """A driver whose days are covered in part becomes hourly: the quantity in the first hour, zero in the others."""
    hourly = bool(driver.covered)
    rows = [
        {"date": day, "hour": hour, "customer": customer, "quantity": quantity if not hour else 0, "key": key}
        for day, key, customer, quantity in driver.rows
        for hour in (range(int(24 * driver.covered.get(day, 1))) if hourly else [None])
    ]
    table = pa.Table.from_pylist(rows, usage.ROWS)
    return usage.Driver(name, "hour" if hourly else "day", table, coverage=driver.told)
