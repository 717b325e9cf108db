-- one row = one origin with its keys and its money
select
  OriginId, Way, Source, CostGroup, ProviderName, BillingAccountId, SubAccountId, ServiceName, InvoiceId,
  CommitmentDiscountId, ResourceId, ChargeDate, SpanEnd, Kind, Currency, OwnCustomer,
  sum(BilledUnits) as BilledUnits, sum(EffectiveUnits) as EffectiveUnits
from origin
group by
  OriginId, Way, Source, CostGroup, ProviderName, BillingAccountId, SubAccountId, ServiceName, InvoiceId,
  CommitmentDiscountId, ResourceId, ChargeDate, SpanEnd, Kind, Currency, OwnCustomer
