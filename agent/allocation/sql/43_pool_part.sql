-- one row = split cell x component of a blended pool: each is split by its own driver
select
  row_number() over (order by share.CellId, share.Key) as CellId,
  span.SpanId as WeightSet,
  share.CellId as PoolCellId,
  share.BilledUnits, share.EffectiveUnits
from blend_share as share
inner join pool_cell as c on c.CellId = share.CellId
inner join pool_span as span
  on span.Pool = c.Pool and span.Part = c.Part and span.ChargeDate = c.ChargeDate and span.SpanEnd = c.SpanEnd
  and span.Component = share.Key
