-- one row = a key of what was recognised whose sum as traced to the ledger is not what the passes classified
with side as (
  select
    Source, ProviderName, BillingAccountId, SubAccountId, ServiceName, InvoiceId, CommitmentDiscountId, ChargeDate,
    SpanEnd, Kind, CostGroup, Currency, Placement, coalesce(Customer, '') as Customer, coalesce(Pool, '') as Pool, Part,
    coalesce(Function, '') as Function, coalesce(Reason, '') as Reason, Class, BilledUnits, EffectiveUnits
  from ended
  union all
  select
    Source, ProviderName, BillingAccountId, SubAccountId, ServiceName, InvoiceId, CommitmentDiscountId, ChargeDate,
    SpanEnd, Kind, CostGroup, Currency, Placement, coalesce(Customer, '') as Customer, coalesce(Pool, '') as Pool, Part,
    coalesce(Function, '') as Function, coalesce(Reason, '') as Reason, Class,
    -BilledUnits as BilledUnits, -EffectiveUnits as EffectiveUnits
  from classified
)
select
  Source, SubAccountId, ServiceName, ChargeDate, Kind, Placement, Customer, Pool, Part, Reason, Class,
  sum(BilledUnits) as BilledUnits, sum(EffectiveUnits) as EffectiveUnits
from side
group by
  Source, ProviderName, BillingAccountId, SubAccountId, ServiceName, InvoiceId, CommitmentDiscountId, ChargeDate,
  SpanEnd, Kind, CostGroup, Currency, Placement, Customer, Pool, Part, Function, Reason, Class
having sum(BilledUnits) <> 0 or sum(EffectiveUnits) <> 0
