"""From what the bill charged to whom it ended with, charge by charge: the allocation's cells as flows.

An origin is what the allocation tells apart of the bill: account, service, day and span, kind, class. Each goes through
the cells that split it: a pool, then idle where nobody used the pool; idle or untagged; step one of charges that
follow, and step two where they fell on a pool, on idle or on untagged. In every cell it is parted in the cell's own
proportions (:mod:`agent.focus_export.matrix`), so that the origins' parts sum to what was published, to the last unit.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from agent.focus_export.matrix import parted

NO_ORIGIN = -1
"""Of what is charged at a standard rate where the bill has nothing to charge: with its recovery it sums to 0."""
Row = Mapping[str, Any]
Money = tuple[int, int]
"""BilledCost and EffectiveCost, in units."""


class Month(Protocol):
    """A month whose passes have run."""

    def rows(self, body: str) -> list[Row]:
        """The rows of one SELECT statement; amounts as integers."""


@dataclass(frozen=True, slots=True)
class End:
    """Where money ended, and by what; text as it is published."""

    customer: str
    bucket: str
    cls: str
    pool: str | None
    method: str
    fallback: str | None
    reason: str | None
    function: str | None
    cost_group: str


@dataclass(frozen=True, slots=True)
class Flow:
    """A part of an origin (by its place in :attr:`Flows.origins`, or :data:`NO_ORIGIN`) that is in an end."""

    origin: int
    end: End
    billed: int
    effective: int


@dataclass(frozen=True, slots=True)
class Flows:
    """All origins of a month, and all their parts, by origin and end."""

    origins: Sequence[Row]
    flows: Sequence[Flow]


Entered = dict[Hashable, dict[int, Money]]
"""Cell -> what entered it, by origin."""
Left = Mapping[Hashable, Sequence[tuple[Any, Money]]]
"""Cell -> what left it, by end or by the cell it enters next."""

_ORIGINS = """
select
  c.Source, c.CostGroup, c.ProviderName, c.BillingAccountId, c.SubAccountId, c.ServiceName, c.InvoiceId,
  c.CommitmentDiscountId, c.ChargeDate, c.SpanEnd, c.Kind, c.Currency, c.Placement, c.Customer, c.Pool, c.Part,
  c.Function, c.Reason, c.Class, coalesce(m.Month, '') as FrozenMonth,
  case when s.Scope = 'provider' then c.ProviderName
    when s.Scope = 'account' then joined(c.ProviderName, c.SubAccountId) else '' end as Scope,
  case
    when c.Placement in ('opex', 'unallocated', 'balance_sheet') then c.Placement
    when i.Customer is not null then 'opex'
    else 'customer'
  end as Bucket,
  case when c.Placement = 'opex' then c.Function when i.Customer is not null then 'rnd' end as EndFunction,
  c.BilledUnits, c.EffectiveUnits
from classified as c
left join spread as s on s.Stage = c.Placement
left join frozen_month as m
  on m.FirstDay <= c.ChargeDate and m.LastDay >= c.ChargeDate and c.Kind in ('refund', 'correction')
left join internal as i
  on i.Customer = c.Customer and i.FirstDay <= c.ChargeDate and i.LastDay >= c.ChargeDate
order by
  c.Source, c.CostGroup, c.ProviderName, c.BillingAccountId, c.SubAccountId, c.ServiceName, c.InvoiceId,
  c.CommitmentDiscountId, c.ChargeDate, c.SpanEnd, c.Kind, c.Currency, c.Placement, c.Customer, c.Pool, c.Part,
  c.Function, c.Reason, c.Outcome, c.Class
"""
_POOLS = """
select
  k.Pool, k.Part, k.ChargeDate, k.SpanEnd, k.Kind, k.CostGroup, k.Class, k.Currency,
  r.Customer, r.Bucket, r.Method, r.Fallback, r.Reason, r.Function, r.Idle,
  sum(r.BilledUnits) as BilledUnits, sum(r.EffectiveUnits) as EffectiveUnits
from pool_result as r
inner join pool_cell as k on k.CellId = r.PoolCellId
group by
  k.Pool, k.Part, k.ChargeDate, k.SpanEnd, k.Kind, k.CostGroup, k.Class, k.Currency,
  r.Customer, r.Bucket, r.Method, r.Fallback, r.Reason, r.Function, r.Idle
order by
  k.Pool, k.Part, k.ChargeDate, k.SpanEnd, k.Kind, k.CostGroup, k.Class, k.Currency,
  r.Idle, r.Customer, r.Bucket, r.Fallback, r.Reason, r.Function
"""
_SPREAD_CELLS = (
    "select Stage, ChargeDate, Kind, CostGroup, Class, Pool, Currency, Scope, Method, CellId from spread_cell"
)
_SPREADS = """
select
  CellId, Stage, CostGroup, Class, Pool, Method, Customer, Bucket, Function, Reason,
  sum(BilledUnits) as BilledUnits, sum(EffectiveUnits) as EffectiveUnits
from spread_result
group by CellId, Stage, CostGroup, Class, Pool, Method, Customer, Bucket, Function, Reason
order by CellId, Stage, Customer, Bucket, Reason, Function
"""
_FOLLOWED = """
select
  k.Placement, k.Source, k.BillingAccountId, k.SubAccountId, k.ServiceName, k.InvoiceId, k.CommitmentDiscountId,
  k.FrozenMonth, c.ChargeDate, c.Kind, c.CostGroup, c.Class, c.Currency, s.Key as Outcome,
  sum(s.BilledUnits) as BilledUnits, sum(s.EffectiveUnits) as EffectiveUnits
from follow_share as s
inner join follow_cell as c on c.CellId = s.CellId
inner join follow_key as k on k.WeightSet = c.WeightSet
group by
  k.Placement, k.Source, k.BillingAccountId, k.SubAccountId, k.ServiceName, k.InvoiceId, k.CommitmentDiscountId,
  k.FrozenMonth, c.ChargeDate, c.Kind, c.CostGroup, c.Class, c.Currency, s.Key
order by
  k.Placement, k.Source, k.BillingAccountId, k.SubAccountId, k.ServiceName, k.InvoiceId, k.CommitmentDiscountId,
  k.FrozenMonth, c.ChargeDate, c.Kind, c.CostGroup, c.Class, c.Currency, s.Key
"""
_FELL = """
select
  p.Outcome, p.ChargeDate, p.Kind, p.CostGroup, p.Class, p.Currency, cast(null as varchar) as Pool,
  case when p.Placement in ('direct', 'opex') then p.Customer else '@unallocated' end as Customer,
  case
    when p.Placement = 'opex' or i.Customer is not null then 'opex'
    when p.Placement = 'direct' then 'customer'
    else 'unallocated'
  end as Bucket,
  case when p.Placement = 'opex' then p.Function when i.Customer is not null then 'rnd' end as Function,
  case p.Outcome when '@follow-empty' then 'follow-empty' when '@commitment-prepaid' then 'commitment-prepaid' end
    as Reason,
  p.BilledUnits, p.EffectiveUnits
from follow_part as p
left join follow_target as t on t.Outcome = p.Outcome
left join internal as i
  on i.Customer = p.Customer and i.FirstDay <= p.ChargeDate and i.LastDay >= p.ChargeDate
where t.Outcome is null
order by p.Outcome, p.ChargeDate, p.Kind, p.CostGroup, p.Class, p.Currency, Customer
"""
_LANDED = """
select
  t.Outcome, c.ChargeDate, c.Kind, c.CostGroup, c.Class, c.Currency, c.Pool, d.Customer, d.Bucket,
  nullif(d.Function, '') as Function, nullif(d.Reason, '') as Reason,
  sum(s.BilledUnits) as BilledUnits, sum(s.EffectiveUnits) as EffectiveUnits
from landing_share as s
inner join landing_cell as c on c.CellId = s.CellId
inner join follow_target as t on t.WeightSet = c.WeightSet
inner join distribution as d on d.WeightSet = c.WeightSet and d.Key = s.Key
group by
  t.Outcome, c.ChargeDate, c.Kind, c.CostGroup, c.Class, c.Currency, c.Pool, d.Customer, d.Bucket, d.Function, d.Reason
order by
  t.Outcome, c.ChargeDate, c.Kind, c.CostGroup, c.Class, c.Currency, c.Pool, d.Customer, d.Bucket, d.Function, d.Reason
"""
_POOL_CELL = ("Pool", "Part", "ChargeDate", "SpanEnd", "Kind", "CostGroup", "Class", "Currency")
_SPREAD_CELL = ("Stage", "ChargeDate", "Kind", "CostGroup", "Class", "Pool", "Currency", "Scope")
_PLACE = ("Placement", "Source", "BillingAccountId", "SubAccountId", "ServiceName", "InvoiceId")
_CHARGE = ("ChargeDate", "Kind", "CostGroup", "Class", "Currency")


def flows(month: Month) -> Flows:
    """Every origin of the month's own bill and where its money ended; adjustments of closed months are not of it."""
    origins = month.rows(_ORIGINS)
    found: dict[tuple[int, End], Money] = {}
    for origin, end, money in _all(month, origins):
        billed, effective = found.get((origin, end), (0, 0))
        found[origin, end] = billed + money[0], effective + money[1]
    ordered = sorted(found.items(), key=lambda item: (item[0][0], _sortable(item[0][1])))
    return Flows(origins, [Flow(origin, end, *money) for (origin, end), money in ordered])


def _all(month: Month, origins: Sequence[Row]) -> Iterator[tuple[int, End, Money]]:
    pools, spreads, follows = _Cells(), _Cells(), _Cells()
    places = _spread_places(month)
    for at, row in enumerate(origins):
        match row["Placement"]:
            case "pool":
                pools.enter(_key(row, _POOL_CELL), at, _money(row))
            case "idle" | "untagged":
                spreads.enter(places[_key({**row, "Stage": row["Placement"]}, _SPREAD_CELL)], at, _money(row))
            case "follow" | "commitment":
                follows.enter(_charge_place(row), at, _money(row))
            case _:
                yield at, _direct(row), _money(row)
    for at, end, money in pools.leave(_left(month.rows(_POOLS), _POOL_CELL)):
        if end["Idle"]:
            spreads.enter(places[_idle_cell(end)], at, money)
        else:
            yield at, _end(end, end["Class"], end["Method"]), money
    spread = _left(month.rows(_SPREADS), ("CellId", "Stage"))
    for at, end, money in (*spreads.leave(spread), *spreads.made_of_nothing(spread)):
        yield at, _end(end, end["Class"], end["Method"]), money
    landings = _Cells()
    for at, share, money in follows.leave(
        _left(month.rows(_FOLLOWED), (*_PLACE, "CommitmentDiscountId", "FrozenMonth", *_CHARGE))
    ):
        landings.enter(_key(share, ("Outcome", *_CHARGE)), at, money)
    ended = [*month.rows(_FELL), *month.rows(_LANDED)]
    for at, end, money in landings.leave(_left(ended, ("Outcome", *_CHARGE))):
        yield at, _end(end, end["Class"], "follow"), money


class _Cells:
    """Split cells of one stage: what enters them, by origin, and how it leaves."""

    def __init__(self) -> None:
        self._entered: Entered = defaultdict(dict)

    def enter(self, cell: Hashable, origin: int, money: Money) -> None:
        """Adds to what an origin brings into a cell."""
        billed, effective = self._entered[cell].get(origin, (0, 0))
        self._entered[cell][origin] = billed + money[0], effective + money[1]

    def leave(self, left: Left) -> Iterator[tuple[int, Any, Money]]:
        """Each origin's part of each end; ``KeyError`` for a cell that nothing left."""
        for cell, entered in self._entered.items():
            ends = left[cell]
            tables = (
                parted([money[metric] for money in entered.values()], [money[metric] for _, money in ends])
                for metric in (0, 1)
            )
            for origin, *parts in zip(entered, *tables, strict=True):
                for (end, _), *money in zip(ends, *parts, strict=True):
                    if any(money):
                        yield origin, end, (money[0], money[1])

    def made_of_nothing(self, left: Left) -> Iterator[tuple[int, Any, Money]]:
        """What leaves cells that nothing entered: charges at a standard rate, and their recovery, which sum to 0."""
        for cell, ends in left.items():
            if cell not in self._entered:
                yield from ((NO_ORIGIN, end, money) for end, money in ends if any(money))


def _left(rows: Iterable[Row], cell: Sequence[str]) -> Left:
    found: dict[Hashable, list[tuple[Row, Money]]] = defaultdict(list)
    for row in rows:
        found[_key(row, cell)].append((row, _money(row)))
    return found


def _spread_places(month: Month) -> dict[Hashable, Hashable]:
    """The cell that each kind of idle or untagged money is in; at a standard rate a stage is one cell."""
    return {
        _key(row, _SPREAD_CELL): (-1 if row["Method"] == "tax" else row["CellId"], row["Stage"])
        for row in month.rows(_SPREAD_CELLS)
    }


def _idle_cell(pool_end: Row) -> Hashable:
    """Where what nobody used of a pool is spread from."""
    cls = "idle" if pool_end["CostGroup"] == "infrastructure" else pool_end["Class"]
    return _key({**pool_end, "Stage": "idle", "Class": cls, "Scope": ""}, _SPREAD_CELL)


def _charge_place(row: Row) -> Hashable:
    commitment = row["CommitmentDiscountId"] if row["Placement"] == "commitment" else ""
    place = {**row, "CommitmentDiscountId": commitment}
    return _key(place, (*_PLACE, "CommitmentDiscountId", "FrozenMonth", *_CHARGE))


def _key(row: Row, names: Sequence[str]) -> Hashable:
    return tuple(row[name] for name in names)


def _money(row: Row) -> Money:
    return row["BilledUnits"], row["EffectiveUnits"]


def _direct(row: Row) -> End:
    return End(
        row["Customer"], row["Bucket"], row["Class"], None, "direct", None, row["Reason"], row["EndFunction"],
        row["CostGroup"],
    )  # fmt: skip


def _end(row: Row, cls: str, method: str) -> End:
    return End(
        row["Customer"], row["Bucket"], cls, row["Pool"], method, row.get("Fallback"), row["Reason"], row["Function"],
        row["CostGroup"],
    )  # fmt: skip


def _sortable(end: End) -> tuple[str, ...]:
    texts = (end.customer, end.bucket, end.cls, end.pool, end.method, end.fallback, end.reason, end.function)
    return tuple(text or "" for text in (*texts, end.cost_group))
