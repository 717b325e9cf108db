-- one row = driver x valid day x consumer; an absent, zero, negative or thinly covered day is not valid
with day_sum as (
  select
    usage_row.Driver as Driver,
    usage_row.Day as Day,
    sum(usage_row.Quantity) as Total,
    min(usage_row.Quantity) as Least,
    count(distinct usage_row.Hour) as Hours
  from usage_row
  group by usage_row.Driver, usage_row.Day
),
valid_day as (
  select day_sum.Driver as Driver, day_sum.Day as Day
  from day_sum
  inner join driver on driver.Driver = day_sum.Driver
  where day_sum.Total > 0 and day_sum.Least >= 0
    and (driver.Interval = 'day' or day_sum.Hours * 10 >= 24 * 9)
)
select u.Driver as Driver, u.Day as Day, u.Customer as Customer, sum(u.Quantity) as Quantity
from usage_row as u
inner join valid_day on valid_day.Driver = u.Driver and valid_day.Day = u.Day
group by u.Driver, u.Day, u.Customer
