"""JSON over HTTP with a token: stays on one host, never shows the token."""

import json
import re
from collections.abc import Iterator, Mapping
from email.message import Message
from http.client import HTTPException
from typing import IO, TypeVar
from urllib.error import HTTPError
from urllib.parse import urljoin, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

import msgspec

_SECONDS = 20.0
_NEXT = re.compile(r'<([^<>]+)>\s*;[^,]*\brel="?next"?')
_MOST_PAGES = 100
Row = TypeVar("Row")


class Refused(Exception):
    """The server said no, for good."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Busy(Exception):
    """It may work later: after ``wait`` seconds where the server says so."""

    def __init__(self, message: str, wait: float | None = None) -> None:
        super().__init__(message)
        self.wait = wait


class Api:
    """A server's API under one address. Raises ``Refused`` or ``Busy``, and nothing else, for what the server does."""

    def __init__(self, address: str, headers: Mapping[str, str], secret: str) -> None:
        self._address = address.rstrip("/")
        self._headers = {"User-Agent": "apportion", "Accept": "application/json", **headers}
        self._secret = secret
        self._open = build_opener(_SameHost).open

    def ask(self, method: str, path: str, answer: type[Row], body: Mapping[str, str] | None = None) -> Row:
        """The server's answer, as ``answer`` describes it."""
        return _decoded(self._ask(method, f"{self._address}{path}", body)[0], answer)

    def rows(self, path: str, row: type[Row]) -> Iterator[Row]:
        """Every row of a list, page by page as the Link header leads."""
        url: str | None = f"{self._address}{path}"
        for _ in range(_MOST_PAGES):
            if url is None:
                return
            content, headers = self._ask("GET", url, None)
            yield from _decoded(content, list[row])  # type: ignore[valid-type]  # msgspec reads the type at run time
            found = _NEXT.search(headers.get("Link") or "")
            url = urljoin(url, found[1]) if found else None
            if url is not None and _origin(url) != _origin(self._address):
                raise Refused(0, "the server's list goes on at another host")

    def _ask(self, method: str, url: str, body: Mapping[str, str] | None) -> tuple[bytes, Message]:
        data = None if body is None else json.dumps(body).encode()
        headers = self._headers if data is None else {**self._headers, "Content-Type": "application/json"}
        try:
            request = Request(url, data, headers, method=method)  # noqa: S310 - `usable_address` takes http(s) only
            with self._open(request, timeout=_SECONDS) as answer:
                return answer.read(), answer.headers
        except HTTPError as error:
            raise self._told(error) from None
        except (OSError, HTTPException) as error:
            raise Busy(self._clean(f"the server cannot be reached ({error})")) from None
        except ValueError as error:
            raise Refused(0, self._clean(f"the server's address is wrong ({error})")) from None

    def _told(self, error: HTTPError) -> Refused | Busy:
        with error:
            try:
                said = json.loads(error.read(100_000))
            except (OSError, HTTPException, ValueError):
                said = None
        detail = said.get("message") if isinstance(said, dict) else None
        message = self._clean(f"the server answers {error.code}" + (f" ({detail})" if detail else ""))
        wait = error.headers.get("Retry-After")
        if error.code == 429 or error.code >= 500 or (error.code == 403 and wait):
            return Busy(message, float(wait) if wait and wait.isdecimal() else None)
        return Refused(error.code, message)

    def _clean(self, text: str) -> str:
        return shown(text.replace(self._secret, "***"))


def _decoded(content: bytes, kind: type[Row]) -> Row:
    try:
        return msgspec.json.decode(content, type=kind)
    except msgspec.DecodeError:  # and its ValidationError
        raise Refused(0, "the server's answer is not as its API describes") from None


def shown(text: str) -> str:
    """Text of a server, safe and short enough to print."""
    return "".join(each if each.isprintable() else " " for each in text)[:300]


def usable_address(address: str) -> bool:
    """Whether requests may go there: http or https, with a host."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and address.isprintable() and " " not in address


def usable_token(token: str) -> bool:
    """Whether a token can stand in a header; an error about one that cannot would show it."""
    return token.isascii() and token.isprintable() and bool(token)


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc


class _SameHost(HTTPRedirectHandler):
    """Follows a redirect only on the same host, and keeps what is asked: the token travels along."""

    def redirect_request(
        self,
        req: Request,
        fp: IO[bytes],  # noqa: ARG002 - the signature is urllib's
        code: int,
        msg: str,  # noqa: ARG002 - as above
        headers: Message,  # noqa: ARG002 - as above
        newurl: str,
    ) -> Request | None:
        if _origin(newurl) != _origin(req.full_url) or (req.get_method() != "GET" and code not in (307, 308)):
            return None
        return Request(  # noqa: S310 - the scheme is that of the request before
            newurl, req.data, req.headers, method=req.get_method()
        )
