-- one row = idle or untagged money before it is spread; Scope is the provider or account it came from, '' for all
select
  spread.Stage as Stage, c.ChargeDate, c.Kind, c.CostGroup, c.Class, c.Pool, c.Currency,
  case spread.Scope
    when 'provider' then c.ProviderName
    when 'account' then joined(c.ProviderName, c.SubAccountId)
    else ''
  end as Scope,
  c.BilledUnits, c.EffectiveUnits
from classified as c
inner join spread on spread.Stage = c.Placement
union all
select
  'idle' as Stage, ChargeDate, Kind, CostGroup,
  case when CostGroup = 'infrastructure' then 'idle' else Class end as Class,
  Pool, Currency, '' as Scope, BilledUnits, EffectiveUnits
from pool_result
where Idle = 1
