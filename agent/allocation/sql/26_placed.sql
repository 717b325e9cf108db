-- one row = one usage line with its placement: a customer, non-production, a pool, or untagged
with placed_line as (
  select
    Source, CostGroup, ProviderName, BillingAccountId, SubAccountId, ServiceName, InvoiceId, CommitmentDiscountId,
    ResourceId, ChargeDate, SpanEnd, Kind, Currency, SideBy, Reason, Pool, Part, Unused, Customer, BilledUnits,
    EffectiveUnits,
    coalesce(Function, 'rnd') as OpexFunction,
    case
      when Side = 'opex' and (Customer is null or setting.CustomerNonprod = 'opex') then 'opex'
      when Unused = 1 then 'idle'
      when Customer is not null then 'direct'
      when Pool is not null then 'pool'
      else 'untagged'
    end as Placement
  from sided
  cross join setting
)
select
  Source, CostGroup, ProviderName, BillingAccountId, SubAccountId, ServiceName, InvoiceId, CommitmentDiscountId,
  ResourceId, ChargeDate, SpanEnd, Kind, Currency, SideBy, Placement,
  case when Placement = 'direct' then Customer when Placement = 'opex' then coalesce(Customer, '@opex') end as Customer,
  case when Placement in ('pool', 'idle') then Pool end as Pool,
  case when Placement = 'pool' then Part else '' end as Part,
  case when Placement = 'opex' then OpexFunction end as Function,
  case when Placement = 'untagged' then Reason end as Reason,
  case
    when Placement = 'direct' then joined('direct', Customer)
    when Placement = 'opex' then joined('opex', joined(OpexFunction, coalesce(Customer, '@opex')))
    when Placement = 'pool' and Part <> '' then joined('pool', joined(Pool, Part))
    when Placement = 'pool' then joined('pool', Pool)
    when Placement = 'idle' then joined('idle', coalesce(Pool, ''))
    else 'untagged'
  end as Outcome,
  case when Kind = 'discount' and Customer is null and Unused = 0 then 1 else 0 end as Pending,
  BilledUnits, EffectiveUnits
from placed_line
