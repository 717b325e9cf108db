-- one row = one recognised line and the origin that it belongs to: itself, or the lines that one cell was split of
select
  LineId, Way,
  case
    when Way = 'whole' then LineId
    else min(LineId) over (
      partition by Way, Source, CostGroup, ProviderName, BillingAccountId, SubAccountId, ServiceName, InvoiceId,
        CommitmentDiscountId, ResourceId, ChargeDate, SpanEnd, Kind, Currency, coalesce(Customer, ''))
  end as OriginId,
  Source, CostGroup, ProviderName, BillingAccountId, SubAccountId, ServiceName, InvoiceId, CommitmentDiscountId,
  ResourceId, ChargeDate, SpanEnd, Kind, Currency, coalesce(Customer, '') as OwnCustomer, BilledUnits, EffectiveUnits
from numbered
