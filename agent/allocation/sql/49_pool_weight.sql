-- one row = span x consumer: the weights that pools are split by
select WeightSet, Key, Weight
from primary_weight
union all
select WeightSet, Key, Weight
from fallback_weight
