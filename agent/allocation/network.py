"""Pools that serve each other: who is in a network, which use is left out, and where it only runs in a circle.

A driver names a pool as its customer ``@pool/<name>``. A pool's use of itself is always left out. In step-down a
pool's use by pools earlier in the declared order is left out as well, so that nothing runs back.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

import pyarrow.compute as pc

from agent.config.allocation import AllocationFile
from agent.errors import ConfigError
from agent.usage.interface import Driver
from policies.faults import Fault
from policies.tags import fold_value

POOL = "@pool/"
"""What the key of a pool as a consumer begins with; the pool's name as it is listed follows."""
Graph = Mapping[str, Collection[str]]
"""Pool -> the pools that use it."""


def named_pool(pools: Iterable[str]) -> Callable[[str], str | None]:
    """Which of ``pools`` a driver's customer names: case and space apart, None for a name that is no pool."""
    known = {fold_value(name): name for name in pools}

    def resolve(raw: str) -> str | None:
        folded = fold_value(raw)
        return known.get(folded[len(POOL) :].strip()) if folded.startswith(POOL) else None

    return resolve


def uses(rules: AllocationFile, drivers: Mapping[str, Driver]) -> dict[str, set[str]]:
    """Pool -> pools that its drivers name on any day, itself included; only pools whose drivers name one."""
    resolve = named_pool(pool.name for pool in rules.pools)
    found: dict[str, set[str]] = {}
    for pool in rules.pools:
        listed = {pool.driver, *(blend.driver for blend in pool.drivers)} & set(drivers)
        customers = [raw for name in listed if name for raw in pc.unique(drivers[name].rows["customer"]).to_pylist()]
        named = {name for raw in customers if (name := resolve(raw)) is not None}
        if named:
            found[pool.name] = named
    return found


def networks(rules: AllocationFile, used: Graph) -> list[list[str]]:
    """Groups of two and more pools that name each other, directly or through others; pools in listed order."""
    group = {pool.name: {pool.name} for pool in rules.pools}
    for pool, consumers in used.items():
        for consumer in consumers:
            joined = group[pool] | group[consumer]
            group |= dict.fromkeys(joined, joined)
    listed = [pool.name for pool in rules.pools]
    groups = dict.fromkeys(tuple(name for name in listed if name in group[first]) for first in listed)
    return [list(names) for names in groups if len(names) > 1]


def left_out(rules: AllocationFile, used: Graph) -> list[tuple[str, str]]:
    """(pool, consumer pool) whose use counts for nothing: its own, and in step-down that of pools closed earlier.

    Raises ``ConfigError`` where a pool of a network is missing in the order of step-down.
    """
    own = [(pool, pool) for pool, consumers in used.items() if pool in consumers]
    order = rules.network.order
    if rules.network.method == "simultaneous":
        return own
    missing = [name for names in networks(rules, used) for name in names if name not in order]
    if missing:
        raise ConfigError([Fault("allocation.yaml", 0, unordered(missing))])
    closed = [(later, earlier) for at, later in enumerate(order) for earlier in order[:at]]
    return own + [pair for pair in closed if pair[1] in used.get(pair[0], ())]


def unordered(pools: Sequence[str]) -> str:
    """What is wrong with an order that lacks ``pools``."""
    serve = "serves or uses" if len(pools) == 1 else "serve or use"
    return f"network.order lacks {', '.join(pools)}, which {serve} other pools in the drivers; add every such pool"


def reachable(used: Graph, starts: Iterable[str]) -> set[str]:
    """``starts`` and all pools that use them, directly or through others."""
    found: set[str] = set()
    ahead = list(starts)
    while ahead:
        pool = ahead.pop()
        if pool not in found:
            found.add(pool)
            ahead += used.get(pool, ())
    return found


def enclosed(used: Graph, outside: Collection[str]) -> set[str]:
    """Pools from which no path leads to a pool of ``outside``, those that somebody who is no pool uses."""
    users: dict[str, set[str]] = {}
    for pool, consumers in used.items():
        for consumer in consumers:
            users.setdefault(consumer, set()).add(pool)
    return set(used) - reachable(users, outside)


def cycle(used: Graph, pools: Collection[str]) -> tuple[str, ...]:
    """One circle within ``pools``, none of which leads out: the first pool in bytewise order comes first and last."""
    path = [min(pools, key=str.encode)]
    while path[-1] not in path[:-1]:
        path.append(min(set(used[path[-1]]) & set(pools), key=str.encode))
    circle = path[path.index(path[-1]) : -1]
    first = circle.index(min(circle, key=str.encode))
    return (*circle[first:], *circle[:first], circle[first])


def cycles(used: Graph) -> list[tuple[str, ...]]:
    """A shortest circle through each pool that is in one, each circle once, bytewise."""
    found = {_turned(path) for pool in used if (path := _shortest(used, pool)) is not None}
    return sorted(found, key=lambda names: [name.encode() for name in names])


def _shortest(used: Graph, start: str) -> tuple[str, ...] | None:
    """A shortest way from a pool back to itself through other pools."""
    seen = {start}
    paths: list[tuple[str, ...]] = [(start,)]
    while paths:
        longer: list[tuple[str, ...]] = []
        for path in paths:
            for consumer in sorted(used.get(path[-1], ()), key=str.encode):
                if consumer == start and len(path) > 1:
                    return path
                if consumer not in seen:
                    seen.add(consumer)
                    longer.append((*path, consumer))
        paths = longer
    return None


def _turned(circle: tuple[str, ...]) -> tuple[str, ...]:
    first = circle.index(min(circle, key=str.encode))
    return (*circle[first:], *circle[:first], circle[first])
