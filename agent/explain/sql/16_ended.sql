-- one row = an origin x where it ended, with its class and bucket; ties to the table classified
select
  p.OriginId, w.Way, w.Source, w.ProviderName, w.BillingAccountId, w.SubAccountId, w.ServiceName, w.InvoiceId,
  w.CommitmentDiscountId, w.ChargeDate, w.SpanEnd, w.Kind, w.CostGroup, w.Currency,
  p.Placement, p.Customer, p.Pool, p.Part, p.Function, p.Reason,
  case
    when p.Family = 'rounding' then 'unallocated'
    when w.CostGroup <> 'infrastructure' then 'vendor'
    when p.Family = 'usage' and p.Placement = 'pool' then 'shared'
    when p.Family = 'usage' or p.Placement = 'idle' then p.Placement
    else 'charge'
  end as Class,
  case
    when p.Placement in ('opex', 'unallocated', 'balance_sheet') then p.Placement
    when p.Placement = 'direct' and i.Customer is not null then 'opex'
    when p.Placement = 'direct' then 'customer'
  end as Bucket,
  w.BilledUnits as WholeBilledUnits, w.EffectiveUnits as WholeEffectiveUnits,
  p.BilledUnits, p.EffectiveUnits
from placed_part as p
inner join whole as w on w.OriginId = p.OriginId
left join internal as i
  on i.Customer = p.Customer and i.FirstDay <= w.ChargeDate and i.LastDay >= w.ChargeDate
