"""The allocation of one company's month, in the order of the page."""

from collections.abc import Iterator
from datetime import date

from tests.reference.classify import Classified, Classifier
from tests.reference.company import People
from tests.reference.follow import Ends, Followed, Follower
from tests.reference.pools import REASONS, Consumed, Pools, Shared
from tests.reference.records import Allocation, Company, Money, Place, Placement, Published
from tests.reference.split import added
from tests.reference.spread import Landed, Spreader, Spreads, development_cost, direct_cost

OWN = ("direct", "opex", "unallocated", "balance_sheet")


def classify(company: Company) -> Classified:
    """What each charge was recognised as."""
    return Classifier(company).classified()


def allocate(company: Company) -> Allocation:
    """Kind, environment, direct, pools, idle, untagged, charges: published rows and their money, without zeros."""
    classified = classify(company)
    people = People(company)
    shared = Pools(company, direct_cost(company, classified), development_cost(company, classified)).shared(classified)
    spreads = Spreader(company, classified, shared).spreads()
    pooled = added(_pool_rows(people, shared))
    spread = added(_spread_rows(people, spreads))
    followed = Follower(classified, _distributions(people, shared, spreads)).followed()
    rows = [*_own_rows(people, classified), *pooled.items(), *spread.items(), *_followed_rows(people, followed)]
    return {row: money for row, money in added(rows).items() if money != Money()}


def _own_rows(people: People, classified: Classified) -> Iterator[tuple[Published, Money]]:
    for (place, placement, cls), money in classified.items():
        if placement.step in OWN:
            yield _own_row(people, place, placement, cls), money


def _own_row(people: People, place: Place, placement: Placement, cls: str) -> Published:
    customer = str(placement.customer)
    bucket, function = (placement.step, placement.function)
    if placement.step == "direct":
        bucket, function = _bucket(people, customer, place.day)
    return Published(
        *(place.day, customer, bucket, cls, place.kind, place.group, place.currency, function, None, "direct"),
        reason=placement.reason if placement.step in ("unallocated", "balance_sheet") else None,
        source=place.source,
        provider=place.provider,
        billing=place.billing,
        sub=place.sub,
        service=place.service,
    )


def _pool_rows(people: People, shared: Shared) -> Iterator[tuple[Published, Money]]:
    for consumed, money in shared.items():
        if not consumed.idle:
            yield _pool_row(people, consumed), money


def _pool_row(people: People, consumed: Consumed) -> Published:
    cell, reason = consumed.cell, REASONS.get(consumed.consumer)
    customer = "@unallocated" if reason else consumed.consumer
    bucket, function = _bucket(people, customer, cell.day)
    where = (cell.cls, cell.kind, cell.group, cell.currency)
    return Published(
        cell.day, customer, bucket, *where, function, cell.pool, consumed.method, consumed.fallback, reason
    )


def _spread_rows(people: People, spreads: Spreads) -> Iterator[tuple[Published, Money]]:
    for landed, money in spreads.items():
        yield _spread_row(people, landed), money


def _spread_row(people: People, landed: Landed) -> Published:
    cell = landed.cell
    bucket, function = _bucket(people, landed.customer, cell.day)
    where = (cell.cls, cell.kind, cell.group, cell.currency)
    return Published(
        *(cell.day, landed.customer, bucket, *where, function, cell.pool, landed.method), reason=landed.reason
    )


def _followed_rows(people: People, followed: dict[Followed, Money]) -> Iterator[tuple[Published, Money]]:
    for end, money in followed.items():
        part = end.part
        bucket, function = end.bucket, end.function
        if bucket is None:
            bucket, function = _bucket(people, end.customer, part.day)
        where = (part.cls, part.kind, part.group, part.currency)
        pool = part.target.pool
        yield Published(part.day, end.customer, bucket, *where, function, pool, "follow", reason=end.reason), money


def _bucket(people: People, customer: str, day: date) -> tuple[str, str | None]:
    if customer == "@opex" or people.internal(customer, day):
        return "opex", "rnd"
    return ("unallocated", None) if customer.startswith("@") else ("customer", None)


def _distributions(people: People, shared: Shared, spreads: Spreads) -> dict[str, Ends]:
    """Where pools, idle and untagged ended in the period, before any charge followed."""
    pooled = [(f"pool/{c.cell.pool}", _pool_row(people, c), money) for c, money in shared.items() if not c.idle]
    spread = [(_outcome(landed), _spread_row(people, landed), money) for landed, money in spreads.items()]
    found: dict[str, Ends] = {}
    for outcome, row, money in [*pooled, *spread]:
        ends = found.setdefault(outcome, {})
        end = (row.customer, row.bucket, row.function, row.reason)
        ends[end] = ends.get(end, Money()) + money
    return found


def _outcome(landed: Landed) -> str:
    if landed.cell.pool:
        return f"pool/{landed.cell.pool}"
    return "idle/" if landed.cell.stage == "idle" else "untagged"
