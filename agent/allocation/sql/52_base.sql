-- one row = customer: what it got directly and through pools, frozen before idle and untagged are spread
with attributed as (
  select Customer, EffectiveUnits as DirectUnits, units(0) as SharedUnits
  from direct_cost
  union all
  select Customer, units(0) as DirectUnits, EffectiveUnits as SharedUnits
  from pool_result
  cross join setting
  where Class = 'shared' and Idle = 0 and Bucket in ('customer', 'opex') and Customer <> '@opex'
    and ChargeDate <= setting.AsOf
)
select Customer, sum(DirectUnits) as DirectUnits, sum(SharedUnits) as SharedUnits
from attributed
group by Customer
