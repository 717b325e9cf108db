"""The serving loop in this process: what it needs to start, and how it ends. More in state/test_processes.py."""

import os
import signal
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from agent.config.loading import Settings, load_application
from agent.errors import SourceError, UsageError
from agent.schedule import Job, daily, serve
from agent.schedule.calendar import LocalTimes
from agent.state import open_state

NOW = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
KEY = "daily:Example:2026-11-02"


def settings(folder: Path, more: str = "") -> Settings:
    (folder / "apportion.yaml").write_text(f"version: 1\ncompany: Example\n{more}")
    return load_application(folder / "apportion.yaml")


def test_without_a_slack_token_nothing_starts(tmp_path: Path) -> None:
    house = settings(tmp_path, 'slack: {channel: "#cloud-cost"}\n')
    with pytest.raises(UsageError, match="no Slack token"):
        serve(house, [], environment={})
    assert not (tmp_path / "data").exists()


def test_without_slack_a_failure_is_in_the_log_and_in_the_state(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def body(day: date) -> str:
        os.kill(os.getpid(), signal.SIGTERM)
        raise SourceError(f"no export for {day}")

    house, before = settings(tmp_path), signal.getsignal(signal.SIGTERM)
    serve(house, [daily(house.app.schedule, body)], environment={}, clock=lambda: NOW)
    assert "no Slack channel is configured key=failed:daily:Example:2026-11-02: the digest did not run" in caplog.text
    with open_state(house.app.state, house.root) as state:
        run = state.runs.get(KEY)
    assert run is not None
    assert (run.outcome, run.message) == ("failed", "no export for 2026-11-02")
    assert signal.getsignal(signal.SIGTERM) == before


def test_a_fire_of_the_clock_itself_runs_the_job(tmp_path: Path) -> None:
    days: list[date] = []

    def body(day: date) -> str:
        days.append(day)
        os.kill(os.getpid(), signal.SIGTERM)
        return "posted"

    house = settings(tmp_path)
    due = datetime.now(UTC) + timedelta(seconds=1)  # APScheduler goes by the machine's clock
    job = Job("daily", "the digest", LocalTimes(due.time(), ZoneInfo("UTC")), body, timedelta(hours=1))
    # By the agent's own clock nothing is due: only the trigger can start the job.
    serve(house, [job], environment={}, clock=lambda: due - timedelta(hours=2))
    assert days == [due.date()]


def test_a_state_database_that_goes_away_is_waited_for(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    def body(day: date) -> str:
        os.kill(os.getpid(), signal.SIGTERM)
        with open_state(house.app.state, house.root) as state, state.engine.begin() as connection:
            connection.exec_driver_sql("drop table runs")
        return "posted"

    house = settings(tmp_path)
    serve(house, [daily(house.app.schedule, body)], environment={}, clock=lambda: NOW)
    assert "task=daily:Example:2026-11-02 broke" in caplog.text
