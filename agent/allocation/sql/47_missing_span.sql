-- one row = span without weights of its own x fallback to try, in order
with present as (
  select distinct WeightSet
  from primary_weight
)
select
  s.SpanId, s.Pool, s.Part, s.Component, s.Driver, s.Narrowed, s.TakesOpex, s.ChargeDate, s.SpanEnd, f.Step, f.Fallback
from pool_span as s
inner join pool_fallback as f on f.Pool = s.Pool
left join present on present.WeightSet = s.SpanId
where present.WeightSet is null
