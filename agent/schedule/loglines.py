"""The log of the agent: one line an event, UTC, no secrets."""

import logging
import time
from typing import TextIO


def log_to(stream: TextIO, level: int = logging.INFO) -> None:
    """Sends every log line to ``stream``, such as ``2026-11-02T08:00:00Z INFO agent.schedule.fire fire key=...``."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(OneLine("%(asctime)s %(levelname)s %(name)s %(message)s", "%Y-%m-%dT%H:%M:%SZ"))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    # NOTE: below WARNING these tell every query, tick and message body, cost figures included.
    for chatty in ("alembic", "apscheduler", "slack_sdk", "sqlalchemy"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


class OneLine(logging.Formatter):
    """UTC times; a line break in a message, which data may hold, does not look like a line of its own."""

    converter = staticmethod(time.gmtime)

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the base class's name
        return super().formatMessage(record).replace("\r", "\\r").replace("\n", "\\n")
