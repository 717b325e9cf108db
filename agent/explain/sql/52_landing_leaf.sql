-- one row = charge that fell on a pool, idle, untagged or a closed month, and in step two on whom is explained
select
  c.CellId, c.WeightSet, t.Outcome, coalesce(c.Pool, '') as Pool, c.ChargeDate, c.Kind, c.CostGroup, c.Class,
  s.Key as Key, c.BilledUnits as SplitBilledUnits, c.EffectiveUnits as SplitEffectiveUnits, s.BilledUnits,
  s.EffectiveUnits
from landing_share as s
inner join landing_cell as c on c.CellId = s.CellId
inner join follow_target as t on t.WeightSet = c.WeightSet
inner join distribution as d on d.WeightSet = c.WeightSet and d.Key = s.Key
cross join setting
cross join sought_who as q
where c.ChargeDate <= setting.AsOf
  and d.Bucket = q.Bucket and d.Customer = q.Customer and d.Reason = q.Reason
