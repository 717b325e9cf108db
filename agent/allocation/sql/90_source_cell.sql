-- one row = (source, billing account, sub account, service, date, currency): what the ledger holds, what was classified
with side as (
  select
    Source, coalesce(BillingAccountId, '') as BillingAccountId, coalesce(SubAccountId, '') as SubAccountId,
    coalesce(ServiceName, '') as ServiceName, ChargePeriodStart as ChargeDate, BillingCurrency as Currency,
    x_BilledUnits as BilledLeft, x_EffectiveUnits as EffectiveLeft, units(0) as BilledRight, units(0) as EffectiveRight
  from ledger
  union all
  select
    Source, BillingAccountId, SubAccountId, ServiceName, ChargeDate, Currency,
    units(0) as BilledLeft, units(0) as EffectiveLeft, BilledUnits as BilledRight, EffectiveUnits as EffectiveRight
  from classified
)
select
  Source, BillingAccountId, SubAccountId, ServiceName, ChargeDate, Currency,
  sum(BilledLeft) as BilledLeft, sum(EffectiveLeft) as EffectiveLeft,
  sum(BilledRight) as BilledRight, sum(EffectiveRight) as EffectiveRight
from side
group by Source, BillingAccountId, SubAccountId, ServiceName, ChargeDate, Currency
