"""DigitalOcean's API over HTTPS: lists page by page and whole, limits kept, no redirect followed with the token."""

import email.utils
import http.client
import json
import os
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from http import HTTPStatus
from typing import Any, Never
from urllib.parse import urlencode, urlsplit

from agent.errors import Unreachable
from agent.progress import Progress

TOKEN = "DIGITALOCEAN_TOKEN"  # noqa: S105  # the name of the variable
PER_PAGE = 200
_MOST_PAGES = 10_000
_ATTEMPTS = 5
_SILENT_ATTEMPTS = 3
"""Where nothing answers at all."""
_ANSWER_SECONDS = 60
_FIRST_WAIT = 0.5
_LONGEST_WAIT = 120.0
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_MEANINGS = {
    HTTPStatus.UNAUTHORIZED: ("DigitalOcean does not accept the token", f"make a new token and put it into {TOKEN}"),
    HTTPStatus.FORBIDDEN: (
        "the token may not read this",
        "give the token the scope that docs/sources/digitalocean.md names",
    ),
    HTTPStatus.NOT_FOUND: ("DigitalOcean knows nothing here", "correct `location` of this source in apportion.yaml"),
    HTTPStatus.TOO_MANY_REQUESTS: ("the limit of requests is used up", "run again in an hour"),
}


@dataclass(frozen=True, slots=True)
class Answer:
    """A request's path with its query, the text that answered it, and that text as JSON (numbers as text)."""

    path: str
    text: str
    content: dict[str, Any]


class Refused(Unreachable):
    """The API answered that this token may not read this path, or that there is nothing there."""


class Api:
    """One account at ``location``, by the token in the environment, which no message ever holds."""

    def __init__(self, location: str, progress: Progress) -> None:
        parts = urlsplit(location)
        if parts.scheme != "https" and parts.hostname not in _LOOPBACK:
            raise Unreachable(
                "the token is sent by https only", where=location, expected="https://api.digitalocean.com"
            )
        self._base = location.rstrip("/")
        self._progress = progress
        self._token = os.environ.get(TOKEN, "").strip()
        if not self._token or not self._token.isascii() or not self._token.isprintable():
            raise Unreachable(
                f"{TOKEN} {'holds no token' if self._token else 'is not set'}",
                where=location,
                expected="a personal access token with billing:read",
                mend=f"put the token into the environment variable {TOKEN}; docs/sources/digitalocean.md says how",
            )
        self._opener = urllib.request.build_opener(_NoRedirect)

    def get(self, path: str) -> Answer:
        """One answer. Raises ``Unreachable``; its kind ``Refused`` where only this path is refused."""
        text = self._text(path)
        try:
            content = json.loads(text, parse_float=str, parse_int=str)
        except ValueError:
            content = None
        if not isinstance(content, dict):
            raise Unreachable("the answer is no JSON object", where=self._base + path, expected="DigitalOcean's API")
        return Answer(path, text, content)

    def pages(self, path: str, key: str) -> Iterator[Answer]:
        """Every page of the list ``key``. Raises ``Unreachable`` where fewer or more came than the list says it has."""
        count = 0
        for page in range(1, _MOST_PAGES):
            answer = self.get(f"{path}?{urlencode({'page': page, 'per_page': PER_PAGE})}")
            # NOTE: an empty list of databases is null
            found = [] if answer.content.get(key, "") is None else answer.content.get(key)
            if not isinstance(found, list):
                self._incomplete(answer, f"{key} is no list")
            count += len(found)
            yield answer
            links = answer.content.get("links") or {}
            if not (links.get("pages") or {}).get("next"):
                total = (answer.content.get("meta") or {}).get("total")
                if total is not None and int(total) != count:
                    self._incomplete(answer, f"{count} of {total} {key} came")
                return
            if not found:
                self._incomplete(answer, "a page is empty, and another is said to follow")

    def _incomplete(self, answer: Answer, message: str) -> Never:
        raise Unreachable(
            message, where=self._base + answer.path, expected="the whole list", mend="run apportion ingest again"
        )

    def _text(self, path: str) -> str:
        wait = _FIRST_WAIT
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                return self._once(path)
            except urllib.error.HTTPError as error:
                with error:
                    status, headers = error.code, error.headers
                if attempt == _ATTEMPTS or not _passing(status):
                    raise self._refused(path, status) from None
                pause = _asked_wait(headers)
            except (OSError, http.client.HTTPException) as error:
                reason = getattr(error, "reason", error)
                if attempt == _SILENT_ATTEMPTS:
                    raise self._silent(path, str(reason) or type(error).__name__) from None
                pause = None
            pause = min(wait if pause is None else pause, _LONGEST_WAIT)
            self._progress.step(f"DigitalOcean asks to wait: {pause:.0f} s" if pause >= 1 else "asking again")
            time.sleep(pause)
            wait *= 2
        raise AssertionError

    def _once(self, path: str) -> str:
        headers = {"Authorization": f"Bearer {self._token}", "Accept": "application/json"}
        # NOTE: the scheme was looked at above: https, or this machine
        request = urllib.request.Request(self._base + path, headers=headers)  # noqa: S310  # https, or this machine in tests
        with self._opener.open(request, timeout=_ANSWER_SECONDS) as response:
            content: bytes = response.read()
        return content.decode("utf-8", "replace")

    def _refused(self, path: str, status: int) -> Unreachable:
        where = self._base + path
        if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
            return Unreachable(
                "the answer sends elsewhere, which is not followed with a token",
                where=where,
                mend="correct `location` of this source in apportion.yaml",
            )
        default = f"DigitalOcean answers {status}", "run apportion ingest again; nothing was taken in"
        message, mend = _MEANINGS.get(HTTPStatus(status), default) if status in set(HTTPStatus) else default
        kind = Refused if status in (HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND) else Unreachable
        return kind(f"{message} ({status})", where=where, mend=mend)

    def _silent(self, path: str, reason: str) -> Unreachable:
        return Unreachable(
            f"DigitalOcean cannot be reached: {reason}",
            where=self._base + path,
            mend="check network, proxy and certificates, and run again",
        )


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect would take the token to another place."""

    def redirect_request(self, *_: Any) -> None:
        return None


def _passing(status: int) -> bool:
    return status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR


def _asked_wait(headers: Message) -> float | None:
    """Seconds to wait, as the answer asks; None where it does not."""
    after, reset = headers.get("Retry-After"), headers.get("ratelimit-reset")
    try:
        if after is not None and after.strip().isdigit():
            return float(after)
        if after is not None:
            return max(0.0, email.utils.parsedate_to_datetime(after).timestamp() - time.time())
        if reset is not None:
            return max(0.0, float(reset) - time.time())
    except (ValueError, TypeError):
        return None
    return None
