-- one row = a pool, idle or untagged that charges fell on
with target as (
  select distinct Outcome, Pool
  from follow_part
  where Placement in ('pool', 'untagged', 'idle')
)
select row_number() over (order by Outcome) as WeightSet, Outcome, Pool
from target
