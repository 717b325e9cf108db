"""Which column of a cost details file is which: Enterprise and Customer Agreements, pay-as-you-go, old and new."""

from collections.abc import Sequence

from agent.billing.reading.header_names import missing_columns, places

NAMES: dict[str, tuple[str, ...]] = {
    "Cost": ("CostInBillingCurrency", "Cost", "PreTaxCost"),
    "BillingCurrency": ("BillingCurrency", "BillingCurrencyCode", "Currency"),
    "Date": ("Date", "UsageDateTime", "UsageDate"),
    "SubscriptionId": ("SubscriptionId", "SubscriptionGuid"),
    "MeterCategory": ("MeterCategory",),
    "ChargeType": ("ChargeType",),
    "PricingModel": ("PricingModel",),
    "BillingAccountId": ("BillingAccountId",),
    "BillingProfileId": ("BillingProfileId",),
    "BillingPeriodStartDate": ("BillingPeriodStartDate",),
    "BillingPeriodEndDate": ("BillingPeriodEndDate",),
    "ResourceId": ("ResourceId", "InstanceId", "InstanceName"),
    "ResourceName": ("ResourceName",),
    "ResourceType": ("ResourceType",),
    "ResourceLocation": ("ResourceLocation", "Location"),
    "MeterId": ("MeterId",),
    "ServiceFamily": ("ServiceFamily",),
    "ConsumedService": ("ConsumedService",),
    "ProductName": ("ProductName", "Product"),
    "Quantity": ("Quantity", "UsageQuantity", "ConsumedQuantity"),
    "UnitOfMeasure": ("UnitOfMeasure", "Unit"),
    "UnitPrice": ("UnitPrice",),
    "PayGPrice": ("PayGPrice",),
    "PaygCostInBillingCurrency": ("PaygCostInBillingCurrency",),
    "PricingCurrency": ("PricingCurrency",),
    "BenefitId": ("BenefitId",),
    "ProductOrderId": ("ProductOrderId",),
    "ReservationId": ("ReservationId",),
    "InvoiceId": ("InvoiceId",),
    "PartnerName": ("PartnerName",),
    "PublisherType": ("PublisherType",),
    "CostAllocationRuleName": ("CostAllocationRuleName",),
    "Tags": ("Tags",),
}
"""Column -> the names it goes by, newest first; the first that a file has counts."""
REQUIRED = ("Cost", "BillingCurrency", "Date", "SubscriptionId", "MeterCategory")
SINCE_2019 = ("ChargeType", "PricingModel", "BillingPeriodStartDate")
"""Needed too, but in files so old that their cost is called PreTaxCost: these hold usage only."""
_OLD_COST = "pretaxcost"


def resolve(names: Sequence[str], shown: str) -> dict[str, int]:
    """Position of each known column. Raises ``SourceError`` naming every required column that is missing."""
    found = places(names, NAMES, shown)
    old = "Cost" in found and _OLD_COST in names[found["Cost"]].casefold()
    missing = [column for column in REQUIRED if column not in found]
    if not old:
        missing += [column for column in SINCE_2019 if column not in found]
        if not {"BillingAccountId", "BillingProfileId"} & found.keys():
            missing.append("BillingAccountId")
    if missing:
        raise missing_columns(
            "Azure cost details",
            [" or ".join(NAMES[column]) for column in missing],
            where=f"{shown}:1",
            expected="an export of type actual or amortized cost",
            mend="export the dataset with all its columns, or choose the source kind that matches this file",
        )
    return found
