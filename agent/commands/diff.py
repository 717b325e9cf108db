"""``apportion diff``: what changed between two versions of a month's bill."""

from argparse import Namespace

from agent.commands.interface import Answer
from agent.commands.project import opened
from agent.differences import DIMENSIONS, choose, compare, document, told
from agent.progress import Progress


def run(arguments: Namespace, progress: Progress) -> Answer:
    """Exact amounts before and after, by every dimension or those of ``--by``."""
    settings = opened(arguments)
    pairs = choose(settings.data, arguments.month, arguments.source, arguments.before, arguments.after)
    found = compare(settings, arguments.month, pairs, arguments.by or list(DIMENSIONS), progress)
    return Answer(told(found), document(found))
