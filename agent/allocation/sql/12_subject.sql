-- one row = one distinct thing that rules look at; policies resolves each once, in Python
select distinct
  Source, ProviderName, BillingAccountId, SubAccountId, ServiceName, RegionId, MatchResourceId, MatchResourceName,
  Kind, TagSetId
from line
