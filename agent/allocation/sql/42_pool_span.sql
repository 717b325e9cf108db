-- one row = pool part x component x day and span that has cost, its own or in its network: what needs weights
with wanted as (
  select Pool, Part, ChargeDate, SpanEnd
  from pool_cell
  union all
  select member.Pool as Pool, '' as Part, c.ChargeDate as ChargeDate, c.SpanEnd as SpanEnd
  from pool_cell as c
  inner join network_pool as served on served.Pool = c.Pool
  inner join network_pool as member on member.Network = served.Network
),
span as (
  select distinct Pool, Part, ChargeDate, SpanEnd
  from wanted
)
select
  row_number() over (order by s.Pool, s.Part, c.Component, s.ChargeDate, s.SpanEnd) as SpanId,
  s.Pool, s.Part, c.Component, c.Driver, p.Method, p.Narrowed, p.TakesOpex, s.ChargeDate, s.SpanEnd,
  case when day_after(s.ChargeDate) >= s.SpanEnd then 1 else 0 end as OneDay
from span as s
inner join pool as p on p.Pool = s.Pool
inner join pool_component as c on c.Pool = s.Pool
