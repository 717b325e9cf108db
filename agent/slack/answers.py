"""Calls to Slack whose outcome is a value: done, surely refused, or unknown.

What decides about posting again is one question: can the message be there? ``Refused`` means surely not.
"""

import re
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any
from urllib.error import URLError

from slack_sdk.errors import SlackApiError
from slack_sdk.web import SlackResponse

UNCERTAIN = {"internal_error", "fatal_error", "request_timeout", "service_unavailable"}
"""Errors after which part of the work may be done: docs.slack.dev/reference/methods/chat.postMessage, errors."""


@dataclass(frozen=True, slots=True)
class Done:
    """Slack's answer."""

    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Refused:
    """Slack's error code, or ``unreachable`` when the request surely never arrived; ``detail`` names scope or cause."""

    code: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """The request may have been carried out or not."""

    reason: str


Answer = Done | Refused | NoAnswer


def ask(call: Callable[..., SlackResponse], **arguments: Any) -> Answer:
    """One call of a ``WebClient`` method.

    NOTE: errors of the SDK end here: their ``response`` holds the request's headers, and with them the token.
    """
    try:
        response = call(**arguments)
    except SlackApiError as error:
        return _refusal(error.response)
    except URLError as error:
        return _unreached(error.reason)
    except (OSError, HTTPException, ValueError) as error:
        return NoAnswer(f"{type(error).__name__}: {error}")
    return Done(dict(response.data)) if isinstance(response.data, dict) else NoAnswer("the answer is not JSON")


def _refusal(response: SlackResponse) -> Answer:
    code = str(response.get("error") or "")
    if response.status_code >= 500 or code in UNCERTAIN or not re.fullmatch(r"[a-z0-9_]+", code):
        return NoAnswer(f"Slack answered with status {response.status_code}")
    if code == "missing_scope":
        return Refused(code, str(response.get("needed") or ""))
    if code in ("ratelimited", "rate_limited"):
        return Refused("ratelimited", str(_header(response, "retry-after")))
    about: dict[str, Any] = response.get("response_metadata") or {}
    return Refused(code, "; ".join(about.get("messages", [])))


def _header(response: SlackResponse, name: str) -> str:
    return next((str(value) for key, value in response.headers.items() if key.lower() == name), "")


def _unreached(reason: object) -> Answer:
    """A connection that was never made carried nothing; any other failure may have come after the request."""
    never_sent = (ConnectionRefusedError, socket.gaierror, ssl.SSLCertVerificationError)
    if isinstance(reason, never_sent):
        return Refused("unreachable", str(reason))
    return NoAnswer(str(reason))
