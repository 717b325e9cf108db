"""The ledger's columns: what identifies a row, what is summed, and the Parquet schema of both."""

import pyarrow as pa

SPLIT_TAG, SPLIT_UNUSED = "apportion:split", "unused"
"""The reserved tag of a provider's own split of a shared machine, and what marks its unused part: idle cost."""

DATES = ("BillingPeriodStart", "ChargePeriodStart", "ChargePeriodEnd")
DIMENSIONS = (
    "ProviderName",
    "BillingAccountId",
    "SubAccountId",
    "InvoiceId",
    "InvoiceIssuerName",
    "ServiceName",
    "ServiceCategory",
    "ResourceId",
    "ResourceName",
    "ResourceType",
    "RegionId",
    "SkuId",
    "ChargeCategory",
    "ChargeClass",
    "CommitmentDiscountId",
    "CommitmentDiscountStatus",
    "ConsumedUnit",
    "BillingPeriodStart",
    "BillingCurrency",
    "ChargePeriodStart",
    "ChargePeriodEnd",
    "x_Kind",
    "x_TaxType",
    "x_TagSetId",
)
"""Every column that is not a sum, in file order: rows are unique by these and sorted by them, nulls first."""
IDS = ("BillingAccountId", "SubAccountId", "InvoiceId", "ResourceId", "SkuId", "CommitmentDiscountId")
NAMES = (
    "InvoiceIssuerName",
    "ServiceName",
    "ServiceCategory",
    "ResourceName",
    "ResourceType",
    "RegionId",
    "ConsumedUnit",
)
"""Dimensions that a file of its own names, unchanged, has: ids, and what is called by a name."""
REQUIRED = frozenset({*DATES, "BillingCurrency", "x_Kind", "x_TagSetId"})
COSTS = ("BilledCost", "EffectiveCost", "ListCost", "ContractedCost")
UNITS = dict(zip(COSTS, ("x_BilledUnits", "x_EffectiveUnits", "x_ListUnits", "x_ContractedUnits"), strict=True))
"""Cost column -> ledger column holding it in units of 1e-24 of BillingCurrency."""

NUMBERS = pa.schema(
    [
        pa.field("ConsumedQuantity", pa.decimal128(38, 12)),
        *(pa.field(column, pa.decimal128(38, 0), nullable=False) for column in UNITS.values()),
        pa.field("x_Lines", pa.int64(), nullable=False),
    ]
)
SCHEMA = pa.schema(
    [
        *(
            pa.field(column, pa.date32() if column in DATES else pa.string(), nullable=column not in REQUIRED)
            for column in DIMENSIONS
        ),
        *NUMBERS,
    ]
)
