-- one row = where charges that follow look for what they relate to
with follow_place as (
  select distinct Source, BillingAccountId, SubAccountId, ServiceName, InvoiceId,
    case when Placement = 'commitment' then CommitmentDiscountId else '' end as CommitmentDiscountId,
    Placement
  from classified
  where Placement in ('follow', 'commitment')
)
select
  row_number() over (
    order by Placement, Source, BillingAccountId, SubAccountId, ServiceName, InvoiceId, CommitmentDiscountId)
    as WeightSet,
  Placement, Source, BillingAccountId, SubAccountId, ServiceName, InvoiceId, CommitmentDiscountId
from follow_place
