-- one row = one outcome that usage can have, by its text key
select distinct Outcome, Placement, Customer, Pool, Part, Function
from placed
