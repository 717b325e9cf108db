-- one row = customer charged at a standard rate of its direct cost (method tax), and one row of what that leaves over
with charged as (
  select
    s.Stage as Stage, d.Customer as Key,
    case when d.BilledUnits > 0 then muldiv(d.BilledUnits, s.RateNumerator, s.RateDenominator) else units(0) end
      as BilledUnits,
    case when d.EffectiveUnits > 0 then muldiv(d.EffectiveUnits, s.RateNumerator, s.RateDenominator) else units(0) end
      as EffectiveUnits
  from spread as s
  cross join direct_cost as d
  where s.Method = 'tax'
),
recovery as (
  select Stage, BilledUnits, EffectiveUnits
  from spread_cell
  where Method = 'tax'
  union all
  select Stage, -BilledUnits as BilledUnits, -EffectiveUnits as EffectiveUnits
  from charged
)
select Stage, Key, BilledUnits, EffectiveUnits
from charged
union all
select Stage, '@recovery' as Key, sum(BilledUnits) as BilledUnits, sum(EffectiveUnits) as EffectiveUnits
from recovery
group by Stage
