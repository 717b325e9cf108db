-- one row = scope x customer: direct cost in the scope, and the scope's part of the customer's pool cost
with wanted as (
  select distinct Stage, Scope
  from spread_cell
  where Scope <> ''
),
scoped_line as (
  select
    s.Stage as Stage,
    case s.Scope when 'provider' then c.ProviderName else joined(c.ProviderName, c.SubAccountId) end as Scope,
    c.Placement, c.Class, c.Customer, c.Pool, c.EffectiveUnits
  from classified as c
  cross join setting
  inner join spread as s on s.Scope in ('provider', 'account')
  where c.Class in ('direct', 'shared') and c.ChargeDate <= setting.AsOf
),
scoped_direct as (
  select Stage, Scope, Customer, sum(EffectiveUnits) as EffectiveUnits
  from scoped_line
  where Class = 'direct'
  group by Stage, Scope, Customer
),
pool_total as (
  select Stage, Pool, idiv(sum(EffectiveUnits), 1000000000000000000) as Weight
  from scoped_line
  where Class = 'shared'
  group by Stage, Pool
),
pool_scope as (
  select Stage, Scope, Pool, idiv(sum(EffectiveUnits), 1000000000000000000) as Weight
  from scoped_line
  where Class = 'shared'
  group by Stage, Scope, Pool
),
customer_pool as (
  select Customer, Pool, idiv(sum(EffectiveUnits), 1000000000000000000) as Weight
  from pool_result
  cross join setting
  where Class = 'shared' and Idle = 0 and Bucket in ('customer', 'opex') and Customer <> '@opex'
    and ChargeDate <= setting.AsOf
  group by Customer, Pool
),
scoped_cost as (
  select Stage, Scope, Customer, idiv(EffectiveUnits, 1000000000000000000) as Direct, units(0) as Shared
  from scoped_direct
  union all
  select
    s.Stage as Stage, s.Scope as Scope, c.Customer as Customer, units(0) as Direct,
    muldiv(c.Weight, s.Weight, t.Weight) as Shared
  from pool_scope as s
  inner join pool_total as t on t.Stage = s.Stage and t.Pool = s.Pool
  inner join customer_pool as c on c.Pool = s.Pool
  where t.Weight > 0
)
select c.Stage, c.Scope, c.Customer, sum(c.Direct) as Direct, sum(c.Shared) as Shared
from scoped_cost as c
inner join wanted on wanted.Stage = c.Stage and wanted.Scope = c.Scope
group by c.Stage, c.Scope, c.Customer
