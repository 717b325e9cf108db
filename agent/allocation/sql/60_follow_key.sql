-- one row = where charges that follow look for what they relate to; FrozenMonth is the closed month they are about, or ''
with follow_place as (
  select distinct c.Source, c.BillingAccountId, c.SubAccountId, c.ServiceName, c.InvoiceId,
    case when c.Placement = 'commitment' then c.CommitmentDiscountId else '' end as CommitmentDiscountId,
    c.Placement, coalesce(m.Month, '') as FrozenMonth
  from classified as c
  left join frozen_month as m
    on m.FirstDay <= c.ChargeDate and m.LastDay >= c.ChargeDate and c.Kind in ('refund', 'correction')
  where c.Placement in ('follow', 'commitment')
)
select
  row_number() over (
    order by Placement, Source, BillingAccountId, SubAccountId, ServiceName, InvoiceId, CommitmentDiscountId,
      FrozenMonth) as WeightSet,
  FrozenMonth, Placement, Source, BillingAccountId, SubAccountId, ServiceName, InvoiceId, CommitmentDiscountId
from follow_place
