"""Which intervals of the days asked for a live source had samples of, and the ends of those days in time."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal

from agent.usage.quantities import Moment

HOUR_SECONDS, DAY_SECONDS = 3_600, 86_400


def days(first: date, last: date) -> list[date]:
    """Every day asked for, ends included."""
    return [first + timedelta(days=offset) for offset in range((last - first).days + 1)]


def bounds(first: date, last: date) -> tuple[datetime, datetime]:
    """From the begin of the first day to the end of the last, in UTC; the end is the begin of the day after."""
    begin = datetime.combine(first, time(), UTC)
    return begin, begin + timedelta(days=(last - first).days + 1)


def moment(at: datetime, interval: Literal["day", "hour"]) -> Moment:
    """The day, and of an hourly driver the hour, that a time of UTC lies in."""
    return at.date(), at.hour if interval == "hour" else None


def coverage(
    first: date, last: date, seen: Iterable[tuple[date, object]], of_a_day: int
) -> dict[date, tuple[int, int]]:
    """Every day asked for -> (intervals seen, ``of_a_day``). ``seen`` names intervals, each any number of times."""
    counts = dict.fromkeys(days(first, last), 0)
    for day, _ in set(seen):
        counts[day] += 1
    return {day: (count, of_a_day) for day, count in counts.items()}
