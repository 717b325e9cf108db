"""The project a command works on: its configuration, and the month it is about."""

from argparse import Namespace
from pathlib import Path

from agent import results
from agent.config.loading import Settings, load_application
from agent.period import Period


def opened(arguments: Namespace) -> Settings:
    """The configuration of ``--config``; what a killed run left behind is put right first."""
    settings = load_application(Path(arguments.config))
    results.repair_if_free(settings.data)
    return settings


def open_month(settings: Settings, arguments: Namespace) -> Period:
    """``--period`` or PERIOD, else the earliest open month; the last closed one where none is open."""
    # NOTE: the books and the allocation, which a command that is about no month does without
    from agent.closing import earliest_open

    chosen: Period | None = arguments.period
    return chosen or earliest_open(settings)


def month(settings: Settings, arguments: Namespace) -> Period:
    """``--period``, else the month of the last complete day. Raises ``NothingToDo`` before the first ingest."""
    from agent.allocation import default_period

    chosen: Period | None = arguments.period
    return chosen or default_period(settings)
