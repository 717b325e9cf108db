-- one row = cell x key: the part of the cell's units that falls on the key, by cumulative rounding (ALLOCATION 2)
with bounded as (
  select WeightSet, sum(Weight) as Total
  from weight
  group by WeightSet
),
reduced as (
  select weight.WeightSet as WeightSet, power.Divisor as Divisor, sum(idiv(weight.Weight, power.Divisor)) as Total
  from weight
  inner join bounded on bounded.WeightSet = weight.WeightSet
  cross join power
  where bounded.Total >= 100000000000000
  group by weight.WeightSet, power.Divisor
),
coarseness as (
  select WeightSet, min(Divisor) as Divisor
  from reduced
  where Total < 100000000000000
  group by WeightSet
),
fitted as (
  select
    weight.WeightSet as WeightSet,
    weight.Key as Key,
    case when coarseness.Divisor is null then weight.Weight else idiv(weight.Weight, coarseness.Divisor) end as Weight
  from weight
  left join coarseness on coarseness.WeightSet = weight.WeightSet
),
cumulated as (
  select
    WeightSet,
    Key,
    Weight,
    sum(Weight) over (partition by WeightSet order by Key rows between unbounded preceding and current row) as Upto,
    sum(Weight) over (partition by WeightSet) as Total
  from fitted
  where Weight > 0
),
halved as (
  select
    CellId,
    WeightSet,
    idiv(BilledUnits, 1000000000000) as BilledCoarse,
    units(BilledUnits - idiv(BilledUnits, 1000000000000) * 1000000000000) as BilledFine,
    idiv(EffectiveUnits, 1000000000000) as EffectiveCoarse,
    units(EffectiveUnits - idiv(EffectiveUnits, 1000000000000) * 1000000000000) as EffectiveFine,
    case when BilledUnits = EffectiveUnits then 1 else 0 end as Same
  from cell
),
effective_share as (
  select
    halved.CellId as CellId,
    cumulated.Key as Key,
    cumulated.Upto as Upto,
    cumulated.Weight as Weight,
    cumulated.Total as Total,
    halved.Same as Same,
    halved.BilledCoarse as BilledCoarse,
    halved.BilledFine as BilledFine,
    units((muldiv(halved.EffectiveCoarse, cumulated.Upto, cumulated.Total)
      - muldiv(halved.EffectiveCoarse, cumulated.Upto - cumulated.Weight, cumulated.Total)) * 1000000000000
    + case when halved.EffectiveFine = 0 then 0 else
        muldiv(halved.EffectiveFine, cumulated.Upto, cumulated.Total)
        - muldiv(halved.EffectiveFine, cumulated.Upto - cumulated.Weight, cumulated.Total) end) as EffectiveUnits
  from halved
  inner join cumulated on cumulated.WeightSet = halved.WeightSet
)
select
  CellId,
  Key,
  case when Same = 1 then EffectiveUnits else
    units((muldiv(BilledCoarse, Upto, Total) - muldiv(BilledCoarse, Upto - Weight, Total)) * 1000000000000
    + case when BilledFine = 0 then 0 else
        muldiv(BilledFine, Upto, Total) - muldiv(BilledFine, Upto - Weight, Total) end) end as BilledUnits,
  EffectiveUnits
from effective_share
