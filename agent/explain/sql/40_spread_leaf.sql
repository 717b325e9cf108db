-- one row = cell of idle or untagged money that gave something to whom is explained
select
  r.CellId, r.Stage, r.ChargeDate, r.Kind, r.CostGroup, r.Class, coalesce(r.Pool, '') as Pool, r.Method,
  coalesce(c.Scope, '') as Scope, coalesce(c.BasePool, '') as BasePool, coalesce(c.WeightSet, -1) as WeightSet,
  coalesce(c.BilledUnits, units(0)) as SplitBilledUnits, coalesce(c.EffectiveUnits, units(0)) as SplitEffectiveUnits,
  sum(r.BilledUnits) as BilledUnits, sum(r.EffectiveUnits) as EffectiveUnits
from spread_result as r
cross join setting
cross join sought_who as q
left join spread_cell as c on c.CellId = r.CellId
where r.ChargeDate <= setting.AsOf
  and r.Bucket = q.Bucket and r.Customer = q.Customer and coalesce(r.Reason, '') = q.Reason
group by
  r.CellId, r.Stage, r.ChargeDate, r.Kind, r.CostGroup, r.Class, r.Pool, r.Method, c.Scope, c.BasePool, c.WeightSet,
  c.BilledUnits, c.EffectiveUnits
