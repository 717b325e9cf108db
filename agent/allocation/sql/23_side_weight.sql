-- one row = a side (cogs, opex) and the known cost on it, the weights of the default pro_rata
with known as (
  select Side as Key, idiv(sum(EffectiveUnits), 1000000000000000000) as Weight
  from recognised
  where Kind in ('usage', 'discount') and Side is not null
  group by Side
),
total as (
  select coalesce(sum(Weight), units(0)) as Total
  from known
  where Weight > 0
)
select 1 as WeightSet, known.Key as Key, known.Weight as Weight
from known
where known.Weight > 0
union all
select 1 as WeightSet, 'cogs' as Key, units(1) as Weight
from total
where Total = 0
