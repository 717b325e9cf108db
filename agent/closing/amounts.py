"""A later ledger of a closed month, parted: money that changed, and money that only changed hands (ALLOCATION 6).

A **cell** is everything of a ledger row that says what was bought, but not for whom: source, provider, accounts,
service, resource, commitment, days, kind, tax type, currency. Within a cell, money lies on tag sets. Let ``d`` be how
much a tag set's money changed and ``D`` the sum of these, each metric by itself:

- D = 0: nothing is an amount. What moved between tag sets is attribution.
- all ``d`` of one sign: all of it is an amount, where it changed.
- both signs: D is the amount, split over the tag sets whose ``d`` has the sign of D, by ``d``, in bytewise order of
  their ids, by cumulative rounding. The rest of each ``d`` is attribution and sums to zero.

The **adjusted ledger** is the earlier one with the amounts: in every cell it holds exactly what the later one holds,
still under the tags of the earlier one.
"""

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Any

import pyarrow as pa

from agent.allocation.allocating import scan_ledger
from agent.billing.ledger.versions import LedgerVersion
from agent.engine import Engine
from agent.errors import ProofError
from agent.money import split

CELL = (
    "Source", "ProviderName", "BillingAccountId", "SubAccountId", "ServiceName", "ResourceId", "CommitmentDiscountId",
    "ChargePeriodStart", "ChargePeriodEnd", "x_Kind", "x_TaxType", "BillingCurrency",
)  # fmt: skip
"""What was bought; one of these columns more or less changes what counts as changed hands."""
BESIDE = ("InvoiceId", "InvoiceIssuerName", "RegionId", "ResourceName")
"""Columns that rules read and that may be filled in later: an amount takes those of the rows it comes from."""
_DATES = ("ChargePeriodStart", "ChargePeriodEnd")
_UNITS = ("x_BilledUnits", "x_EffectiveUnits")
_KEY = (*CELL, "x_TagSetId")


def _plain(columns: Iterable[str]) -> str:
    """Columns with '' for null, so that joins are plain; dates and what is never null as they are."""
    fixed = (*_DATES, "Source", "x_Kind", "BillingCurrency", "x_TagSetId")
    return ", ".join(name if name in fixed else f"coalesce({name}, '') as {name}" for name in columns)


def _sums(table: str, sign: str) -> str:
    return f"select {_plain(_KEY)}, {', '.join(f'{sign}{units} as {units}' for units in _UNITS)} from {table}"


_CHANGE = f"""
with side as ({_sums("later_ledger", "")} union all {_sums("earlier_ledger", "-")})
select {", ".join(_KEY)}, sum(x_BilledUnits) as Billed, sum(x_EffectiveUnits) as Effective
from side
group by {", ".join(_KEY)}
having sum(x_BilledUnits) <> 0 or sum(x_EffectiveUnits) <> 0
"""
_CELL_CHANGE = f"""
select {", ".join(CELL)},
  sum(Billed) as Billed, sum(Effective) as Effective,
  max(case when Billed > 0 then 1 else 0 end) + max(case when Billed < 0 then 1 else 0 end) as BilledSigns,
  max(case when Effective > 0 then 1 else 0 end) + max(case when Effective < 0 then 1 else 0 end) as EffectiveSigns
from change
group by {", ".join(CELL)}
"""


def _joined(left: str, right: str, columns: Iterable[str]) -> str:
    return " and ".join(f"{left}.{name} = {right}.{name}" for name in columns)


_MIXED = f"""
select c.* from change as c inner join cell_change as s on {_joined("s", "c", CELL)}
where (s.Billed <> 0 and s.BilledSigns = 2) or (s.Effective <> 0 and s.EffectiveSigns = 2)
order by {", ".join(f"c.{name}" for name in _KEY)}
"""
_AMOUNT = f"""
select {", ".join(f"c.{name}" for name in _KEY)},
  coalesce(m.Billed, case when s.Billed <> 0 and s.BilledSigns = 1 then c.Billed else 0 end) as Billed,
  coalesce(m.Effective, case when s.Effective <> 0 and s.EffectiveSigns = 1 then c.Effective else 0 end) as Effective
from change as c
inner join cell_change as s on {_joined("s", "c", CELL)}
left join mixed as m on {_joined("m", "c", _KEY)}
"""
_ORIGIN = f"""
select {_plain(_KEY)}, 1 as Later, {", ".join(f"min({name}) as {name}" for name in BESIDE)}
from later_ledger group by {", ".join(_KEY)}
union all
select {_plain(_KEY)}, 0 as Later, {", ".join(f"min({name}) as {name}" for name in BESIDE)}
from earlier_ledger group by {", ".join(_KEY)}
"""
_CORRECTION = f"""
with place as ({_ORIGIN}),
newest as (
  select {", ".join(_KEY)}, max(Later) as Later from place group by {", ".join(_KEY)}
)
select {", ".join(f"a.{name}" for name in _KEY)}, {", ".join(f"p.{name}" for name in BESIDE)},
  a.Billed as x_BilledUnits, a.Effective as x_EffectiveUnits
from amount as a
inner join newest as n on {_joined("n", "a", _KEY)}
inner join place as p on {_joined("p", "a", _KEY)} and p.Later = n.Later
where a.Billed <> 0 or a.Effective <> 0
"""
_NULLABLE = tuple(name for name in CELL if name not in (*_DATES, "Source", "x_Kind", "BillingCurrency"))
_ADJUSTED = f"""
select {", ".join((*_KEY, *BESIDE, *_UNITS))}, x_Lines from earlier_ledger
union all
select {", ".join(f"nullif({name}, '') as {name}" if name in _NULLABLE else name for name in _KEY)},
  {", ".join(BESIDE)}, units(x_BilledUnits), units(x_EffectiveUnits), 0 as x_Lines
from correction
"""
_UNEVEN = f"""
with side as (
  select {", ".join(CELL)}, x_BilledUnits as Billed, x_EffectiveUnits as Effective from ledger
  union all
  select {", ".join(CELL)}, -x_BilledUnits as Billed, -x_EffectiveUnits as Effective from later_ledger
)
select {", ".join(CELL)}, sum(Billed) as Billed, sum(Effective) as Effective from side group by {", ".join(CELL)}
having sum(Billed) <> 0 or sum(Effective) <> 0
limit 1
"""
_MOVED = f"""
select count(*) as n from change as c inner join amount as a on {_joined("a", "c", _KEY)}
where a.Billed <> c.Billed or a.Effective <> c.Effective
"""


def adjusted_ledger(engine: Engine, earlier: Sequence[LedgerVersion], later: Sequence[LedgerVersion]) -> bool:
    """Makes ``ledger`` the adjusted ledger; returns whether anything changed hands beside it."""
    scan_ledger(engine, "earlier_ledger", earlier)
    scan_ledger(engine, "later_ledger", later)
    engine.run("change", _CHANGE)
    engine.run("cell_change", _CELL_CHANGE)
    mixed = engine.fetch(_MIXED)
    engine.load("mixed", _parted(mixed))
    engine.run("amount", _AMOUNT)
    engine.run("correction", _CORRECTION)
    engine.define("ledger", _ADJUSTED)
    uneven = engine.fetch(_UNEVEN).to_pylist()
    if uneven:
        where = ", ".join(f"{column}={value}" for column, value in uneven[0].items())
        raise ProofError("the adjusted ledger is not the later one in every cell", where=where)
    return bool(engine.fetch(_MOVED)["n"][0].as_py())


def _parted(mixed: pa.Table) -> pa.Table:
    """The amounts of cells in which a metric changed both ways; a metric that did not is as the SQL has it: null."""
    rows = mixed.to_pylist()
    amounts: dict[str, list[int | None]] = {"Billed": [], "Effective": []}
    for cell in _by_cell(rows):
        for metric in amounts:
            amounts[metric] += _amounts([int(row[metric]) for row in cell])
    for metric, values in amounts.items():
        at = mixed.column_names.index(metric)
        column = pa.array([None if value is None else Decimal(value) for value in values], pa.decimal128(38, 0))
        mixed = mixed.set_column(at, metric, column)
    return mixed


def _by_cell(rows: Sequence[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """The rows are sorted by cell, then by tag set."""
    start = 0
    for at in range(1, len(rows) + 1):
        if at == len(rows) or any(rows[at][name] != rows[start][name] for name in CELL):
            yield list(rows[start:at])
            start = at


def _amounts(changes: Sequence[int]) -> Sequence[int | None]:
    total = sum(changes)
    if not total or min(changes) >= 0 or max(changes) <= 0:
        return [None] * len(changes)
    weights = [abs(change) if (change > 0) == (total > 0) and change else 0 for change in changes]
    return split(total, weights)
