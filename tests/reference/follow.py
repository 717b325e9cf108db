"""Charges that follow: over what the scope's other rows became, then over where pools, idle and untagged ended."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date

from tests.reference.classify import Classified
from tests.reference.records import Money, Place, Placement
from tests.reference.split import added, money_weight, split

RELATED = ("usage", "discount", "marketplace", "commitment_unused")
EMPTY = {"follow": "follow-empty", "commitment": "commitment-prepaid"}
Holds = Callable[[Place], bool]


@dataclass(frozen=True, slots=True)
class Part:
    """What a target took of charges, step one of two."""

    target: Placement
    day: date
    kind: str
    group: str
    cls: str
    currency: str


@dataclass(frozen=True, slots=True)
class Followed:
    """Where a part ended; ``bucket`` is None where it is the customer's own."""

    part: Part
    customer: str
    bucket: str | None = None
    function: str | None = None
    reason: str | None = None


Ends = dict[tuple[str, str, str | None, str | None], Money]
"""(customer, bucket, function, reason) -> money."""


class Follower:
    """Lets charges follow what was classified, and its published shares."""

    def __init__(self, classified: Classified, distributions: dict[str, Ends]) -> None:
        """``distributions``: where the money of each pool, of idle and of untagged ended, by outcome."""
        self._classified = classified
        self._distributions = distributions
        self._related = added(
            ((place, placement), money) for (place, placement, _), money in classified.items() if place.kind in RELATED
        )

    def followed(self) -> dict[Followed, Money]:
        """Every charge that follows, by where it ended."""
        cells = added(
            ((_cell_place(place), placement.step, cls), money)
            for (place, placement, cls), money in self._classified.items()
            if placement.step in EMPTY
        )
        parts = added(pair for key, money in cells.items() for pair in self._targets(*key, money))
        return added(pair for part, money in parts.items() for pair in self._ends(part, money))

    def _targets(self, place: Place, step: str, cls: str, money: Money) -> Iterator[tuple[Part, Money]]:
        at = (place.day, place.kind, place.group, cls, place.currency)
        for holds in _ladder(place, step):
            sums = added((target, m) for (other, target), m in self._related_where(holds))
            by_key = _by_outcome(sums)
            weights = {key: money_weight(m.effective) for key, (_, m) in by_key.items()}
            if any(weights.values()):
                for key, share in split(money, weights).items():
                    yield Part(by_key[key][0], *at), share
                return
        yield Part(Placement("unallocated", "@unallocated", reason=EMPTY[step]), *at), money

    def _related_where(self, holds: Holds) -> list[tuple[tuple[Place, Placement], Money]]:
        return [(key, money) for key, money in self._related.items() if holds(key[0])]

    def _ends(self, part: Part, money: Money) -> Iterator[tuple[Followed, Money]]:
        target = part.target
        if target.step in ("direct", "opex", "unallocated"):
            bucket = None if target.step == "direct" else target.step
            yield Followed(part, str(target.customer), bucket, target.function, target.reason), money
            return
        ends = self._distributions.get(target.followed, {})
        # NOTE: joined by a character no id holds, so that the order is customer first, then bucket, ...
        keys = {"\x01".join(text or "" for text in end): end for end in ends}
        weights = {key: money_weight(ends[end].effective) for key, end in keys.items()}
        if not any(weights.values()):
            yield Followed(part, "@unallocated", "unallocated", None, "follow-empty"), money
            return
        for key, share in split(money, weights).items():
            yield Followed(part, *keys[key]), share


def _by_outcome(sums: dict[Placement, Money]) -> dict[str, tuple[Placement, Money]]:
    """Placements that differ only by the reason of untagged are one target, and so is a pool with its idle part."""
    found: dict[str, tuple[Placement, Money]] = {}
    for placement, money in sums.items():
        step = "pool" if placement.step == "idle" and placement.pool else placement.step
        target = Placement(step, placement.customer, placement.pool, function=placement.function)
        found[target.followed] = (target, found.get(target.followed, (target, Money()))[1] + money)
    return found


def _cell_place(place: Place) -> Place:
    """Span and provider are no part of a charge's cell."""
    return replace(place, end=place.day, provider=None)


def _ladder(place: Place, step: str) -> list[Holds]:
    if step == "commitment":
        return [] if place.commitment is None else [lambda other: other.commitment == place.commitment]

    def same(*names: str) -> Holds:
        return lambda other: all(getattr(other, name) == getattr(place, name) for name in ("source", *names))

    invoice = same("billing") if place.invoice is None else same("invoice")
    account = [] if place.sub is None else [same("billing", "sub")]
    service = [] if place.sub is None or place.service is None else [same("billing", "sub", "service")]
    return [*service, *account, invoice, same()]
