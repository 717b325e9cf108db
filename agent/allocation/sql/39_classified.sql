-- one row = ledger money by what it was recognised as, exactly one class each; ties to the source cell by cell
with every_line as (
  select
    Source, CostGroup, ProviderName, BillingAccountId, SubAccountId, ServiceName, InvoiceId, CommitmentDiscountId,
    ChargeDate, SpanEnd, Kind, Currency, Placement, Customer, Pool, Part, Function, Reason,
    case
      when Placement in ('pool', 'idle') and Pool is not null then joined('pool', Pool)
      when Placement = 'idle' then 'idle'
      else Outcome
    end as Outcome,
    case
      when CostGroup <> 'infrastructure' then 'vendor'
      when Placement = 'pool' then 'shared'
      else Placement
    end as Class,
    BilledUnits, EffectiveUnits
  from usage_class
  union all
  select
    Source, CostGroup, ProviderName, BillingAccountId, SubAccountId, ServiceName, InvoiceId, CommitmentDiscountId,
    ChargeDate, SpanEnd, Kind, Currency, Placement, Customer, Pool, Part, Function, Reason,
    case
      when Kind <> 'commitment_unused' then cast(null as varchar)
      when Placement = 'direct' then joined('direct', Customer)
      when Placement = 'opex' then joined('opex', joined(Function, Customer))
      when Placement = 'pool' then joined('pool', Pool)
      when Placement = 'idle' then 'idle'
    end as Outcome,
    case
      when CostGroup <> 'infrastructure' then 'vendor'
      when Placement = 'idle' then 'idle'
      else 'charge'
    end as Class,
    BilledUnits, EffectiveUnits
  from charge_class
  union all
  select
    Source, CostGroup, ProviderName, BillingAccountId, SubAccountId, ServiceName, InvoiceId, CommitmentDiscountId,
    ChargeDate, SpanEnd, Kind, Currency, 'unallocated' as Placement, '@unallocated' as Customer,
    cast(null as varchar) as Pool, '' as Part, cast(null as varchar) as Function, 'rounding' as Reason,
    cast(null as varchar) as Outcome, 'unallocated' as Class, BilledUnits, EffectiveUnits
  from recognised
  where Family = 'rounding'
)
select
  Source, CostGroup, ProviderName, BillingAccountId, SubAccountId, ServiceName, InvoiceId, CommitmentDiscountId,
  ChargeDate, SpanEnd, Kind, Currency, Placement, Customer, Pool, Part, Function, Reason, Outcome, Class,
  sum(BilledUnits) as BilledUnits,
  sum(EffectiveUnits) as EffectiveUnits
from every_line
group by
  Source, CostGroup, ProviderName, BillingAccountId, SubAccountId, ServiceName, InvoiceId, CommitmentDiscountId,
  ChargeDate, SpanEnd, Kind, Currency, Placement, Customer, Pool, Part, Function, Reason, Outcome, Class
