"""Day D: the last UTC day complete for every source and driver in use (ALLOCATION 1)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from agent.billing.ledger.versions import heads, periods
from agent.config.loading import Settings
from agent.errors import NothingToDo
from agent.inputs import current
from agent.period import Period
from agent.usage import Driver

END_OF_TIME = date(9999, 12, 30)


@dataclass(frozen=True, slots=True)
class AsOf:
    """Day D of a period, and who was left out of it because they lag further than their limit."""

    period: Period
    day: date
    late_sources: Mapping[str, date]
    """Source -> its last complete day."""
    late_drivers: Mapping[str, date | None]
    """Driver -> its last day with data, or None without any."""
    begun: bool = True
    """Whether a day of the month is complete at all."""

    @property
    def is_open(self) -> bool:
        """Whether D lies before the last day of the month."""
        return self.day < self.period.last_day

    @property
    def through(self) -> date:
        """The last charge date that counts: D, and without end once the month is complete.

        NOTE: a bill may hold days after its month (an invoice month of another time zone); they belong to its cost.
        """
        return self.day if self.is_open else END_OF_TIME


def source_days(settings: Settings) -> dict[str, date]:
    """Each configured source's last complete day over all periods; sources without usage lines are left out."""
    configured = {source.name for source in settings.app.sources}
    days: dict[str, date] = {}
    for period in periods(settings.data):
        for version in heads(settings.data, period):
            if version.manifest.usage_through is not None and version.source in configured:
                through = date.fromisoformat(version.manifest.usage_through)
                days[version.source] = max(days.get(version.source, through), through)
    return days


def find(settings: Settings, period: Period, sources: Mapping[str, date], drivers: Mapping[str, date | None]) -> AsOf:
    """Day D from each source's and driver's last complete day. One that lags the newest source is left out and named.

    A driver without any data is late. Without a dated source D is the last day of the month; before its first day
    nothing is complete, and D is the first.
    """
    limit = {source.name: source.late_after_days for source in settings.app.sources}
    limit |= {driver.name: driver.late_after_days for driver in settings.app.usage}
    newest = max(sources.values(), default=period.last_day)
    # NOTE: what lies after the month says nothing about lag within it
    capped = min(newest, period.last_day)
    late_sources = {n: d for n, d in sources.items() if (capped - d).days > limit.get(n, 3)}
    late_drivers = {n: d for n, d in drivers.items() if d is None or (capped - d).days > limit.get(n, 3)}
    used = [day for name, day in sources.items() if name not in late_sources]
    used += [day for name, day in drivers.items() if day is not None and name not in late_drivers]
    day = min([period.last_day, *used])
    return AsOf(period, max(day, period.first_day), late_sources, late_drivers, begun=day >= period.first_day)


def default_period(settings: Settings) -> Period:
    """The month of day D, over what was taken in so far. Raises ``NothingToDo`` before the first ingest.

    A month of which no day is complete yet, as on its first day, is not begun: the one before it is meant.
    """
    known = periods(settings.data)
    if not known:
        raise NothingToDo("nothing was ingested yet", mend="run apportion ingest")
    sources = source_days(settings)
    last = find(settings, max(known), sources, {})
    # NOTE: beyond its limit a driver is left out of D, so only early in the month need the drivers be read
    if last.day.day <= max((driver.late_after_days for driver in settings.app.usage), default=0):
        taken = current(settings.data)
        drivers = [taken.driver(driver) for driver in settings.app.usage if driver.name in taken.usage]
        last = find(settings, max(known), sources, driver_days(settings, drivers))
    earlier = [period for period in known if period < last.period]
    return last.period if last.begun or not earlier else max(earlier)


def driver_days(settings: Settings, drivers: Iterable[Driver]) -> dict[str, date | None]:
    """Each used driver's last day with data: a driver that no pool names holds nothing back."""
    pools = settings.allocation().pools
    used = {name for pool in pools for name in (pool.driver, *(blend.driver for blend in pool.drivers))}
    return {driver.name: driver.last_day for driver in drivers if driver.name in used}
