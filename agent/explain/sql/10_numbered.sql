-- one row = one recognised line with a number, and what becomes of it: whole, or a cell that is split
with discount_found as (
  select distinct k.Source, k.ResourceId, k.ChargeDate, k.SubAccountId, k.ServiceName
  from discount_key as k
  inner join discount_weight as w on w.WeightSet = k.WeightSet
)
select
  row_number() over (order by
    r.Source, r.CostGroup, r.ProviderName, r.BillingAccountId, r.SubAccountId, r.ServiceName, r.InvoiceId,
    r.CommitmentDiscountId, r.ResourceId, r.TaxType, r.InvoiceIssuerName, r.ChargeDate, r.SpanEnd, r.Kind, r.Currency,
    r.Customer, r.Reason, r.Side, r.Function, r.Pool, r.Part, r.Unused) as LineId,
  case
    when f.Source is not null and r.Kind = 'discount' and r.Customer is null and r.Unused = 0 then 'discount'
    when r.Family = 'usage' and r.Side is null and setting.DefaultSide = 'pro_rata' then 'side'
    when t.WeightSet is not null then 'tax'
    else 'whole'
  end as Way,
  r.Source, r.CostGroup, r.ProviderName, r.BillingAccountId, r.SubAccountId, r.ServiceName, r.InvoiceId,
  r.CommitmentDiscountId, r.ResourceId, r.TaxType, r.InvoiceIssuerName, r.ChargeDate, r.SpanEnd, r.Kind, r.Currency,
  r.Family, r.Customer, r.Reason, r.Side, r.Function, r.Pool, r.Part, r.Unused, r.BilledUnits, r.EffectiveUnits
from recognised as r
cross join setting
left join discount_found as f
  on f.Source = r.Source and f.ResourceId = r.ResourceId and f.ChargeDate = r.ChargeDate
  and f.SubAccountId = r.SubAccountId and f.ServiceName = r.ServiceName
left join tax_rule as t
  on t.TaxType = r.TaxType and t.InvoiceIssuerName = r.InvoiceIssuerName and t.BillingAccountId = r.BillingAccountId
  and t.SubAccountId = r.SubAccountId and r.Kind = 'tax'
