"""The difference of two versions of a month, as records. Money is integer units of 1e-24 of the line's currency."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

METRICS = ("BilledCost", "EffectiveCost")
DIMENSIONS: Mapping[str, tuple[str, ...]] = {
    "provider": ("ProviderName",),
    "account": ("ProviderName", "BillingAccountId", "SubAccountId"),
    "service": ("ProviderName", "ServiceName"),
    "category": ("ChargeCategory", "Kind"),
    "invoice": ("Source", "InvoiceId"),
    "customer": ("Customer",),
}
"""What the bill is told apart by -> the columns of each line."""


@dataclass(frozen=True, slots=True)
class Moved:
    """One amount on both sides."""

    before: int = 0
    after: int = 0

    @property
    def difference(self) -> int:
        return self.after - self.before

    def __add__(self, other: "Moved") -> "Moved":
        return Moved(self.before + other.before, self.after + other.after)


@dataclass(frozen=True, slots=True)
class Line:
    """One provider, account, service, ... in one currency.

    ``key`` has a value for each column of its dimension, empty where the bill has none.
    """

    key: tuple[str, ...]
    currency: str
    billed: Moved
    effective: Moved

    @property
    def moved(self) -> bool:
        return bool(self.billed.difference or self.effective.difference)


@dataclass(frozen=True, slots=True)
class Counts:
    """Ledger rows of the compared sources: those only before, only after, and on both sides alike."""

    removed: int
    added: int
    kept: int


@dataclass(frozen=True, slots=True)
class Compared:
    """One source: its two versions (None: it has none on that side) and their raw lines."""

    source: str
    before: int | None
    after: int | None
    lines_before: int
    lines_after: int


@dataclass(frozen=True, slots=True)
class Difference:
    """Everything that changed. The differences of each dimension sum to those of ``totals``, exactly."""

    period: str
    sources: tuple[Compared, ...]
    rows: Counts
    totals: tuple[Line, ...]
    """One line a currency, without a key."""
    dimensions: Mapping[str, tuple[Line, ...]]
    """By name of :data:`DIMENSIONS`, the largest difference first; ``customer`` covers every source of the month."""
    without_customers: str = ""
    """Why there is no dimension ``customer``; empty where there is one."""


def ranked(lines: Iterable[Line]) -> tuple[Line, ...]:
    """The largest difference first: of EffectiveCost, then of BilledCost, then by key."""
    return tuple(
        sorted(
            lines,
            key=lambda line: (-abs(line.effective.difference), -abs(line.billed.difference), line.key, line.currency),
        )
    )
