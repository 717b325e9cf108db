"""Charges that follow: first over what their scope became, then over where pools, idle and untagged ended."""

from collections.abc import Collection, Iterator, Mapping
from datetime import date
from typing import NamedTuple

from agent.verify.allocation.classify import Classified, Outcome, Place, class_of
from agent.verify.allocation.people import People
from agent.verify.allocation.pools import End
from agent.verify.allocation.rules import OPEN
from agent.verify.allocation.splitting import Money, add, split, weight_of

_RELATED = OPEN | {"commitment_unused"}
_STEPS = ("follow", "commitment")
_FOLLOW_EMPTY, _PREPAID = "follow-empty", "commitment-prepaid"
_SHARED_OUT = ("pool", "idle", "untagged")
_UNALLOCATED = ("@unallocated", "unallocated", "")
Ends = Mapping[tuple[str, str, str, str], int]
"""(customer, bucket, function, reason) -> EffectiveCost in units."""


class Published(NamedTuple):
    """What charges are published as, but for where they ended."""

    day: date
    kind: str
    group: str
    cls: str
    currency: str


class Cell(NamedTuple):
    """What follows at once."""

    step: str
    source: str
    billing: str
    sub: str
    service: str
    invoice: str
    commitment: str


class Follower:
    """What each charge relates to, and where that ended."""

    def __init__(self, classified: Classified, people: People, ended: Mapping[Outcome, Ends]) -> None:
        """``ended``: where the money of each pool, of idle and of untagged ended in the month."""
        self._people = people
        self._ended = ended
        self._related: dict[tuple[str, ...], dict[Outcome, int]] = {}
        self.cells: dict[Published, dict[Cell, Money]] = {}
        for (place, placement), money in classified.items():
            cls = class_of(place, placement)
            if placement.step in _STEPS:
                at = Published(place.day, place.kind, place.group, cls, place.currency)
                add(self.cells.setdefault(at, {}), _cell(placement.step, place), money)
            elif place.kind in _RELATED:
                for key in _scopes(place):
                    sums = self._related.setdefault(key, {})
                    sums[placement.followed] = sums.get(placement.followed, 0) + money.effective

    def landed(self, at: Published) -> dict[tuple[str, End], Money]:
        """(pool, end) -> money of the charges that are published as one."""
        parts: dict[Outcome, Money] = {}
        for cell, money in self.cells[at].items():
            for outcome, share in split(money, self._weights(cell)).items():
                add(parts, outcome, share)
        found: dict[tuple[str, End], Money] = {}
        for outcome, money in parts.items():
            for key, share in self._ends(outcome, money, at.day):
                add(found, key, share)
        return found

    def _weights(self, cell: Cell) -> dict[Outcome, int]:
        for key in _ladder(cell):
            found = {outcome: weight_of(units) for outcome, units in self._related.get(key, {}).items()}
            if any(found.values()):
                return found
        return {(_FOLLOW_EMPTY if cell.step == "follow" else _PREPAID,): 1}

    def _ends(self, outcome: Outcome, money: Money, day: date) -> Iterator[tuple[tuple[str, End], Money]]:
        step = outcome[0]
        if step not in _SHARED_OUT:
            yield ("", self._own(outcome, day)), money
            return
        pool = outcome[1] if step == "pool" else ""
        weights = {key: weight_of(units) for key, units in self._ended.get(outcome, {}).items()}
        if not any(weights.values()):
            yield (pool, _end(*_UNALLOCATED, _FOLLOW_EMPTY)), money
            return
        for (customer, bucket, function, reason), share in split(money, weights).items():
            yield (pool, _end(customer, bucket, function, reason)), share

    def _own(self, outcome: Outcome, day: date) -> End:
        match outcome:
            case ("direct", customer):
                inside = self._people.internal(customer, day)
                return _end(customer, "opex" if inside else "customer", "rnd" if inside else "", "")
            case ("opex", function, customer):
                return _end(customer, "opex", function, "")
        return _end(*_UNALLOCATED, outcome[0])


def about_closed(cells: Collection[Published], frozen: Collection[str]) -> set[Published]:
    """Refunds and corrections dated in a month that was closed: they go where that month's money went."""
    return {at for at in cells if at.kind in ("refund", "correction") and f"{at.day:%Y-%m}" in frozen}


def _end(customer: str, bucket: str, function: str, reason: str) -> End:
    return End(customer, bucket, function, "follow", "", reason)


def _cell(step: str, place: Place) -> Cell:
    return Cell(step, place.source, place.billing, place.sub, place.service, place.invoice, place.commitment)


def _scopes(place: Place) -> list[tuple[str, ...]]:
    """Every scope that a place is in."""
    found = [
        ("service", place.source, place.billing, place.sub, place.service),
        ("account", place.source, place.billing, place.sub),
        ("invoice", place.source, place.invoice),
        ("billing", place.source, place.billing),
        ("source", place.source),
    ]
    return [*found, ("commitment", place.commitment)] if place.commitment else found


def _ladder(cell: Cell) -> list[tuple[str, ...]]:
    """Where a charge looks, nearest first. What names no account or service has none in common with others."""
    if cell.step == "commitment":
        return [("commitment", cell.commitment)] if cell.commitment else []
    found: list[tuple[str, ...]] = []
    if cell.sub and cell.service:
        found.append(("service", cell.source, cell.billing, cell.sub, cell.service))
    if cell.sub:
        found.append(("account", cell.source, cell.billing, cell.sub))
    found.append(("invoice", cell.source, cell.invoice) if cell.invoice else ("billing", cell.source, cell.billing))
    return [*found, ("source", cell.source)]
