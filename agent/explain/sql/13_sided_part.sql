-- one row = a usage line, or a part of one that the default environment split, before it is placed
select
  LineId as OriginId, Customer, Reason, Pool, Part, Unused, coalesce(Side, setting.DefaultSide) as Side,
  coalesce(Function, 'rnd') as OpexFunction, BilledUnits, EffectiveUnits
from numbered
cross join setting
where Way = 'whole' and Family = 'usage'
union all
select
  w.OriginId, c.Customer, c.Reason, c.Pool, c.Part, c.Unused, s.Key as Side, 'rnd' as OpexFunction, s.BilledUnits,
  s.EffectiveUnits
from side_share as s
inner join side_cell as c on c.CellId = s.CellId
inner join whole as w
  on w.Way = 'side' and w.Source = c.Source and w.CostGroup = c.CostGroup and w.ProviderName = c.ProviderName
  and w.BillingAccountId = c.BillingAccountId and w.SubAccountId = c.SubAccountId and w.ServiceName = c.ServiceName
  and w.InvoiceId = c.InvoiceId and w.CommitmentDiscountId = c.CommitmentDiscountId
  and w.ResourceId = c.ResourceId and w.ChargeDate = c.ChargeDate and w.SpanEnd = c.SpanEnd and w.Kind = c.Kind
  and w.Currency = c.Currency and w.OwnCustomer = coalesce(c.Customer, '')
