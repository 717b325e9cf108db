-- one row = one charge with its placement: its own customer, its resource's, a pool, or what the settings say
with placed_charge as (
  select
    c.Source, c.CostGroup, c.ProviderName, c.BillingAccountId, c.SubAccountId, c.ServiceName, c.InvoiceId,
    c.CommitmentDiscountId, c.ChargeDate, c.SpanEnd, c.Kind, c.Currency, c.BilledUnits, c.EffectiveUnits,
    c.Customer, o.Placement as OutcomePlacement, o.Customer as OutcomeCustomer, o.Function as OutcomeFunction,
    coalesce(c.Pool, charge_setting.Pool) as Pool, c.Part,
    case
      when c.Recovered = 1 then 'balance_sheet'
      when c.Customer is not null then 'direct'
      when o.Outcome is not null then 'resource'
      when c.Pool is not null then 'pool'
      else charge_setting.Setting
    end as Placement
  from charge_line as c
  left join resource_outcome as ro on ro.Source = c.Source and ro.ResourceId = c.ResourceId
  left join outcome as o on o.Outcome = ro.Outcome
  inner join charge_setting on charge_setting.Kind = c.Kind
)
select
  Source, CostGroup, ProviderName, BillingAccountId, SubAccountId, ServiceName, InvoiceId, CommitmentDiscountId,
  ChargeDate, SpanEnd, Kind, Currency,
  case
    when Placement = 'resource' then OutcomePlacement
    when Placement = 'corporate' then 'opex'
    else Placement
  end as Placement,
  case
    when Placement = 'direct' then Customer
    when Placement = 'resource' then OutcomeCustomer
    when Placement = 'corporate' then '@opex'
    when Placement = 'balance_sheet' then '@balance_sheet'
  end as Customer,
  case when Placement = 'pool' then Pool end as Pool,
  case when Placement = 'pool' then Part else '' end as Part,
  case when Placement = 'resource' then OutcomeFunction when Placement = 'corporate' then 'ga' end as Function,
  case when Placement = 'balance_sheet' then 'recoverable-tax' end as Reason,
  BilledUnits, EffectiveUnits
from placed_charge
