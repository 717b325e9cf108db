"""Day D: the last UTC day complete for every source and driver in use (ALLOCATION 1)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from agent.billing.ledger import heads, periods
from agent.config.loading import Settings
from agent.errors import NothingToDo
from agent.period import Period


@dataclass(frozen=True, slots=True)
class AsOf:
    """Day D of a period, and who was left out of it because they lag further than their limit."""

    period: Period
    day: date
    late_sources: Mapping[str, date]
    """Source -> its last complete day."""
    late_drivers: Mapping[str, date | None]
    """Driver -> its last day with data, or None without any."""

    @property
    def is_open(self) -> bool:
        """Whether D lies before the last day of the month."""
        return self.day < self.period.last_day


def source_days(data: Path) -> dict[str, date]:
    """Each source's last complete day over all periods; sources without usage lines are left out."""
    days: dict[str, date] = {}
    for period in periods(data):
        for version in heads(data, period):
            if version.manifest.usage_through is not None:
                through = date.fromisoformat(version.manifest.usage_through)
                days[version.source] = max(days.get(version.source, through), through)
    return days


def find(settings: Settings, period: Period, sources: Mapping[str, date], drivers: Mapping[str, date | None]) -> AsOf:
    """Day D from each source's and driver's last complete day. One that lags the newest source is left out and named.

    A driver without any data is late. Without a dated source D is the last day of the month.
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
    return AsOf(period, max(day, period.first_day), late_sources, late_drivers)


def default_period(settings: Settings) -> Period:
    """The month of day D, over what was taken in so far. Raises ``NothingToDo`` before the first ingest."""
    known = periods(settings.data)
    if not known:
        raise NothingToDo("nothing was ingested yet", mend="run apportion ingest")
    newest = max(known)
    return Period.of(find(settings, newest, source_days(settings.data), {}).day)
