"""``apportion digest``: the message as Slack would show it, posted only when asked."""

from argparse import Namespace

from agent import announce, pipeline
from agent.commands.interface import Answer
from agent.commands.project import month, opened
from agent.progress import Progress
from reports import preview


def run(arguments: Namespace, progress: Progress) -> Answer:
    """The preview; with ``--send`` the digest of today is posted, unless it was already."""
    settings = opened(arguments)
    if arguments.send:
        announce.ready(settings)
    period = month(settings, arguments)
    figures = pipeline.figures(settings, period)
    posted: tuple[str, ...] = ()
    if arguments.send:
        progress.step("posting to Slack")
        message = announce.digest_of(settings, figures, announce.local_day(settings))
        posted = announce.post_all(settings, [message])
    digest = pipeline.digest(settings, period)
    document = {"period": str(period), "posted": list(posted), "text": digest.text, "blocks": digest.blocks}
    return Answer(preview.render(digest), document)
