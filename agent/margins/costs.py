"""Published allocation read back: what each customer and bucket came to, by class and by day, through day D."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Context, Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from agent.engine import Engine
from agent.margins.records import CLASSES, DrillRow
from policies.registry import Customer, Registry

_WIDE = Context(prec=60)
_SUMS = """
select
  Customer, Bucket, Class, CostGroup, OriginPeriod <> Period as Prior, sum(EffectiveCost) as Effective,
  sum(case when Kind = 'credit' then EffectiveCost else 0 end) as Credits
from allocation
where ChargeDate <= cast('{day}' as date)
group by Customer, Bucket, Class, CostGroup, OriginPeriod <> Period
order by Customer, Bucket, Class, CostGroup, Prior
"""
_DATED = """
select Customer, ChargeDate, sum(EffectiveCost) as Effective
from allocation
where ChargeDate <= cast('{day}' as date) and Bucket = 'customer' and OriginPeriod = Period
  and Customer in (select Customer from dated)
group by Customer, ChargeDate
"""
_BY_DAY = """
select
  Customer, ChargeDate, Class, CostGroup, OriginPeriod <> Period as Prior, sum(EffectiveCost) as Effective,
  sum(case when Kind = 'credit' then EffectiveCost else 0 end) as Credits
from allocation
where ChargeDate <= cast('{day}' as date) and Bucket = 'customer' and Customer in (select Customer from changing)
group by Customer, ChargeDate, Class, CostGroup, OriginPeriod <> Period
"""
_DAYS = """
select Customer, ChargeDate, Class, coalesce(Pool, '') as Pool, sum(EffectiveCost) as Effective
from allocation
where ChargeDate <= cast('{day}' as date) and Bucket = 'customer' and OriginPeriod = Period
group by Customer, ChargeDate, Class, coalesce(Pool, '')
order by Customer, ChargeDate, Class, Pool
"""
_AFTER = "select sum(EffectiveCost) as Effective from allocation where ChargeDate > cast('{day}' as date)"


@dataclass(slots=True)
class ClassSums:
    """Units by published column."""

    by_class: dict[str, int] = field(default_factory=lambda: dict.fromkeys(CLASSES, 0))
    third_party: int = 0
    support: int = 0
    credits: int = 0
    cost: int = 0
    prior: int = 0
    """Adjustments of closed months, of whatever class: a part of ``cost`` that is no run cost."""

    @property
    def run_cost(self) -> int:
        """``cost`` without adjustments: what trends, flags and comparisons look at."""
        return self.cost - self.prior

    def add(self, row: Mapping[str, Any]) -> None:
        """Adds one row of the allocation; classes outside the published columns count in ``cost`` alone."""
        units, cls = _units(row["Effective"]), row["Class"]
        self.credits += _units(row["Credits"])
        self.cost += units
        if row["Prior"]:
            self.prior += units
        elif cls == "vendor" and row["CostGroup"] == "support":
            self.support += units
        elif cls == "vendor":
            self.third_party += units
        elif cls in self.by_class:
            self.by_class[cls] += units


@dataclass(frozen=True, slots=True)
class Costs:
    """One period's allocation, through ``day``."""

    day: date
    customers: dict[str, ClassSums]
    """Bucket customer, by customer id."""
    buckets: dict[str, ClassSums]
    """opex, unallocated and balance_sheet."""
    nonproduction: dict[str, int]
    """A customer's own non-production cost, booked as opex."""
    by_row: dict[Customer, ClassSums]
    """Bucket customer by the registry row valid on each day, of the customers that have several dated rows."""
    outside_dates: dict[str, int]
    """The part of a customer's cost that is dated outside its start and end."""
    after: int
    """What the ledger holds dated after ``day``."""


def published_rows(folder: Path) -> int:
    """Rows of the published allocation in ``folder``, read from its footer."""
    return int(pq.read_metadata(folder / "allocation.parquet").num_rows)


def open_allocation(engine: Engine, folder: Path) -> None:
    """Makes ``allocation`` the published table in ``folder``, for the readers below."""
    engine.scan("allocation", "Folder", {"": [folder / "allocation.parquet"]})


def read_costs(engine: Engine, registry: Registry, day: date) -> Costs:
    """Sums of ``allocation`` through ``day``; the rest is in ``after``."""
    customers: dict[str, ClassSums] = {}
    buckets = {bucket: ClassSums() for bucket in ("unallocated", "opex", "balance_sheet")}
    nonproduction: dict[str, int] = {}
    for row in _rows(engine, _SUMS, day):
        target = customers.setdefault(row["Customer"], ClassSums()) if row["Bucket"] == "customer" else None
        (target or buckets[row["Bucket"]]).add(row)
        if row["Class"] == "opex" and not row["Prior"]:
            nonproduction[row["Customer"]] = nonproduction.get(row["Customer"], 0) + _units(row["Effective"])
    after = sum(_units(row["Effective"]) for row in _rows(engine, _AFTER, day) if row["Effective"] is not None)
    return Costs(
        day, customers, buckets, nonproduction, _by_row(engine, registry, day), _outside(engine, registry, day), after
    )


def read_days(engine: Engine, day: date) -> tuple[DrillRow, ...]:
    """Run cost by customer, day, class and pool of ``allocation`` through ``day``."""
    return tuple(
        DrillRow(row["Customer"], row["ChargeDate"], row["Class"], row["Pool"], _units(row["Effective"]))
        for row in _rows(engine, _DAYS, day)
    )


def _by_row(engine: Engine, registry: Registry, day: date) -> dict[Customer, ClassSums]:
    changing = [known for known in registry.ids if len(registry.rows(known)) > 1]
    engine.load("changing", pa.table({"Customer": pa.array(changing, pa.string())}))
    sums: dict[Customer, ClassSums] = {}
    for row in _rows(engine, _BY_DAY, day):
        valid = registry.valid_on(row["Customer"], row["ChargeDate"])
        sums.setdefault(valid, ClassSums()).add(row)
    return sums


def _outside(engine: Engine, registry: Registry, day: date) -> dict[str, int]:
    bounded = sorted({row.id for row in registry.customers if row.start is not None or row.end is not None})
    engine.load("dated", pa.table({"Customer": pa.array(bounded, pa.string())}))
    sums: dict[str, int] = {}
    for row in _rows(engine, _DATED, day):
        if not registry.active(row["Customer"], row["ChargeDate"]):
            sums[row["Customer"]] = sums.get(row["Customer"], 0) + _units(row["Effective"])
    return sums


def _rows(engine: Engine, query: str, day: date) -> Iterator[dict[str, Any]]:
    yield from engine.fetch(query.format(day=day.isoformat())).to_pylist()


def _units(money: Decimal) -> int:
    # NOTE: the default context rounds to 28 digits; money has up to 38
    return int(_WIDE.scaleb(money, 24))
