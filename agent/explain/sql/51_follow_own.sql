-- one row = charge that fell on whom is explained in step one already
select
  f.CellId, f.WeightSet, f.Outcome, f.ChargeDate, f.Kind, f.CostGroup, f.Class, f.Placement, f.Source,
  f.BillingAccountId, f.SubAccountId, f.ServiceName, f.InvoiceId, f.CommitmentDiscountId, f.FrozenMonth,
  f.SplitBilledUnits, f.SplitEffectiveUnits, f.BilledUnits, f.EffectiveUnits
from follow_leaf as f
cross join sought_who as q
inner join (
  select distinct Outcome, Placement, coalesce(Customer, '') as Customer
  from follow_part
) as p on p.Outcome = f.Outcome
left join follow_target as t on t.Outcome = f.Outcome
left join internal as i
  on i.Customer = p.Customer and i.FirstDay <= f.ChargeDate and i.LastDay >= f.ChargeDate
where t.Outcome is null
  and q.Customer = case when p.Placement in ('direct', 'opex') then p.Customer else '@unallocated' end
  and q.Bucket = case
    when p.Placement = 'opex' or i.Customer is not null then 'opex'
    when p.Placement = 'direct' then 'customer'
    else 'unallocated'
  end
  and q.Reason = case f.Outcome
    when '@follow-empty' then 'follow-empty' when '@commitment-prepaid' then 'commitment-prepaid' else '' end
