"""Values of FOCUS columns as providers write them: enums in any case, placeholders for null, ids in mixed case."""

import re
from collections.abc import Mapping, Sequence

from agent.billing.reading.batch import Mask, Words
from agent.billing.reading.columns import Columns
from agent.billing.reading.kinds import CATEGORIES

CHARGE_CLASSES = ("correction",)
STATUSES = ("used", "unused")
_PLACEHOLDERS = frozenset({"-2", "unassigned"})
"""What Azure's first FOCUS exports write where they know nothing."""
_NEVER_A_PLACEHOLDER = frozenset({"ProviderName", "BillingAccountId", "ResourceName", "ConsumedUnit"})
"""Columns that must be filled, and names that people choose."""
_MICROSOFT = ("microsoft", "azure")
_RESOURCE_MANAGER_ID = re.compile(r"/(?:subscriptions|providers)/.*", re.IGNORECASE | re.DOTALL)
_STATUS_OF_DRAFT = {"used commitment": "Used", "unused commitment": "Unused"}


def known(columns: Columns, name: str, folded: Sequence[str], expected: str) -> Words:
    """An enum column as delivered; refuses a value that is, in any case, none of ``folded``. Null is left alone."""
    return columns.known(
        columns.words(name),
        lambda value: value is None or value.casefold() in folded,
        lambda value, rows: f"{name} holds {value!r} in {rows} rows",
        expected,
        "if columns have shifted, deliver the export again",
    )


def charge_category(columns: Columns) -> Words:
    """ChargeCategory: never null, one of FOCUS's five."""
    words = known(columns, "ChargeCategory", CATEGORIES, "Usage, Purchase, Tax, Credit or Adjustment")
    return columns.required("ChargeCategory", words)


def charge_class(columns: Columns) -> Words:
    """ChargeClass: null or Correction."""
    return known(columns, "ChargeClass", CHARGE_CLASSES, "Correction, or nothing")


def commitment_status(columns: Columns) -> Words:
    """CommitmentDiscountStatus, Used or Unused; before 1.0 the ChargeSubcategory said so."""
    status = known(columns, "CommitmentDiscountStatus", STATUSES, "Used, Unused, or nothing")
    draft = columns.words("ChargeSubcategory").mapped(lambda value: _STATUS_OF_DRAFT.get((value or "").casefold()))
    return status.otherwise(draft)


def provider(columns: Columns) -> Words:
    """ProviderName, or in rows and files without one its successor ServiceProviderName; never null."""
    words = columns.ids("ProviderName").otherwise(columns.words("ServiceProviderName"))
    return columns.required("ProviderName", words)


def of_microsoft(providers: Words, rows: int) -> Mask:
    """The rows that Microsoft provides."""
    return providers.mask(lambda name: (name or "").casefold().startswith(_MICROSOFT), rows)


def without_placeholders(words: Mapping[str, Words], rows: int) -> dict[str, Words]:
    """The columns with Azure's placeholders as null, in the rows of Microsoft only."""
    microsoft = of_microsoft(words["ProviderName"], rows)
    if not microsoft.any():
        return dict(words)
    return {
        name: column if name in _NEVER_A_PLACEHOLDER else _freed(column, microsoft) for name, column in words.items()
    }


def _freed(words: Words, microsoft: Mask) -> Words:
    if not any(map(_is_placeholder, words.values)):
        return words
    return words.only(~(microsoft & words.mask(_is_placeholder, len(microsoft))))


def _is_placeholder(value: str | None) -> bool:
    return value is not None and value.casefold() in _PLACEHOLDERS


def joinable(words: Words) -> Words:
    """Ids with those of Azure Resource Manager in lower case: it ignores case, and its exports mix it."""
    if not any(value is not None and value.startswith("/") for value in words.values):
        return words
    return words.mapped(
        lambda value: value.lower() if value is not None and _RESOURCE_MANAGER_ID.fullmatch(value) else value
    )
