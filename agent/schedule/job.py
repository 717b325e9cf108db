"""The jobs of the agent: when they fire, and the key that makes each fire run once."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from agent.config.application import ScheduleConfig
from agent.errors import UsageError
from agent.schedule.calendar import LocalTimes

DAILY_GRACE = timedelta(hours=12)
"""A digest that was due while the agent was down is made this late at most."""

MONTHLY_GRACE = timedelta(days=14)
"""Finance's report is wanted also when the agent was down for a week."""

Body = Callable[[date], str]
"""The work itself: takes the local date it is for, returns one line on what was done, raises ``ApportionError``."""


@dataclass(frozen=True, slots=True)
class Job:
    """``title`` is what people call it, as in "the digest did not run"."""

    name: str
    title: str
    times: LocalTimes
    body: Body
    grace: timedelta

    def day(self, scheduled_for: datetime) -> date:
        """The local date of a fire."""
        return scheduled_for.astimezone(self.times.zone).date()

    def key(self, company: str, scheduled_for: datetime) -> str:
        """One key per local date of the scheduled time.

        NOTE: never from the clock, which differs between instances.
        """
        return f"{self.name}:{company}:{self.day(scheduled_for).isoformat()}"

    def last_due(self, now: datetime, within: timedelta) -> datetime | None:
        """The latest fire at or before ``now``, unless it was longer than ``within`` ago; UTC."""
        last = self.times.last(now)
        return last if now - last <= within else None


def daily(schedule: ScheduleConfig, body: Body) -> Job:
    """Every day at ``schedule.digest``, local time."""
    return Job("daily", "the digest", _at(schedule), body, DAILY_GRACE)


def monthly(schedule: ScheduleConfig, body: Body) -> Job:
    """On ``schedule.report_day`` at the same time of day; the work is for the month before."""
    return Job("monthly", "the monthly report", _at(schedule, day=schedule.report_day), body, MONTHLY_GRACE)


def _at(schedule: ScheduleConfig, day: int | None = None) -> LocalTimes:
    try:
        zone = ZoneInfo(schedule.timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise UsageError(
            f"{schedule.timezone!r} is not a time zone this machine knows",
            where="apportion.yaml, schedule.timezone",
            expected="a name of the IANA list, such as Europe/Paris or UTC",
            mend="correct the name; where the machine has no list, pip install tzdata",
        ) from None
    return LocalTimes(time.fromisoformat(schedule.digest), zone, day)
