-- one row = follow place x outcome: cost of the nearest scope (Step) that has any, first in the closed month it is of
with related as (
  select
    Source, BillingAccountId, SubAccountId, ServiceName, InvoiceId, CommitmentDiscountId, Outcome,
    sum(EffectiveUnits) as EffectiveUnits
  from classified
  where Outcome is not null
  group by Source, BillingAccountId, SubAccountId, ServiceName, InvoiceId, CommitmentDiscountId, Outcome
),
found as (
  select k.WeightSet as WeightSet, 1 as Step, r.Outcome as Key, sum(r.EffectiveUnits) as EffectiveUnits
  from follow_key as k
  inner join related as r
    on r.Source = k.Source and r.BillingAccountId = k.BillingAccountId and r.SubAccountId = k.SubAccountId
    and r.ServiceName = k.ServiceName
  where k.Placement = 'follow' and k.SubAccountId <> '' and k.ServiceName <> ''
  group by k.WeightSet, r.Outcome
  union all
  select k.WeightSet as WeightSet, 2 as Step, r.Outcome as Key, sum(r.EffectiveUnits) as EffectiveUnits
  from follow_key as k
  inner join related as r
    on r.Source = k.Source and r.BillingAccountId = k.BillingAccountId and r.SubAccountId = k.SubAccountId
  where k.Placement = 'follow' and k.SubAccountId <> ''
  group by k.WeightSet, r.Outcome
  union all
  select k.WeightSet as WeightSet, 3 as Step, r.Outcome as Key, sum(r.EffectiveUnits) as EffectiveUnits
  from follow_key as k
  inner join related as r on r.Source = k.Source and r.InvoiceId = k.InvoiceId
  where k.Placement = 'follow' and k.InvoiceId <> ''
  group by k.WeightSet, r.Outcome
  union all
  select k.WeightSet as WeightSet, 3 as Step, r.Outcome as Key, sum(r.EffectiveUnits) as EffectiveUnits
  from follow_key as k
  inner join related as r on r.Source = k.Source and r.BillingAccountId = k.BillingAccountId
  where k.Placement = 'follow' and k.InvoiceId = ''
  group by k.WeightSet, r.Outcome
  union all
  select k.WeightSet as WeightSet, 4 as Step, r.Outcome as Key, sum(r.EffectiveUnits) as EffectiveUnits
  from follow_key as k
  inner join related as r on r.Source = k.Source
  where k.Placement = 'follow'
  group by k.WeightSet, r.Outcome
  union all
  select k.WeightSet as WeightSet, 1 as Step, r.Outcome as Key, sum(r.EffectiveUnits) as EffectiveUnits
  from follow_key as k
  inner join related as r on r.CommitmentDiscountId = k.CommitmentDiscountId
  where k.Placement = 'commitment' and k.CommitmentDiscountId <> ''
  group by k.WeightSet, r.Outcome
),
frozen as (
  select k.WeightSet as WeightSet, -4 as Step, f.Outcome as Key, sum(f.EffectiveUnits) as EffectiveUnits
  from follow_key as k
  inner join frozen_related as f
    on f.Month = k.FrozenMonth and f.Source = k.Source and f.BillingAccountId = k.BillingAccountId
    and f.SubAccountId = k.SubAccountId and f.ServiceName = k.ServiceName
  where k.Placement = 'follow' and k.SubAccountId <> '' and k.ServiceName <> ''
  group by k.WeightSet, f.Outcome
  union all
  select k.WeightSet as WeightSet, -3 as Step, f.Outcome as Key, sum(f.EffectiveUnits) as EffectiveUnits
  from follow_key as k
  inner join frozen_related as f
    on f.Month = k.FrozenMonth and f.Source = k.Source and f.BillingAccountId = k.BillingAccountId
    and f.SubAccountId = k.SubAccountId
  where k.Placement = 'follow' and k.SubAccountId <> ''
  group by k.WeightSet, f.Outcome
  union all
  select k.WeightSet as WeightSet, -2 as Step, f.Outcome as Key, sum(f.EffectiveUnits) as EffectiveUnits
  from follow_key as k
  inner join frozen_related as f
    on f.Month = k.FrozenMonth and f.Source = k.Source and f.BillingAccountId = k.BillingAccountId
  where k.Placement = 'follow'
  group by k.WeightSet, f.Outcome
  union all
  select k.WeightSet as WeightSet, -1 as Step, f.Outcome as Key, sum(f.EffectiveUnits) as EffectiveUnits
  from follow_key as k
  inner join frozen_related as f on f.Month = k.FrozenMonth and f.Source = k.Source
  where k.Placement = 'follow'
  group by k.WeightSet, f.Outcome
),
weighed as (
  select WeightSet, Step, Key, idiv(EffectiveUnits, 1000000000000000000) as Weight
  from found
  union all
  select WeightSet, Step, Key, idiv(EffectiveUnits, 1000000000000000000) as Weight
  from frozen
  union all
  select WeightSet, 9 as Step,
    case Placement when 'follow' then '@follow-empty' else '@commitment-prepaid' end as Key,
    units(1) as Weight
  from follow_key
),
chosen as (
  select WeightSet, min(Step) as Step
  from weighed
  where Weight > 0
  group by WeightSet
)
select weighed.WeightSet as WeightSet, weighed.Key as Key, weighed.Weight as Weight, weighed.Step as Step
from weighed
inner join chosen on chosen.WeightSet = weighed.WeightSet and chosen.Step = weighed.Step
where weighed.Weight > 0
