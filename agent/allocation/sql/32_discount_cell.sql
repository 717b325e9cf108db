-- one row = one discount line without a customer that found the usage it reduces
with found as (
  select distinct WeightSet
  from discount_weight
)
select
  row_number() over (order by
    r.Source, r.CostGroup, r.ProviderName, r.BillingAccountId, r.SubAccountId, r.ServiceName, r.InvoiceId,
    r.CommitmentDiscountId, r.ResourceId, r.ChargeDate, r.SpanEnd, r.Currency, r.Reason, r.Side, r.Function, r.Pool, r.Part
  ) as CellId,
  k.WeightSet as WeightSet,
  r.Source, r.CostGroup, r.ProviderName, r.BillingAccountId, r.SubAccountId, r.ServiceName, r.InvoiceId,
  r.CommitmentDiscountId, r.ResourceId, r.ChargeDate, r.SpanEnd, r.Kind, r.Currency, r.BilledUnits, r.EffectiveUnits
from recognised as r
inner join discount_key as k
  on k.Source = r.Source and k.ResourceId = r.ResourceId and k.ChargeDate = r.ChargeDate
  and k.SubAccountId = r.SubAccountId and k.ServiceName = r.ServiceName
inner join found on found.WeightSet = k.WeightSet
where r.Kind = 'discount' and r.Customer is null and r.Unused = 0
