-- one row = an origin x where it ended, of what is sought; a null in the one row of sought means any
select
  e.OriginId, e.Way, e.Source, e.ProviderName, e.BillingAccountId, e.SubAccountId, e.ServiceName, e.ChargeDate, e.Kind,
  e.WholeBilledUnits, e.WholeEffectiveUnits, e.BilledUnits, e.EffectiveUnits
from ended as e
cross join setting
cross join sought as q
where e.ChargeDate <= setting.AsOf
  and (q.Placement is null or e.Placement = q.Placement)
  and (q.Class is null or e.Class = q.Class)
  and (q.CostGroup is null or e.CostGroup = q.CostGroup)
  and (q.Bucket is null or e.Bucket = q.Bucket)
  and (q.Customer is null or e.Customer = q.Customer)
  and (q.Pool is null or coalesce(e.Pool, '') = q.Pool)
  and (q.Reason is null or coalesce(e.Reason, '') = q.Reason)
  and (q.Kind is null or e.Kind = q.Kind)
  and (q.ProviderName is null or e.ProviderName = q.ProviderName)
  and (q.Source is null or e.Source = q.Source)
  and (q.BillingAccountId is null or e.BillingAccountId = q.BillingAccountId)
  and (q.SubAccountId is null or e.SubAccountId = q.SubAccountId)
  and (q.ServiceName is null or e.ServiceName = q.ServiceName)
  and (q.InvoiceId is null or e.InvoiceId = q.InvoiceId)
  and (q.CommitmentDiscountId is null or e.CommitmentDiscountId = q.CommitmentDiscountId)
  and (q.Day is null or e.ChargeDate = q.Day)
