"""What two methods come to, side by side, as records. Money is integer units of 1e-24 of the company's currency."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from agent.differences.records import Line, Moved
from agent.margins.ratios import percent

DIMENSIONS = ("customer", "class", "pool")


@dataclass(frozen=True, slots=True)
class Named:
    """One method in one month: what it was asked for as, its id (may be empty), and its fingerprint there."""

    named: str
    id: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Change:
    """What the second method says otherwise than the first in one month: a closed one has a method of its own."""

    before: Named
    after: Named
    additions: Sequence[str]
    changes: Sequence[str]

    @property
    def differs(self) -> bool:
        """Whether the two are not one method."""
        return self.before.fingerprint != self.after.fingerprint


@dataclass(frozen=True, slots=True)
class Earned:
    """A customer with known revenue: what it pays and costs by both methods, in one month or over several."""

    customer: str
    revenue: int
    cost: Moved
    infrastructure: Moved
    """Cost without vendors and without adjustments of closed months: what the target applies to."""

    @property
    def margin(self) -> Moved:
        return Moved(self.revenue - self.cost.before, self.revenue - self.cost.after)

    @property
    def margin_pct(self) -> tuple[Decimal | None, Decimal | None]:
        """Before and after; None without revenue."""
        return percent(self.margin.before, self.revenue), percent(self.margin.after, self.revenue)

    @property
    def infra_margin_pct(self) -> tuple[Decimal | None, Decimal | None]:
        """The same of infrastructure alone."""
        costs = self.infrastructure
        return percent(self.revenue - costs.before, self.revenue), percent(self.revenue - costs.after, self.revenue)

    def __add__(self, other: "Earned") -> "Earned":
        revenue, infrastructure = self.revenue + other.revenue, self.infrastructure + other.infrastructure
        return Earned(self.customer, revenue, self.cost + other.cost, infrastructure)

    def crossings(self, target: Decimal) -> list[str]:
        """In words: a margin that changes its sign, an infrastructure margin that crosses the target."""
        found = []
        before, after = self.margin.before, self.margin.after
        if (before < 0) != (after < 0):
            found.append("margin turns negative" if after < 0 else "margin is no longer negative")
        low, high = self.infra_margin_pct
        if low is not None and high is not None and (low < target) != (high < target):
            words = "falls below" if high < target else "rises to"
            found.append(f"infrastructure margin {words} the target of {target:f} %")
        return found


@dataclass(frozen=True, slots=True)
class Month:
    """One month both ways, on the same ledger versions, inputs and day D."""

    period: str
    closed: bool
    day: date
    ledger: Mapping[str, int]
    """Source -> version."""
    lines: Mapping[str, Sequence[Line]]
    """By name of :data:`DIMENSIONS`; in each the moves sum to 0 in both metrics. Lines of no money are left out."""
    earned: Sequence[Earned]
    """By customer; only where revenue is known."""
    change: Change
    notes: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Lock:
    """Whether the books would take the second method: None where no open month was there to be asked about."""

    period: str
    allowed: bool | None
    told: str
    needs: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Comparison:
    """Everything that one method moves against the other."""

    currency: str
    target: Decimal
    lock: Lock
    months: Sequence[Month]
    """At least one, in their order."""

    @property
    def last(self) -> Change:
        """The change in the last month compared."""
        return self.months[-1].change

    def alike(self) -> tuple[tuple[Month, ...], ...]:
        """The months by what the two methods are in them, in the order in which each pair comes first."""
        found: dict[tuple[str, str], list[Month]] = {}
        for month in self.months:
            pair = month.change.before.fingerprint, month.change.after.fingerprint
            found.setdefault(pair, []).append(month)
        return tuple(map(tuple, found.values()))

    def summed(self, dimension: str) -> tuple[Line, ...]:
        """The lines of all months, the largest move first."""
        found: dict[tuple[str, ...], Line] = {}
        for line in (line for month in self.months for line in month.lines[dimension]):
            old = found.get(line.key, Line(line.key, line.currency, Moved(), Moved()))
            found[line.key] = Line(line.key, line.currency, old.billed + line.billed, old.effective + line.effective)
        return by_move(found.values(), lambda line: line.effective, lambda line: line.key)

    def earned(self) -> tuple[Earned, ...]:
        """Revenue and cost over the months in which a customer's revenue is known, the largest move first."""
        found: dict[str, Earned] = {}
        for each in (each for month in self.months for each in month.earned):
            found[each.customer] = found[each.customer] + each if each.customer in found else each
        return by_move(found.values(), lambda each: each.cost, lambda each: each.customer)


def by_move(found: Any, moved: Callable[[Any], Moved], key: Callable[[Any], object]) -> tuple[Any, ...]:
    """The largest absolute move first, then by key."""
    return tuple(sorted(found, key=lambda each: (-abs(moved(each).difference), key(each))))
