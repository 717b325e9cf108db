-- one row = a pool, idle, untagged or outcome of a closed month that charges fell on
with target as (
  select distinct Outcome, Pool
  from follow_part
  where Placement in ('pool', 'untagged', 'idle', 'frozen')
)
select row_number() over (order by Outcome) as WeightSet, Outcome, Pool
from target
