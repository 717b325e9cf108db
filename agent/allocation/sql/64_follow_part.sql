-- one row = outcome x day x kind: what charges landed on, step one of two
with related as (
  select Outcome, max(Placement) as Placement, Customer, Pool, Function
  from classified
  where Outcome is not null
  group by Outcome, Customer, Pool, Function
  union all
  select distinct Outcome, 'frozen' as Placement, cast(null as varchar) as Customer, cast(null as varchar) as Pool,
    cast(null as varchar) as Function
  from frozen_distribution
),
part as (
  select
    share.Key as Outcome, c.ChargeDate, c.Kind, c.CostGroup, c.Class, c.Currency,
    share.BilledUnits as BilledUnits, share.EffectiveUnits as EffectiveUnits
  from follow_share as share
  inner join follow_cell as c on c.CellId = share.CellId
)
select
  part.Outcome, o.Placement, o.Customer, o.Pool, o.Function,
  part.ChargeDate, part.Kind, part.CostGroup, part.Class, part.Currency,
  sum(part.BilledUnits) as BilledUnits,
  sum(part.EffectiveUnits) as EffectiveUnits
from part
left join related as o on o.Outcome = part.Outcome
group by
  part.Outcome, o.Placement, o.Customer, o.Pool, o.Function, part.ChargeDate, part.Kind, part.CostGroup, part.Class,
  part.Currency
