"""Whose money is explained: which published rows, and under which key the passes split for them."""

from dataclasses import dataclass

from agent.margins.customers import AFTER_AS_OF

_KEYS = {
    "unknown-driver-customer": "@unknown",
    "no-driver": "@no-driver",
    "no-active-customer": "@no-active-customer",
    "fixed-remainder": "@fixed-remainder",
    "fixed-inactive": "@fixed-inactive",
    "no-base": "@no-base",
    "idle-bucket": "@bucket\x01idle",
    "untagged-bucket": "@bucket\x01untagged",
}
"""Reason of unallocated money -> the key that it was split to."""
BUCKETS = {"@unallocated": "unallocated", "@opex": "opex", "@balance_sheet": "balance_sheet"}
RESERVED = (*BUCKETS, AFTER_AS_OF)
"""The published rows that are no customer's."""


@dataclass(frozen=True, slots=True)
class Who:
    """One customer in one bucket, or one reason of what is unallocated."""

    bucket: str
    customer: str
    reason: str = ""
    """Of the reserved ids; '' for a customer."""

    @property
    def key(self) -> str:
        """The consumer's key in weights and shares."""
        return _KEYS.get(self.reason, self.customer)

    @property
    def shown(self) -> str:
        """How sentences name it."""
        return self.reason or self.customer
