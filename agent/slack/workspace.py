"""The connection to one Slack workspace: post a message, look for one in the history."""

import logging
import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from slack_sdk import WebClient
from slack_sdk.http_retry import HttpRequest, HttpResponse, RetryState
from slack_sdk.http_retry.builtin_handlers import RateLimitErrorRetryHandler
from slack_sdk.web import SlackResponse

from agent.slack.answers import Answer, Done, NoAnswer, Refused, ask
from agent.slack.message import Block
from agent.slack.token import Token

EVENT_TYPE = "apportion_post"
TIMEOUT_SECONDS = 30
LONGEST_WAIT_SECONDS = 120
"""A longer Retry-After is not waited for: the post is refused, and the next run tries again."""

CLOCKS_DIFFER = timedelta(hours=1)
"""The history is searched from this long before the row was made: Slack's clock is not ours."""

log = logging.getLogger(__name__)


class WaitWhenAsked(RateLimitErrorRetryHandler):
    """Waits as long as Slack asks after a 429, within reason.

    NOTE: the SDK's default handler is left out on purpose: it repeats a post whose connection dropped after Slack
    had taken it, which posts it twice.
    """

    def _can_retry(
        self,
        *,
        state: RetryState,
        request: HttpRequest,
        response: HttpResponse | None = None,
        error: Exception | None = None,
    ) -> bool:
        if response is None or not super()._can_retry(state=state, request=request, response=response, error=error):
            return False
        asked = next((value for name, value in response.headers.items() if name.lower() == "retry-after"), ["1"])
        seconds = str(asked[0])
        log.warning("slack asks to wait seconds=%s", seconds)
        return seconds.isdigit() and int(seconds) <= LONGEST_WAIT_SECONDS


@dataclass(frozen=True, slots=True)
class Workspace:
    """Slack, a clock and a way to wait: what posting needs. Moments are UTC."""

    client: WebClient = field(repr=False)
    clock: Callable[[], datetime]
    wait: Callable[[float], None]

    def post(self, channel: str, key: str, blocks: Sequence[Block], text: str) -> Answer:
        """One chat.postMessage; the key goes along as metadata, which every app and member can read."""
        return ask(
            self.client.chat_postMessage,
            channel=channel,
            text=text,
            blocks=blocks,
            metadata={"event_type": EVENT_TYPE, "event_payload": {"key": key}},
            unfurl_links=False,
            unfurl_media=False,
        )

    def find(self, channel_id: str, key: str, since: datetime) -> str | Refused | NoAnswer | None:
        """The ``ts`` of the message posted with ``key``; None when the history surely does not hold it."""
        oldest = f"{(since - CLOCKS_DIFFER).timestamp():.6f}"
        pages = _pages(
            self.client.conversations_history,
            channel=channel_id,
            oldest=oldest,
            include_all_metadata=True,
            limit=200,
        )
        for page in pages:
            if not isinstance(page, Done):
                return page
            for message in page.data.get("messages", []):
                metadata = message.get("metadata") or {}
                payload = metadata.get("event_payload") or {}
                if metadata.get("event_type") == EVENT_TYPE and payload.get("key") == key:
                    return str(message["ts"])
        return None

    def channel_id(self, channel: str) -> str | Refused | NoAnswer:
        """Slack's id of a channel given by name: chat.postMessage takes names, the history takes ids only."""
        if re.fullmatch(r"[CDG][A-Z0-9]{7,}", channel):
            return channel
        pages = _pages(
            self.client.conversations_list, types="public_channel,private_channel", exclude_archived=True, limit=1000
        )
        for page in pages:
            if not isinstance(page, Done):
                return page
            for each in page.data.get("channels", []):
                if each.get("name") == channel.removeprefix("#"):
                    return str(each["id"])
        return Refused("channel_not_found")


def connect(token: Token, base_url: str, clock: Callable[[], datetime] | None = None) -> Workspace:
    """A workspace to post to; nothing is sent yet. ``base_url`` is slack.base_url of apportion.yaml."""
    client = WebClient(
        token=token.secret,
        base_url=base_url,
        timeout=TIMEOUT_SECONDS,
        retry_handlers=[WaitWhenAsked(max_retry_count=3)],
    )
    return Workspace(client, clock or (lambda: datetime.now(UTC)), time.sleep)


def _pages(call: Callable[..., SlackResponse], **arguments: object) -> Iterator[Answer]:
    cursor: str | None = None
    while cursor != "":
        answer = ask(call, **arguments, cursor=cursor)
        yield answer
        cursor = _next_cursor(answer)


def _next_cursor(answer: Answer) -> str:
    if not isinstance(answer, Done):
        return ""
    return str((answer.data.get("response_metadata") or {}).get("next_cursor") or "")
