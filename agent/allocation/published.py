"""The tables that are published, as Parquet in a fixed order: the same facts give the same bytes."""

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from agent.allocation.facts import Facts
from agent.engine import Engine

MONEY = pa.decimal128(38, 24)
"""Currency at the edge: the same integers as the units of the ledger."""

_CLASSIFICATION = """
select
  Source, nullif(ProviderName, '') as ProviderName, nullif(BillingAccountId, '') as BillingAccountId,
  nullif(SubAccountId, '') as SubAccountId, nullif(ServiceName, '') as ServiceName, ChargeDate, Kind, Class, Pool,
  Reason, Currency, sum(BilledUnits) as BilledCost, sum(EffectiveUnits) as EffectiveCost
from classified
group by Source, ProviderName, BillingAccountId, SubAccountId, ServiceName, ChargeDate, Kind, Class, Pool, Reason,
  Currency
order by Source, classified.ProviderName, classified.BillingAccountId, classified.SubAccountId,
  classified.ServiceName, ChargeDate, Kind, Class, Pool nulls first, Reason nulls first, Currency
"""
_ALLOCATION = """
select
  nullif(OriginPeriod, '') as OriginPeriod,
  ChargeDate, Customer, Bucket, Class, Kind, CostGroup, Function, Pool, Method, Fallback, Reason,
  nullif(Source, '') as Source, nullif(ProviderName, '') as ProviderName,
  nullif(BillingAccountId, '') as BillingAccountId, nullif(SubAccountId, '') as SubAccountId,
  nullif(ServiceName, '') as ServiceName, Currency, BilledUnits as BilledCost, EffectiveUnits as EffectiveCost
from published
order by
  published.OriginPeriod,
  ChargeDate, Customer, Bucket, Class, Kind, CostGroup, Function nulls first, Pool nulls first, Method,
  Fallback nulls first, published.Reason nulls first, published.Source, published.ProviderName,
  published.BillingAccountId, published.SubAccountId, published.ServiceName, Currency
"""


def write_tables(engine: Engine, facts: Facts, folder: Path) -> None:
    """``classification.parquet`` and ``allocation.parquet`` (columns: ALLOCATION 7) into ``folder``."""
    pq.write_table(_money(engine.fetch(_CLASSIFICATION)), folder / "classification.parquet")
    rows = _money(engine.fetch(_ALLOCATION))
    month = pa.array([str(facts.period)]).cast(pa.string())
    column = month.take(pa.nulls(len(rows), pa.int32()).fill_null(0))
    origin = pc.coalesce(rows["OriginPeriod"], month[0])
    rows = rows.set_column(0, "OriginPeriod", origin).add_column(0, "Period", column)
    pq.write_table(rows, folder / "allocation.parquet")


def _money(rows: pa.Table) -> pa.Table:
    """Units (DECIMAL(38,0)) read as currency (DECIMAL(38,24)): a view of the same buffers, no arithmetic."""
    for name in ("BilledCost", "EffectiveCost"):
        at = rows.column_names.index(name)
        units = rows[name].combine_chunks().cast(pa.decimal128(38, 0))
        money = pa.Decimal128Array.from_buffers(MONEY, len(units), units.buffers(), offset=units.offset)
        rows = rows.set_column(at, name, money)
    return rows
