-- one row = published row: the month's own, OriginPeriod '', and adjustments of the closed month OriginPeriod
select
  '' as OriginPeriod, ChargeDate, Customer, Bucket, Class, Kind, CostGroup, Function, Pool, Method, Fallback, Reason,
  Source, ProviderName, BillingAccountId, SubAccountId, ServiceName, Currency, BilledUnits, EffectiveUnits
from allocation
union all
select
  OriginPeriod, ChargeDate, Customer, Bucket, Class, Kind, CostGroup, Function, Pool, Method, Fallback, Reason,
  Source, ProviderName, BillingAccountId, SubAccountId, ServiceName, Currency, BilledUnits, EffectiveUnits
from adjustment
