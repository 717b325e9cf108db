"""``apportion diff``: what changed between two versions of a month's bill, or would between two methods."""

from argparse import Namespace

from agent.commands.interface import Answer
from agent.commands.project import opened
from agent.config.loading import Settings
from agent.errors import UsageError
from agent.progress import Progress


def run(arguments: Namespace, progress: Progress) -> Answer:
    """Exact amounts before and after: of two ledger versions, or with ``--methodology`` of two methods."""
    settings = opened(arguments)
    _refuse_mixed(arguments)
    return (
        _methods(settings, arguments, progress) if arguments.methodology else _versions(settings, arguments, progress)
    )


def _versions(settings: Settings, arguments: Namespace, progress: Progress) -> Answer:
    """By every dimension or those of ``--by``."""
    from agent.differences import DIMENSIONS, choose, compare, document, told

    pairs = choose(settings.data, arguments.month, arguments.source, arguments.before, arguments.after)
    found = compare(settings, arguments.month, pairs, arguments.by or list(DIMENSIONS), progress)
    return Answer(told(found), document(found))


def _methods(settings: Settings, arguments: Namespace, progress: Progress) -> Answer:
    """By customer, class and pool, over one month or several."""
    from agent.methods import choose, compare, document, markdown, months, told

    periods = months(settings, arguments.month or arguments.to_period, arguments.from_period, arguments.months)
    before, after = (choose(settings, named, periods) for named in arguments.methodology)
    found = compare(settings, periods, before, after, progress)
    if arguments.format == "markdown":
        return Answer(markdown(found), rendered=True)
    return Answer(told(found), document(found))


def _refuse_mixed(arguments: Namespace) -> None:
    """Options of one comparison mean nothing to the other."""
    versions = {"--source": arguments.source, "--from": arguments.before, "--to": arguments.after, "--by": arguments.by}
    methods = {"--months": arguments.months, "--from-period": arguments.from_period, "--to-period": arguments.to_period}
    if arguments.methodology:
        idle = [option for option, value in versions.items() if value]
        if idle:
            raise UsageError(f"{idle[0]} compares versions of the ledger; --methodology compares methods")
        if arguments.months and arguments.from_period:
            raise UsageError("--months and --from-period both say where to begin; name one of them")
        if arguments.month and arguments.to_period:
            raise UsageError("PERIOD and --to-period both say where to end; name one of them")
        return
    idle = [option for option, value in methods.items() if value]
    if idle:
        raise UsageError(f"{idle[0]} goes with --methodology", expected="--methodology A B")
    if arguments.month is None:
        raise UsageError("which month?", expected="apportion diff 2026-10")
    if arguments.format == "markdown":
        raise UsageError("--format markdown goes with --methodology", expected="--methodology A B --format markdown")
