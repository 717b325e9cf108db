"""What the reference takes and gives: plain records, integers for money (1e-24 of the currency)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from agent.config.allocation import AllocationFile
from agent.period import Period
from policies.policy import PolicyFile
from policies.registry import Customer

UNIT = 10**24


@dataclass(frozen=True, slots=True)
class Row:
    """A ledger row; names follow the ledger's columns, ``end`` is exclusive."""

    source: str
    kind: str
    start: date
    end: date
    currency: str
    billed: int
    effective: int
    group: str = "infrastructure"
    provider: str | None = None
    billing: str | None = None
    sub: str | None = None
    service: str | None = None
    invoice: str | None = None
    commitment: str | None = None
    region: str | None = None
    resource: str | None = None
    resource_name: str | None = None
    issuer: str | None = None
    tax_type: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Driver:
    """Quantities by day and customer, as text says them; ``covered`` is the share of a day's intervals seen.

    ``days`` are rows without a key, ``keyed`` those of each key. ``told`` is what the source itself says of a day:
    intervals seen, and how many there should be.
    """

    days: Mapping[date, Mapping[str, Decimal]]
    covered: Mapping[date, Decimal] = field(default_factory=dict)
    keyed: Mapping[str, Mapping[date, Mapping[str, Decimal]]] = field(default_factory=dict)
    told: Mapping[date, tuple[int, int]] = field(default_factory=dict)

    @property
    def rows(self) -> list[tuple[date, str | None, str, Decimal]]:
        """Day, key, customer, quantity."""
        parts: list[tuple[str | None, Mapping[date, Mapping[str, Decimal]]]] = [(None, self.days), *self.keyed.items()]
        return [
            (day, key, customer, quantity)
            for key, days in parts
            for day, used in days.items()
            for customer, quantity in used.items()
        ]


@dataclass(frozen=True, slots=True)
class Company:
    """One month of a company: its bill, its customers, its drivers, its rules."""

    period: Period
    as_of: date
    rows: Sequence[Row]
    customers: Sequence[Customer]
    drivers: Mapping[str, Driver]
    allocation: AllocationFile
    policy: PolicyFile

    def heir(self, customer: str, day: date) -> str:
        """The customer that ``customer`` has become by ``day``."""
        for row in self.customers:
            if row.id == customer and row.successor and row.end is not None and row.end < day:
                return row.successor
        return customer

    @property
    def through(self) -> date:
        """The last charge date that counts: of a complete month every one does."""
        return self.as_of if self.as_of < self.period.last_day else date(9999, 12, 30)


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the bill money stands; the grain of everything that is published or followed."""

    source: str
    group: str
    kind: str
    day: date
    end: date
    currency: str
    provider: str | None = None
    billing: str | None = None
    sub: str | None = None
    service: str | None = None
    invoice: str | None = None
    commitment: str | None = None


@dataclass(frozen=True, slots=True)
class Placement:
    """What a charge was recognised as. ``step``: direct, opex, pool, idle, untagged, unallocated, balance_sheet,
    follow or commitment (a purchase that follows its commitment)."""

    step: str
    customer: str | None = None
    pool: str | None = None
    part: str | None = None
    function: str | None = None
    reason: str | None = None

    @property
    def outcome(self) -> str:
        """The text key that charges follow and discounts split by."""
        match self.step:
            case "direct":
                return f"direct/{self.customer}"
            case "opex":
                return f"opex/{self.function}/{self.customer}"
            case "pool":
                # NOTE: a part sorts under its pool, before any pool whose name begins with this one's
                return f"pool/{self.pool}" if self.part is None else f"pool/{self.pool}\x01{self.part}"
            case "idle":
                return f"idle/{self.pool or ''}"
        return self.step

    @property
    def followed(self) -> str:
        """The same for charges that follow: a pool is one, with all its parts and what is idle of it."""
        return f"pool/{self.pool}" if self.step in ("idle", "pool") and self.pool else self.outcome


@dataclass(frozen=True, slots=True)
class Published:
    """A row of allocation.parquet, but for its sums."""

    day: date
    customer: str
    bucket: str
    cls: str
    kind: str
    group: str
    currency: str
    function: str | None = None
    pool: str | None = None
    method: str | None = None
    fallback: str | None = None
    reason: str | None = None
    source: str | None = None
    provider: str | None = None
    billing: str | None = None
    sub: str | None = None
    service: str | None = None


@dataclass(frozen=True, slots=True)
class Money:
    """Both metrics, which are always split by the same weights."""

    billed: int = 0
    effective: int = 0

    def __add__(self, other: "Money") -> "Money":
        return Money(self.billed + other.billed, self.effective + other.effective)


Allocation = dict[Published, Money]
