-- one row = span x consumer that is no pool: a pool's own weights, or those that its network was solved for
with solved_set as (
  select distinct WeightSet
  from solved_weight
)
select w.WeightSet, w.Key, w.Weight
from pool_weight as w
left join solved_set as s on s.WeightSet = w.WeightSet
where s.WeightSet is null
union all
select WeightSet, Key, Weight
from solved_weight
