-- one row = one recognised usage line with a side; SideBy says whether a rule or the default decided it
select
  Source, CostGroup, ProviderName, BillingAccountId, SubAccountId, ServiceName, InvoiceId, CommitmentDiscountId,
  ResourceId, ChargeDate, SpanEnd, Kind, Currency, Customer, Reason, Pool,
  coalesce(Side, setting.DefaultSide) as Side,
  case when Side is null then 'default' else 'rule' end as SideBy,
  Function,
  BilledUnits, EffectiveUnits
from recognised
cross join setting
where Family = 'usage' and (Side is not null or setting.DefaultSide <> 'pro_rata')
union all
select
  unknown_side.Source, unknown_side.CostGroup, unknown_side.ProviderName, unknown_side.BillingAccountId,
  unknown_side.SubAccountId, unknown_side.ServiceName, unknown_side.InvoiceId, unknown_side.CommitmentDiscountId,
  unknown_side.ResourceId, unknown_side.ChargeDate, unknown_side.SpanEnd, unknown_side.Kind, unknown_side.Currency,
  unknown_side.Customer, unknown_side.Reason, unknown_side.Pool,
  side_share.Key as Side,
  'default' as SideBy,
  cast(null as varchar) as Function,
  side_share.BilledUnits, side_share.EffectiveUnits
from side_share
inner join unknown_side on unknown_side.CellId = side_share.CellId
