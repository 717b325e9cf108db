"""Resources of a month, the evidence for whose they are, and what became of it, as records.

Money is integer units of 1e-24 of the currency beside it; a confidence is a fraction from 0 to 1, or None where too
few tagged resources show how often such evidence is right.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import NamedTuple

from agent.period import Period

Tags = Mapping[str, str]
"""Raw keys and values as delivered."""


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource of the month: what the bill says of it, and whom its tags name."""

    provider: str
    account: str
    resource_id: str
    name: str
    """ResourceName, '' where the bill has none."""
    service: str
    region: str
    tags: Tags
    """Every tag it carried in the month; of several values of one key the last in bytewise order."""
    told: frozenset[tuple[str, str]]
    """(key, value), folded, of all its tags but those that the customer rules read."""
    customer: str | None
    """The one customer that the tag rules find on it; None where they find none, or several."""
    meant: str | None
    """The registry id that a mistyped customer tag of it was probably meant to be."""
    bound: bool = False
    """Some charge of it has its place already without a customer of its own: a pool, a value declared as shared."""
    untagged: Mapping[str, int] = field(default_factory=dict)
    """Currency -> EffectiveCost of its production usage that has no customer and no pool."""

    @property
    def key(self) -> tuple[str, str, str]:
        """What tells it from every other resource."""
        return self.provider, self.account, self.resource_id


@dataclass(frozen=True, slots=True)
class Month:
    """All resources of a month, by key, and what of the untagged cost names no resource."""

    period: Period
    resources: tuple[Resource, ...]
    nameless: Mapping[str, int]
    """Currency -> untagged cost of charges without a ResourceId: nothing can be proposed for it."""
    bound: frozenset[str] = frozenset()
    """Accounts with charges that name no resource and have their place already, as :attr:`Resource.bound`."""


class Evidence(NamedTuple):
    """One reason to believe that a resource is a customer's."""

    kind: str
    customer: str
    text: str


class Measured(NamedTuple):
    """How often a kind of evidence, or a combination, was right about tagged resources that it was not made from."""

    seen: int
    right: int

    @property
    def share(self) -> Fraction | None:
        """Observed precision; None of nothing."""
        return Fraction(self.right, self.seen) if self.seen else None


@dataclass(frozen=True, slots=True)
class Judged:
    """What all evidence about one resource comes to."""

    customer: str
    confidence: Fraction | None
    state: str
    """``alone``: one kind speaks; ``agreed``: several, all for the customer; ``disputed``: one speaks against it."""
    evidence: tuple[Evidence, ...]
    """The strongest kind first; what speaks against the customer is among it."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A customer proposed for one untagged resource."""

    resource: Resource
    currency: str
    units: int
    judged: Judged


@dataclass(frozen=True, slots=True)
class Band:
    """Held-out resources whose stated confidence lies in one band."""

    name: str
    measured: Measured
    stated: Fraction | None
    """The mean of the confidences stated; None for the band of unknown ones."""


@dataclass(frozen=True, slots=True)
class KindOfEvidence:
    """One kind of evidence: its lower bound from the fit half, and what it does on both halves."""

    name: str
    fit: Measured
    bound: Fraction | None
    held_out: Measured


@dataclass(frozen=True, slots=True)
class Calibration:
    """What the tagged resources say about the evidence."""

    fit: int
    """Tagged resources that confidences are made from."""
    held_out: int
    """Tagged resources that they are tried on."""
    kinds: tuple[KindOfEvidence, ...]
    """The strongest first."""
    bands: tuple[Band, ...]

    @property
    def error(self) -> Fraction | None:
        """Expected calibration error: the mean distance of stated from observed, over bands of known confidence."""
        seen, apart = 0, Fraction(0)
        for band in self.bands:
            if band.stated is not None:
                seen += band.measured.seen
                apart += abs(band.measured.right - band.stated * band.measured.seen)
        return apart / seen if seen else None


@dataclass(frozen=True, slots=True)
class Inferred:
    """The answer: proposals, dearest first, and how far they can be believed."""

    month: Month
    proposals: tuple[Proposal, ...]
    left: Mapping[str, tuple[int, Mapping[str, int]]]
    """Why nothing is proposed -> untagged resources, and their cost by currency."""
    calibration: Calibration
