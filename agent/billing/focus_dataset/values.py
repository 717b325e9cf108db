"""Values of FOCUS columns as providers write them: enums in any case, placeholders for null, ids in mixed case."""

import re
from collections.abc import Mapping, Sequence

import numpy as np

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
    words = columns.words(name)
    for code, value in enumerate(words.values):
        if value is None or value.casefold() in folded:
            continue
        rows = np.flatnonzero(words.codes == code) if words.codes is not None else np.arange(columns.rows)
        if len(rows):
            raise columns.fault(
                f"{name} holds {value!r} in {len(rows)} rows",
                int(rows[0]),
                expected,
                "if columns have shifted, deliver the export again",
            )
    return words


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
    return np.broadcast_to(providers.flags(lambda name: (name or "").casefold().startswith(_MICROSOFT)) == 1, rows)


def without_placeholders(words: Mapping[str, Words], rows: int) -> dict[str, Words]:
    """The columns with Azure's placeholders as null, in the rows of Microsoft only."""
    microsoft = of_microsoft(words["ProviderName"], rows)
    if not microsoft.any():
        return dict(words)
    return {
        name: column if name in _NEVER_A_PLACEHOLDER else _freed(column, microsoft) for name, column in words.items()
    }


def _freed(words: Words, microsoft: Mask) -> Words:
    if not any(value is not None and value.casefold() in _PLACEHOLDERS for value in words.values):
        return words
    empty = words.flags(lambda value: value is not None and value.casefold() in _PLACEHOLDERS) == 1
    return words.only(~(microsoft & empty))


def joinable(words: Words) -> Words:
    """Ids with those of Azure Resource Manager in lower case: it ignores case, and its exports mix it."""
    if not any(value is not None and value.startswith("/") for value in words.values):
        return words
    return words.mapped(
        lambda value: value.lower() if value is not None and _RESOURCE_MANAGER_ID.fullmatch(value) else value
    )


def chosen(rows: Mask, there: Words, elsewhere: Words) -> Words:
    """``there`` in these rows, ``elsewhere`` in all others."""
    first, second = _coded(there, len(rows)), _coded(elsewhere, len(rows))
    values = [*there.values, *elsewhere.values]
    return Words(values, np.where(rows, first, second + np.int32(len(there.values))))


def _coded(words: Words, rows: int) -> np.ndarray[tuple[int], np.dtype[np.int32]]:
    return np.zeros(rows, np.int32) if words.codes is None else words.codes
