-- one row = span x basis (own days, or the period of the fallback) with a capacity: used, capacity, what is idle of it
with own as (
  select s.SpanId, c.Used, c.Capacity
  from pool_span as s
  inner join capacity_day as c
    on c.Pool = s.Pool and c.Component = s.Component and c.Part = s.Part and c.Day = s.ChargeDate
  where s.OneDay = 1
  union all
  select s.SpanId, c.Used, c.Capacity
  from pool_span as s
  cross join setting
  inner join capacity_day as c
    on c.Pool = s.Pool and c.Component = s.Component and c.Part = s.Part and c.Day >= s.ChargeDate
    and c.Day < s.SpanEnd and c.Day <= setting.AsOf
  where s.OneDay = 0
),
own_sum as (
  select
    SpanId, count(Used) as Days, count(Capacity) as KnownDays,
    sum(case when Capacity is not null then Used else units(0) end) as Used,
    sum(coalesce(Capacity, units(0))) as Capacity
  from own
  group by SpanId
),
period_sum as (
  select
    c.Pool, c.Component, c.Part, count(c.Used) as Days, count(c.Capacity) as KnownDays,
    sum(case when c.Capacity is not null then c.Used else units(0) end) as Used,
    sum(coalesce(c.Capacity, units(0))) as Capacity
  from capacity_day as c
  cross join setting
  where c.Day >= setting.FirstDay and c.Day <= setting.LastDay
  group by c.Pool, c.Component, c.Part
),
every_sum as (
  select SpanId, 'own' as Basis, Days, KnownDays, Used, Capacity
  from own_sum
  union all
  select s.SpanId, 'period' as Basis, p.Days, p.KnownDays, p.Used, p.Capacity
  from pool_span as s
  inner join period_sum as p on p.Pool = s.Pool and p.Component = s.Component and p.Part = s.Part
)
select
  SpanId, Basis, Days, KnownDays, Used, Capacity,
  case when Capacity > Used then units(Capacity - Used) else units(0) end as Idle
from every_sum
