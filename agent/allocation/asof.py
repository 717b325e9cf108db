"""Day D: the last UTC day complete for every source and driver in use (ALLOCATION 1)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from agent.billing.ledger.versions import LedgerVersion, periods, source_heads
from agent.config.allocation import Pool
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


@dataclass(frozen=True, slots=True)
class SourceDay:
    """How far a source has come."""

    seen: date
    """The last whole day that its usage lines cover: what lag is measured by."""
    complete: date
    """The last day of which nothing more is awaited: ``seen``, or the end of a later month that is whole."""


def source_days(settings: Settings) -> dict[str, SourceDay]:
    """How far each configured source has come over all periods; sources without usage lines are left out."""
    days: dict[str, SourceDay] = {}
    for source in settings.app.sources:
        versions = source_heads(settings.data, source.name)
        through = [version.manifest.usage_through for version in versions]
        seen = max((date.fromisoformat(day) for day in through if day is not None), default=None)
        if seen is not None:
            whole = [version.period.last_day for version in versions if _whole(version, versions)]
            days[source.name] = SourceDay(seen, max([seen, *whole]))
    return days


def _whole(version: LedgerVersion, versions: Sequence[LedgerVersion]) -> bool:
    """Whether nothing more is awaited of a source's month: read from the ledger alone, never from the clock.

    An invoiced month is whole once it holds usage: a purchase has its invoice before the month has any. A source that
    names no invoices has left a month behind when it delivers the one after next; usage of the next is ``seen`` itself.
    """
    later = [other.period for other in versions if other.period > version.period]
    manifest = version.manifest
    if manifest.invoices and manifest.estimated_until is None:
        return manifest.usage_through is not None or bool(later)
    return any(period > version.period.next for period in later)


def find(
    settings: Settings, period: Period, sources: Mapping[str, SourceDay], drivers: Mapping[str, date | None]
) -> AsOf:
    """Day D from each source's and driver's last complete day. One that lags the newest source is left out and named.

    A driver without any data is late. Without a dated source D is the last day of the month; before its first day
    nothing is complete, and D is the first.
    """
    limit = {source.name: source.late_after_days for source in settings.app.sources}
    limit |= {driver.name: driver.late_after_days for driver in settings.app.usage}
    # NOTE: what lies after the month says nothing about lag within it
    newest = min(_newest(period, sources.values()), period.last_day)
    days = {name: source.complete for name, source in sources.items()}
    late_sources = {n: d for n, d in days.items() if (newest - d).days > limit.get(n, 3)}
    late_drivers = {n: d for n, d in drivers.items() if d is None or (newest - d).days > limit.get(n, 3)}
    used = [day for name, day in days.items() if name not in late_sources]
    used += [day for name, day in drivers.items() if day is not None and name not in late_drivers]
    day = min([period.last_day, *used])
    return AsOf(period, max(day, period.first_day), late_sources, late_drivers, begun=day >= period.first_day)


def _newest(period: Period, sources: Iterable[SourceDay]) -> date:
    """The day that others are late against: the end of a month that every source has whole, else the newest usage.

    NOTE: a source that is invoiced early in a running month makes nobody late
    """
    found = list(sources)
    if all(source.complete >= period.last_day for source in found):
        return period.last_day
    return max(source.seen for source in found)


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
        last = find(settings, max(known), sources, driver_days(settings.allocation(max(known)).pools, drivers))
    earlier = [period for period in known if period < last.period]
    return last.period if last.begun or not earlier else max(earlier)


def driver_days(pools: Iterable[Pool], drivers: Iterable[Driver]) -> dict[str, date | None]:
    """Each used driver's last day with data: a driver that no pool names holds nothing back."""
    used = {name for pool in pools for name in pool.daily_drivers}
    return {driver.name: driver.last_day for driver in drivers if driver.name in used}
