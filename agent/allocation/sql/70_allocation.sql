-- one row = published allocation: money by customer or reserved id, bucket, class and how it came there
with every_row as (
  select
    c.ChargeDate, c.Customer,
    case
      when c.Placement in ('opex', 'unallocated', 'balance_sheet') then c.Placement
      when i.Customer is not null then 'opex'
      else 'customer'
    end as Bucket,
    c.Class, c.Kind, c.CostGroup,
    case when c.Placement = 'opex' then c.Function when i.Customer is not null then 'rnd' end as Function,
    cast(null as varchar) as Pool, 'direct' as Method, cast(null as varchar) as Fallback, c.Reason,
    c.Source, c.ProviderName, c.BillingAccountId, c.SubAccountId, c.ServiceName, c.Currency,
    c.BilledUnits, c.EffectiveUnits
  from classified as c
  left join internal as i
    on i.Customer = c.Customer and i.FirstDay <= c.ChargeDate and i.LastDay >= c.ChargeDate
  where c.Placement in ('direct', 'opex', 'unallocated', 'balance_sheet')
  union all
  select
    ChargeDate, Customer, Bucket, Class, Kind, CostGroup, Function, Pool, Method, Fallback, Reason,
    '' as Source, '' as ProviderName, '' as BillingAccountId, '' as SubAccountId, '' as ServiceName, Currency,
    BilledUnits, EffectiveUnits
  from pool_result
  where Idle = 0
  union all
  select
    ChargeDate, Customer, Bucket, Class, Kind, CostGroup, Function, Pool, Method, cast(null as varchar) as Fallback,
    Reason, '' as Source, '' as ProviderName, '' as BillingAccountId, '' as SubAccountId, '' as ServiceName, Currency,
    BilledUnits, EffectiveUnits
  from spread_result
  union all
  select
    ChargeDate, Customer, Bucket, Class, Kind, CostGroup, Function, Pool, 'follow' as Method,
    cast(null as varchar) as Fallback, Reason,
    '' as Source, '' as ProviderName, '' as BillingAccountId, '' as SubAccountId, '' as ServiceName, Currency,
    BilledUnits, EffectiveUnits
  from follow_result
)
select
  ChargeDate, Customer, Bucket, Class, Kind, CostGroup, Function, Pool, Method, Fallback, Reason,
  Source, ProviderName, BillingAccountId, SubAccountId, ServiceName, Currency,
  sum(BilledUnits) as BilledUnits,
  sum(EffectiveUnits) as EffectiveUnits
from every_row
group by
  ChargeDate, Customer, Bucket, Class, Kind, CostGroup, Function, Pool, Method, Fallback, Reason,
  Source, ProviderName, BillingAccountId, SubAccountId, ServiceName, Currency
