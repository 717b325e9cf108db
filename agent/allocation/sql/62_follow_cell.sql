-- one row = one charge that follows: place x day x kind x cost group x class x currency
with follow_line as (
  select
    c.Placement, c.Source, c.BillingAccountId, c.SubAccountId, c.ServiceName, c.InvoiceId,
    case when c.Placement = 'commitment' then c.CommitmentDiscountId else '' end as FollowedCommitment,
    c.CommitmentDiscountId, c.ChargeDate, c.Kind, c.CostGroup, c.Class, c.Currency,
    coalesce(m.Month, '') as FrozenMonth,
    sum(c.BilledUnits) as BilledUnits,
    sum(c.EffectiveUnits) as EffectiveUnits
  from classified as c
  left join frozen_month as m
    on m.FirstDay <= c.ChargeDate and m.LastDay >= c.ChargeDate and c.Kind in ('refund', 'correction')
  where c.Placement in ('follow', 'commitment')
  group by
    c.Placement, c.Source, c.BillingAccountId, c.SubAccountId, c.ServiceName, c.InvoiceId,
    case when c.Placement = 'commitment' then c.CommitmentDiscountId else '' end,
    c.CommitmentDiscountId, c.ChargeDate, c.Kind, c.CostGroup, c.Class, c.Currency, m.Month
)
select
  row_number() over (
    order by l.Placement, l.Source, l.BillingAccountId, l.SubAccountId, l.ServiceName, l.InvoiceId,
      l.CommitmentDiscountId, l.ChargeDate, l.Kind, l.CostGroup, l.Class, l.Currency) as CellId,
  k.WeightSet as WeightSet,
  l.ChargeDate, l.Kind, l.CostGroup, l.Class, l.Currency, l.BilledUnits, l.EffectiveUnits
from follow_line as l
inner join follow_key as k
  on k.Placement = l.Placement and k.Source = l.Source and k.BillingAccountId = l.BillingAccountId
  and k.SubAccountId = l.SubAccountId and k.ServiceName = l.ServiceName and k.InvoiceId = l.InvoiceId
  and k.CommitmentDiscountId = l.FollowedCommitment and k.FrozenMonth = l.FrozenMonth
