"""A local server that speaks the part of Slack's Web API the agent uses, with Slack's own refusals and limits.

with SlackServer() as slack:
    slack.then("chat.postMessage", Drop())        # what happens to the next calls; then it behaves again
    ... WebClient(token=slack.token, base_url=slack.base_url) ...
    assert [post["text"] for post in slack.posts] == [...]
"""

import json
import threading
import time
from collections import defaultdict, deque
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.loopback import Http, Loopback
from tests.slack_blocks import TYPES, faults

SCOPES = {
    "chat.postMessage": "chat:write",
    "conversations.history": "channels:history",
    "conversations.list": "channels:read",
}


@dataclass(frozen=True)
class Wait:
    """429 with Retry-After; nothing is taken."""

    seconds: int = 1


@dataclass(frozen=True)
class Drop:
    """The connection breaks without an answer, after the call was carried out or (``taken=False``) before."""

    taken: bool = True


@dataclass(frozen=True)
class Fail:
    """An error of Slack's, or of a proxy before it (``status``), after the call was carried out if ``taken``."""

    error: str = "internal_error"
    status: int = 200
    taken: bool = False


@dataclass(frozen=True)
class Slow:
    """The answer takes so long that the client gives up; the call is carried out."""

    seconds: float


Trouble = Wait | Drop | Fail | Slow


@dataclass
class SlackServer(Loopback):
    """``posts`` are the messages in the channels, in order; ``calls`` every request as (method, arguments)."""

    token: str = "xoxb-only-for-tests"
    channels: dict[str, str] = field(
        default_factory=lambda: {"cloud-cost": "C0CLOUDCOST", "cloud-alerts": "C0CLOUDALERTS"}
    )
    scopes: set[str] = field(default_factory=lambda: set(SCOPES.values()))
    not_member_of: set[str] = field(default_factory=set)
    block_types: set[str] = field(default_factory=lambda: set(TYPES))
    page: int = 100
    posts: list[dict[str, Any]] = field(default_factory=list)
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._troubles: dict[str, deque[Trouble]] = defaultdict(deque)
        self._lock = threading.Lock()

    def then(self, method: str, *troubles: Trouble) -> None:
        """The next calls of ``method`` meet these troubles, one each."""
        self._troubles[method].extend(troubles)

    @property
    def base_url(self) -> str:
        return f"{self.address}/api/"

    @property
    def keys(self) -> list[str]:
        return [post["metadata"]["event_payload"]["key"] for post in self.posts]

    def count(self, method: str) -> int:
        return sum(called == method for called, _ in self.calls)

    def handler(self) -> type[BaseHTTPRequestHandler]:
        return _Handler

    def trouble(self, method: str) -> Trouble | None:
        with self._lock:
            return self._troubles[method].popleft() if self._troubles[method] else None

    def answer(self, method: str, arguments: dict[str, Any], token: str) -> dict[str, Any]:
        """Carries the call out."""
        if token != self.token:
            return _refused("invalid_auth" if token else "not_authed")
        needed = SCOPES.get(method)
        if needed is None:
            return _refused("unknown_method")
        if needed not in self.scopes:
            return _refused("missing_scope", needed=needed, provided=",".join(sorted(self.scopes)))
        with self._lock:
            carry_out = {
                "chat.postMessage": self._post,
                "conversations.history": self._history,
                "conversations.list": self._list,
            }
            return carry_out[method](arguments)

    def _post(self, body: dict[str, Any]) -> dict[str, Any]:
        channel = self._channel(body.get("channel", ""))
        if channel is None:
            return _refused("channel_not_found")
        if channel in self.not_member_of:
            return _refused("not_in_channel")
        if not body.get("text") and not body.get("blocks"):
            return _refused("no_text")
        if len(body.get("text", "")) > 40_000:
            return _refused("msg_too_long")
        if found := faults(body, self.block_types):
            return _refused("invalid_blocks", response_metadata={"messages": [f"[ERROR] {each}" for each in found]})
        ts = f"{time.time():.6f}"
        while any(post["ts"] == ts for post in self.posts):
            ts = f"{float(ts) + 1e-6:.6f}"
        self.posts.append({**body, "channel": channel, "ts": ts})
        return {"ok": True, "channel": channel, "ts": ts, "message": {"text": body.get("text", ""), "ts": ts}}

    def _history(self, arguments: dict[str, Any]) -> dict[str, Any]:
        # An id only: Slack's history takes no names, unlike chat.postMessage.
        channel = arguments.get("channel", "")
        if channel not in self.channels.values():
            return _refused("channel_not_found")
        if channel in self.not_member_of:
            return _refused("not_in_channel")
        oldest = float(arguments.get("oldest") or 0)
        shown = [post for post in self.posts if post["channel"] == channel and float(post["ts"]) > oldest]
        messages = [self._message(post, arguments) for post in reversed(shown)]
        return self._paged("messages", messages, arguments)

    def _list(self, arguments: dict[str, Any]) -> dict[str, Any]:
        channels = [{"id": ident, "name": name} for name, ident in self.channels.items()]
        return self._paged("channels", channels, arguments)

    def _message(self, post: dict[str, Any], arguments: dict[str, Any]) -> dict[str, Any]:
        message = {"type": "message", "ts": post["ts"], "text": post.get("text", "")}
        if str(arguments.get("include_all_metadata", "")).lower() in ("1", "true"):
            message["metadata"] = post.get("metadata")
        return message

    def _paged(self, name: str, rows: list[dict[str, Any]], arguments: dict[str, Any]) -> dict[str, Any]:
        start = int(arguments.get("cursor") or 0)
        end = start + min(self.page, int(arguments.get("limit") or 100))
        cursor = str(end) if end < len(rows) else ""
        return {"ok": True, name: rows[start:end], "response_metadata": {"next_cursor": cursor}}

    def _channel(self, name: str) -> str | None:
        return name if name in self.channels.values() else self.channels.get(name.removeprefix("#"))


def _refused(error: str, **more: Any) -> dict[str, Any]:
    return {"ok": False, "error": error, **more}


class _Handler(BaseHTTPRequestHandler):
    server: Http

    def do_POST(self) -> None:
        slack: SlackServer = self.server.serving
        url = urlsplit(self.path)
        method = url.path.removeprefix("/api/")
        arguments = self._arguments(url.query)
        slack.calls.append((method, arguments))
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        match slack.trouble(method):
            case Wait(seconds):
                self._send(_refused("ratelimited"), 429, {"Retry-After": str(seconds)})
            case Drop(taken):
                if taken:
                    slack.answer(method, arguments, token)
                self.close_connection = True
            case Fail(error, status, taken):
                if taken:
                    slack.answer(method, arguments, token)
                self._send(_refused(error), status)
            case Slow(seconds):
                answer = slack.answer(method, arguments, token)
                time.sleep(seconds)
                self._send(answer)
            case None:
                self._send(slack.answer(method, arguments, token))

    def _arguments(self, query: str) -> dict[str, Any]:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        if self.headers.get("Content-Type", "").startswith("application/json"):
            return dict(json.loads(body))
        return {name: values[0] for name, values in parse_qs(f"{query}&{body}").items()}

    def _send(self, answer: dict[str, Any], status: int = 200, headers: dict[str, str] | None = None) -> None:
        text = json.dumps(answer).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json; charset=utf-8", **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: Any) -> None:
        """Quiet."""
