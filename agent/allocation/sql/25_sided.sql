-- one row = one recognised usage line with a side; SideBy says whether a rule or the default decided it
select
  Source, CostGroup, ProviderName, BillingAccountId, SubAccountId, ServiceName, InvoiceId, CommitmentDiscountId,
  ResourceId, ChargeDate, SpanEnd, Kind, Currency, Customer, Reason, Pool, Part, Unused,
  coalesce(Side, setting.DefaultSide) as Side,
  case when Side is null then 'default' else 'rule' end as SideBy,
  Function,
  BilledUnits, EffectiveUnits
from recognised
cross join setting
where Family = 'usage' and (Side is not null or setting.DefaultSide <> 'pro_rata')
union all
select
  side_cell.Source, side_cell.CostGroup, side_cell.ProviderName, side_cell.BillingAccountId,
  side_cell.SubAccountId, side_cell.ServiceName, side_cell.InvoiceId, side_cell.CommitmentDiscountId,
  side_cell.ResourceId, side_cell.ChargeDate, side_cell.SpanEnd, side_cell.Kind, side_cell.Currency,
  side_cell.Customer, side_cell.Reason, side_cell.Pool, side_cell.Part, side_cell.Unused,
  side_share.Key as Side,
  'default' as SideBy,
  cast(null as varchar) as Function,
  side_share.BilledUnits, side_share.EffectiveUnits
from side_share
inner join side_cell on side_cell.CellId = side_share.CellId
