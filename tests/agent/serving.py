"""An agent to be started, stopped and killed by the tests: serve with a job of a few lines.

    python serving.py apportion.yaml {post|hold} [--minutes-ahead N] [--stop-within S]

``post`` posts the day's digest; ``hold`` first writes the file ``running`` and waits for the file ``go``.
"""

import argparse
import os
import sys
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))  # the checkout, which is not installed under pytest

from agent.config.loading import Settings, load_application
from agent.errors import ApportionError
from agent.schedule import daily, log_to, serve
from agent.slack import Message, connect, digest_key, post, read_token
from agent.state import open_state


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("config", type=Path)
    parser.add_argument("job", choices=["post", "hold"])
    parser.add_argument("--minutes-ahead", type=int, default=0)
    parser.add_argument("--stop-within", type=float, default=20)
    chosen = parser.parse_args()
    log_to(sys.stderr)
    settings = load_application(chosen.config)

    def clock() -> datetime:
        return datetime.now(UTC) + timedelta(minutes=chosen.minutes_ahead)

    def body(day: date) -> str:
        if chosen.job == "hold":
            hold(settings.root)
        return post_digest(settings, day, clock)

    job = daily(settings.app.schedule, body)
    try:
        serve(settings, [job], clock=clock, stop_within=timedelta(seconds=chosen.stop_within))
    except ApportionError as error:
        sys.stderr.write("\n".join(error.lines()))
        return error.exit_code
    return 0


def hold(folder: Path) -> None:
    (folder / "running").touch()
    while not (folder / "go").exists():
        time.sleep(0.02)


def post_digest(settings: Settings, day: date, clock) -> str:
    slack = settings.app.slack
    workspace = connect(read_token(os.environ), slack.base_url, clock)
    with open_state(settings.app.state, settings.root) as state:
        key = digest_key(settings.app.company, slack.channel, day)
        return post(workspace, state.outbox, key, slack.channel, Message.of_text("Cost 12.00 USD")).ts


if __name__ == "__main__":
    sys.exit(main())
