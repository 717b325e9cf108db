"""One fire: claimed once, run, written down, told when it failed."""

import io
import logging
import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from agent.config.application import ScheduleConfig
from agent.errors import NothingToDo, PartialRun, SourceError
from agent.schedule import Fires, Job, daily, log_to, monthly
from agent.schedule.watch import Watch
from agent.schedule.worker import Worker
from agent.state import LEASE, MAX_ATTEMPTS, State, open_state

DUE = datetime(2026, 11, 2, 9, tzinfo=UTC)
KEY = "daily:Example:2026-11-02"


@dataclass
class Desk:
    state: State
    now: datetime = DUE
    told: list[tuple[str, str]] = field(default_factory=list)
    days: list[date] = field(default_factory=list)

    def fires(self, instance: str = "one") -> Fires:
        return Fires(self.state.runs, "Example", instance, lambda: self.now, lambda *words: self.told.append(words))

    def job(self, body: Callable[[date], str] | None = None) -> Job:
        return daily(ScheduleConfig(), body or self.work)

    def work(self, day: date) -> str:
        self.days.append(day)
        return "posted"

    @property
    def run(self):
        return self.state.runs.get(KEY)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with open_state("sqlite:///state.db", tmp_path) as state:
        yield Desk(state)


def raising(error: Exception) -> Callable[[date], str]:
    def body(day: date) -> str:
        raise error

    return body


def test_a_fire_runs_the_job_for_its_local_day_and_is_written_down(desk: Desk) -> None:
    assert desk.fires().fire(desk.job(), DUE) == "done"
    assert desk.days == [date(2026, 11, 2)]
    assert (desk.run.outcome, desk.run.message, desk.run.scheduled_for) == ("done", "posted", DUE)
    assert desk.told == []


def test_the_same_fire_runs_once_whoever_fires_it(desk: Desk) -> None:
    outcomes = [desk.fires(name).fire(desk.job(), DUE) for name in ("one", "two", "one")]
    assert outcomes == ["done", "not claimed", "not claimed"]
    assert len(desk.days) == 1


@pytest.mark.parametrize(
    ("error", "outcome", "told"),
    [
        (SourceError("the export is incomplete"), "failed", "the digest did not run: the export is incomplete"),
        (NothingToDo("no data for 2026-11"), "failed", "the digest did not run: no data for 2026-11"),
        (PartialRun("one account is unreadable"), "partial", "the digest ran only in part: one account is unreadable"),
    ],
)
def test_a_fire_that_fails_is_written_down_and_told_once(desk: Desk, error: Exception, outcome: str, told: str) -> None:
    assert desk.fires().fire(desk.job(raising(error)), DUE) == outcome
    desk.fires("two").fire(desk.job(raising(error)), DUE)
    assert (desk.run.outcome, desk.run.message) == (outcome, str(error))
    assert desk.told == [(f"failed:{KEY}", told)]


def test_an_error_of_our_own_is_logged_whole_and_told_without_its_text(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    assert desk.fires().fire(desk.job(raising(ValueError("a password perhaps"))), DUE) == "failed"
    assert "Traceback" in caplog.text
    assert "ValueError" in desk.told[0][1]
    assert "password" not in desk.told[0][1]


def test_a_slack_that_is_down_does_not_hide_the_failure(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    def tell(key: str, text: str) -> None:
        raise PartialRun("Slack cannot be reached")

    fires = desk.fires()
    fires.tell = tell
    assert fires.fire(desk.job(raising(SourceError("gone"))), DUE) == "failed"
    assert "Slack was not told: Slack cannot be reached" in caplog.text
    assert desk.run.outcome == "failed"


def test_a_claim_lost_while_running_is_said(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    def overtaken(day: date) -> str:
        desk.now += LEASE * 2
        desk.fires("two").fire(desk.job(), DUE)
        return "late"

    desk.fires().fire(desk.job(overtaken), DUE)
    assert "was taken over by another instance" in caplog.text
    assert desk.run.instance == "two"


def test_a_running_fire_stays_claimed_as_long_as_it_is_renewed(desk: Desk) -> None:
    others: list[str] = []

    def slow(day: date) -> str:
        for _ in range(10):
            desk.now += LEASE / 2
            fires.renew()
            others.append(desk.fires("two").fire(desk.job(), DUE))
        return "slowly"

    fires = desk.fires()
    assert fires.fire(desk.job(slow), DUE) == "done"
    assert set(others) == {"not claimed"}


def test_a_released_fire_may_be_claimed_at_once(desk: Desk) -> None:
    def stopped(day: date) -> str:
        assert fires.release() == KEY
        assert desk.fires("two").fire(desk.job(), DUE) == "done"
        return "cut short"

    fires = desk.fires()
    fires.fire(desk.job(stopped), DUE)
    assert desk.run.instance == "two"
    assert fires.release() is None


def round_of(desk: Desk, *jobs: Job) -> None:
    """A start and one round of the watch, with everything it queued run to its end."""
    worker = Worker()
    watch = Watch(desk.fires("watcher"), jobs, worker, lambda: None)
    watch.start()
    watch.round()
    ended = threading.Event()
    worker.submit("end", ended.set)
    worker.start()
    assert ended.wait(10)
    assert worker.stop(10)


def test_a_fire_missed_while_nobody_was_up_is_made_good(desk: Desk) -> None:
    desk.now = DUE + timedelta(hours=11)
    round_of(desk, desk.job())
    round_of(desk, desk.job())
    assert desk.days == [date(2026, 11, 2)]


def test_a_fire_missed_too_long_ago_is_only_said(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    desk.now = DUE + timedelta(hours=13)
    round_of(desk, desk.job())
    assert desk.days == []
    assert f"fire key={KEY} was missed and is too old to be made good" in caplog.text


def test_a_fire_that_ran_is_not_said_to_be_missed(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    desk.fires().fire(desk.job(), DUE)
    desk.now = DUE + timedelta(hours=13)
    round_of(desk, desk.job())
    assert "missed" not in caplog.text


def test_the_monthly_report_is_made_good_days_later(desk: Desk) -> None:
    desk.now = datetime(2026, 11, 9, 6, tzinfo=UTC)
    round_of(desk, monthly(ScheduleConfig(), desk.work))
    assert desk.days == [date(2026, 11, 5)]


def test_a_fire_whose_instance_died_is_run_by_the_next_after_the_lease(desk: Desk) -> None:
    desk.state.runs.claim(KEY, "daily", DUE, "dead", DUE)
    desk.now = DUE + LEASE - timedelta(seconds=1)
    round_of(desk, desk.job())
    assert desk.days == []
    desk.now = DUE + LEASE + timedelta(seconds=1)
    round_of(desk, desk.job())
    assert (desk.days, desk.run.instance, desk.run.attempts) == ([date(2026, 11, 2)], "watcher", 2)


def test_a_fire_that_kills_its_process_is_given_up_and_told_once(desk: Desk) -> None:
    for _ in range(MAX_ATTEMPTS):
        assert desk.state.runs.claim(KEY, "daily", DUE, "dying", desk.now)
        desk.now += LEASE * 2
    round_of(desk, desk.job())
    round_of(desk, desk.job())
    assert desk.days == []
    assert desk.run.outcome == "abandoned"
    assert desk.told == [(f"failed:{KEY}", "the digest did not run: the process died in each of 3 attempts")]


def test_a_task_that_breaks_does_not_end_the_worker(caplog: pytest.LogCaptureFixture) -> None:
    worker, ended = Worker(), threading.Event()
    worker.submit("broken", lambda: 1 / 0)
    worker.submit("end", ended.set)
    worker.start()
    assert ended.wait(10)
    assert "task=broken broke" in caplog.text
    assert worker.stop(10)


def test_a_task_waiting_already_is_not_queued_twice() -> None:
    worker, seen = Worker(), []
    for _ in range(3):
        worker.submit("same", lambda: seen.append(1))
    ended = threading.Event()
    worker.submit("end", ended.set)
    worker.start()
    assert ended.wait(10)
    assert seen == [1]
    assert worker.stop(10)


def test_a_line_break_in_a_message_does_not_forge_a_log_line() -> None:
    out = io.StringIO()
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    try:
        log_to(out)
        logging.getLogger("x").info("customer %s", "a\n2026-01-01T00:00:00Z INFO forged")
        logging.getLogger("apscheduler").info("chatter")
    finally:
        root.handlers[:] = before
        root.setLevel(level)
    lines = out.getvalue().splitlines()
    assert len(lines) == 1
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ INFO x customer a\\n2026.*", lines[0])
