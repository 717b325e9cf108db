-- one row = charge x outcome of step one: what of it fell on an outcome, and by which weights
select
  c.CellId, c.WeightSet, s.Key as Outcome, c.ChargeDate, c.Kind, c.CostGroup, c.Class, k.Placement, k.Source,
  k.BillingAccountId, k.SubAccountId, k.ServiceName, k.InvoiceId, k.CommitmentDiscountId, k.FrozenMonth,
  c.BilledUnits as SplitBilledUnits, c.EffectiveUnits as SplitEffectiveUnits, s.BilledUnits, s.EffectiveUnits
from follow_share as s
inner join follow_cell as c on c.CellId = s.CellId
inner join follow_key as k on k.WeightSet = c.WeightSet
cross join setting
where c.ChargeDate <= setting.AsOf
