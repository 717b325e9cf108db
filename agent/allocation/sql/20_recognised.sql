-- one row = one line with what the rules say of it; Customer is its own customer where rules on accounts do not apply
select
  line.Source, line.CostGroup, line.ProviderName, line.BillingAccountId, line.SubAccountId, line.ServiceName,
  line.InvoiceId, line.CommitmentDiscountId, line.ResourceId, line.TaxType, line.InvoiceIssuerName,
  line.ChargeDate, line.SpanEnd, line.Kind, line.Currency,
  case
    when line.Kind = 'rounding' then 'rounding'
    when line.Kind in ('usage', 'discount', 'marketplace') then 'usage'
    else 'charge'
  end as Family,
  case
    when line.Kind in ('usage', 'discount', 'marketplace') then subject_rule.Customer
    else subject_rule.OwnCustomer
  end as Customer,
  subject_rule.Reason as Reason,
  case when line.Kind in ('usage', 'discount') then subject_rule.Side else 'cogs' end as Side,
  subject_rule.Function as Function,
  subject_rule.Pool as Pool,
  subject_rule.Part as Part,
  case when line.Kind in ('usage', 'discount', 'marketplace') then subject_rule.Unused else 0 end as Unused,
  sum(line.BilledUnits) as BilledUnits,
  sum(line.EffectiveUnits) as EffectiveUnits
from line
inner join subject_rule
  on subject_rule.Source = line.Source
  and subject_rule.ProviderName = line.ProviderName
  and subject_rule.BillingAccountId = line.BillingAccountId
  and subject_rule.SubAccountId = line.SubAccountId
  and subject_rule.ServiceName = line.ServiceName
  and subject_rule.RegionId = line.RegionId
  and subject_rule.MatchResourceId = line.MatchResourceId
  and subject_rule.MatchResourceName = line.MatchResourceName
  and subject_rule.Kind = line.Kind
  and subject_rule.TagSetId = line.TagSetId
  and subject_rule.FirstDay <= line.ChargeDate
  and subject_rule.LastDay >= line.ChargeDate
group by
  line.Source, line.CostGroup, line.ProviderName, line.BillingAccountId, line.SubAccountId, line.ServiceName,
  line.InvoiceId, line.CommitmentDiscountId, line.ResourceId, line.TaxType, line.InvoiceIssuerName,
  line.ChargeDate, line.SpanEnd, line.Kind, line.Currency,
  case
    when line.Kind in ('usage', 'discount', 'marketplace') then subject_rule.Customer
    else subject_rule.OwnCustomer
  end,
  subject_rule.Reason, subject_rule.Side, subject_rule.Function, subject_rule.Pool, subject_rule.Part,
  case when line.Kind in ('usage', 'discount', 'marketplace') then subject_rule.Unused else 0 end
