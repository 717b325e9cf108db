-- one row = one usage line or part of a discount, with its final placement
select
  Source, CostGroup, ProviderName, BillingAccountId, SubAccountId, ServiceName, InvoiceId, CommitmentDiscountId,
  ChargeDate, SpanEnd, Kind, Currency, SideBy, Placement, Customer, Pool, Part, Function, Reason, Outcome,
  BilledUnits, EffectiveUnits
from placed
where Pending = 0
union all
select
  p.Source, p.CostGroup, p.ProviderName, p.BillingAccountId, p.SubAccountId, p.ServiceName, p.InvoiceId,
  p.CommitmentDiscountId, p.ChargeDate, p.SpanEnd, p.Kind, p.Currency, p.SideBy, p.Placement, p.Customer, p.Pool,
  p.Part, p.Function, p.Reason, p.Outcome, p.BilledUnits, p.EffectiveUnits
from placed as p
inner join discount_key as k
  on k.Source = p.Source and k.ResourceId = p.ResourceId and k.ChargeDate = p.ChargeDate
  and k.SubAccountId = p.SubAccountId and k.ServiceName = p.ServiceName
left join (select distinct WeightSet from discount_weight) as found on found.WeightSet = k.WeightSet
where p.Pending = 1 and found.WeightSet is null
union all
select
  c.Source, c.CostGroup, c.ProviderName, c.BillingAccountId, c.SubAccountId, c.ServiceName, c.InvoiceId,
  c.CommitmentDiscountId, c.ChargeDate, c.SpanEnd, c.Kind, c.Currency, 'rule' as SideBy, o.Placement, o.Customer, o.Pool,
  o.Part, o.Function, case when o.Placement = 'untagged' then 'discount-of-untagged' end as Reason, o.Outcome,
  s.BilledUnits, s.EffectiveUnits
from discount_share as s
inner join discount_cell as c on c.CellId = s.CellId
inner join outcome as o on o.Outcome = s.Key
