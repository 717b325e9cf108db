-- one row = a resource all of whose usage has one outcome, a customer or non-production
select Source, ResourceId, min(Outcome) as Outcome
from placed
where Kind = 'usage' and ResourceId <> ''
group by Source, ResourceId
having min(Outcome) = max(Outcome) and min(Placement) in ('direct', 'opex')
