-- one row = one recognised usage line whose environment is unknown, when the default is pro_rata
select
  row_number() over (order by
    Source, CostGroup, ProviderName, BillingAccountId, SubAccountId, ServiceName, InvoiceId, CommitmentDiscountId,
    ResourceId, ChargeDate, SpanEnd, Kind, Currency, Customer, Reason, Pool, Part, Unused) as CellId,
  1 as WeightSet,
  Source, CostGroup, ProviderName, BillingAccountId, SubAccountId, ServiceName, InvoiceId, CommitmentDiscountId,
  ResourceId, ChargeDate, SpanEnd, Kind, Currency, Customer, Reason, Pool, Part, Unused, BilledUnits,
  EffectiveUnits
from recognised
cross join setting
where Family = 'usage' and Side is null and setting.DefaultSide = 'pro_rata'
