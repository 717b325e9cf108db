"""What a line of the export is: by cost type, and a regular one by its SKU, service and seller.

Rules: Google's description of the export's schema. A cost type that is not listed is an error.
"""

import re
from dataclasses import dataclass

import numpy as np

from agent.billing.google.credits import OFFSET, Credits
from agent.billing.google.files import COMMITMENT_SKU
from agent.billing.reading.batch import Codes, Mask
from agent.billing.reading.columns import Columns, ReadFault

KINDS = (
    "usage",
    "tax",
    "correction",
    "rounding",
    "commitment_purchase",
    "marketplace",
    "support",
    "credit",
    "discount",
)
"""Ledger kinds of lines and their credits; the first four in the order of :data:`COST_TYPES`."""
USAGE, TAX, CORRECTION, ROUNDING, PURCHASE, MARKETPLACE, SUPPORT, CREDIT, DISCOUNT = range(len(KINDS))
COST_TYPES = ("regular", "tax", "adjustment", "rounding_error")
CATEGORIES = (
    "Usage",
    "Tax",
    "Adjustment",
    "Adjustment",
    "Purchase",
    "Usage",
    "Usage",
    "Credit",
    "Usage",
)
"""ChargeCategory of each of :data:`KINDS`."""
_GIVEN = frozenset({"GOODWILL", "SALES_BASED_GOODWILL", "SLA_VIOLATION"})
"""``adjustment_info.type`` of what Google gives without correcting a charge."""
_SUPPORT = re.compile(r"\bsupport\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class LineTypes:
    """``kinds``: place in :data:`KINDS` of each row; ``fees`` are the fees of commitments, ``regular`` the rest."""

    kinds: Codes
    regular: Mask
    fees: Mask


def line_types(columns: Columns, credits_: Credits) -> LineTypes:
    """Every row's type. Raises ``ReadFault`` for an unknown cost type."""
    types = _cost_types(columns)
    regular = types == USAGE
    rows = columns.rows
    sold = columns.words("invoice.publisher_type").mask(lambda value: value == "PARTNER", rows)
    sold |= columns.words("transaction_type").mask(lambda value: (value or "").startswith("THIRD_PARTY"), rows)
    support = columns.words("service.description").mask(lambda value: bool(value and _SUPPORT.search(value)), rows)
    fees = columns.words("sku.description").mask(lambda value: (value or "").startswith(COMMITMENT_SKU), rows)
    # NOTE: the offset stands on fees alone, whatever their SKU is called
    fees[credits_.rows[credits_.types == OFFSET]] = True
    fees &= regular & ~sold
    given = columns.words("adjustment_info.type").mask(lambda value: value in _GIVEN, rows)
    kinds = np.where(given & (types == CORRECTION), CREDIT, types)
    kinds = np.where(regular & support, SUPPORT, kinds)
    kinds = np.where(regular & sold, MARKETPLACE, kinds)
    return LineTypes(np.where(fees, PURCHASE, kinds).astype(np.int32), regular & ~fees, fees)


def _cost_types(columns: Columns) -> Codes:
    def unknown(lines: int, name: str | None, row: int) -> ReadFault:
        return columns.fault(
            f"{lines} lines have a cost type that is not known, such as {name!r}",
            row,
            "a cost type that Google documents: " + ", ".join(COST_TYPES),
            "please report the type: leaving its lines out would understate the bill",
        )

    return columns.words("cost_type").places(
        lambda value: COST_TYPES.index(value) if value in COST_TYPES else -1, columns.rows, unknown
    )
