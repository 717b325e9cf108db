"""The columns of an exported Cost and Usage file, by release of FOCUS: all of the release, then our own ``x_`` ones."""

import pyarrow as pa

RELEASES = ("focus-1.2", "focus-1.3", "focus-1.4")

_TEXT = pa.dictionary(pa.int32(), pa.string())
_MONEY = pa.decimal128(38, 24)
_QUANTITY = pa.decimal128(38, 12)
_MOMENT = pa.timestamp("us", tz="UTC")
_TYPES = {
    **dict.fromkeys(("BilledCost", "ContractedCost", "EffectiveCost", "ListCost"), _MONEY),
    **dict.fromkeys(
        (
            "ContractedUnitPrice",
            "ListUnitPrice",
            "PricingCurrencyContractedUnitPrice",
            "PricingCurrencyEffectiveCost",
            "PricingCurrencyListUnitPrice",
        ),
        _MONEY,
    ),
    **dict.fromkeys(("CommitmentDiscountQuantity", "ConsumedQuantity", "PricingQuantity"), _QUANTITY),
    **dict.fromkeys(("BillingPeriodEnd", "BillingPeriodStart", "ChargePeriodEnd", "ChargePeriodStart"), _MOMENT),
    **dict.fromkeys(("x_LedgerVersion", "x_Lines"), pa.int64()),
}
"""Whatever is not named here is text."""

COSTS = ("BilledCost", "EffectiveCost", "ListCost", "ContractedCost")
_IN_1_2 = (
    "AvailabilityZone",
    "BilledCost",
    "BillingAccountId",
    "BillingAccountName",
    "BillingAccountType",
    "BillingCurrency",
    "BillingPeriodEnd",
    "BillingPeriodStart",
    "CapacityReservationId",
    "CapacityReservationStatus",
    "ChargeCategory",
    "ChargeClass",
    "ChargeDescription",
    "ChargeFrequency",
    "ChargePeriodEnd",
    "ChargePeriodStart",
    "CommitmentDiscountCategory",
    "CommitmentDiscountId",
    "CommitmentDiscountName",
    "CommitmentDiscountQuantity",
    "CommitmentDiscountStatus",
    "CommitmentDiscountType",
    "CommitmentDiscountUnit",
    "ConsumedQuantity",
    "ConsumedUnit",
    "ContractedCost",
    "ContractedUnitPrice",
    "EffectiveCost",
    "InvoiceId",
    "InvoiceIssuerName",
    "ListCost",
    "ListUnitPrice",
    "PricingCategory",
    "PricingCurrency",
    "PricingCurrencyContractedUnitPrice",
    "PricingCurrencyEffectiveCost",
    "PricingCurrencyListUnitPrice",
    "PricingQuantity",
    "PricingUnit",
    "ProviderName",
    "PublisherName",
    "RegionId",
    "RegionName",
    "ResourceId",
    "ResourceName",
    "ResourceType",
    "ServiceCategory",
    "ServiceName",
    "ServiceSubcategory",
    "SkuId",
    "SkuMeter",
    "SkuPriceDetails",
    "SkuPriceId",
    "SubAccountId",
    "SubAccountName",
    "SubAccountType",
    "Tags",
)
_NEW_IN_1_3 = (
    "AllocatedMethodDetails",
    "AllocatedMethodId",
    "AllocatedResourceId",
    "AllocatedResourceName",
    "AllocatedTags",
    "ContractApplied",
    "HostProviderName",
    "ServiceProviderName",
)
_GONE_IN_1_4 = frozenset({"ProviderName", "PublisherName"})
_OWN = ("x_FilledColumns", "x_Kind", "x_LedgerVersion", "x_Lines", "x_Source", "x_TaxType")


def schema(release: str) -> pa.Schema:
    """The columns of a release in order of the alphabet, then our own; ``release`` is one of :data:`RELEASES`."""
    names = {*_IN_1_2}
    if release != "focus-1.2":
        names |= {*_NEW_IN_1_3}
    if release == "focus-1.4":
        names -= _GONE_IN_1_4
    return pa.schema([(name, _TYPES.get(name, _TEXT)) for name in (*sorted(names), *_OWN)])
