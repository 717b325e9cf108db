-- one row = customer's direct cost of infrastructure in the period up to day D, and the weight it gives
with direct_sum as (
  select Customer, sum(BilledUnits) as BilledUnits, sum(EffectiveUnits) as EffectiveUnits
  from classified
  cross join setting
  where Class = 'direct' and ChargeDate <= setting.AsOf
  group by Customer
)
select
  Customer, BilledUnits, EffectiveUnits,
  case when EffectiveUnits > 0 then idiv(EffectiveUnits, 1000000000000000000) else units(0) end as Weight
from direct_sum
