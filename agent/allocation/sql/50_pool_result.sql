-- one row = pool split cell x component x consumer; what nobody used waits as Idle = 1
with fell_back as (
  select distinct WeightSet, Fallback
  from fallback_weight
),
consumed as (
  select
    share.Key as Key,
    part.PoolCellId as PoolCellId,
    part.CellId as PartId,
    case
      when fell_back.Fallback in ('@no-driver', '@no-active-customer') then 'unallocated'
      else fell_back.Fallback
    end as Fallback,
    share.BilledUnits as BilledUnits,
    share.EffectiveUnits as EffectiveUnits
  from pool_share as share
  inner join pool_part as part on part.CellId = share.CellId
  left join fell_back on fell_back.WeightSet = part.WeightSet
)
select
  c.PoolCellId, c.PartId, k.Pool, k.ChargeDate, k.SpanEnd, k.Kind, k.CostGroup, k.Class, k.Currency,
  pool.Method as Method,
  c.Fallback,
  case when c.Key = '@idle' or (c.Key = '@fixed-remainder' and pool.RemainderIdle) then 1 else 0 end as Idle,
  case when c.Key in ('@unknown', '@no-driver', '@no-active-customer', '@fixed-remainder', '@fixed-inactive', '@idle')
    then '@unallocated' else c.Key end as Customer,
  case
    when c.Key in ('@unknown', '@no-driver', '@no-active-customer', '@fixed-remainder', '@fixed-inactive', '@idle')
      then 'unallocated'
    when c.Key = '@opex' or i.Customer is not null then 'opex'
    else 'customer'
  end as Bucket,
  case when c.Key = '@opex' or i.Customer is not null then 'rnd' end as Function,
  case c.Key
    when '@unknown' then 'unknown-driver-customer'
    when '@no-driver' then 'no-driver'
    when '@no-active-customer' then 'no-active-customer'
    when '@fixed-remainder' then 'fixed-remainder'
    when '@fixed-inactive' then 'fixed-inactive'
  end as Reason,
  c.BilledUnits, c.EffectiveUnits
from consumed as c
inner join pool_cell as k on k.CellId = c.PoolCellId
inner join pool on pool.Pool = k.Pool
left join internal as i
  on i.Customer = c.Key and i.FirstDay <= k.ChargeDate and i.LastDay >= k.ChargeDate
