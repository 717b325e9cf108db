"""Real processes on one database: they start together, restart, die, and post once."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agent.state import State
from tests.slack_server import SlackServer, Slow

HERE = Path(__file__).parent
PATIENCE = 60


def wait_for(what: Callable[[], bool], said: str) -> None:
    end = time.monotonic() + PATIENCE
    while not what():
        assert time.monotonic() < end, said
        time.sleep(0.02)


def test_instances_that_start_together_make_the_tables_once_and_share_the_claims(url: str, tmp_path: Path) -> None:
    command = [sys.executable, "-W", "error", HERE / "racing.py", url, tmp_path, "30"]
    racers = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    wait_for(lambda: len(list(tmp_path.glob("ready.*"))) == 4, "the processes did not start")
    (tmp_path / "go").touch()
    claimed = [key for racer in racers for key in racer.communicate(timeout=PATIENCE)[0].split()]
    assert [racer.returncode for racer in racers] == [0, 0, 0, 0]
    assert sorted(claimed, key=int) == [str(n) for n in range(30)]


@dataclass
class House:
    """A configuration whose digest was due a minute ago, and the processes that serve it."""

    folder: Path
    slack: SlackServer
    running: list[subprocess.Popen[str]] = field(default_factory=list)

    def serve(self, job: str, *options: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-W", "error", HERE.parent / "serving.py", self.folder / "apportion.yaml", job]
        environment = {**os.environ, "SLACK_BOT_TOKEN": self.slack.token}
        process = subprocess.Popen([*command, *options], env=environment, stderr=subprocess.PIPE, text=True)
        self.running.append(process)
        return process

    def stop(self, process: subprocess.Popen[str], number: signal.Signals = signal.SIGTERM) -> str:
        process.send_signal(number)
        return process.communicate(timeout=PATIENCE)[1]

    def posted(self) -> None:
        wait_for(lambda: bool(self.slack.posts), "nothing was posted")

    def begun(self) -> None:
        wait_for((self.folder / "running").exists, "the job did not begin")

    def go(self) -> None:
        (self.folder / "go").touch()


@pytest.fixture
def house(url: str, tmp_path: Path) -> Iterator[House]:
    due = (datetime.now(UTC) - timedelta(minutes=1)).strftime("%H:%M")
    with SlackServer() as slack:
        (tmp_path / "apportion.yaml").write_text(
            f'version: 1\ncompany: Example\nstate: "{url}"\nschedule: {{timezone: UTC, digest: "{due}"}}\n'
            f'slack: {{channel: "#cloud-cost", base_url: "{slack.base_url}"}}\n'
        )
        made = House(tmp_path, slack)
        yield made
        for process in made.running:
            if process.poll() is None:
                process.kill()
                process.communicate()


def said(process: subprocess.Popen[str], words: str) -> None:
    """Reads the log up to a line with these words."""
    assert process.stderr is not None
    assert any(words in line for line in process.stderr), f"never said: {words}"


def run_of(state: State):
    with state.engine.begin() as connection:
        rows = connection.exec_driver_sql("select key from runs").scalars().all()
    assert len(rows) <= 1
    return state.runs.get(rows[0]) if rows else None


def test_two_instances_and_a_restart_post_once(house: House, opened: Callable[[], State]) -> None:
    pair = [house.serve("post"), house.serve("post")]
    house.posted()
    state = opened()
    wait_for(lambda: (run := run_of(state)) is not None and run.outcome == "done", "the run was not finished")
    third = house.serve("post")
    said(third, "serve started")
    for process in (*pair, third):
        house.stop(process)
    assert [process.returncode for process in (*pair, third)] == [0, 0, 0]
    assert len(house.slack.posts) == 1
    assert house.slack.count("chat.postMessage") == 1


def test_killed_after_slack_took_the_post_the_next_instance_does_not_repeat_it(
    house: House, opened: Callable[[], State]
) -> None:
    house.slack.then("chat.postMessage", Slow(3))
    first = house.serve("post")
    house.posted()
    house.stop(first, signal.SIGKILL)
    second = house.serve("post", "--minutes-ahead", "11")
    state = opened()
    wait_for(lambda: (run := run_of(state)) is not None and run.outcome == "done", "the run was not made good")
    house.stop(second)
    assert (first.returncode, second.returncode) == (-signal.SIGKILL, 0)
    assert len(house.slack.posts) == 1
    assert house.slack.count("conversations.history") >= 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_asked_to_stop_it_lets_the_running_job_finish(
    house: House, opened: Callable[[], State], number: signal.Signals
) -> None:
    process = house.serve("hold")
    house.begun()
    process.send_signal(number)
    said(process, f"serve stops signal={number.name}")
    assert process.poll() is None
    house.go()
    log = process.communicate(timeout=PATIENCE)[1]
    assert process.returncode == 0
    assert "serve stopped" in log
    assert len(house.slack.posts) == 1
    run = run_of(opened())
    assert run is not None
    assert run.outcome == "done"
    assert house.slack.token not in log


def test_a_job_that_does_not_end_in_time_is_given_to_the_next_instance(
    house: House, opened: Callable[[], State]
) -> None:
    process = house.serve("hold", "--stop-within", "0.2")
    house.begun()
    log = house.stop(process)
    assert process.returncode == 4
    assert "the next instance runs it again" in log
    assert run_of(opened()) is None
    next_one = house.serve("post")
    house.posted()
    house.stop(next_one)
    assert len(house.slack.posts) == 1


def test_asked_twice_it_ends_at_once(house: House) -> None:
    process = house.serve("hold")
    house.begun()
    process.send_signal(signal.SIGTERM)
    said(process, "serve stops")
    house.stop(process)
    assert process.returncode == 128 + signal.SIGTERM


def test_asked_to_stop_while_idle_it_stops(house: House) -> None:
    process = house.serve("post")
    house.posted()
    assert "serve stopped" in house.stop(process)
    assert process.returncode == 0
