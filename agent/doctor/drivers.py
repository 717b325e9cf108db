"""Usage, revenue and the registry: what the files configured now hold, whether or not it was taken in yet."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.compute as pc

from agent.config.loading import Settings
from agent.config.usage import FileUsage, LiveUsage, UsageConfig
from agent.doctor.live import answers
from agent.doctor.measured import measured
from agent.doctor.records import Finding, ok, told, warn
from agent.errors import InputError
from agent.period import Period
from agent.usage import SUFFIXES, Driver, NamedContent, read_files
from policies.registry import Registry

_SHOWN = 5


def usage(settings: Settings, today: date) -> Iterator[Finding]:
    """Every configured driver: the days it covers, the days between them it lacks, and days that cannot be used."""
    if not settings.app.usage:
        yield ok("usage", "no driver is configured: pools split evenly, by cost or by fixed shares")
    read: dict[str, Driver] = {}
    for config in settings.app.usage:
        part = f"usage {config.name}"
        if isinstance(config, LiveUsage):
            yield from answers(part, settings, config, today)
            continue
        try:
            driver = read_files(config, configured_files(config, settings.resolve(config.location)))
        except (InputError, OSError) as error:
            yield told(part, error)
        else:
            read[config.name] = driver
            yield from _driver(part, config, driver, today)
    rules = settings.allocation(Period(today.year, today.month))
    yield from measured(rules.pools, read, settings.registry() if settings.app.customers is not None else None)


def configured_files(config: FileUsage, location: Path) -> list[NamedContent]:
    """The driver's file, or every file of its folder that its kind reads."""
    if not location.is_dir():
        return [(config.location, location.read_bytes())]
    found = sorted(file for file in location.iterdir() if file.suffix in SUFFIXES[config.kind] and file.is_file())
    if not found:
        raise InputError(f"the folder holds no {' or '.join(SUFFIXES[config.kind])} file", where=str(location))
    return [(f"{config.location}/{file.name}", file.read_bytes()) for file in found]


def _driver(part: str, config: UsageConfig, driver: Driver, today: date) -> Iterator[Finding]:
    days = sorted(set(driver.rows["date"].to_pylist()))
    if not days:
        yield warn(part, "holds no row")
        return
    customers = pc.count_distinct(driver.rows["customer"]).as_py()
    yield ok(part, f"{len(days)} days, {days[0]} to {days[-1]}, {customers} customers")
    if gaps := _gaps(days):
        yield warn(part, f"no rows on {_listed(gaps)}", "these days go to the pool's fallback")
    if invalid := _invalid(driver):
        yield warn(
            part, f"zero, negative or with hours missing on {_listed(invalid)}", "these days go to the pool's fallback"
        )
    if today - days[-1] > timedelta(days=config.late_after_days + 1):
        yield warn(part, f"ends {(today - days[-1]).days} days ago", "is the driver still exported?")
    yield from (warn(part, note) for note in driver.notes)


def _gaps(days: list[date]) -> list[date]:
    held = set(days)
    every = ((days[0] + timedelta(days=offset)) for offset in range((days[-1] - days[0]).days + 1))
    return [day for day in every if day not in held]


def _invalid(driver: Driver) -> list[date]:
    """Days the allocation will not use: a negative quantity, nothing but zeros, or under 90 % of the intervals."""
    sums = [("quantity", "min"), ("quantity", "max"), ("hour", "count_distinct")]
    zero, hours = Decimal(0), 24 if driver.interval == "hour" else 0

    def thin(day: dict[str, Any]) -> bool:
        seen, expected = driver.coverage.get(day["date"], (day["hour_count_distinct"], hours))
        return bool(10 * seen < 9 * expected)

    return sorted(
        day["date"]
        for day in driver.rows.group_by("date").aggregate(sums).to_pylist()
        if day["quantity_min"] < zero or day["quantity_max"] == zero or thin(day)
    )


def _listed(days: list[date]) -> str:
    more = f" and {len(days) - _SHOWN} more days" if len(days) > _SHOWN else ""
    return f"{', '.join(map(str, days[:_SHOWN]))}{more}"


def registry(known: Registry, today: date) -> Iterator[Finding]:
    """How many customers there are, by kind, and how many of them are active."""
    kinds: dict[str, int] = {}
    for customer in known.ids:
        kind = known.shown(customer, today).kind
        kinds[kind] = kinds.get(kind, 0) + 1
    active = sum(known.active(customer, today) for customer in known.ids)
    counts = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
    yield ok("customers", f"{len(known.ids)} known ({counts}), {active} active today")
