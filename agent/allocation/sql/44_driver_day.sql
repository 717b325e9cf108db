-- one row = driver x part x valid day x consumer; Part '' is all parts together
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
  select day_sum.Driver as Driver, day_sum.Day as Day, driver.Parted as Parted
  from day_sum
  inner join driver on driver.Driver = day_sum.Driver
  left join driver_coverage as covered on covered.Driver = day_sum.Driver and covered.Day = day_sum.Day
  where day_sum.Total > 0 and day_sum.Least >= 0
    and case
      when covered.Driver is not null then covered.Seen * 10 >= covered.Expected * 9
      else driver.Interval = 'day' or day_sum.Hours * 10 >= 24 * 9
    end
)
select u.Driver as Driver, '' as Part, u.Day as Day, u.Customer as Customer, sum(u.Quantity) as Quantity
from usage_row as u
inner join valid_day on valid_day.Driver = u.Driver and valid_day.Day = u.Day
group by u.Driver, u.Day, u.Customer
union all
select u.Driver as Driver, u.Part as Part, u.Day as Day, u.Customer as Customer, sum(u.Quantity) as Quantity
from usage_row as u
inner join valid_day on valid_day.Driver = u.Driver and valid_day.Day = u.Day
where valid_day.Parted and u.Part <> ''
group by u.Driver, u.Part, u.Day, u.Customer
