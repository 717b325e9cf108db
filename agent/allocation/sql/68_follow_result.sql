-- one row = charge that followed x where it ended
select
  p.ChargeDate, p.Kind, p.CostGroup, p.Class, p.Currency, cast(null as varchar) as Pool,
  case when p.Placement in ('direct', 'opex') then p.Customer else '@unallocated' end as Customer,
  case
    when p.Placement = 'opex' or i.Customer is not null then 'opex'
    when p.Placement = 'direct' then 'customer'
    else 'unallocated'
  end as Bucket,
  case when p.Placement = 'opex' then p.Function when i.Customer is not null then 'rnd' end as Function,
  case p.Outcome when '@follow-empty' then 'follow-empty' when '@commitment-prepaid' then 'commitment-prepaid' end
    as Reason,
  p.BilledUnits, p.EffectiveUnits
from follow_part as p
left join follow_target as t on t.Outcome = p.Outcome
left join internal as i
  on i.Customer = p.Customer and i.FirstDay <= p.ChargeDate and i.LastDay >= p.ChargeDate
where t.Outcome is null
union all
select
  c.ChargeDate, c.Kind, c.CostGroup, c.Class, c.Currency, c.Pool,
  d.Customer, d.Bucket,
  case when d.Function <> '' then d.Function end as Function,
  case when d.Reason <> '' then d.Reason end as Reason,
  s.BilledUnits, s.EffectiveUnits
from landing_share as s
inner join landing_cell as c on c.CellId = s.CellId
inner join distribution as d on d.WeightSet = c.WeightSet and d.Key = s.Key
