-- one row = a ledger row of an origin that was chosen
with ruled as (
  select
    coalesce(l.ResourceId, '') as LedgerResourceId, coalesce(l.ResourceName, '') as ResourceName,
    coalesce(l.SkuId, '') as SkuId, coalesce(l.RegionId, '') as RegionId,
    coalesce(l.ChargeCategory, '') as ChargeCategory, l.x_TagSetId as TagSetId, l.x_Lines as Lines,
    l.Source, coalesce(l.ProviderName, '') as ProviderName, coalesce(l.BillingAccountId, '') as BillingAccountId,
    coalesce(l.SubAccountId, '') as SubAccountId, coalesce(l.ServiceName, '') as ServiceName,
    coalesce(l.InvoiceId, '') as InvoiceId, coalesce(l.CommitmentDiscountId, '') as CommitmentDiscountId,
    coalesce(w.ResourceId, '') as ResourceId,
    case when l.x_Kind = 'tax' then coalesce(l.x_TaxType, '') else '' end as TaxType,
    case when l.x_Kind = 'tax' then coalesce(l.InvoiceIssuerName, '') else '' end as InvoiceIssuerName,
    l.ChargePeriodStart as ChargeDate, l.ChargePeriodEnd as SpanEnd, l.x_Kind as Kind, l.BillingCurrency as Currency,
    case when l.x_Kind in ('usage', 'discount', 'marketplace') then coalesce(s.Customer, '')
      else coalesce(s.OwnCustomer, '') end as Customer,
    coalesce(s.Reason, '') as Reason,
    case when l.x_Kind in ('usage', 'discount') then coalesce(s.Side, '') else 'cogs' end as Side,
    coalesce(s.Function, '') as Function, coalesce(s.Pool, '') as Pool, s.Part,
    case when l.x_Kind in ('usage', 'discount', 'marketplace') then s.Unused else 0 end as Unused,
    l.x_BilledUnits as BilledUnits, l.x_EffectiveUnits as EffectiveUnits
  from ledger as l
  cross join setting as t
  inner join subject_rule as s
    on s.Source = l.Source and s.ProviderName = coalesce(l.ProviderName, '')
    and s.BillingAccountId = coalesce(l.BillingAccountId, '') and s.SubAccountId = coalesce(l.SubAccountId, '')
    and s.ServiceName = coalesce(l.ServiceName, '') and s.Kind = l.x_Kind and s.TagSetId = l.x_TagSetId
    and s.FirstDay <= l.ChargePeriodStart and s.LastDay >= l.ChargePeriodStart
    and s.RegionId = case when t.NeedsRegion then coalesce(l.RegionId, '') else '' end
    and s.MatchResourceId = case when t.NeedsResource then coalesce(l.ResourceId, '') else '' end
    and s.MatchResourceName = case when t.NeedsResource then coalesce(l.ResourceName, '') else '' end
  left join wanted_resource as w on w.Source = l.Source and w.ResourceId = l.ResourceId
)
select
  r.OriginId, r.Way, l.LedgerResourceId, l.ResourceName, l.SkuId, l.RegionId, l.ChargeCategory, l.TagSetId, l.Lines,
  l.Source, l.ProviderName, l.BillingAccountId, l.SubAccountId, l.ServiceName, l.InvoiceId, l.ChargeDate, l.SpanEnd,
  l.Kind, l.BilledUnits, l.EffectiveUnits
from ruled as l
inner join wanted_row as r
  on r.Source = l.Source and r.ProviderName = l.ProviderName and r.BillingAccountId = l.BillingAccountId
  and r.SubAccountId = l.SubAccountId and r.ServiceName = l.ServiceName and r.InvoiceId = l.InvoiceId
  and r.CommitmentDiscountId = l.CommitmentDiscountId and r.ResourceId = l.ResourceId and r.TaxType = l.TaxType
  and r.InvoiceIssuerName = l.InvoiceIssuerName and r.ChargeDate = l.ChargeDate and r.SpanEnd = l.SpanEnd
  and r.Kind = l.Kind and r.Currency = l.Currency and r.Customer = l.Customer and r.Reason = l.Reason
  and r.Side = l.Side and r.Function = l.Function and r.Pool = l.Pool and r.Part = l.Part and r.Unused = l.Unused
