"""Drivers as pools use them: unknown customers, rows without a part, capacities in another unit, blends with a gap."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal, localcontext
from typing import Any

import pyarrow as pa

from agent.allocation.quantities import capacities, scales
from agent.config.allocation import Pool
from agent.config.usage import DriverCapacity
from agent.doctor.records import Finding, told, warn
from agent.errors import InputError
from agent.usage import Driver
from policies.registry import Registry

_SHOWN = 3
_SUMMED = pa.decimal256(76, 12)
_DIGITS = 200
"""Enough for sums of quantities and percentages of them to be exact."""
Days = Mapping[date, Decimal]


def measured(pools: Sequence[Pool], drivers: Mapping[str, Driver], registry: Registry | None) -> Iterator[Finding]:
    """What is odd in ``drivers``, by name, for the ``pools`` that use them; a driver that was not read is left out."""
    with localcontext(prec=_DIGITS):
        split_by = dict.fromkeys(name for pool in pools for name in _split_by(pool) if name in drivers)
        for name in split_by:
            if registry is not None:
                yield from _unknown(drivers[name], registry, pools)
        for pool in pools:
            yield from _parts(pool, drivers)
            yield from _gaps(pool, drivers)
            for name, capacity in capacities(pool):
                if name in drivers and (capacity.driver is None or capacity.driver in drivers):
                    yield from _capacity(pool, name, capacity, drivers)
    yield from _sums(pools, drivers)


def _split_by(pool: Pool) -> list[str]:
    """The drivers a pool is split by, without those that are capacities: their customers are machines."""
    return [pool.driver] if pool.driver is not None else [blend.driver for blend in pool.drivers]


def _unknown(driver: Driver, registry: Registry, pools: Sequence[Pool]) -> Iterator[Finding]:
    sums = _sums_by(driver, "customer")
    whole = sum(sums.values(), Decimal(0))
    reserved = {"@opex", *(f"@pool/{pool.name}".casefold() for pool in pools)}
    unknown = {n: q for n, q in sums.items() if registry.fold(n) is None and n.strip().casefold() not in reserved}
    if not unknown or whole <= 0:
        return
    largest = sorted(unknown, key=lambda name: (-unknown[name], name))
    named = [f"{name}{_nearest(registry, name)}" for name in largest[:_SHOWN]]
    more = f" and {len(unknown) - _SHOWN} more" if len(unknown) > _SHOWN else ""
    share = _percent(sum(unknown.values(), Decimal(0)), whole)
    text = f"{share} of the quantity is of customers that are not registered: {', '.join(named)}{more}"
    yield warn(f"usage {driver.name}", text, "their share of each pool stays unallocated")


def _nearest(registry: Registry, name: str) -> str:
    found = registry.nearest(name)
    return f" (nearest: {found})" if found else ""


def _parts(pool: Pool, drivers: Mapping[str, Driver]) -> Iterator[Finding]:
    """A pool with parts counts only rows that name one."""
    for name in _split_by(pool) if pool.by is not None else []:
        if name not in drivers:
            continue
        sums = _sums_by(drivers[name], "key")
        whole, lost = sum(sums.values(), Decimal(0)), sums.get("", Decimal(0))
        if lost and whole > 0:
            text = f"{pool.name} is split by parts, and {_percent(lost, whole)} of {name} names no key"
            yield warn("pools", text, "such rows count for no part; deliver the column key")


def _gaps(pool: Pool, drivers: Mapping[str, Driver]) -> Iterator[Finding]:
    """A blend of which one driver lacks days that another has."""
    held = {name: set(_by_day(drivers[name])) for name in _split_by(pool) if name in drivers}
    every = sorted(set[date]().union(*held.values()))
    for name in held if len(held) > 1 else []:
        lacks = [day for day in every if day not in held[name]]
        if lacks:
            text = f"{pool.name} blends {', '.join(held)}, and {name} has no rows on {_days(lacks)}"
            yield warn("pools", text, "its part of these days goes to the fallback, the others' parts do not")


def _capacity(pool: Pool, name: str, capacity: DriverCapacity, drivers: Mapping[str, Driver]) -> Iterator[Finding]:
    """Used and capacity must be of one unit; what cannot be checked shows where one is far from the other."""
    used = _by_day(drivers[name])
    given = None if capacity.driver is None else _by_day(drivers[capacity.driver])
    there = dict.fromkeys(used, capacity.quantity or Decimal(0)) if given is None else given
    both = [day for day in used if day in there]
    where = f"{pool.name}: the capacity of {name}"
    if unknown := sorted(set(used) - set(there)):
        yield warn("pools", f"{where} is not known on {_days(unknown)}", "nothing of these days counts as idle")
    if above := sorted(day for day in both if used[day] > there[day]):
        mend = "is it in the same unit?" if 10 * len(above) > len(both) else "nothing of these days counts as idle"
        yield warn("pools", f"{where} is exceeded on {_days(above)}", mend)
    total = sum((used[day] for day in both), Decimal(0))
    whole = sum((there[day] for day in both), Decimal(0))
    if both and 100 * total < whole:
        text = f"{where} is more than a hundred times what is used ({_percent(total, whole)})"
        yield warn("pools", text, "is it in the same unit? nearly all of the pool would be idle")


def _sums(pools: Sequence[Pool], drivers: Mapping[str, Driver]) -> Iterator[Finding]:
    """Quantities that the allocation will refuse, because their sum needs more digits than it keeps."""
    scale = scales(drivers, pools)
    for driver in drivers.values():
        try:
            scale.rows(driver)
        except InputError as error:
            yield told(f"usage {driver.name}", error)


def _by_day(driver: Driver) -> Days:
    return dict(_grouped(driver, "date"))


def _sums_by(driver: Driver, column: str) -> dict[str, Decimal]:
    """Quantities above zero, by the texts of a column; '' for null."""
    return {text or "": quantity for text, quantity in _grouped(driver, column) if quantity > 0}


def _grouped(driver: Driver, column: str) -> list[tuple[Any, Decimal]]:
    # NOTE: Arrow's sums of 128 bits wrap around without a word
    rows = driver.rows.select([column]).append_column("quantity", driver.rows["quantity"].cast(_SUMMED))
    sums = rows.group_by(column).aggregate([("quantity", "sum")])
    return list(zip(sums[column].to_pylist(), sums["quantity_sum"].to_pylist(), strict=True))


def _percent(part: Decimal, whole: Decimal) -> str:
    return f"{100 * part / whole:.1f} %"


def _days(days: Sequence[date]) -> str:
    more = f" and {len(days) - _SHOWN} more days" if len(days) > _SHOWN else ""
    return f"{', '.join(map(str, days[:_SHOWN]))}{more}"
