-- one row = where discounts without a customer look for the usage they reduce: a resource, account, service and day
with discount_place as (
  select distinct Source, ResourceId, ChargeDate, SubAccountId, ServiceName
  from recognised
  where Kind = 'discount' and Customer is null and Unused = 0
)
select
  row_number() over (order by Source, ResourceId, ChargeDate, SubAccountId, ServiceName) as WeightSet,
  Source, ResourceId, ChargeDate, SubAccountId, ServiceName
from discount_place
