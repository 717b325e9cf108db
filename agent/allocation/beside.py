"""What the books add to an open month's allocation: adjustments of closed months, and the method in force."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

UNITS = pa.decimal128(38, 0)
KEYS = (
    "ChargeDate", "Customer", "Bucket", "Class", "Kind", "CostGroup", "Function", "Pool", "Method", "Fallback",
    "Reason", "Source", "ProviderName", "BillingAccountId", "SubAccountId", "ServiceName", "Currency",
)  # fmt: skip
"""What tells published rows of one origin apart."""
PLACE = ("Source", "ProviderName", "BillingAccountId", "SubAccountId", "ServiceName")
"""Keys whose null is '' until they are published."""
ROWS = pa.schema(
    [
        pa.field("OriginPeriod", pa.string()),
        *(pa.field(key, pa.date32() if key == "ChargeDate" else pa.string()) for key in KEYS),
        pa.field("BilledUnits", UNITS),
        pa.field("EffectiveUnits", UNITS),
    ]
)
"""The table ``adjustment``: published rows in units, by the closed month they are about."""

_TEXT = pa.string()
FROZEN = {
    "frozen_month": pa.schema({"Month": _TEXT, "FirstDay": pa.date32(), "LastDay": pa.date32()}),
    "frozen_related": pa.schema(
        {
            "Month": _TEXT,
            "Source": _TEXT,
            "BillingAccountId": _TEXT,
            "SubAccountId": _TEXT,
            "ServiceName": _TEXT,
            "Outcome": _TEXT,
            "EffectiveUnits": UNITS,
        }
    ),
    "frozen_distribution": pa.schema(
        {
            "Outcome": _TEXT,
            "Customer": _TEXT,
            "Bucket": _TEXT,
            "Function": _TEXT,
            "Reason": _TEXT,
            "EffectiveUnits": UNITS,
        }
    ),
}
"""Of closed months: which days are theirs, what money of each scope became, and where each of these ended."""

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Tie:
    """Two sums that must be equal, in units of ``currency``."""

    check: str
    currency: str
    metric: str
    left: int
    right: int
    cells: int


@dataclass(frozen=True, slots=True)
class Beside:
    """All of it for one month; nothing for a month that no closed one posts to."""

    rows: pa.Table = field(default_factory=ROWS.empty_table)
    ties: Sequence[Tie] = ()
    """Per origin: closed + posted == latest source."""
    months: Sequence[Json] = ()
    """Per origin: what was compared, what is posted, what only changed hands; for ``proof.json`` and the report."""
    adjusts: Mapping[str, Json] = field(default_factory=dict)
    """Origin -> the state of the closed month that this answers to; compared to tell whether a month is out of date."""
    methodology: Mapping[str, Any] = field(default_factory=dict)
    frozen: Mapping[str, pa.Table] = field(
        default_factory=lambda: {name: s.empty_table() for name, s in FROZEN.items()}
    )
    """Where closed months' money ended, for refunds and corrections that are about them: tables of :data:`FROZEN`."""
    frozen_hashes: Mapping[str, str] = field(default_factory=dict)
    """Closed month -> hash of its entry."""
