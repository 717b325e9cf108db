"""``apportion report``: finance's files of a month."""

from argparse import Namespace
from pathlib import Path

from agent import pipeline
from agent.commands.interface import Answer
from agent.config.loading import load_application
from agent.progress import Progress


def run(arguments: Namespace, progress: Progress) -> Answer:
    """The paths of the files written."""
    settings = load_application(Path(arguments.config))
    period = arguments.period or pipeline.default_period(settings)
    paths = [str(path) for path in pipeline.report(settings, period, progress)]
    return Answer("\n".join(paths), {"period": str(period), "reports": paths})
