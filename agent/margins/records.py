"""What a period came to, as records: the only thing reports and digests are made from.

Money is integer units of 1e-24 of ``currency`` (``agent.money``); percentages are ``Decimal`` with six decimals,
half-even, or ``None`` where the definition leaves them empty. Definitions: docs/definitions.md (ALLOCATION 8).
"""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Literal

Dimension = Literal["tier", "plan", "segment", "cohort", "kind", "parent"]
CLASSES = ("direct", "shared", "untagged", "idle", "charge", "vendor")
"""Classes whose customer part makes up a customer's cost, in the order of the published columns."""


@dataclass(frozen=True, slots=True)
class CustomerLine:
    """One row of ``cost_per_customer.csv``: a registry customer, or a reserved row (id starts with ``@``)."""

    customer: str
    name: str
    kind: str
    tier: str
    plan: str
    segment: str
    cohort: str
    direct: int
    shared: int
    untagged: int
    idle: int
    charges: int
    third_party: int
    support: int
    prior_period: int
    cost: int
    cost_before_credits: int
    revenue: int | None
    """None: unknown (a paying customer absent from the revenue file) or not applicable (reserved rows)."""
    margin: int | None
    margin_pct: Decimal | None
    infra_margin_pct: Decimal | None
    nonproduction: int = 0
    """The customer's own non-production cost, booked as opex and so not part of ``cost``."""
    outside_dates: int = 0
    """The part of ``cost`` dated outside the customer's start and end."""
    grows_faster: bool = False
    """Cost per active day grew over one point faster than revenue against the month before."""
    cost_change_pct: Decimal | None = None
    """Run cost per active day against the month before, in percent."""
    revenue_change_pct: Decimal | None = None

    @property
    def vendor(self) -> int:
        return self.third_party + self.support

    @property
    def reserved(self) -> bool:
        return self.customer.startswith("@")


@dataclass(frozen=True, slots=True)
class GroupLine:
    """Customers of one tier, plan, segment, cohort, kind or topmost parent (itself and all below it).

    Margins are sums over customers with known revenue.
    """

    dimension: Dimension
    value: str
    customers: int
    active: int
    cost: int
    average_cost: int | None
    """Cost per active customer; None without an active customer."""
    revenue: int | None
    margin: int | None
    margin_pct: Decimal | None
    infra_margin_pct: Decimal | None
    members: tuple[str, ...] = ()
    """Of a parent alone: the ids it is the sum of, its own included."""


@dataclass(frozen=True, slots=True)
class PoolLine:
    """One pool of the period: what went in, how it was split, and which days fell back."""

    pool: str
    method: str
    driver: str
    effective: int
    billed: int
    days: int
    """Days with cost in the pool."""
    fallback_days: tuple[tuple[str, int, int], ...] = ()
    """(fallback used, days, effective units) for each fallback that was needed; of a part, ``period in eu-west-1``."""
    idle: int = 0
    unallocated: int = 0
    capacity_days: tuple[tuple[str, int, int], ...] = ()
    """(driver, days its capacity is not known, days it was exceeded), where either is above 0."""


@dataclass(frozen=True, slots=True)
class SampleLine:
    """One customer of a pool that is split by ratios from windows of telemetry, and how sure its share is."""

    pool: str
    customer: str
    share_pct: Decimal
    low_pct: Decimal
    high_pct: Decimal
    effective: int
    low: int
    """What the lower bound of the share would be of the pool's cost; an estimate, as ``high``."""
    high: int
    tier_median: bool
    """Active and in no window: its weight is the median of its tier."""


@dataclass(frozen=True, slots=True)
class SampledPool:
    """Where the ratios of a sampled pool come from, and whether they have drifted since."""

    pool: str
    driver: str
    windows: tuple[tuple[date, date], ...]
    intervals: int
    """Hours or days that were traced; 0 where no window stands for the month."""
    confidence_pct: int
    live: str
    drift_points: Decimal
    drift: tuple[tuple[str, Decimal, Decimal], ...]
    """(customer, percent of the live driver in the windows, in the month), the most moved first."""
    lines: tuple[SampleLine, ...]
    left_out: tuple[date, ...] = ()
    """Days of the windows that could not be used."""
    passes_on: bool = False
    """Other pools are among its consumers: its money ends elsewhere than its ratios say, so no line is shown."""


@dataclass(frozen=True, slots=True)
class CommitmentLine:
    """The bridge of one commitment: purchases billed, used and unused at effective cost."""

    commitment: str
    billed_purchase: int
    effective_used: int
    effective_unused: int

    @property
    def difference(self) -> int:
        """Used and unused less purchased: what the month draws from payments of other months, or pays ahead (< 0)."""
        return self.effective_used + self.effective_unused - self.billed_purchase


@dataclass(frozen=True, slots=True)
class InvoiceLine:
    """One invoice of the period held against the bill; units of 1e-24 of ``currency``."""

    source: str
    invoice: str
    """Its id; empty for lines that name none."""
    currency: str
    billed: int
    amount: int | None
    """As received; None where nobody gave it."""
    difference: int | None
    """Billed less the part of the amount that the export can hold."""
    tied: bool
    """The difference is at most 0.01."""
    gap: str
    """What accounts for the rest, named; empty where nothing does."""
    told: str
    """The outcome in words."""


@dataclass(frozen=True, slots=True)
class AdjustmentLine:
    """What later deliveries of a closed month changed for one customer or reserved id; EffectiveCost in units."""

    origin: str
    """The closed month."""
    customer: str
    bucket: str
    posted: int
    """Money that changed: part of this period's cost."""
    moved: int
    """Money that only changed hands: in no figure until it is accepted; sums to zero over a month."""


@dataclass(frozen=True, slots=True)
class UntaggedResource:
    """A resource (or a service without resources) whose cost found no customer, dearest first."""

    resource: str
    name: str
    provider: str
    account: str
    service: str
    reason: str
    """``no-tag``, ``unknown-customer:<value>`` or ``conflicting-tags``."""
    hint: str
    """The nearest known customer id for an unknown value, else empty."""
    effective: int


@dataclass(frozen=True, slots=True)
class DrillRow:
    """Cost of one customer by class and pool on one day: what the drill-down of the report sums."""

    customer: str
    day: date
    cls: str
    pool: str
    effective: int


@dataclass(frozen=True, slots=True)
class Mover:
    """A customer whose run cost per active day changed most against the month before."""

    customer: str
    name: str
    cost: int
    change: int
    """Change of run cost against the prior month's over equally many active days."""
    change_pct: Decimal | None


@dataclass(frozen=True, slots=True)
class Note:
    """Something the reader must know before trusting a figure: what was estimated, missing or left out."""

    level: Literal["missing", "estimated", "info"]
    text: str


@dataclass(frozen=True, slots=True)
class SourceLine:
    """A source of the period: which version the figures were made from, and through which day."""

    name: str
    kind: str
    version: int
    rows: int
    billed: int
    effective: int
    complete_through: date | None
    completeness: str
    """``manifest`` or ``not proven``."""
    estimated_until: date | None = None
    """The day by which the provider usually has settled the month; None once it is invoiced or closed."""
    estimated_because: str = ""
    """What is said of the source: ``has no invoice yet; ...``."""


@dataclass(frozen=True, slots=True)
class DriverLine:
    """A live driver that pools of the period are split by, and how it was measured."""

    name: str
    kind: str
    interval: str
    method: str
    """One line: the question, and how its answer was added up."""
    days: int
    """Days of the month, up to day D, that it has rows of."""


@dataclass(frozen=True, slots=True)
class Summary:
    """The figures report and digest open with. Units of ``currency``; through day ``as_of``."""

    company: str
    period: str
    currency: str
    as_of: date
    """Day D: the last UTC day complete for every source and driver in use."""
    is_open: bool
    """True when D is before the last day of the month."""
    source_total: int
    cost_to_serve: int
    fully_loaded: int
    unallocated: int
    opex: int
    balance_sheet: int
    active_customers: int
    average_cost: int | None
    revenue: int | None
    margin: int | None
    """Company margin on allocated COGS: revenue less cost to serve less unallocated COGS."""
    margin_pct: Decimal | None
    revenue_basis: str
    untagged: int
    untagged_share_pct: Decimal | None
    """Over direct + shared + idle + untagged of infrastructure, before redistribution."""
    untagged_share_of_bill_pct: Decimal | None
    coverage_pct: Decimal | None
    """Taggable spend with a known customer or shared value over taggable spend (usage with a resource)."""
    environment_by_default: int
    """Cost whose environment was decided by the configured default."""
    tax_unconfirmed: int
    """Tax treated as cost while ``recoverable_tax`` is not set."""
    target_pct: Decimal
    good_pct: Decimal
    prior_period: int = 0
    """Adjustments of closed months, over all buckets; not part of ``source_total``."""
    estimated_until: date | None = None
    """The last of the sources' days; None when no source can still move."""


@dataclass(frozen=True, slots=True)
class PeriodReport:
    """Everything known about one period, ready to render."""

    summary: Summary
    customers: tuple[CustomerLine, ...]
    """Registry customers in bytewise order of id, then the reserved rows."""
    groups: tuple[GroupLine, ...]
    pools: tuple[PoolLine, ...]
    commitments: tuple[CommitmentLine, ...]
    untagged: tuple[UntaggedResource, ...]
    drill: tuple[DrillRow, ...]
    movers: tuple[Mover, ...]
    sources: tuple[SourceLine, ...]
    notes: tuple[Note, ...]
    proof_line: str
    """One line with the sums that were proven; every report and digest carries it."""
    unknown_revenue: tuple[str, ...] = ()
    """Paying customers absent from the revenue file."""
    previous_cost_to_serve: int | None = None
    """Cost to serve of the month before over equally many days, where known."""
    daily: tuple[tuple[date, int], ...] = field(default=())
    """Cost to serve by day."""
    invoices: tuple[InvoiceLine, ...] = ()
    """By source, id and currency."""
    adjustments: tuple[AdjustmentLine, ...] = ()
    """By closed month, customer and bucket."""
    sampled: tuple[SampledPool, ...] = ()
    """In the order of the pools."""
    drivers: tuple[DriverLine, ...] = ()
    """Live drivers that pools use, in the order of the configuration."""
