"""Which column of a FOCUS file is which: releases 1.0 to 1.4, older names, any case, localised headers."""

from collections.abc import Mapping, Sequence

from agent.billing.reading.header_names import missing_columns, original, twice

REQUIRED = (
    "BilledCost",
    "EffectiveCost",
    "BillingCurrency",
    "BillingAccountId",
    "BillingPeriodStart",
    "ChargePeriodStart",
    "ChargePeriodEnd",
    "ChargeCategory",
    "ProviderName",
    "ServiceName",
)
"""Without one of these a bill cannot be split; a file that lacks some is refused, all of them named."""
OPTIONAL = (
    "ListCost",
    "ContractedCost",
    "SubAccountId",
    "InvoiceId",
    "InvoiceIssuerName",
    "PublisherName",
    "ServiceProviderName",
    "ServiceCategory",
    "ServiceSubcategory",
    "ResourceId",
    "ResourceName",
    "ResourceType",
    "RegionId",
    "SkuId",
    "ChargeClass",
    "ChargeDescription",
    "ChargeSubcategory",
    "CommitmentDiscountId",
    "CommitmentDiscountStatus",
    "ConsumedQuantity",
    "ConsumedUnit",
    "Tags",
    "AllocatedMethodId",
    "AllocatedResourceId",
    "AllocatedResourceName",
    "AllocatedTags",
    "x_Kind",
    "x_TaxType",
    "x_Source",
    "x_FilledColumns",
)
RENAMED = {
    "ProviderName": ("ServiceProviderName", "Provider"),
    "PublisherName": ("Publisher",),
    "InvoiceIssuerName": ("InvoiceIssuer",),
    "EffectiveCost": ("AmortizedCost",),
    "ChargeCategory": ("ChargeType",),
    "ConsumedQuantity": ("UsageQuantity",),
    "ConsumedUnit": ("UsageUnit",),
    "RegionId": ("Region",),
}
"""Names of earlier drafts, of Oracle, and of 1.3 and later, taken where the name itself is absent.

1.3 has ProviderName and ServiceProviderName side by side, 1.4 the latter only: it is read beside the former as well.
"""


def resolve(names: Sequence[str], shown: str) -> dict[str, int]:
    """Position of each known column. Raises ``SourceError`` naming every required column that is missing."""
    positions = _positions(names, shown)
    found: dict[str, int] = {}
    for column in (*REQUIRED, *OPTIONAL):
        for name in (column, *RENAMED.get(column, ())):
            place = positions.get(name.casefold())
            if place is not None and place not in found.values():
                found[column] = place
                break
    missing = [column for column in REQUIRED if column not in found]
    if missing:
        raise missing_columns(
            "FOCUS",
            missing,
            where=f"{shown}:1",
            expected="a FOCUS 1.0 or later Cost and Usage file",
            mend="add the columns to the export, or choose the source kind that matches this file",
        )
    return found


def _positions(names: Sequence[str], shown: str) -> Mapping[str, int]:
    positions: dict[str, int] = {}
    for position, name in enumerate(names):
        key = original(name).casefold()
        if key in positions and key in _KNOWN:
            raise twice(name, f"{shown}:1")
        positions.setdefault(key, position)
    return positions


_KNOWN = frozenset(name.casefold() for column in (*REQUIRED, *OPTIONAL) for name in (column, *RENAMED.get(column, ())))
