-- one row = a recognised line that belongs to an origin that was chosen
select
  o.OriginId, o.Way, n.LineId, n.Source, n.ProviderName, n.BillingAccountId, n.SubAccountId, n.ServiceName, n.InvoiceId,
  n.CommitmentDiscountId, n.ResourceId, n.TaxType, n.InvoiceIssuerName, n.ChargeDate, n.SpanEnd, n.Kind, n.Currency,
  coalesce(n.Customer, '') as Customer, coalesce(n.Reason, '') as Reason, coalesce(n.Side, '') as Side,
  coalesce(n.Function, '') as Function, coalesce(n.Pool, '') as Pool, n.Part, n.Unused
from (select distinct OriginId from chosen) as c
inner join origin as o on o.OriginId = c.OriginId
inner join numbered as n on n.LineId = o.LineId
