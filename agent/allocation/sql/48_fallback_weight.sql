-- one row = span without weights of its own x consumer, by the first fallback that has weights
with measured as (
  select m.SpanId as SpanId, m.Step as Step, d.Customer as Customer, sum(d.Quantity) as Weight
  from missing_span as m
  cross join setting
  inner join driver_day as d
    on d.Driver = m.Driver and d.Part = m.Part and d.Day >= setting.FirstDay and d.Day <= setting.LastDay
  where m.Fallback = 'period'
  group by m.SpanId, m.Step, d.Customer
  union all
  select m.SpanId as SpanId, m.Step as Step, a.Customer as Customer,
    sum(day_count(greatest(a.FirstDay, m.ChargeDate), least(day_after(a.LastDay), m.SpanEnd))) as Weight
  from missing_span as m
  inner join active as a on a.FirstDay < m.SpanEnd and a.LastDay >= m.ChargeDate
  where m.Fallback = 'even'
  group by m.SpanId, m.Step, a.Customer
  union all
  select m.SpanId as SpanId, m.Step as Step, '@opex' as Customer, day_count(m.ChargeDate, m.SpanEnd) as Weight
  from missing_span as m
  where m.Fallback = 'even' and m.TakesOpex
  union all
  select m.SpanId as SpanId, m.Step as Step, m.Fallback as Customer, units(1) as Weight
  from missing_span as m
  where m.Fallback in ('@no-driver', '@no-active-customer')
),
allowed as (
  select
    m.SpanId as SpanId,
    m.Step as Step,
    case when m.Customer = '@opex' and not s.TakesOpex then '@unknown' else m.Customer end as Key,
    m.Weight as Weight
  from measured as m
  inner join pool_span as s on s.SpanId = m.SpanId
  left join population as p
    on p.Pool = s.Pool and p.Customer = m.Customer and p.FirstDay <= s.ChargeDate and p.LastDay >= s.ChargeDate
  left join network_left_out as o on o.Pool = s.Pool and o.Consumer = m.Customer
  where m.Weight > 0 and o.Pool is null
    and (not s.Narrowed or p.Customer is not null or substring(m.Customer, 1, 1) = '@')
),
chosen as (
  select SpanId, min(Step) as Step
  from allowed
  group by SpanId
)
select
  a.SpanId as WeightSet,
  a.Key as Key,
  f.Fallback as Fallback,
  sum(a.Weight) as Weight
from allowed as a
inner join chosen on chosen.SpanId = a.SpanId and chosen.Step = a.Step
inner join missing_span as f on f.SpanId = a.SpanId and f.Step = a.Step
group by a.SpanId, a.Key, f.Fallback
union all
select c.SpanId as WeightSet, '@idle' as Key, f.Fallback as Fallback, c.Idle as Weight
from capacity_span as c
inner join chosen on chosen.SpanId = c.SpanId
inner join missing_span as f on f.SpanId = c.SpanId and f.Step = chosen.Step
where c.Basis = 'period' and f.Fallback = 'period' and c.Idle > 0
