"""A server asked for JSON over HTTP: no redirect followed, one deadline for an answer, passing failures asked again."""

import http.client
import json
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import Message
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from agent.errors import Unreachable

_ATTEMPTS = 3
_FIRST_WAIT = 0.5
_LONGEST_WAIT = 30.0
_PIECE = 1 << 16
_LONGEST_ADDRESS = 4_000
"""Longer questions go in the body: proxies cut longer addresses off."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer of any status: its JSON with every number as its text, None where it is none; and its length."""

    status: int
    content: Any
    size: int


class Server:
    """``base`` is an address without query; ``of`` names the driver in messages, such as ``usage db_seconds``.

    Where the server says when to ask again, that is waited for, up to ``longest_wait`` seconds.
    """

    def __init__(
        self,
        of: str,
        base: str,
        headers: Mapping[str, str],
        timeout_seconds: int,
        *,
        longest_wait: float = _LONGEST_WAIT,
    ) -> None:
        self._of = of
        self._base = base.rstrip("/")
        self._headers = {**headers, "Accept": "application/json"}
        self._seconds = timeout_seconds
        self._longest_wait = longest_wait
        self._opener = urllib.request.build_opener(_NoRedirect)
        if not all(value.isascii() for value in headers.values()):
            raise Unreachable(f"{of}: a secret that is sent as a header holds other characters than ASCII")

    def ask(self, path: str, question: Mapping[str, str]) -> Reply:
        """The answer to a question. Raises ``Unreachable`` where there is none, or only the beginning of one."""
        wait = _FIRST_WAIT
        for attempt in range(1, _ATTEMPTS + 1):
            status, headers, content = self._once(path, question)
            if attempt == _ATTEMPTS or not _passing(status, content):
                return self._reply(path, status, content)
            asked = _asked_wait(headers)
            time.sleep(min(wait if asked is None else asked, self._longest_wait))
            wait *= 2
        raise AssertionError

    def _once(self, path: str, question: Mapping[str, str]) -> tuple[int, Message | None, bytes]:
        """Status 0 with the reason where nothing answers."""
        until = time.monotonic() + self._seconds
        try:
            with self._opener.open(self._request(path, question), timeout=self._seconds) as response:
                return response.status, response.headers, self._read(path, response, until)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.headers, self._read(path, error, until)
        except TimeoutError:
            raise self._late(path) from None
        except (OSError, http.client.HTTPException) as error:
            reason = getattr(error, "reason", error)
            if isinstance(reason, TimeoutError):
                raise self._late(path) from None
            return 0, None, (str(reason) or type(error).__name__).encode()

    def _request(self, path: str, question: Mapping[str, str]) -> urllib.request.Request:
        asked = urlencode(question)
        if len(asked) > _LONGEST_ADDRESS:
            return urllib.request.Request(self._base + path, asked.encode(), self._headers)  # noqa: S310  # the configuration takes http(s) only
        return urllib.request.Request(f"{self._base}{path}?{asked}", headers=self._headers)  # noqa: S310  # the same

    def _read(self, path: str, response: Any, until: float) -> bytes:
        """The whole body, though it may drip: a timeout of the socket alone begins anew with each byte."""
        pieces = []
        while piece := response.read1(_PIECE):
            pieces.append(piece)
            if time.monotonic() > until:
                raise self._late(path)
        return b"".join(pieces)

    def _reply(self, path: str, status: int, content: bytes) -> Reply:
        where = self._base + path
        if status == 0:
            reason = content.decode("utf-8", "replace")
            raise Unreachable(
                f"{self._of}: the server cannot be reached: {reason}",
                where=where,
                mend="check network, proxy and certificates, and run apportion ingest again",
            )
        if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
            raise Unreachable(
                f"{self._of}: the answer ({status}) sends elsewhere, which is not followed",
                where=where,
                mend="write the address it sends to into apportion.yaml, if it is the right one",
            )
        if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
            raise Unreachable(
                f"{self._of}: the server does not accept the credentials, or they may not read this ({status})",
                where=where,
                mend="correct the secret in the environment, or give it the right that docs/drivers.md names",
            )
        try:
            found = json.loads(content, parse_float=str, parse_int=str, parse_constant=str)
        except (ValueError, RecursionError):
            found = None
        if found is None and status < HTTPStatus.BAD_REQUEST:
            raise Unreachable(
                f"{self._of}: the answer is no whole JSON; nothing of it was taken",
                where=where,
                mend="run apportion ingest again; is the address that of the API?",
            )
        return Reply(status, found, len(content))

    def _late(self, path: str) -> Unreachable:
        return Unreachable(
            f"{self._of}: the server did not answer whole within {self._seconds} s; nothing was taken",
            where=self._base + path,
            mend="raise timeout_seconds of this driver in apportion.yaml, or run apportion ingest again",
        )


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect would take the secrets to another place."""

    def redirect_request(self, *_: Any) -> None:
        return None


def _passing(status: int, content: bytes) -> bool:
    """NOTE: a certificate that is wrong stays wrong"""
    if status == 0:
        return b"CERTIFICATE_VERIFY_FAILED" not in content
    return status in (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE)


def _asked_wait(headers: Message | None) -> float | None:
    """Seconds, as the answer names them: ``Retry-After`` of HTTP, or Datadog's time until its limit is reset."""
    after = headers.get("Retry-After") or headers.get("X-RateLimit-Reset") or "" if headers is not None else ""
    return float(after) if after.strip().isdecimal() else None
