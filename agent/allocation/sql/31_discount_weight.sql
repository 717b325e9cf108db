-- one row = discount place x outcome of the usage found there: the resource that day, else in the period, else the account's
-- service that day
with usage_outcome as (
  select
    Source, ResourceId, SubAccountId, ServiceName, ChargeDate, Outcome,
    sum(EffectiveUnits) as EffectiveUnits
  from placed
  where Kind = 'usage'
  group by Source, ResourceId, SubAccountId, ServiceName, ChargeDate, Outcome
),
found as (
  select k.WeightSet as WeightSet, 1 as Step, u.Outcome as Key, sum(u.EffectiveUnits) as EffectiveUnits
  from discount_key as k
  inner join usage_outcome as u
    on u.Source = k.Source and u.ResourceId = k.ResourceId and u.ChargeDate = k.ChargeDate
  where k.ResourceId <> ''
  group by k.WeightSet, u.Outcome
  union all
  select k.WeightSet as WeightSet, 2 as Step, u.Outcome as Key, sum(u.EffectiveUnits) as EffectiveUnits
  from discount_key as k
  inner join usage_outcome as u on u.Source = k.Source and u.ResourceId = k.ResourceId
  where k.ResourceId <> ''
  group by k.WeightSet, u.Outcome
  union all
  select k.WeightSet as WeightSet, 3 as Step, u.Outcome as Key, sum(u.EffectiveUnits) as EffectiveUnits
  from discount_key as k
  inner join usage_outcome as u
    on u.Source = k.Source and u.SubAccountId = k.SubAccountId and u.ServiceName = k.ServiceName
    and u.ChargeDate = k.ChargeDate
  group by k.WeightSet, u.Outcome
),
weighed as (
  select WeightSet, Step, Key, idiv(EffectiveUnits, 1000000000000000000) as Weight
  from found
),
chosen as (
  select WeightSet, min(Step) as Step
  from weighed
  where Weight > 0
  group by WeightSet
)
select weighed.WeightSet as WeightSet, weighed.Key as Key, weighed.Weight as Weight
from weighed
inner join chosen on chosen.WeightSet = weighed.WeightSet and chosen.Step = weighed.Step
where weighed.Weight > 0
