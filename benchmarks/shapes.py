"""The exports that ingest is timed on: how each is written, and what the yardstick reads of it.

``select`` runs over the view ``bill`` of :mod:`benchmarks.bills`. ``texts`` are the columns the ledger keeps, as DuckDB
expressions over the file; ``sums`` its costs; ``nested`` what stands in maps and lists.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Shape:
    """One export: the kind of source, its file format, and the columns of either side."""

    name: str
    kind: str
    suffix: str
    select: str
    texts: tuple[str, ...]
    sums: tuple[str, ...]
    nested: tuple[str, ...] = ()
    tags: int = 5
    tag: str = "tenant"
    """The key that names the customer in this export."""
    settings: str = ""
    """More keys of the source in apportion.yaml."""


_CUR2 = """
select
  '999999999999' as bill_payer_account_id, timestamp '2026-10-01' as bill_billing_period_start_date,
  'AWS' as bill_billing_entity, 'Amazon Web Services EMEA SARL' as bill_invoicing_entity, '' as bill_invoice_id,
  account as line_item_usage_account_id, 'Usage' as line_item_line_item_type, started as line_item_usage_start_date,
  ended as line_item_usage_end_date, service as line_item_product_code, 'USD' as line_item_currency_code,
  cost as line_item_unblended_cost, resource_id as line_item_resource_id, 1.0::double as line_item_usage_amount,
  '' as line_item_tax_type, 'Amazon Web Services EMEA SARL' as line_item_legal_entity, sku as product_sku,
  region as product_region_code, 'Hrs' as pricing_unit, cost as pricing_public_on_demand_cost,
  'hour of ' || service as line_item_line_item_description, tags as resource_tags
from bill
"""
_CUR2_TEXTS = (
    "bill_payer_account_id", "bill_billing_entity", "bill_invoicing_entity", "bill_invoice_id",
    "line_item_usage_account_id", "line_item_line_item_type", "line_item_product_code", "line_item_currency_code",
    "line_item_resource_id", "line_item_tax_type", "line_item_legal_entity", "product_sku", "product_region_code",
    "pricing_unit",
)  # fmt: skip
_CUR = """
select
  md5(cast(line as varchar)) as "identity/LineItemId",
  strftime(started, '%Y-%m-%dT%H:%M:%SZ') || '/' || strftime(ended, '%Y-%m-%dT%H:%M:%SZ') as "identity/TimeInterval",
  '' as "bill/InvoiceId", 'Amazon Web Services EMEA SARL' as "bill/InvoicingEntity", 'AWS' as "bill/BillingEntity",
  'Anniversary' as "bill/BillType", '999999999999' as "bill/PayerAccountId",
  '2026-10-01T00:00:00Z' as "bill/BillingPeriodStartDate", '2026-11-01T00:00:00Z' as "bill/BillingPeriodEndDate",
  account as "lineItem/UsageAccountId", 'Usage' as "lineItem/LineItemType",
  strftime(started, '%Y-%m-%dT%H:%M:%SZ') as "lineItem/UsageStartDate",
  strftime(ended, '%Y-%m-%dT%H:%M:%SZ') as "lineItem/UsageEndDate", service as "lineItem/ProductCode",
  region || '-BoxUsage' as "lineItem/UsageType", 'RunInstances' as "lineItem/Operation",
  region || 'a' as "lineItem/AvailabilityZone", resource_id as "lineItem/ResourceId", '1' as "lineItem/UsageAmount",
  'USD' as "lineItem/CurrencyCode", cast(cost as varchar) as "lineItem/UnblendedRate",
  cast(cost as varchar) as "lineItem/UnblendedCost", cast(cost as varchar) as "lineItem/BlendedCost",
  'hour of ' || service as "lineItem/LineItemDescription", '' as "lineItem/TaxType",
  'Amazon Web Services EMEA SARL' as "lineItem/LegalEntity", sku as "product/sku", region as "product/regionCode",
  'Compute Instance' as "product/productFamily", 'OnDemand' as "pricing/term", 'Hrs' as "pricing/unit",
  cast(cost as varchar) as "pricing/publicOnDemandCost", '' as "reservation/ReservationARN",
  '' as "savingsPlan/SavingsPlanARN",
  coalesce(tags['user_tenant'], '') as "resourceTags/user:tenant", tags['user_env'] as "resourceTags/user:env",
  tags['user_team'] as "resourceTags/user:team", tags['user_app'] as "resourceTags/user:app",
  tags['user_cost_center'] as "resourceTags/user:cost_center"
from bill
"""
_CUR_TEXTS = (
    '"bill/PayerAccountId"', '"bill/BillingEntity"', '"bill/InvoicingEntity"', '"bill/InvoiceId"', '"bill/BillType"',
    '"bill/BillingPeriodStartDate"', '"lineItem/UsageAccountId"', '"lineItem/LineItemType"',
    '"lineItem/UsageStartDate"', '"lineItem/UsageEndDate"', '"lineItem/ProductCode"', '"lineItem/CurrencyCode"',
    '"lineItem/ResourceId"', '"lineItem/TaxType"', '"lineItem/LegalEntity"', '"product/sku"', '"product/regionCode"',
    '"pricing/unit"', '"reservation/ReservationARN"', '"savingsPlan/SavingsPlanARN"', '"lineItem/UnblendedCost"',
    '"lineItem/UsageAmount"', '"pricing/publicOnDemandCost"', '"resourceTags/user:tenant"', '"resourceTags/user:env"',
    '"resourceTags/user:team"', '"resourceTags/user:app"', '"resourceTags/user:cost_center"',
)  # fmt: skip
_FOCUS = """
select
  cast(cost as varchar) as BilledCost, '999999999999' as BillingAccountId, 'Example' as BillingAccountName,
  'USD' as BillingCurrency, '2026-11-01T00:00:00Z' as BillingPeriodEnd, '2026-10-01T00:00:00Z' as BillingPeriodStart,
  'Usage' as ChargeCategory, NULL as ChargeClass, 'hour of ' || service as ChargeDescription,
  'Usage-Based' as ChargeFrequency, strftime(ended, '%Y-%m-%dT%H:%M:%SZ') as ChargePeriodEnd,
  strftime(started, '%Y-%m-%dT%H:%M:%SZ') as ChargePeriodStart, NULL as CommitmentDiscountId,
  NULL as CommitmentDiscountStatus, '1' as ConsumedQuantity, 'Hrs' as ConsumedUnit,
  cast(cost as varchar) as ContractedCost,
  cast(cost as varchar) as EffectiveCost, 'Amazon Web Services EMEA SARL' as InvoiceIssuerName,
  cast(cost as varchar) as ListCost, 'Standard' as PricingCategory, '1' as PricingQuantity, 'Hrs' as PricingUnit,
  'AWS' as ProviderName, 'Amazon Web Services EMEA SARL' as PublisherName, region as RegionId, region as RegionName,
  resource_id as ResourceId, NULL as ResourceName, 'instance' as ResourceType, 'Compute' as ServiceCategory,
  service as ServiceName, sku as SkuId, sku || '.JRTCKXETXF' as SkuPriceId, account as SubAccountId,
  'production' as SubAccountName, cast(to_json(tags) as varchar) as Tags
from bill
"""
_FOCUS_TEXTS = (
    "BilledCost", "BillingAccountId", "BillingCurrency", "BillingPeriodStart", "ChargeCategory", "ChargeClass",
    "ChargePeriodEnd", "ChargePeriodStart", "CommitmentDiscountId", "CommitmentDiscountStatus", "ConsumedQuantity",
    "ConsumedUnit", "ContractedCost", "EffectiveCost", "InvoiceIssuerName", "ListCost", "ProviderName", "RegionId",
    "ResourceId", "ResourceName", "ResourceType", "ServiceCategory", "ServiceName", "SkuId", "SubAccountId", "Tags",
)  # fmt: skip


def _azure(*, typed: bool) -> str:
    """Cost details of a Microsoft Customer Agreement: text with American dates in CSV, typed in Parquet."""
    day = "cast(started as date)"
    when = day if typed else f"strftime({day}, '%m/%d/%Y')"
    first, last = (f"date '{text}'" if typed else f"'{text}'" for text in _AZURE_MONTH[typed])
    cost = "cast(cost as decimal(38, 18))" if typed else "cast(cost as varchar)"
    one = "cast(1 as double)" if typed else "'1'"
    group = "'/subscriptions/0f6d2b1c-0000-4000-8000-' || account || '/resourceGroups/rg-' || (r % 40)"
    return f"""
    select
      '' as invoiceId, '' as previousInvoiceId, '7654321' as billingAccountId, 'Example' as billingAccountName,
      'ABCD-EFGH-BG7-1' as billingProfileId, 'Example' as billingProfileName, 'XYZ' as invoiceSectionId,
      'Production' as invoiceSectionName, 'Microsoft' as publisherName, 'Microsoft' as publisherType, '' as partnerName,
      {first} as billingPeriodStartDate, {last} as billingPeriodEndDate, {when} as date,
      service as consumedService, service as meterCategory, service || ' hours' as meterSubCategory,
      'D4 v5' as meterName, md5(sku) as meterId, region as meterRegion, service as serviceFamily, sku as productOrderId,
      '0f6d2b1c-0000-4000-8000-' || account as SubscriptionId, 'production' as subscriptionName,
      'rg-' || (r % 40) as resourceGroupName,
      {group} || '/providers/Microsoft.Compute/virtualMachines/vm-' || r as ResourceId,
      region as resourceLocation, region as location, {one} as quantity, '1 Hour' as unitOfMeasure,
      {cost} as costInBillingCurrency, {cost} as costInPricingCurrency, {cost} as costInUsd, {cost} as effectivePrice,
      {cost} as paygCostInBillingCurrency, {cost} as unitPrice, 'USD' as billingCurrency, 'USD' as pricingCurrency,
      'Usage' as chargeType, 'UsageBased' as frequency, 'OnDemand' as pricingModel, '' as benefitId, '' as benefitName,
      '' as reservationId, '' as costAllocationRuleName, '{{}}' as additionalInfo,
      cast(to_json(tags) as varchar) as tags
    from bill
    """


_AZURE_MONTH = {True: ("2026-10-01", "2026-10-31"), False: ("10/01/2026", "10/31/2026")}
_AZURE_TEXTS = (
    "invoiceId", "billingAccountId", "billingProfileId", "publisherName", "publisherType", "partnerName",
    "meterCategory", "meterId", "SubscriptionId", "ResourceId", "resourceLocation", "unitOfMeasure", "billingCurrency",
    "chargeType", "pricingModel", "benefitId", "costAllocationRuleName", "tags",
)  # fmt: skip
_AZURE_DATES = ("billingPeriodStartDate", "date")
_AZURE_NUMBERS = ("costInBillingCurrency", "paygCostInBillingCurrency", "quantity")
_GCP = """
select
  '01ABCD-234567-89EFGH' as billing_account_id, {'month': '202610', 'publisher_type': 'GOOGLE'} as invoice,
  'regular' as cost_type, {'id': md5(service), 'description': service} as service,
  {'id': sku, 'description': 'hour of ' || service} as sku, started as usage_start_time, ended as usage_end_time,
  {'id': 'project-' || account, 'number': account, 'name': 'project-' || account,
   'labels': [{'key': 'stage', 'value': 'live'}], 'ancestry_numbers': '/1/2/'} as project,
  list_transform(map_entries(tags), lambda entry: {'key': entry.key, 'value': entry.value}) as labels,
  [{'key': 'compute.googleapis.com/cores', 'value': '4'}] as system_labels,
  {'location': region, 'country': 'FR', 'region': region, 'zone': region || '-a'} as location,
  {'name': 'vm-' || r, 'global_name': '//compute.googleapis.com/projects/p/zones/z/instances/' || r} as resource,
  cost, 'USD' as currency, 1.0::double as currency_conversion_rate,
  {'amount': 1.0::double, 'unit': 'seconds', 'amount_in_pricing_units': 1.0::double, 'pricing_unit': 'hour'} as usage,
  case when line % 4 = 0 and cost > 0 then
    [{'name': 'Sustained Usage Discount', 'amount': -round(cost / 10, 12), 'full_name': '', 'id': 'sud',
      'type': 'SUSTAINED_USAGE_DISCOUNT'}]
  else [] end as credits,
  cost as cost_at_list, 'GOOGLE' as transaction_type, 'Google' as seller_name, timestamp '2026-11-01' as export_time
from bill
"""
_GCP_TEXTS = (
    "billing_account_id", "invoice.month", "cost_type", "service.description", "sku.id", "project.id", "project.name",
    "location.region", "resource.name", "resource.global_name", "currency", "usage.unit", "transaction_type",
    "seller_name",
)  # fmt: skip
_GCP_SUMS = ("cost", "cost_at_list", "usage.amount", "list_sum(list_transform(credits, lambda c: c.amount))")
_GCP_CSV = """
select
  '01ABCD-234567-89EFGH' as billing_account_id, '202610' as "invoice.month", 'regular' as cost_type,
  md5(service) as "service.id", service as "service.description", sku as "sku.id",
  'hour of ' || service as "sku.description", strftime(started, '%Y-%m-%d %H:%M:%S UTC') as usage_start_time,
  strftime(ended, '%Y-%m-%d %H:%M:%S UTC') as usage_end_time, 'project-' || account as "project.id",
  'project-' || account as "project.name", '[]' as "project.labels", '/1/2/' as "project.ancestry_numbers",
  cast(to_json(list_transform(map_entries(tags), lambda entry: {'key': entry.key, 'value': entry.value})) as varchar)
    as labels,
  '[]' as system_labels, region as "location.location", 'FR' as "location.country", region as "location.region",
  region || '-a' as "location.zone", cast(cost as varchar) as cost, 'USD' as currency,
  '1' as currency_conversion_rate, '1' as "usage.amount", 'seconds' as "usage.unit",
  '1' as "usage.amount_in_pricing_units", 'hour' as "usage.pricing_unit", '[]' as credits,
  '2026-11-01 00:00:00 UTC' as export_time, cast(cost as varchar) as cost_at_list,
  'vm-' || r as "resource.name",
  '//compute.googleapis.com/projects/p/zones/z/instances/' || r as "resource.global_name"
from bill
"""
_GCP_CSV_TEXTS = (
    "billing_account_id", '"invoice.month"', "cost_type", '"service.description"', '"sku.id"', "usage_start_time",
    "usage_end_time", '"project.id"', '"project.name"', '"project.labels"', "labels", "system_labels",
    '"location.region"', "cost", "currency", '"usage.amount"', '"usage.unit"', "credits", "cost_at_list",
    '"resource.name"', '"resource.global_name"',
)  # fmt: skip

_CUR2_SUMS = ("line_item_unblended_cost", "pricing_public_on_demand_cost", "line_item_usage_amount")
SHAPES = (
    Shape("cur2-5", "aws-cur2", "parquet", _CUR2, _CUR2_TEXTS, _CUR2_SUMS, ("cardinality(resource_tags)",)),
    Shape("cur2-40", "aws-cur2", "parquet", _CUR2, _CUR2_TEXTS, _CUR2_SUMS, ("cardinality(resource_tags)",), tags=40),
    Shape("cur", "aws-cur", "csv.gz", _CUR, _CUR_TEXTS, ()),
    Shape("focus", "focus", "csv.gz", _FOCUS, _FOCUS_TEXTS, (), tag="user_tenant"),
    Shape(
        "azure-csv",
        "azure",
        "csv.gz",
        _azure(typed=False),
        (*_AZURE_TEXTS, *_AZURE_DATES, *_AZURE_NUMBERS),
        (),
        tag="user_tenant",
        settings="dataset: actual",
    ),
    Shape(
        "azure",
        "azure",
        "parquet",
        _azure(typed=True),
        _AZURE_TEXTS,
        _AZURE_NUMBERS,
        tag="user_tenant",
        settings="dataset: actual",
    ),
    Shape("gcp-csv", "gcp", "csv.gz", _GCP_CSV, _GCP_CSV_TEXTS, (), tag="user_tenant"),
    Shape("gcp", "gcp", "parquet", _GCP, _GCP_TEXTS, _GCP_SUMS, ("len(labels)",), tag="user_tenant"),
)
