-- one row = pool, idle or untagged x where it ended: its distribution of the period, step two of charges that follow
with period_share as (
  select
    joined('pool', Pool) as Outcome, Customer, Bucket, coalesce(Function, '') as Function,
    coalesce(Reason, '') as Reason, EffectiveUnits
  from pool_result
  where Idle = 0
  union all
  select
    case when Stage = 'idle' and Pool is not null then joined('pool', Pool) else Stage end as Outcome,
    Customer, Bucket, coalesce(Function, '') as Function, coalesce(Reason, '') as Reason, EffectiveUnits
  from spread_result
  union all
  select Outcome, Customer, Bucket, Function, Reason, EffectiveUnits
  from frozen_distribution
),
shared_out as (
  select Outcome, Customer, Bucket, Function, Reason, idiv(sum(EffectiveUnits), 1000000000000000000) as Weight
  from period_share
  group by Outcome, Customer, Bucket, Function, Reason
),
reached as (
  select t.WeightSet, s.Customer, s.Bucket, s.Function, s.Reason, s.Weight
  from follow_target as t
  inner join shared_out as s on s.Outcome = t.Outcome
  where s.Weight > 0
),
empty as (
  select t.WeightSet
  from follow_target as t
  left join reached on reached.WeightSet = t.WeightSet
  where reached.WeightSet is null
)
select WeightSet, joined(Customer, joined(Bucket, joined(Function, Reason))) as Key, Customer, Bucket, Function, Reason,
  Weight
from reached
union all
select WeightSet, '@follow-empty' as Key, '@unallocated' as Customer, 'unallocated' as Bucket, '' as Function,
  'follow-empty' as Reason, units(1) as Weight
from empty
