-- one row = span x consumer, by the pool's own method: driver quantities and what is idle beside them,
-- active days, percentages or direct cost, and beside direct cost that of development
with development_sum as (
  select sum(EffectiveUnits) as EffectiveUnits
  from classified
  cross join setting
  where Class = 'opex' and ChargeDate <= setting.AsOf
),
measured as (
  select s.SpanId as SpanId, d.Customer as Customer, sum(d.Quantity) as Weight
  from pool_span as s
  inner join driver_day as d on d.Driver = s.Driver and d.Part = s.Part and d.Day = s.ChargeDate
  where s.Method = 'usage' and s.OneDay = 1
  group by s.SpanId, d.Customer
  union all
  select s.SpanId as SpanId, d.Customer as Customer, sum(d.Quantity) as Weight
  from pool_span as s
  cross join setting
  inner join driver_day as d
    on d.Driver = s.Driver and d.Part = s.Part and d.Day >= s.ChargeDate and d.Day < s.SpanEnd
    and d.Day <= setting.AsOf
  where s.Method = 'usage' and s.OneDay = 0
  group by s.SpanId, d.Customer
  union all
  select s.SpanId as SpanId, a.Customer as Customer,
    sum(day_count(greatest(a.FirstDay, s.ChargeDate), least(day_after(a.LastDay), s.SpanEnd))) as Weight
  from pool_span as s
  inner join active as a on a.FirstDay < s.SpanEnd and a.LastDay >= s.ChargeDate
  where s.Method = 'even'
  group by s.SpanId, a.Customer
  union all
  select s.SpanId as SpanId, '@opex' as Customer, day_count(s.ChargeDate, s.SpanEnd) as Weight
  from pool_span as s
  where s.Method = 'even' and s.TakesOpex
  union all
  select s.SpanId as SpanId, w.Customer as Customer,
    sum(w.Weight * day_count(greatest(r.FirstDay, s.ChargeDate), least(day_after(r.LastDay), s.SpanEnd))) as Weight
  from pool_span as s
  inner join sampled_weight as w on w.Pool = s.Pool
  inner join registered as r on r.Customer = w.Customer and r.FirstDay < s.SpanEnd and r.LastDay >= s.ChargeDate
  where s.Method = 'sampled'
  group by s.SpanId, w.Customer
  union all
  select s.SpanId as SpanId, w.Customer as Customer, w.Weight * day_count(s.ChargeDate, s.SpanEnd) as Weight
  from pool_span as s
  inner join sampled_weight as w on w.Pool = s.Pool
  where s.Method = 'sampled' and substring(w.Customer, 1, 1) = '@'
  union all
  select s.SpanId as SpanId, d.Customer as Customer, d.Weight as Weight
  from pool_span as s
  cross join direct_cost as d
  where s.Method = 'cost'
  union all
  select s.SpanId as SpanId, '@opex' as Customer, idiv(o.EffectiveUnits, 1000000000000000000) as Weight
  from pool_span as s
  cross join development_sum as o
  where s.Method = 'cost' and s.TakesOpex and o.EffectiveUnits > 0
  union all
  select s.SpanId as SpanId,
    case
      when f.Customer = '@opex' or f.Customer = '@fixed-remainder' or r.Customer is not null then f.Customer
      else '@fixed-inactive'
    end as Customer,
    sum(f.Weight) as Weight
  from pool_span as s
  inner join pool_fixed as f on f.Pool = s.Pool
  left join registered as r
    on r.Customer = f.Customer and r.FirstDay <= s.ChargeDate and r.LastDay >= s.ChargeDate
  where s.Method = 'fixed'
  group by s.SpanId,
    case
      when f.Customer = '@opex' or f.Customer = '@fixed-remainder' or r.Customer is not null then f.Customer
      else '@fixed-inactive'
    end
),
allowed as (
  select
    m.SpanId as SpanId,
    m.Weight as Weight,
    case
      when m.Customer = '@opex' and s.Method in ('usage', 'sampled') and not s.TakesOpex then '@unknown'
      when substring(m.Customer, 1, 1) = '@' or not s.Narrowed or p.Customer is not null then m.Customer
      when s.Method = 'fixed' then '@fixed-inactive'
    end as Key
  from measured as m
  inner join pool_span as s on s.SpanId = m.SpanId
  left join population as p
    on p.Pool = s.Pool and p.Customer = m.Customer and p.FirstDay <= s.ChargeDate and p.LastDay >= s.ChargeDate
  left join network_left_out as o on o.Pool = s.Pool and o.Consumer = m.Customer
  where m.Weight > 0 and o.Pool is null
),
consumed as (
  select SpanId as WeightSet, Key, sum(Weight) as Weight
  from allowed
  where Key is not null
  group by SpanId, Key
),
present as (
  select distinct WeightSet
  from consumed
)
select WeightSet, Key, Weight
from consumed
union all
select c.SpanId as WeightSet, '@idle' as Key, c.Idle as Weight
from capacity_span as c
inner join present on present.WeightSet = c.SpanId
where c.Basis = 'own' and c.Idle > 0
