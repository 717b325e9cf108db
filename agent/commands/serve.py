"""``apportion serve``: the jobs of the schedule, wired to the pipeline."""

import logging
import sys
from argparse import Namespace
from datetime import date
from pathlib import Path

from agent import pipeline
from agent.commands.interface import Answer
from agent.config.loading import load_application
from agent.errors import ConfigError, PartialRun
from agent.period import Period
from agent.pipeline import RunOutcome
from agent.progress import Logged, Progress
from agent.schedule import daily, log_to, monthly, serve
from policies.faults import FaultsError


def run(arguments: Namespace, progress: Progress) -> Answer:  # noqa: ARG001  # a service logs instead
    """Returns when it was stopped by a signal."""
    log_to(sys.stderr, logging.DEBUG if arguments.debug else logging.INFO)
    config = Path(arguments.config)
    settings = load_application(config)
    schedule = settings.app.schedule
    serve(settings, [daily(schedule, Work(config).digest), monthly(schedule, Work(config).report)])
    return Answer("stopped", {"stopped": True})


class Work:
    """What the jobs do. The configuration is read anew each time, so that a changed rule needs no restart."""

    def __init__(self, config: Path) -> None:
        self._config = config

    def digest(self, day: date) -> str:
        """The whole job for the current month; digest and alerts are posted for ``day`` where Slack is configured."""
        return self._told(self._run(None, day))

    def report(self, day: date) -> str:
        """Finance's report of the month before ``day``; posts nothing."""
        return self._told(self._run(Period.of(day).previous, None))

    def _run(self, period: Period | None, day: date | None) -> RunOutcome:
        try:
            settings = load_application(self._config)
            send = day is not None and settings.app.slack is not None
            return pipeline.run(settings, period, Logged(), send=send, day=day)
        except FaultsError as error:
            raise ConfigError(error.faults) from error

    def _told(self, outcome: RunOutcome) -> str:
        if failed := outcome.ingested.failed:
            named = "; ".join(f"{one.told} was not taken in: {one.error.message}" for one in failed)
            first = failed[0].error
            raise PartialRun(named, where=first.where, expected=first.expected, mend=first.mend)
        posted = f"; posted: {', '.join(outcome.posted)}" if outcome.posted else ""
        return f"proof: {outcome.figures.proof_line}{posted}"
