"""The model of allocation.yaml: how every charge finds a customer, a pool or a reason."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from agent.config.usage import DriverCapacity
from policies.nearest import did_you_mean
from policies.rules import Match, Population, Rule
from policies.strict import Mistakes, Steps, Strict
from policies.tags import fold_value

Function = Literal["rnd", "sm", "ga"]
Fallback = Literal["period", "even", "unallocated"]


class Methodology(Strict):
    """The version of the method; ``from`` is the first period it applies to.

    ``reason`` and ``approved_by`` are needed where it replaces another within a fiscal quarter that has closed months.
    """

    id: str
    from_: str = Field(alias="from", pattern=r"^\d{4}-\d{2}$")
    reason: str = ""
    approved_by: str = ""


class OpexValue(Strict):
    """A non-production environment and the function its cost is booked under."""

    value: str
    function: Function = "rnd"


class Environment(Strict):
    """Which charges are non-production. Values are compared casefolded."""

    rules: list[Rule] = Field(default_factory=list)
    cogs: list[str] = Field(default_factory=lambda: ["prod", "production"])
    opex: list[str | OpexValue] = Field(default_factory=list)
    default: Literal["cogs", "opex", "pro_rata"] = "cogs"


DECIMALS = 12
"""Of a written weight or share: with at most 1e15 before the point, all of a pool's fit into 30 digits of one scale."""


class Blend(Strict):
    """One driver of a blended pool and its weight in the mean."""

    driver: str
    weight: Decimal = Field(gt=0, le=Decimal(10**15), decimal_places=DECIMALS)
    capacity: DriverCapacity | None = None


class TagKeyOf(Strict):
    """A tag whose value parts a pool before its driver does."""

    tag: str


Part = Literal["region", "account", "service", "source"] | TagKeyOf
"""What a pool is split by before its customers: a column of the bill, or a tag. Drivers have the same in ``key``."""


class Network(Strict):
    """How pools that serve each other are solved. ``order``: step-down, the pool that serves most others first."""

    method: Literal["simultaneous", "step_down"] = "simultaneous"
    order: list[str] = Field(default_factory=list)

    @model_validator(mode="after")
    def _order_goes_with_step_down(self) -> Self:
        if (self.method == "step_down") != bool(self.order):
            raise ValueError("order goes with method step_down, and step_down needs it")
        if len(set(self.order)) < len(self.order):
            raise ValueError("a pool is in the order once")
        return self


class SampleWindow(Strict):
    """Days on which usage was traced, and the months that their ratios stand for; all ends inclusive."""

    first: date
    last: date
    from_: str = Field(alias="from", pattern=r"^\d{4}-(0[1-9]|1[0-2])$")
    until: str = Field(pattern=r"^\d{4}-(0[1-9]|1[0-2])$")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.last < self.first:
            raise ValueError(f"last {self.last} lies before first {self.first}")
        if self.until < self.from_:
            raise ValueError(f"until {self.until} lies before from {self.from_}")
        return self


class Sample(Strict):
    """How ratios are taken from windows of telemetry (method ``sampled``).

    ``live``: a driver that is there every day; where its shares move by more than ``drift_points`` percentage points
    from the windows' days to the month, the ratios have drifted.
    """

    windows: list[SampleWindow] = Field(min_length=1)
    confidence_pct: int = Field(default=95, ge=50, le=99)
    resamples: int = Field(default=1000, ge=100, le=10_000)
    live: str | None = None
    drift_points: Decimal = Field(default=Decimal(5), gt=0, le=100)

    @model_validator(mode="after")
    def _drift_is_of_live(self) -> Self:
        if self.live is None and "drift_points" in self.model_fields_set:
            raise ValueError("drift_points goes with live, the driver that is there every day")
        return self


Share = Annotated[Decimal, Field(decimal_places=DECIMALS)]
"""A percentage."""


class Pool(Strict):
    """Shared cost and how it is split. ``shares`` are percentages by customer id (method ``fixed``)."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._/-]*$")
    match: Match
    method: Literal["usage", "even", "fixed", "cost", "sampled"]
    driver: str | None = None
    drivers: list[Blend] = Field(default_factory=list)
    fallback: list[Fallback] = Field(default_factory=lambda: list[Fallback](("period", "unallocated")))
    shares: dict[str, Share] = Field(default_factory=dict)
    remainder: Literal["unallocated", "idle"] = "unallocated"
    capacity: DriverCapacity | None = None
    by: Part | None = None
    customers: Population | None = None
    consumers: list[Literal["@opex"]] = Field(default_factory=list)
    sample: Sample | None = None

    @property
    def capacities(self) -> list[DriverCapacity]:
        """The pool's capacity, or those of the drivers it blends."""
        return [c for c in (self.capacity, *(blend.capacity for blend in self.drivers)) if c is not None]

    @property
    def daily_drivers(self) -> list[str]:
        """The drivers that are needed every day: day D waits for them, and not for windows of a sample."""
        return [] if self.method == "sampled" else self.drivers_used

    @property
    def drivers_used(self) -> list[str]:
        """Every driver this pool looks at, capacities included, once each."""
        named = [self.driver, *(blend.driver for blend in self.drivers), *(c.driver for c in self.capacities)]
        named += [self.sample.live] if self.sample is not None else []
        return list(dict.fromkeys(name for name in named if name is not None))

    @model_validator(mode="after")
    def _capacities_are_of_parts(self) -> Self:
        if self.by is not None and any(capacity.quantity is not None for capacity in self.capacities):
            raise ValueError("a capacity of a pool with by is that of each part: name a driver with keys")
        return self

    @model_validator(mode="after")
    def _nothing_written_is_ignored(self) -> Self:
        if self.method == "fixed" and self.consumers:
            raise ValueError(
                "@opex takes part in a fixed pool by a share of its own, such as shares: {'@opex': 5}; "
                "leave out consumers"
            )
        if self.method != "fixed" and self.remainder == "idle":
            raise ValueError("remainder goes with method fixed: no other method leaves one")
        return self

    @model_validator(mode="after")
    def _method_has_what_it_needs(self) -> Self:
        if self.method == "usage" and (self.driver is None) == (not self.drivers):
            raise ValueError("method usage needs either driver or drivers")
        if self.method == "sampled" and (self.driver is None or self.drivers or self.sample is None):
            raise ValueError("method sampled needs driver, the one that was traced, and sample, its windows")
        if self.method not in ("usage", "sampled") and (self.driver is not None or self.drivers):
            raise ValueError(f"method {self.method} takes no driver")
        if self.method != "sampled" and self.sample is not None:
            raise ValueError("sample goes with method sampled")
        if self.capacity is not None and (self.driver is None or self.method != "usage"):
            raise ValueError(
                "capacity goes with method usage and driver; drivers of a blend have capacities of their own"
            )
        if self.by is not None and self.method != "usage":
            raise ValueError("by goes with method usage: its driver says who used how much of each part")
        if (self.method == "fixed") != bool(self.shares):
            raise ValueError("shares go with method fixed, and fixed needs them")
        if any(share < 0 for share in self.shares.values()):
            raise ValueError("a share is not negative")
        if sum(self.shares.values()) > 100:
            raise ValueError(f"shares sum to {sum(self.shares.values())} %, over 100 %")
        return self


def _follows(setting: str) -> str:
    if setting not in ("follow", "corporate") and not setting.startswith("pool:"):
        raise ValueError("expected follow, corporate or pool:<name>")
    return setting


Follow = Annotated[str, AfterValidator(_follows)]


class Charges(Strict):
    """Where charges without a customer of their own go."""

    tax: Follow = "follow"
    support: Follow = "follow"
    credit: Follow = "follow"
    refund: Follow = "follow"
    fee: Follow = "follow"
    unused_commitment: Literal["idle"] = "idle"


class RecoverableTax(Strict):
    """Tax that comes back: the part ``rate`` of it (0 to 1) is balance sheet. All given conditions must hold."""

    type: str | None = None
    issuer: str | None = None
    account: str | None = None
    rate: Decimal = Field(default=Decimal(1), ge=0, le=1)


class Spread(Strict):
    """How untagged or idle cost is spread over customers (ALLOCATION, section 2)."""

    method: Literal["pro_rata", "tax", "bucket"] = "pro_rata"
    base: Literal["attributed", "direct", "pool"] = "attributed"
    rate: Decimal | None = Field(default=None, ge=0, decimal_places=6)
    scope: Literal["all", "provider", "account"] = "all"

    @model_validator(mode="after")
    def _rate_goes_with_tax(self) -> Self:
        if (self.method == "tax") != (self.rate is not None):
            raise ValueError("rate goes with method tax, and tax needs it")
        if self.base == "pool" and self.method != "pro_rata":
            raise ValueError("base pool goes with method pro_rata")
        return self


class AllocationFile(Strict):
    """allocation.yaml"""

    version: Literal["1"]
    methodology: Methodology | None = None
    customer: list[Rule] = Field(default_factory=list)
    shared_values: list[str] = Field(default_factory=list)
    environment: Environment = Field(default_factory=Environment)
    customer_nonprod: Literal["opex", "cogs"] = "opex"
    pools: list[Pool] = Field(default_factory=list)
    network: Network = Field(default_factory=Network)
    charges: Charges = Field(default_factory=Charges)
    recoverable_tax: list[RecoverableTax] | None = None
    untagged: Spread = Field(default_factory=Spread)
    idle: Spread = Field(default_factory=Spread)

    @model_validator(mode="after")
    def _names_are_known_once(self) -> Self:
        names = [pool.name for pool in self.pools]
        found: list[tuple[Steps, str]] = [
            (("pools", at, "name"), f"a pool {name!r} is already listed")
            for at, name in enumerate(names)
            if fold_value(name) in map(fold_value, names[:at])
        ]
        for kind in ("tax", "support", "credit", "refund", "fee"):
            to, _, pool = str(getattr(self.charges, kind)).partition(":")
            if to == "pool" and pool not in names:
                found.append((("charges", kind), f"no pool {pool!r} is listed{did_you_mean(pool, names)}"))
        found += [
            (("network", "order", at), f"no pool {name!r} is listed{did_you_mean(name, names)}")
            for at, name in enumerate(self.network.order)
            if name not in names
        ]
        if self.untagged.base == "pool":
            found.append((("untagged", "base"), "pool is for idle only; untagged takes attributed or direct"))
        found += _two_sides(self.environment)
        if found:
            raise Mistakes(found)
        return self


def _two_sides(environment: Environment) -> list[tuple[Steps, str]]:
    production = set(map(fold_value, environment.cogs))
    return [
        (("environment", "opex", at), f"{value!r} is listed under cogs, too")
        for at, value in enumerate(item if isinstance(item, str) else item.value for item in environment.opex)
        if fold_value(value) in production
    ]
