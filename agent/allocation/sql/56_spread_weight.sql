-- one row = weight set of idle or untagged x customer: the scope's base, else everyone's, else the reason why none
with weight_set as (
  select distinct WeightSet, Stage, Method, Scope, BasePool
  from spread_cell
),
candidate as (
  select w.WeightSet as WeightSet, 1 as Step, p.Customer as Key,
    idiv(sum(p.EffectiveUnits), 1000000000000000000) as Weight
  from weight_set as w
  cross join setting
  inner join pool_result as p
    on p.Pool = w.BasePool and p.Idle = 0 and p.Bucket in ('customer', 'opex') and p.ChargeDate <= setting.AsOf
  where w.Method = 'pro_rata' and w.BasePool <> ''
  group by w.WeightSet, p.Customer
  union all
  select w.WeightSet as WeightSet, 2 as Step, b.Customer as Key,
    case when s.Base = 'direct' then b.Direct else b.Direct + b.Shared end as Weight
  from weight_set as w
  inner join spread as s on s.Stage = w.Stage
  inner join scope_base as b on b.Stage = w.Stage and b.Scope = w.Scope
  where w.Method = 'pro_rata' and w.Scope <> ''
  union all
  select w.WeightSet as WeightSet, 3 as Step, b.Customer as Key,
    idiv(case when s.Base = 'direct' then b.DirectUnits else b.DirectUnits + b.SharedUnits end, 1000000000000000000)
      as Weight
  from weight_set as w
  inner join spread as s on s.Stage = w.Stage
  cross join base as b
  where w.Method = 'pro_rata'
  union all
  select w.WeightSet as WeightSet, 4 as Step, '@no-base' as Key, units(1) as Weight
  from weight_set as w
  where w.Method = 'pro_rata'
  union all
  select w.WeightSet as WeightSet, 1 as Step, joined('@bucket', w.Stage) as Key, units(1) as Weight
  from weight_set as w
  where w.Method = 'bucket'
),
chosen as (
  select WeightSet, min(Step) as Step
  from candidate
  where Weight > 0
  group by WeightSet
)
select candidate.WeightSet as WeightSet, candidate.Key as Key, units(candidate.Weight) as Weight, candidate.Step as Step
from candidate
inner join chosen on chosen.WeightSet = candidate.WeightSet and chosen.Step = candidate.Step
where candidate.Weight > 0
