"""Pools that serve each other, before money moves: who is in the network, its circles, and days without a way out."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal

import pyarrow as pa
import pyarrow.compute as pc

from agent import inputs
from agent.allocation import network
from agent.allocation.reciprocal import listed
from agent.billing.ledger.versions import periods
from agent.config.allocation import AllocationFile
from agent.config.loading import Settings
from agent.config.usage import LiveUsage
from agent.doctor.drivers import configured_files
from agent.doctor.records import Finding, missing, ok, warn
from agent.errors import ApportionError, ConfigError
from agent.period import Period
from agent.usage import Driver, read_files
from policies.nearest import did_you_mean

_ONE_DAY = date.resolution
_OUTSIDE = ""
"""A consumer that is no pool."""


def networks(settings: Settings, today: date) -> Iterator[Finding]:
    """What drivers say of pools as customers, from the first day of the newest month of the ledger on."""
    period = max(periods(settings.data), default=Period(today.year, today.month))
    rules = settings.allocation(period)
    drivers = dict(_drivers(settings))
    yield from _no_pool(rules, drivers)
    used = network.uses(rules, drivers)
    for names in network.networks(rules, used):
        yield from _network(rules, drivers, {pool: used[pool] for pool in names if pool in used}, names, period)


def _drivers(settings: Settings) -> Iterator[tuple[str, Driver]]:
    """Files as they are now, live drivers as last taken in. What cannot be read is told of by ``usage``."""
    for config in settings.app.usage:
        try:
            if isinstance(config, LiveUsage):
                yield config.name, inputs.current(settings.data).driver(config)
            else:
                yield config.name, read_files(config, configured_files(config, settings.resolve(config.location)))
        except (ApportionError, OSError):
            continue


def _no_pool(rules: AllocationFile, drivers: Mapping[str, Driver]) -> Iterator[Finding]:
    names = [pool.name for pool in rules.pools]
    resolve = network.named_pool(names)
    for driver in drivers.values():
        for raw in sorted(pc.unique(driver.rows["customer"]).to_pylist()):
            if raw.casefold().startswith(network.POOL) and resolve(raw) is None:
                hint = did_you_mean(raw[len(network.POOL) :].strip(), names)
                mend = "list the pool or correct the name; until then the quantity is @unknown, which stays unallocated"
                yield warn(f"usage {driver.name}", f"{raw} is no pool{hint}", mend)


def _network(
    rules: AllocationFile,
    drivers: Mapping[str, Driver],
    used: Mapping[str, set[str]],
    names: Sequence[str],
    period: Period,
) -> Iterator[Finding]:
    circles = [" -> ".join(circle) for circle in network.cycles(used)]
    through = f"; circles: {', '.join(circles)}" if circles else "; no circle"
    try:
        left_out = set(network.left_out(rules, used))
    except ConfigError as error:
        yield missing("network", str(error.faults[0]))
        return
    if rules.network.method == "step_down":
        order = [name for name in rules.network.order if name in names]
        without = [f"{pool}'s use by {other}" for pool, other in sorted(left_out) if pool != other]
        yield ok("network", f"in step-down: {', '.join(order)}; left out: {', '.join(without) or 'nothing'}{through}")
    else:
        yield ok("network", f"solved at once: {', '.join(names)}{through}")
    for circle, days in _shut(rules, drivers, names, left_out, period).items():
        yield missing(
            "network",
            f"{' -> '.join(circle)} only serve each other on {listed([(day, day + _ONE_DAY) for day in days])}",
            "correct the drivers of these days, or declare network: {method: step_down, order: [...]}; "
            "cost on such a day stops the allocation",
        )


def _shut(
    rules: AllocationFile,
    drivers: Mapping[str, Driver],
    names: Sequence[str],
    left_out: set[tuple[str, str]],
    period: Period,
) -> dict[tuple[str, ...], list[date]]:
    """Circle of pools that nobody outside uses -> the days it is so."""
    resolve = network.named_pool(pool.name for pool in rules.pools)
    sums = {name: _consumers(driver, resolve, period.first_day) for name, driver in drivers.items()}
    found: dict[tuple[str, ...], list[date]] = {}
    for day in sorted({day for days in sums.values() for day in days}):
        used: dict[str, set[str]] = {name: set() for name in names}
        outside = set()
        for pool in rules.pools:
            if pool.name not in used:
                continue
            for driver in [pool.driver, *(blend.driver for blend in pool.drivers)]:
                consumers = sums.get(driver or "", {}).get(day, set())
                counted = {name for name in consumers if (pool.name, name) not in left_out}
                # NOTE: a day that goes to the fallback is taken to have a way out: the fallback is not computed here
                if not counted or _OUTSIDE in counted:
                    outside.add(pool.name)
                used[pool.name] |= counted - {_OUTSIDE}
        if shut := network.enclosed(used, outside):
            found.setdefault(network.cycle(used, shut), []).append(day)
    return found


def _consumers(driver: Driver, resolve: Callable[[str], str | None], first: date) -> dict[date, set[str]]:
    """Day -> who uses the driver, of days without a negative quantity; all that is no pool is one."""
    rows = driver.rows.filter(pc.greater_equal(driver.rows["date"], pa.scalar(first)))
    coded = pc.dictionary_encode(rows["customer"].combine_chunks())
    meant = pa.array([resolve(raw) or _OUTSIDE for raw in coded.dictionary.to_pylist()], pa.string())
    table = pa.table({"day": rows["date"], "who": meant.take(coded.indices), "quantity": rows["quantity"]})
    ranges = table.group_by(["day", "who"]).aggregate([("quantity", "min"), ("quantity", "max")]).to_pylist()
    zero = Decimal(0)
    negative = {row["day"] for row in ranges if row["quantity_min"] < zero}
    found: dict[date, set[str]] = {}
    for row in ranges:
        if row["day"] not in negative and row["quantity_max"] > zero:
            found.setdefault(row["day"], set()).add(row["who"])
    return found
