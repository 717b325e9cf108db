"""``apportion explain CUSTOMER``: one published number, walked back to the delivered files."""

from argparse import Namespace
from shutil import get_terminal_size

from agent import terminal
from agent.commands.interface import Answer
from agent.commands.project import month, opened
from agent.explain.document import document
from agent.explain.lines import explain
from agent.explain.records import Asked
from agent.explain.telling import told
from agent.progress import Progress


def run(arguments: Namespace, progress: Progress) -> Answer:
    """The walk as text or JSON; exit code 1 when a step's sums differ."""
    settings = opened(arguments)
    asked = Asked(
        customer=arguments.customer,
        metric=arguments.metric,
        top=arguments.top,
        exact=arguments.exact,
        pool=arguments.pool,
        day=arguments.day,
        service=arguments.service,
        resource=arguments.resource,
        rows=arguments.rows or arguments.lines,
        lines=arguments.lines,
    )
    found = explain(settings, month(settings, arguments), asked, progress)
    width = min(get_terminal_size((terminal.WIDTH, 0)).columns, terminal.WIDTH)
    return Answer(told(found, width), document(found), exit_code=1 if found.faults else 0)
