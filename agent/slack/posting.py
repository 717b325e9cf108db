"""Posting exactly once: outbox row first, then the post, then a look into the history when no answer came back."""

import logging
from dataclasses import dataclass
from datetime import timedelta

from agent.errors import PartialRun
from agent.slack.answers import Answer, Done, NoAnswer, Refused
from agent.slack.message import Message
from agent.slack.refusals import refusal
from agent.slack.workspace import Workspace
from agent.state import Entry, Outbox

SETTLE_SECONDS = 5.0
"""After a dropped connection, how long a post that Slack did take needs to show in the history."""

STALE = timedelta(hours=12)
"""Yesterday's digest is not posted this morning."""

TAKEN_OVER = NoAnswer("another run took the message over")
BLOCK_ERRORS = {"invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long"}

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Posted:
    """A message that is in the channel, under ``ts``. ``new`` is False when an earlier call had posted it."""

    key: str
    ts: str
    new: bool


def post(workspace: Workspace, outbox: Outbox, key: str, channel: str, message: Message) -> Posted:
    """Posts ``message`` unless ``key`` was posted before; however often it is called, there is one post per key.

    Raises ``PartialRun`` when the message is not there, or when nobody can say: then ``reconcile`` or the next call
    with this key finds out before it posts.
    """
    now = workspace.clock()
    if added := outbox.put(key, channel, message.content, now):
        return _settle(workspace, outbox, added, _try_then_look(workspace, outbox, added))
    known = outbox.get(key)
    if known is not None and known.state == "sent":
        log.info("slack already posted key=%s", key)
        return Posted(key, known.ts or "", new=False)
    taken = outbox.take(known, now, message.content) if known is not None else None
    if known is None or taken is None:
        raise PartialRun(
            "the message is being posted by another run, or its post is not settled yet",
            where=f"Slack channel {channel}",
            mend="run it again in ten minutes",
        )
    if known.state == "failed":
        return _settle(workspace, outbox, taken, _try_then_look(workspace, outbox, taken))
    return _settle(workspace, outbox, taken, _look_then_try(workspace, outbox, taken))


def reconcile(workspace: Workspace, outbox: Outbox) -> list[Posted]:
    """Settles what earlier processes left pending or ambiguous: found in the channel, or posted late.

    What is older than ``STALE`` and not in the channel is given up. Trouble is logged and left for the next time.
    """
    settled = []
    for entry in outbox.unsettled(workspace.clock()):
        taken = outbox.take(entry, workspace.clock())
        if taken is None:
            continue
        again = workspace.clock() - entry.created <= STALE
        try:
            settled.append(_settle(workspace, outbox, taken, _look_then_try(workspace, outbox, taken, again=again)))
        except PartialRun as error:
            log.warning("slack post not settled key=%s: %s", entry.key, error.message)
    return settled


def _settle(workspace: Workspace, outbox: Outbox, entry: Entry, answer: Answer) -> Posted:
    """Writes down what became of a row, and says it."""
    now = workspace.clock()
    match answer:
        case Done(data):
            outbox.sent(entry, str(data["ts"]), str(data["channel"]), now)
            log.info("slack posted key=%s ts=%s", entry.key, data["ts"])
            return Posted(entry.key, str(data["ts"]), new=not data.get("found", False))
        case Refused():
            error = refusal("the message was not posted", entry.channel, answer)
            outbox.failed(entry, error.message, now)
            raise error
        case NoAnswer(reason):
            outbox.ambiguous(entry, reason, now)
            raise _unknown(entry, reason)


def _try_then_look(workspace: Workspace, outbox: Outbox, entry: Entry) -> Answer:
    """For a message that is surely not there yet."""
    answer = _try(workspace, outbox, entry)
    if not isinstance(answer, NoAnswer):
        return answer
    log.warning("slack gave no answer key=%s reason=%s", entry.key, answer.reason)
    workspace.wait(SETTLE_SECONDS)
    return _look_then_try(workspace, outbox, entry)


def _try(workspace: Workspace, outbox: Outbox, entry: Entry) -> Answer:
    """One post; when Slack refuses the blocks (a block type its roll-out has not reached), one in the plain form."""
    message = Message.restored(entry.content)
    answer = workspace.post(entry.channel, entry.key, message.blocks, message.text)
    if isinstance(answer, Refused) and answer.code in BLOCK_ERRORS:
        log.warning("slack refused the blocks, sending the plain form key=%s detail=%s", entry.key, answer.detail)
        if not outbox.hold(entry, workspace.clock()):
            return TAKEN_OVER
        answer = workspace.post(entry.channel, entry.key, message.fallback, message.text)
        if isinstance(answer, Refused) and answer.code in BLOCK_ERRORS:
            return Refused("invalid_blocks", answer.detail)
    return answer


def _look_then_try(workspace: Workspace, outbox: Outbox, entry: Entry, *, again: bool = True) -> Answer:
    """For a message that may be there: posts it only when the channel's history surely does not hold it."""
    channel_id = outbox.channel_id(entry.channel) or workspace.channel_id(entry.channel)
    if not isinstance(channel_id, str):
        return _cannot_say(channel_id)
    found = workspace.find(channel_id, entry.key, entry.created)
    if isinstance(found, Refused | NoAnswer):
        return _cannot_say(found)
    if found is not None:
        return Done({"ts": found, "channel": channel_id, "found": True})
    if not again:
        return Refused("out_of_date")
    if not outbox.hold(entry, workspace.clock()):
        return TAKEN_OVER
    return _try(workspace, outbox, entry)


def _cannot_say(why: Refused | NoAnswer) -> NoAnswer:
    reason = why.reason if isinstance(why, NoAnswer) else f"{why.code} {why.detail}".strip()
    return NoAnswer(f"the connection broke off, and the channel's history cannot be read ({reason})")


def _unknown(entry: Entry, reason: str) -> PartialRun:
    return PartialRun(
        f"Slack did not say whether the message was posted: {reason}",
        where=f"Slack channel {entry.channel}",
        expected="scopes chat:write, channels:read and channels:history (groups:* for a private channel)",
        mend="run it again in a few minutes: it looks into the channel before it posts",
    )
