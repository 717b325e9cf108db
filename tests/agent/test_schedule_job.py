"""When jobs fire and under which key, on ordinary days and on those when the clocks change."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from agent.config.application import ScheduleConfig
from agent.errors import UsageError
from agent.schedule import Job, daily, monthly
from agent.schedule.calendar import LocalTrigger

NEW_YORK = ZoneInfo("America/New_York")


def job(timezone: str = "America/New_York", digest: str = "09:00") -> Job:
    return daily(ScheduleConfig(timezone=timezone, digest=digest), lambda day: f"did {day}")


def fires(made: Job, start: datetime, end: datetime) -> list[datetime]:
    """Every fire as APScheduler asks for them, one after the other."""
    trigger, found = LocalTrigger(made.times), []
    at = trigger.get_next_fire_time(None, start.astimezone(UTC))
    while at < end:
        found.append(at)
        at = trigger.get_next_fire_time(at, at + timedelta(milliseconds=5))
    return found


def test_the_digest_comes_at_nine_local_on_both_days_the_clocks_change() -> None:
    spring = fires(job(), datetime(2026, 3, 7, tzinfo=NEW_YORK), datetime(2026, 3, 10, tzinfo=NEW_YORK))
    autumn = fires(job(), datetime(2026, 10, 31, tzinfo=NEW_YORK), datetime(2026, 11, 3, tzinfo=NEW_YORK))
    assert [at.hour for at in spring] == [14, 13, 13]
    assert [at.hour for at in autumn] == [13, 14, 14]
    assert {at.astimezone(NEW_YORK).hour for at in spring + autumn} == {9}


def test_an_hour_that_comes_twice_makes_one_fire() -> None:
    found = fires(job(digest="01:30"), datetime(2026, 11, 1, tzinfo=NEW_YORK), datetime(2026, 11, 2, tzinfo=NEW_YORK))
    assert found == [datetime(2026, 11, 1, 5, 30, tzinfo=UTC)]


def test_an_hour_that_never_comes_still_makes_one_fire_of_that_day() -> None:
    made = job(digest="02:30")
    found = fires(made, datetime(2026, 3, 8, tzinfo=NEW_YORK), datetime(2026, 3, 9, tzinfo=NEW_YORK))
    assert found == [datetime(2026, 3, 8, 7, 30, tzinfo=UTC)]
    assert made.day(found[0]) == date(2026, 3, 8)


@pytest.mark.parametrize(
    "zone",
    ["UTC", "Europe/Paris", "Australia/Lord_Howe", "America/Havana", "Asia/Beirut", "Asia/Kolkata", "Pacific/Apia"],
)
@pytest.mark.parametrize("digest", ["00:00", "00:30", "01:45", "02:30", "09:00", "23:30"])
def test_every_day_of_a_year_has_one_fire_of_its_own(zone: str, digest: str) -> None:
    made = job(zone, digest)
    found = fires(made, datetime(2026, 1, 1, tzinfo=ZoneInfo(zone)), datetime(2027, 1, 1, tzinfo=ZoneInfo(zone)))
    assert [made.day(at) for at in found] == [date(2026, 1, 1) + timedelta(days=n) for n in range(365)]
    assert all(made.last_due(at + timedelta(seconds=1), timedelta(hours=1)) == at for at in found)


def test_a_date_the_calendar_left_out_does_not_stop_the_clock() -> None:
    zone = ZoneInfo("Pacific/Apia")  # went from 29 to 31 December 2011
    made = job("Pacific/Apia")
    found = fires(made, datetime(2011, 12, 29, tzinfo=zone), datetime(2012, 1, 2, tzinfo=zone))
    assert sorted({made.key("x", at) for at in found}) == [
        f"daily:x:{day}" for day in ("2011-12-29", "2011-12-31", "2012-01-01")
    ]


def test_the_key_is_of_the_local_day_not_of_utc() -> None:
    assert job("Asia/Tokyo", "07:00").key("x", datetime(2026, 11, 1, 22, tzinfo=UTC)) == "daily:x:2026-11-02"


def test_companies_that_share_a_state_have_keys_of_their_own() -> None:
    at = datetime(2026, 11, 2, 14, tzinfo=UTC)
    assert job().key("a", at) != job().key("b", at)


def test_the_monthly_report_comes_on_its_day() -> None:
    made = monthly(ScheduleConfig(timezone="Europe/Paris", digest="09:00", report_day=5), str)
    assert fires(made, datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC)) == [
        datetime(2026, 10, 5, 7, tzinfo=UTC),
        datetime(2026, 11, 5, 8, tzinfo=UTC),
    ]


@pytest.mark.parametrize(
    ("now", "due"),
    [
        (datetime(2026, 11, 2, 13, 59, tzinfo=UTC), None),
        (datetime(2026, 11, 2, 14, 0, tzinfo=UTC), datetime(2026, 11, 2, 14, tzinfo=UTC)),
        (datetime(2026, 11, 3, 1, 59, tzinfo=UTC), datetime(2026, 11, 2, 14, tzinfo=UTC)),
        (datetime(2026, 11, 3, 2, 1, tzinfo=UTC), None),
    ],
)
def test_what_was_due_is_known_for_as_long_as_asked(now: datetime, due: datetime | None) -> None:
    assert job().last_due(now, timedelta(hours=12)) == due


@pytest.mark.parametrize("hour", [5, 6, 7])
def test_what_was_due_is_known_in_the_hour_that_comes_twice(hour: int) -> None:
    now = datetime(2026, 11, 1, hour, 45, tzinfo=UTC)
    assert job(digest="01:30").last_due(now, timedelta(hours=12)) == datetime(2026, 11, 1, 5, 30, tzinfo=UTC)


def test_of_several_fires_the_last_one_is_due() -> None:
    assert job().last_due(datetime(2026, 11, 9, 20, tzinfo=UTC), timedelta(days=5)) == datetime(
        2026, 11, 9, 14, tzinfo=UTC
    )


@pytest.mark.parametrize("zone", ["Europe/Pari", "../etc/passwd", ""])
def test_a_time_zone_nobody_knows_is_a_mistake_with_a_place(zone: str) -> None:
    with pytest.raises(UsageError, match="is not a time zone") as caught:
        job(zone)
    assert caught.value.where == "apportion.yaml, schedule.timezone"
