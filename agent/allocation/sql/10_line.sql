-- one row = what the allocation tells apart of the ledger (accounts, service, span, kind, tag set); '' stands for null
with ledger_line as (
  select
    ledger.Source as Source,
    source.CostGroup as CostGroup,
    coalesce(ledger.ProviderName, '') as ProviderName,
    coalesce(ledger.BillingAccountId, '') as BillingAccountId,
    coalesce(ledger.SubAccountId, '') as SubAccountId,
    coalesce(ledger.ServiceName, '') as ServiceName,
    coalesce(ledger.InvoiceId, '') as InvoiceId,
    coalesce(ledger.CommitmentDiscountId, '') as CommitmentDiscountId,
    case when setting.NeedsRegion then coalesce(ledger.RegionId, '') else '' end as RegionId,
    case when setting.NeedsResource then coalesce(ledger.ResourceId, '') else '' end as MatchResourceId,
    case when setting.NeedsResource then coalesce(ledger.ResourceName, '') else '' end as MatchResourceName,
    coalesce(wanted_resource.ResourceId, '') as ResourceId,
    case when ledger.x_Kind = 'tax' then coalesce(ledger.x_TaxType, '') else '' end as TaxType,
    case when ledger.x_Kind = 'tax' then coalesce(ledger.InvoiceIssuerName, '') else '' end as InvoiceIssuerName,
    ledger.ChargePeriodStart as ChargeDate,
    ledger.ChargePeriodEnd as SpanEnd,
    ledger.x_Kind as Kind,
    ledger.x_TagSetId as TagSetId,
    ledger.BillingCurrency as Currency,
    ledger.x_BilledUnits as BilledUnits,
    ledger.x_EffectiveUnits as EffectiveUnits
  from ledger
  inner join source on source.Source = ledger.Source
  left join wanted_resource
    on wanted_resource.Source = ledger.Source and wanted_resource.ResourceId = ledger.ResourceId
  cross join setting
)
select
  Source, CostGroup, ProviderName, BillingAccountId, SubAccountId, ServiceName, InvoiceId, CommitmentDiscountId,
  RegionId, MatchResourceId, MatchResourceName, ResourceId, TaxType, InvoiceIssuerName, ChargeDate, SpanEnd, Kind,
  TagSetId, Currency,
  sum(BilledUnits) as BilledUnits,
  sum(EffectiveUnits) as EffectiveUnits
from ledger_line
group by
  Source, CostGroup, ProviderName, BillingAccountId, SubAccountId, ServiceName, InvoiceId, CommitmentDiscountId,
  RegionId, MatchResourceId, MatchResourceName, ResourceId, TaxType, InvoiceIssuerName, ChargeDate, SpanEnd, Kind,
  TagSetId, Currency
