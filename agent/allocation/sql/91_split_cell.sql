-- one row = one cell that was split (stage, number): its money, and the sum of its shares
with side as (
  select 'side' as Stage, CellId, Currency, BilledUnits as BilledLeft, EffectiveUnits as EffectiveLeft,
    units(0) as BilledRight, units(0) as EffectiveRight
  from side_cell
  union all
  select 'side' as Stage, s.CellId, c.Currency, units(0), units(0), s.BilledUnits, s.EffectiveUnits
  from side_share as s
  inner join side_cell as c on c.CellId = s.CellId
  union all
  select 'discount' as Stage, CellId, Currency, BilledUnits, EffectiveUnits, units(0), units(0)
  from discount_cell
  union all
  select 'discount' as Stage, s.CellId, c.Currency, units(0), units(0), s.BilledUnits, s.EffectiveUnits
  from discount_share as s
  inner join discount_cell as c on c.CellId = s.CellId
  union all
  select 'tax' as Stage, CellId, Currency, BilledUnits, EffectiveUnits, units(0), units(0)
  from tax_cell
  union all
  select 'tax' as Stage, s.CellId, c.Currency, units(0), units(0), s.BilledUnits, s.EffectiveUnits
  from tax_share as s
  inner join tax_cell as c on c.CellId = s.CellId
  union all
  select 'pool' as Stage, CellId, Currency, BilledUnits, EffectiveUnits, units(0), units(0)
  from pool_cell
  union all
  select 'pool' as Stage, PoolCellId as CellId, Currency, units(0), units(0), BilledUnits, EffectiveUnits
  from pool_result
  union all
  select Stage, case when Method = 'tax' then -1 else CellId end as CellId, Currency, BilledUnits, EffectiveUnits,
    units(0), units(0)
  from spread_cell
  union all
  select Stage, CellId, Currency, units(0), units(0), BilledUnits, EffectiveUnits
  from spread_result
  union all
  select 'follow' as Stage, CellId, Currency, BilledUnits, EffectiveUnits, units(0), units(0)
  from follow_cell
  union all
  select 'follow' as Stage, s.CellId, c.Currency, units(0), units(0), s.BilledUnits, s.EffectiveUnits
  from follow_share as s
  inner join follow_cell as c on c.CellId = s.CellId
  union all
  select 'landing' as Stage, CellId, Currency, BilledUnits, EffectiveUnits, units(0), units(0)
  from landing_cell
  union all
  select 'landing' as Stage, s.CellId, c.Currency, units(0), units(0), s.BilledUnits, s.EffectiveUnits
  from landing_share as s
  inner join landing_cell as c on c.CellId = s.CellId
)
select
  Stage, CellId, Currency,
  sum(BilledLeft) as BilledLeft, sum(EffectiveLeft) as EffectiveLeft,
  sum(BilledRight) as BilledRight, sum(EffectiveRight) as EffectiveRight
from side
group by Stage, CellId, Currency
