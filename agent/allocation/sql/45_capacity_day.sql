-- one row = pool component with a capacity x part x valid day of its driver; Capacity is null where it is not known
with used_day as (
  select Driver, Part, Day, sum(Quantity) as Quantity
  from driver_day
  group by Driver, Part, Day
)
select
  c.Pool, c.Component, used.Part as Part, used.Day as Day, used.Quantity as Used,
  case when c.CapacityDriver is null then c.Quantity else there.Quantity end as Capacity
from pool_capacity as c
inner join used_day as used on used.Driver = c.Driver
left join used_day as there on there.Driver = c.CapacityDriver and there.Part = used.Part and there.Day = used.Day
