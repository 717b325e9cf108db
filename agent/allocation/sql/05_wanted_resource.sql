-- one row = a resource that a charge or discount names; its usage rows keep their resource, to say where it belongs
select distinct Source, ResourceId
from ledger
where x_Kind not in ('usage', 'marketplace', 'rounding') and ResourceId is not null
