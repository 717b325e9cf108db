"""When a job fires: once on each local date, or on one day of each month, at a time of day."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from apscheduler.triggers.base import BaseTrigger


@dataclass(frozen=True, slots=True)
class LocalTimes:
    """``at`` local time in ``zone``; ``day_of_month`` None means every day. All moments given back are UTC.

    An hour that comes twice counts the first time; one that the spring leaves out comes as much later as the clocks
    were put forward. So each date has exactly one moment.

    NOTE: APScheduler's CronTrigger (3.11.3) does neither: 01:30 fires twice in autumn, and 00:30 Europe/Paris leaves
    out the whole day after the clocks went forward.
    """

    at: time
    zone: ZoneInfo
    day_of_month: int | None = None

    def moment(self, day: date) -> datetime:
        """The fire of one local date."""
        return datetime.combine(day, self.at, self.zone).astimezone(UTC)

    def after(self, moment: datetime) -> datetime:
        """The first fire later than ``moment``."""
        # NOTE: a day back, because the fire of a day the spring shortens may lie after that day's end.
        day = moment.astimezone(self.zone).date() - timedelta(days=1)
        while not self._on(day) or self.moment(day) <= moment:
            day += timedelta(days=1)
        return self.moment(day)

    def last(self, now: datetime) -> datetime:
        """The latest fire at or before ``now``."""
        day = now.astimezone(self.zone).date()
        while not self._on(day) or self.moment(day) > now:
            day -= timedelta(days=1)
        return self.moment(day)

    def _on(self, day: date) -> bool:
        return self.day_of_month in (None, day.day)


class LocalTrigger(BaseTrigger):  # type: ignore[misc]  # APScheduler publishes no types
    """The same for APScheduler, which asks for one fire after another."""

    def __init__(self, times: LocalTimes) -> None:
        self._times = times

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime:
        """The fire after the previous one, also when it has passed already: APScheduler then folds them into one."""
        # NOTE: a first call may ask for a fire at this very moment.
        return self._times.after(previous_fire_time or now - timedelta(microseconds=1))
