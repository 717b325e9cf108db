"""Slack's refusals as sentences: what it means and what to do."""

from agent.errors import PartialRun
from agent.slack.answers import Refused

TOKEN_CODES = {"invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired"}

SENTENCES = {
    "not_in_channel": (
        "the Slack app is not a member of {channel}",
        "in {channel}, type /invite and the app's name",
    ),
    "channel_not_found": (
        "there is no channel {channel}, or it is private and the Slack app is not in it",
        "check slack.channel and slack.alerts in apportion.yaml; invite the app into a private channel",
    ),
    "is_archived": (
        "the channel {channel} is archived",
        "unarchive it, or name another one in apportion.yaml",
    ),
    "missing_scope": (
        "the Slack app lacks the scope {detail}",
        "add {detail} under OAuth & Permissions of the app, and install the app again",
    ),
    "ratelimited": (
        "Slack still asks to wait, after every retry (Retry-After {detail} s)",
        "run it again later",
    ),
    "unreachable": (
        "Slack cannot be reached: {detail}",
        "check the network, the proxy, and slack.base_url if it is set",
    ),
    "out_of_date": (
        "an earlier run ended while posting it, and by now it is out of date",
        "nothing to do: the next one is posted as usual",
    ),
    "invalid_blocks": (
        "Slack refuses the message's blocks, and the plain form too: {detail}",
        "please report it with the digest's preview",
    ),
}


def refusal(what: str, channel: str, refused: Refused) -> PartialRun:
    """``what`` was not done, such as ``the message was not posted``, in one sentence with the way to mend it."""
    said, mend = SENTENCES.get(
        refused.code,
        ("Slack answered {code} {detail}", "look the code up at docs.slack.dev/reference/methods/chat.postMessage"),
    )
    if refused.code in TOKEN_CODES:
        said = "Slack does not accept the token ({code})"
        mend = "set SLACK_BOT_TOKEN to the bot token on the app's page OAuth & Permissions"
    words = {"code": refused.code, "channel": channel, "detail": refused.detail}
    return PartialRun(
        f"{what}: {said.format(**words).strip()}", where=f"Slack channel {channel}", mend=mend.format(**words)
    )
