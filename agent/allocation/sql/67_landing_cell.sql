-- one row = outcome x day x kind x cost group x class x currency that takes an outcome's distribution
select
  row_number() over (
    order by p.Outcome, p.ChargeDate, p.Kind, p.CostGroup, p.Class, p.Currency) as CellId,
  t.WeightSet as WeightSet,
  p.Pool, p.ChargeDate, p.Kind, p.CostGroup, p.Class, p.Currency, p.BilledUnits, p.EffectiveUnits
from follow_part as p
inner join follow_target as t on t.Outcome = p.Outcome
