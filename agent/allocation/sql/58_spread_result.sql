-- one row = idle or untagged cell x customer
with landed as (
  select
    c.CellId as CellId, c.Stage as Stage, c.ChargeDate as ChargeDate, c.Kind as Kind, c.CostGroup as CostGroup,
    c.Class as Class, c.Pool as Pool, c.Currency as Currency, c.Method as Method, share.Key as Key,
    share.BilledUnits as BilledUnits, share.EffectiveUnits as EffectiveUnits
  from spread_share as share
  inner join spread_cell as c on c.CellId = share.CellId
  union all
  select
    -1 as CellId, r.Stage as Stage, setting.LastDay as ChargeDate,
    case r.Stage when 'idle' then 'commitment_unused' else 'usage' end as Kind, 'infrastructure' as CostGroup,
    r.Stage as Class, cast(null as varchar) as Pool, setting.CompanyCurrency as Currency, 'tax' as Method, r.Key as Key,
    r.BilledUnits as BilledUnits, r.EffectiveUnits as EffectiveUnits
  from standard_rate as r
  cross join setting
)
select
  l.CellId, l.Stage, l.ChargeDate, l.Kind, l.CostGroup, l.Class, l.Pool, l.Currency, l.Method,
  case when l.Key = '@opex' or substring(l.Key, 1, 1) <> '@' then l.Key else '@unallocated' end as Customer,
  case
    when l.Key = '@opex' or i.Customer is not null then 'opex'
    when substring(l.Key, 1, 1) = '@' then 'unallocated'
    else 'customer'
  end as Bucket,
  case when l.Key = '@opex' or i.Customer is not null then 'rnd' end as Function,
  case
    when l.Key = '@no-base' then 'no-base'
    when l.Key = '@recovery' and l.EffectiveUnits < 0 then 'over-recovery'
    when l.Key = '@recovery' then 'under-recovery'
    when l.Key = '@opex' then cast(null as varchar)
    when substring(l.Key, 1, 1) = '@' then concat(l.Stage, '-bucket')
  end as Reason,
  l.BilledUnits, l.EffectiveUnits
from landed as l
left join internal as i
  on i.Customer = l.Key and i.FirstDay <= l.ChargeDate and i.LastDay >= l.ChargeDate
