-- one row = one split cell of a pool: pool x part x day and span x kind x cost group x class x currency
with pool_line as (
  select Pool, Part, ChargeDate, SpanEnd, Kind, CostGroup, Class, Currency, BilledUnits, EffectiveUnits
  from classified
  where Placement = 'pool'
),
cell_sum as (
  select
    Pool, Part, ChargeDate, SpanEnd, Kind, CostGroup, Class, Currency,
    sum(BilledUnits) as BilledUnits,
    sum(EffectiveUnits) as EffectiveUnits
  from pool_line
  group by Pool, Part, ChargeDate, SpanEnd, Kind, CostGroup, Class, Currency
)
select
  row_number() over (
    order by c.Pool, c.Part, c.ChargeDate, c.SpanEnd, c.Kind, c.CostGroup, c.Class, c.Currency) as CellId,
  pool.PoolIndex as WeightSet,
  c.Pool, c.Part, c.ChargeDate, c.SpanEnd, c.Kind, c.CostGroup, c.Class, c.Currency, c.BilledUnits, c.EffectiveUnits
from cell_sum as c
inner join pool on pool.Pool = c.Pool
