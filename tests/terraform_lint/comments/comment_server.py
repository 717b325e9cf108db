"""A local server that speaks the documented part of GitHub's issue comments and GitLab's notes."""

import json
import re
from collections import deque
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.loopback import Http, Loopback

TOKEN = "only-for-tests-5e1f"


@dataclass(frozen=True)
class Trouble:
    """The next answer instead of the right one; ``taken``: after the call was carried out."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: str = '{"message": "no"}'
    taken: bool = False


@dataclass
class CommentServer(Loopback):
    """``comments`` are rows as the API shows them, ``calls`` what was asked. ``me`` None: a job's token, which may
    not ask whose it is; its comments are a bot's."""

    gitlab: bool = False
    me: str | None = None
    page: int = 2
    comments: list[dict[str, Any]] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    not_editable: set[int] = field(default_factory=set)
    read_only: bool = False
    list_elsewhere: str = ""
    seen_tokens: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.troubles: dict[str, deque[Trouble]] = {}

    @property
    def author(self) -> str:
        return self.me or "github-actions[bot]"

    @property
    def url(self) -> str:
        return self.address

    @property
    def bodies(self) -> list[str]:
        return [row["body"] for row in self.comments]

    def then(self, method: str, *troubles: Trouble) -> None:
        self.troubles.setdefault(method, deque()).extend(troubles)

    def add(self, body: str, author: str, kind: str = "User", **more: Any) -> int:
        number = 100 + len(self.comments)
        person = {"username": author} if self.gitlab else {"login": author, "type": kind}
        row = {"id": number, "body": body, "author" if self.gitlab else "user": person, **more}
        if not self.gitlab:
            row["html_url"] = f"https://github.example/pull/7#issuecomment-{number}"
        self.comments.append(row)
        return number

    def handler(self) -> type[BaseHTTPRequestHandler]:
        return _Handler

    def answer(self, method: str, target: str, body: dict[str, str]) -> tuple[int, Any, dict[str, str]]:
        path = urlsplit(target).path
        if path == "/user":
            whose = {"username": self.me} if self.gitlab else {"login": self.me, "type": "User"}
            return (200, whose, {}) if self.me else (403, {"message": "Resource not accessible by integration"}, {})
        many, one = (
            (r"/projects/42/merge_requests/7/notes", r"/projects/42/merge_requests/7/notes/(\d+)")
            if self.gitlab
            else (r"/repos/acme/infra/issues/7/comments", r"/repos/acme/infra/issues/comments/(\d+)")
        )
        if re.fullmatch(many, path):
            return self._list(target) if method == "GET" else self._create(body)
        if (found := re.fullmatch(one, path)) and method == ("PUT" if self.gitlab else "PATCH"):
            return self._update(int(found[1]), body)
        return 404, {"message": "Not Found"}, {}

    def _list(self, target: str) -> tuple[int, Any, dict[str, str]]:
        path, query = urlsplit(target).path, parse_qs(urlsplit(target).query)
        number, size = int(query.get("page", ["1"])[0]), min(self.page, int(query["per_page"][0]))
        rows = self.comments[(number - 1) * size : number * size]
        last = -(-len(self.comments) // size) or 1
        base = self.list_elsewhere or self.url
        links = [f'<{base}{path}?per_page={size}&page=1>; rel="first"', f'<{base}{path}?page={last}>; rel="last"']
        if number < last:
            links.insert(0, f'<{base}{path}?per_page={size}&page={number + 1}>; rel="next"')
        return 200, rows, {"Link": ", ".join(links)}

    def _create(self, body: dict[str, str]) -> tuple[int, Any, dict[str, str]]:
        if self.read_only:
            return 403, {"message": "Resource not accessible by integration"}, {}
        if not self.gitlab and len(body["body"]) > 65_536:
            return 422, {"message": "Validation Failed: body is too long"}, {}
        self.add(body["body"], self.author, "User" if self.me else "Bot")
        return 201, self.comments[-1], {}

    def _update(self, number: int, body: dict[str, str]) -> tuple[int, Any, dict[str, str]]:
        row = next((row for row in self.comments if row["id"] == number), None)
        if row is None:
            return 404, {"message": "Not Found"}, {}
        if self.read_only or number in self.not_editable:
            return 403, {"message": "Must have admin rights"}, {}
        row["body"] = body["body"]
        return 200, row, {}


class _Handler(BaseHTTPRequestHandler):
    server: Http

    def _serve(self) -> None:
        api: CommentServer = self.server.serving
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length)) if length else {}
        api.calls.append(f"{self.command} {self.path}")
        header = self.headers.get("PRIVATE-TOKEN" if api.gitlab else "Authorization") or ""
        api.seen_tokens.append(header)
        trouble = api.troubles.get(self.command, deque())
        met = trouble.popleft() if trouble and not self.path.startswith("/user") else None
        if met is None or met.taken:
            right = header == (TOKEN if api.gitlab else f"Bearer {TOKEN}")
            status, answer, headers = (
                api.answer(self.command, self.path, body) if right else (401, {"message": "Bad credentials"}, {})
            )
        if met is not None:
            self._send(met.status, met.body.encode(), met.headers)
        else:
            self._send(status, json.dumps(answer).encode(), headers)

    def _send(self, status: int, content: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def do_PATCH(self) -> None:
        self._serve()

    def do_PUT(self) -> None:
        self._serve()

    def do_DELETE(self) -> None:
        self._serve()

    def log_message(self, *_: Any) -> None:
        """Quiet."""
