"""``apportion verify``: recomputes what was published, from the raw files up to every share."""

from argparse import Namespace
from pathlib import Path

from agent.commands.interface import Answer
from agent.commands.project import opened
from agent.errors import NothingToDo
from agent.period import Period
from agent.progress import Progress
from agent.verify import Asked, verify


def run(arguments: Namespace, progress: Progress) -> Answer:
    """One month, or every month with results; exit code 1 when any check does not hold."""
    settings = opened(arguments)
    periods = [arguments.period] if arguments.period else _published(settings.data)
    asked = Asked(arguments.days, everything=arguments.everything)
    verified = [verify(settings, period, progress, asked) for period in periods]
    return Answer(
        "\n\n".join(one.text() for one in verified),
        {"ok": all(one.ok for one in verified), "periods": [one.records() for one in verified]},
        exit_code=0 if all(one.ok for one in verified) else 1,
    )


def _published(data: Path) -> list[Period]:
    """Every month with results, and every closed one."""
    named = {path.parent.name for path in (data / "results").glob("*-*/proof.json")}
    named |= {path.parent.parent.name for path in (data / "closed").glob("*-*/v*/proof.json")}
    if not named:
        raise NothingToDo("no month has results yet", where=str(data / "results"), mend="apportion run")
    return [Period.parse(name) for name in sorted(named)]
