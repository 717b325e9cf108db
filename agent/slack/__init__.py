"""The only sender to Slack: every message once, whatever breaks in between."""

from agent.slack.message import Message, alert_key, digest_key
from agent.slack.posting import Posted, post, reconcile
from agent.slack.token import Token, read_token
from agent.slack.workspace import Workspace, connect

__all__ = [
    "Message",
    "Posted",
    "Token",
    "Workspace",
    "alert_key",
    "connect",
    "digest_key",
    "post",
    "read_token",
    "reconcile",
]
