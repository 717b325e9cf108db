-- one row = a charge, or the part of a tax that is cost or comes back, before it is placed
select LineId as OriginId, Source, ResourceId, Kind, Customer, Pool, Part, 0 as Recovered, BilledUnits, EffectiveUnits
from numbered
where Way = 'whole' and Family = 'charge'
union all
select
  w.OriginId, c.Source, c.ResourceId, c.Kind, c.Customer, c.Pool, c.Part,
  case when s.Key = 'balance_sheet' then 1 else 0 end as Recovered, s.BilledUnits, s.EffectiveUnits
from tax_share as s
inner join tax_cell as c on c.CellId = s.CellId
inner join whole as w
  on w.Way = 'tax' and w.Source = c.Source and w.CostGroup = c.CostGroup and w.ProviderName = c.ProviderName
  and w.BillingAccountId = c.BillingAccountId and w.SubAccountId = c.SubAccountId and w.ServiceName = c.ServiceName
  and w.InvoiceId = c.InvoiceId and w.CommitmentDiscountId = c.CommitmentDiscountId
  and w.ResourceId = c.ResourceId and w.ChargeDate = c.ChargeDate and w.SpanEnd = c.SpanEnd and w.Kind = c.Kind
  and w.Currency = c.Currency and w.OwnCustomer = coalesce(c.Customer, '')
