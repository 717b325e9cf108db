"""What leaves for Slack: alerts and the digest, each once per channel and day, whoever asks and however often."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from agent.bounds import crossed
from agent.config.application import SlackConfig
from agent.config.loading import Settings
from agent.errors import ApportionError, PartialRun
from agent.margins.records import PeriodReport
from agent.slack import Message, alert_key, connect, digest_key, post, read_token
from agent.state import open_state
from reports import alert, digest


@dataclass(frozen=True, slots=True)
class Announcement:
    """A message with the channel it is for and the key that makes its post happen once. ``name`` is for people."""

    name: str
    channel: str
    key: str
    message: Message


def local_day(settings: Settings, now: datetime | None = None) -> date:
    """The day ``now`` falls on in the schedule's time zone: what "once a day" counts by."""
    return (now or datetime.now(UTC)).astimezone(ZoneInfo(settings.app.schedule.timezone)).date()


def ready(settings: Settings) -> None:
    """Raises when nothing could be posted: no ``slack`` in the configuration, or no token."""
    _slack(settings)
    read_token(os.environ)


def digest_of(settings: Settings, figures: PeriodReport, day: date) -> Announcement:
    """The digest to be posted for ``day``."""
    channel = _slack(settings).channel
    full, plain = digest.blocks(figures), digest.blocks(figures, plain=True)
    key = digest_key(settings.app.company, channel, day)
    return Announcement("digest", channel, key, Message(full.blocks, full.text, plain.blocks))


def alerts_of(settings: Settings, figures: PeriodReport, day: date) -> list[Announcement]:
    """One alert for each bound that was passed, to the alerts channel, or the digest's where none is set."""
    channel = _slack(settings).alerts or _slack(settings).channel
    found: list[Announcement] = []
    for crossing in crossed(settings, figures):
        content = alert.blocks(figures, (crossing,))
        key = alert_key(crossing.cause, channel, day)
        found.append(Announcement(f"alert {crossing.cause}", channel, key, Message(content.blocks, content.text)))
    return found


def post_all(settings: Settings, announcements: Sequence[Announcement]) -> tuple[str, ...]:
    """Posts each; one that fails keeps no other back. Returns their names; ``PartialRun`` names what is not there."""
    posted: list[str] = []
    failed: list[tuple[Announcement, ApportionError]] = []
    workspace = connect(read_token(os.environ), _slack(settings).base_url)
    with open_state(settings.app.state, settings.root) as state:
        for one in announcements:
            try:
                post(workspace, state.outbox, one.key, one.channel, one.message)
            except ApportionError as error:
                failed.append((one, error))
            else:
                posted.append(one.name)
    if failed:
        raise _partial(failed)
    return tuple(posted)


def _partial(failed: Sequence[tuple[Announcement, ApportionError]]) -> PartialRun:
    names = " and ".join(one.name for one, _ in failed)
    first, error = failed[0]
    where = error.where or f"Slack channel {first.channel}"
    mend = error.mend or "run it again with --send: what was posted is not posted twice"
    return PartialRun(f"not posted: {names}: {error.message}", where=where, expected=error.expected, mend=mend)


def _slack(settings: Settings) -> SlackConfig:
    configured: SlackConfig = settings.need("slack")
    return configured
