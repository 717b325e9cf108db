-- one row = one charge that follows: place x day x kind x cost group x class x currency
with follow_line as (
  select
    Placement, Source, BillingAccountId, SubAccountId, ServiceName, InvoiceId,
    case when Placement = 'commitment' then CommitmentDiscountId else '' end as FollowedCommitment,
    CommitmentDiscountId, ChargeDate, Kind, CostGroup, Class, Currency,
    sum(BilledUnits) as BilledUnits,
    sum(EffectiveUnits) as EffectiveUnits
  from classified
  where Placement in ('follow', 'commitment')
  group by
    Placement, Source, BillingAccountId, SubAccountId, ServiceName, InvoiceId,
    case when Placement = 'commitment' then CommitmentDiscountId else '' end,
    CommitmentDiscountId, ChargeDate, Kind, CostGroup, Class, Currency
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
  and k.CommitmentDiscountId = l.FollowedCommitment
