"""``apportion digest``: the message as Slack would show it, posted only when asked."""

from argparse import Namespace
from pathlib import Path

from agent import announce, pipeline
from agent.commands.interface import Answer
from agent.config.loading import load_application
from agent.progress import Progress
from reports import preview


def run(arguments: Namespace, progress: Progress) -> Answer:
    """The preview; with ``--send`` the digest of today is posted, unless it was already."""
    settings = load_application(Path(arguments.config))
    if arguments.send:
        announce.ready(settings)
    period = arguments.period or pipeline.default_period(settings)
    figures = pipeline.figures(settings, period)
    posted: tuple[str, ...] = ()
    if arguments.send:
        progress.step("posting to Slack")
        message = announce.digest_of(settings, figures, announce.local_day(settings))
        posted = announce.post_all(settings, [message])
    digest = pipeline.digest(settings, period)
    document = {"period": str(period), "posted": list(posted), "text": digest.text, "blocks": digest.blocks}
    return Answer(preview.render(digest), document)
