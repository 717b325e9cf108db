-- one row = pool split cell x component that gave something to whom is explained, with what was split there
select
  r.PartId, k.Pool, k.Part, r.ChargeDate, r.SpanEnd, r.Kind, r.CostGroup, r.Class, r.Method,
  coalesce(r.Fallback, '') as Fallback, p.WeightSet, s.Component, coalesce(s.Driver, '') as Driver,
  p.BilledUnits as SplitBilledUnits, p.EffectiveUnits as SplitEffectiveUnits,
  sum(r.BilledUnits) as BilledUnits, sum(r.EffectiveUnits) as EffectiveUnits
from pool_result as r
cross join setting
cross join sought_who as q
inner join pool_part as p on p.CellId = r.PartId
inner join pool_cell as k on k.CellId = p.PoolCellId
inner join pool_span as s on s.SpanId = p.WeightSet
where r.Idle = 0 and r.ChargeDate <= setting.AsOf
  and r.Bucket = q.Bucket and r.Customer = q.Customer and coalesce(r.Reason, '') = q.Reason
group by
  r.PartId, k.Pool, k.Part, r.ChargeDate, r.SpanEnd, r.Kind, r.CostGroup, r.Class, r.Method, r.Fallback, p.WeightSet,
  s.Component, s.Driver, p.BilledUnits, p.EffectiveUnits
