"""``apportion report``: finance's files of a month."""

from argparse import Namespace

from agent import pipeline
from agent.commands.interface import Answer
from agent.commands.project import open_month, opened
from agent.progress import Progress


def run(arguments: Namespace, progress: Progress) -> Answer:
    """The paths of the files written."""
    settings = opened(arguments)
    period = open_month(settings, arguments)
    paths = [str(path) for path in pipeline.report(settings, period, progress)]
    return Answer("\n".join(paths), {"period": str(period), "reports": paths})
