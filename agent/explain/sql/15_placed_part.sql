-- one row = an origin x where it ended, as the passes place it
with usage_part as (
  select
    OriginId, Customer, Reason, Pool, Part, OpexFunction, BilledUnits, EffectiveUnits,
    case
      when Side = 'opex' and (Customer is null or setting.CustomerNonprod = 'opex') then 'opex'
      when Unused = 1 then 'idle'
      when Customer is not null then 'direct'
      when Pool is not null then 'pool'
      else 'untagged'
    end as Placement
  from sided_part
  cross join setting
),
decided_charge as (
  select
    c.OriginId, c.Customer, coalesce(c.Pool, charge_setting.Pool) as Pool, c.Part, o.Placement as OutcomePlacement,
    o.Customer as OutcomeCustomer, o.Function as OutcomeFunction,
    case
      when c.Recovered = 1 then 'balance_sheet'
      when c.Customer is not null then 'direct'
      when o.Outcome is not null then 'resource'
      when c.Pool is not null then 'pool'
      else charge_setting.Setting
    end as Decided,
    c.BilledUnits, c.EffectiveUnits
  from charge_part as c
  left join resource_outcome as ro on ro.Source = c.Source and ro.ResourceId = c.ResourceId
  left join outcome as o on o.Outcome = ro.Outcome
  inner join charge_setting on charge_setting.Kind = c.Kind
)
select
  OriginId, 'usage' as Family, Placement,
  case when Placement = 'direct' then Customer when Placement = 'opex' then coalesce(Customer, '@opex') end as Customer,
  case when Placement in ('pool', 'idle') then Pool end as Pool,
  case when Placement = 'pool' then Part else '' end as Part,
  case when Placement = 'opex' then OpexFunction end as Function,
  case when Placement = 'untagged' then Reason end as Reason,
  BilledUnits, EffectiveUnits
from usage_part
union all
select
  w.OriginId, 'usage' as Family, o.Placement, o.Customer, o.Pool, o.Part, o.Function,
  case when o.Placement = 'untagged' then 'discount-of-untagged' end as Reason, s.BilledUnits, s.EffectiveUnits
from discount_share as s
inner join discount_cell as c on c.CellId = s.CellId
inner join outcome as o on o.Outcome = s.Key
inner join whole as w
  on w.Way = 'discount' and w.Source = c.Source and w.CostGroup = c.CostGroup and w.ProviderName = c.ProviderName
  and w.BillingAccountId = c.BillingAccountId and w.SubAccountId = c.SubAccountId and w.ServiceName = c.ServiceName
  and w.InvoiceId = c.InvoiceId and w.CommitmentDiscountId = c.CommitmentDiscountId
  and w.ResourceId = c.ResourceId and w.ChargeDate = c.ChargeDate and w.SpanEnd = c.SpanEnd
  and w.Currency = c.Currency
union all
select
  OriginId, 'charge' as Family,
  case when Decided = 'resource' then OutcomePlacement when Decided = 'corporate' then 'opex' else Decided end
    as Placement,
  case
    when Decided = 'direct' then Customer
    when Decided = 'resource' then OutcomeCustomer
    when Decided = 'corporate' then '@opex'
    when Decided = 'balance_sheet' then '@balance_sheet'
  end as Customer,
  case when Decided = 'pool' then Pool end as Pool,
  case when Decided = 'pool' then Part else '' end as Part,
  case when Decided = 'resource' then OutcomeFunction when Decided = 'corporate' then 'ga' end as Function,
  case when Decided = 'balance_sheet' then 'recoverable-tax' end as Reason,
  BilledUnits, EffectiveUnits
from decided_charge
union all
select
  LineId as OriginId, 'rounding' as Family, 'unallocated' as Placement, '@unallocated' as Customer,
  cast(null as varchar) as Pool, '' as Part, cast(null as varchar) as Function, 'rounding' as Reason, BilledUnits, EffectiveUnits
from numbered
where Family = 'rounding'
