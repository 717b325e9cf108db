-- one row = one split cell of idle or untagged: stage x day x kind x cost group x class x pool x currency (x scope)
with cell_sum as (
  select
    l.Stage, l.ChargeDate, l.Kind, l.CostGroup, l.Class, l.Pool, l.Currency, l.Scope,
    case
      when s.Method = 'tax' and (l.CostGroup <> 'infrastructure' or l.ChargeDate > setting.AsOf) then 'bucket'
      else s.Method
    end as Method,
    case when s.Base = 'pool' and l.Pool is not null then l.Pool end as BasePool,
    sum(l.BilledUnits) as BilledUnits,
    sum(l.EffectiveUnits) as EffectiveUnits
  from spread_line as l
  inner join spread as s on s.Stage = l.Stage
  cross join setting
  group by
    l.Stage, l.ChargeDate, l.Kind, l.CostGroup, l.Class, l.Pool, l.Currency, l.Scope, s.Method, s.Base, setting.AsOf
),
weight_place as (
  select distinct Stage, Method, Scope, BasePool
  from cell_sum
),
numbered as (
  select
    row_number() over (order by Stage, Method, Scope, BasePool) as WeightSet,
    Stage, Method, Scope, coalesce(BasePool, '') as BasePool
  from weight_place
)
select
  row_number() over (
    order by c.Stage, c.ChargeDate, c.Kind, c.CostGroup, c.Class, c.Pool, c.Currency, c.Scope) as CellId,
  n.WeightSet as WeightSet,
  c.Stage, c.ChargeDate, c.Kind, c.CostGroup, c.Class, c.Pool, c.Currency, c.Scope, c.Method,
  n.BasePool as BasePool, c.BilledUnits, c.EffectiveUnits
from cell_sum as c
inner join numbered as n
  on n.Stage = c.Stage and n.Method = c.Method and n.Scope = c.Scope and n.BasePool = coalesce(c.BasePool, '')
