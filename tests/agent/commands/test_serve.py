"""What ``serve`` wires together: the jobs' work, and the process that a signal stops."""

import signal
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from agent.commands.serve import Work
from agent.errors import ConfigError, NothingToDo
from tests.project import write_project
from tests.slack_server import SlackServer

SERVE = "import sys; from agent.cli import main; sys.exit(main(['serve', '--config', sys.argv[1]]))"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return write_project(tmp_path)


def test_the_digest_job_runs_everything_and_posts_for_its_day(config: Path, monkeypatch):
    with SlackServer() as slack:
        monkeypatch.setenv("SLACK_BOT_TOKEN", slack.token)
        config.write_text(config.read_text() + f'slack: {{channel: "#cloud-cost", base_url: "{slack.base_url}"}}\n')
        told = Work(config).digest(date(2026, 11, 2))
        assert [key.rsplit(":", 1)[-1] for key in slack.keys] == ["2026-11-02"]
    assert "difference 0" in told
    assert "posted: digest" in told


def test_without_slack_the_digest_job_still_works(config: Path):
    assert "posted" not in Work(config).digest(date(2026, 11, 2))
    assert (config.parent / "data/results/2026-10/proof.json").is_file()


def test_the_report_job_is_for_the_month_before_its_day(config: Path):
    Work(config).report(date(2026, 11, 5))
    assert (config.parent / "data/results/2026-10/report/cost-per-customer-2026-10.xlsx").is_file()


def test_the_report_job_says_when_that_month_has_no_data(config: Path):
    with pytest.raises(NothingToDo, match="2026-11"):
        Work(config).report(date(2026, 12, 5))


def test_a_mistake_made_while_serving_is_told_as_one(config: Path):
    work = Work(config)
    config.write_text("version: 1\nsorces: []\n")
    with pytest.raises(ConfigError):
        work.digest(date(2026, 11, 2))


def test_a_signal_stops_the_service_and_ends_with_0(config: Path):
    with subprocess.Popen([sys.executable, "-c", SERVE, config], stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        try:
            for line in process.stderr:
                if "serve started" in line:
                    break
            process.send_signal(signal.SIGTERM)
            rest = process.stderr.read()
            assert process.wait() == 0, rest
        finally:
            process.kill()
    assert "Traceback" not in rest
