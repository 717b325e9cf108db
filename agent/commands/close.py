"""``apportion close``: a month frozen for good, or later tags of a closed month accepted."""

import getpass
from argparse import Namespace

from agent import pipeline
from agent.closing import Closed, Terms
from agent.commands.clock import now
from agent.commands.interface import Answer
from agent.commands.project import open_month, opened
from agent.errors import UsageError
from agent.progress import Progress


def run(arguments: Namespace, progress: Progress) -> Answer:
    """The entry that was made in the books."""
    settings = opened(arguments)
    period = open_month(settings, arguments)
    terms = Terms(_who(arguments.by), now(), arguments.accept_estimates.strip(), arguments.accept_gap.strip())
    reason = arguments.accept_attribution.strip()
    if not reason:
        return _answer(pipeline.close(settings, period, terms, progress))
    if terms.estimates or terms.gap:
        raise UsageError(
            "--accept-attribution is about a month that is closed already",
            expected="it alone, or --accept-estimates and --accept-gap",
        )
    return _answer(pipeline.accept_attribution(settings, period, terms, reason, progress))


def _who(named: str) -> str:
    if named.strip():
        return named.strip()
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        raise UsageError("this machine does not say who you are", mend='apportion close --by "Your Name"') from None


def _answer(month: Closed) -> Answer:
    entry = month.attribution
    content = entry.content
    accepted = [f"accepted: {name}: {text}" for name, text in sorted(content["reasons"].items())]
    if entry.action == "close":
        looked = [_looked(check) for check in content["checks"]]
        first = f"{month.line}: entry {entry.number} of the books"
    else:
        looked = []
        first = f"{entry.period}: later tags count from now on, by {content['by']}: entry {entry.number} of the books"
    lines = [first, f"hash: {entry.hash}", *looked, *accepted, f"kept: {entry.folder}"]
    shown = ("period", "action", "number", "previous", "hash", "by", "at", "reasons", "ledger")
    document = {key: content[key] for key in shown} | {"folder": str(entry.folder)}
    document |= {key: content[key] for key in ("checks", "methodology", "totals", "adjusts") if key in content}
    return Answer("\n".join(lines), document)


def _looked(check: dict[str, object]) -> str:
    if check["holds"]:
        return f"ok: {check['told']}"
    state = f"accepted ({check['accepted']})" if "accepted" in check else "to be seen"
    return f"{state}: {check['told']}"
