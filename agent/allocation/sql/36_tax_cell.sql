-- one row = one tax line of which a part can be recovered
select
  row_number() over (order by
    r.Source, r.CostGroup, r.ProviderName, r.BillingAccountId, r.SubAccountId, r.ServiceName, r.InvoiceId,
    r.CommitmentDiscountId, r.ResourceId, r.TaxType, r.InvoiceIssuerName, r.ChargeDate, r.SpanEnd, r.Currency,
    r.Customer, r.Pool, r.Part) as CellId,
  t.WeightSet as WeightSet,
  r.Source, r.CostGroup, r.ProviderName, r.BillingAccountId, r.SubAccountId, r.ServiceName, r.InvoiceId,
  r.CommitmentDiscountId, r.ResourceId, r.ChargeDate, r.SpanEnd, r.Kind, r.Currency, r.Customer, r.Pool, r.Part,
  r.BilledUnits, r.EffectiveUnits
from recognised as r
inner join tax_rule as t
  on t.TaxType = r.TaxType and t.InvoiceIssuerName = r.InvoiceIssuerName and t.BillingAccountId = r.BillingAccountId
  and t.SubAccountId = r.SubAccountId
where r.Kind = 'tax'
