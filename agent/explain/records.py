"""What an explanation is made of: amounts, each the sum of the parts below it. Records only.

Money is integer units of 1e-24 of the company's currency (``agent.money``).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from agent.money import fixed

Metric = Literal["effective", "billed"]
COLUMNS: Mapping[Metric, str] = {"effective": "EffectiveCost", "billed": "BilledCost"}
Fact = str | int | Sequence[str]
_COUNTED = frozenset({"service", "resource", "row", "line", "day", "reason"})
"""Kinds that are told by their name where some are not shown."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be explained, and how far down."""

    customer: str
    """A registry id, or a reserved one (``@unallocated``, ``@opex``, ``@balance_sheet``, ``@after_asof``)."""
    metric: Metric = "effective"
    top: int = 5
    """Parts shown of a list of accounts, services, resources or rows; the others stand in one line. 0: all."""
    exact: bool = False
    """Amounts in sentences as exact text instead of cents."""
    pool: str = ""
    """A pool to show by day, with what its bill is made of."""
    day: date | None = None
    """With the integers of the split, for this day alone; direct cost is narrowed to it as well."""
    service: str = ""
    resource: str = ""
    rows: bool = False
    """Down to the rows of the ledger."""
    lines: bool = False
    """Down to the lines of the delivered files."""

    @property
    def units(self) -> str:
        """The column of units that is summed."""
        return "EffectiveUnits" if self.metric == "effective" else "BilledUnits"


@dataclass(frozen=True, slots=True)
class Part:
    """An amount, what it is, and what it is made of."""

    kind: str
    """``customer``, ``class``, ``pool``, ``day``, ``service``, ``resource``, ``row`` ...: the schema lists them."""
    name: str
    units: int
    told: tuple[str, ...] = ()
    """Sentences for people."""
    facts: Mapping[str, Fact] = field(default_factory=dict)
    """The same for programs: exact texts, counts and names."""
    parts: tuple["Part", ...] = ()
    """What the amount is the sum of; empty at the end of the walk."""
    whole: "Part | None" = None
    """What this amount is a share of, where it was split."""

    @property
    def rest(self) -> int:
        """The amount less the sum of its parts: 0, or something is wrong."""
        return self.units - sum(part.units for part in self.parts) if self.parts else 0


@dataclass(frozen=True, slots=True)
class Check:
    """Two sums that must be equal, in units."""

    step: str
    left: int
    right: int

    @property
    def holds(self) -> bool:
        return self.left == self.right


@dataclass(frozen=True, slots=True)
class SourceVersion:
    """A version of the ledger that the month was made from, and the files it was read from."""

    source: str
    period: str
    version: int
    ledger: tuple[str, ...]
    files: tuple[tuple[str, str, int], ...]
    """(path, sha256, rows of the period)."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """One published number, walked back."""

    period: str
    name: str
    asked: Asked
    currency: str
    as_of: date
    closed: str
    """Who closed the month and when; empty while it is open."""
    tree: Part
    beside: tuple[Part, ...]
    """What carries the customer's name and is no part of the number: its own non-production, its internal use."""
    sources: tuple[SourceVersion, ...]
    checks: tuple[Check, ...]

    @property
    def faults(self) -> tuple[Check, ...]:
        """Every step whose sums differ; none in an explanation that holds."""
        return tuple(check for check in self.checks if not check.holds)


def walked(part: Part, above: str = "") -> Iterator[tuple[str, Part]]:
    """Every part with its path, wholes included."""
    path = f"{above} > {part.name}" if above else part.name
    yield path, part
    for below in part.parts:
        yield from walked(below, path)
    if part.whole is not None:
        yield from walked(part.whole, f"{path} (whole)")


def fold(parts: Sequence[Part], top: int, kept: frozenset[str] = frozenset()) -> tuple[Part, ...]:
    """The ``top`` largest amounts (all if 0) and those named in ``kept``; the others as one part."""
    ranked = sorted(parts, key=lambda part: (-abs(part.units), part.name))
    if kept:
        ranked.sort(key=lambda part: part.name not in kept)
        top = sum(part.name in kept for part in ranked)
    elif not top or len(ranked) == top + 1:
        return tuple(ranked)
    shown, others = ranked[:top], ranked[top:]
    return (*shown, rest(others)) if others else tuple(shown)


def rest(others: Sequence[Part]) -> Part:
    """Parts that are not shown, as one line with their number and sum."""
    kinds = {part.kind for part in others}
    kind = kinds.pop() if len(kinds) == 1 and kinds <= _COUNTED else "part"
    count = len(others)
    name = f"{count} more {kind}{'' if count == 1 else 's'}"
    return Part("others", name, sum(part.units for part in others), facts={"of": kind, "count": count})


def ratio_percent(part: int, whole: int, places: int = 4) -> str:
    """``part`` of ``whole`` in percent, cut to ``places`` decimals; ``part`` and ``whole`` are integers."""
    if whole == 0:
        return ""
    scaled = abs(part) * 100 * 10**places // abs(whole)
    sign = -1 if (part < 0) != (whole < 0) else 1
    return fixed(sign * scaled, places)
