-- one row = pool part x component x day and span that has cost: what needs weights
with span as (
  select distinct Pool, Part, ChargeDate, SpanEnd
  from pool_cell
)
select
  row_number() over (order by s.Pool, s.Part, c.Component, s.ChargeDate, s.SpanEnd) as SpanId,
  s.Pool, s.Part, c.Component, c.Driver, p.Method, p.Narrowed, p.TakesOpex, s.ChargeDate, s.SpanEnd,
  case when day_after(s.ChargeDate) >= s.SpanEnd then 1 else 0 end as OneDay
from span as s
inner join pool as p on p.Pool = s.Pool
inner join pool_component as c on c.Pool = s.Pool
