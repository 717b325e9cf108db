-- one row = one charge (or the part of a tax that is cost) before it is placed; Recovered marks the part that comes back
select
  r.Source, r.CostGroup, r.ProviderName, r.BillingAccountId, r.SubAccountId, r.ServiceName, r.InvoiceId,
  r.CommitmentDiscountId, r.ResourceId, r.ChargeDate, r.SpanEnd, r.Kind, r.Currency, r.Customer, r.Pool, r.Part,
  0 as Recovered, r.BilledUnits, r.EffectiveUnits
from recognised as r
left join tax_rule as t
  on t.TaxType = r.TaxType and t.InvoiceIssuerName = r.InvoiceIssuerName and t.BillingAccountId = r.BillingAccountId
  and t.SubAccountId = r.SubAccountId and r.Kind = 'tax'
where r.Family = 'charge' and t.WeightSet is null
union all
select
  c.Source, c.CostGroup, c.ProviderName, c.BillingAccountId, c.SubAccountId, c.ServiceName, c.InvoiceId,
  c.CommitmentDiscountId, c.ResourceId, c.ChargeDate, c.SpanEnd, c.Kind, c.Currency, c.Customer, c.Pool, c.Part,
  case when s.Key = 'balance_sheet' then 1 else 0 end as Recovered, s.BilledUnits, s.EffectiveUnits
from tax_share as s
inner join tax_cell as c on c.CellId = s.CellId
