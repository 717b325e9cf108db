"""A local server that speaks the part of DigitalOcean's API the ingest uses: pages, totals, limits and refusals.

with DigitalOceanServer() as ocean:
    ocean.invoices.append(invoice("2026-10", item("Droplets", "12.00")))
    ocean.then("/v2/droplets", Limit(), Fail(500))     # what happens to the next calls of this path
    ... location = ocean.location, DIGITALOCEAN_TOKEN = ocean.token ...
    assert ocean.calls == [...]
"""

import json
import uuid
from collections import defaultdict, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.loopback import Http, Loopback

SCOPES = {
    "customers": "billing:read",
    "account": "account:read",
    "droplets": "droplet:read",
    "volumes": "block_storage:read",
    "databases": "database:read",
    "kubernetes": "kubernetes:read",
    "load_balancers": "load_balancer:read",
    "snapshots": "snapshot:read",
    "projects": "project:read",
}


@dataclass(frozen=True)
class Limit:
    """429, with the header that says when to ask again."""

    header: str = "Retry-After"
    value: str = "0"


@dataclass(frozen=True)
class Fail:
    """An error of theirs, for this call."""

    status: int = 500


@dataclass(frozen=True)
class Drop:
    """The connection breaks in the middle of the answer."""


@dataclass(frozen=True)
class Say:
    """Something else than the answer, under status 200."""

    text: str


@dataclass(frozen=True)
class Redirect:
    """302 to another place."""

    to: str


Trouble = Limit | Fail | Drop | Say | Redirect


def item(product: str, amount: str, **more: Any) -> dict[str, Any]:
    """An invoice item of one day; ``more`` are fields as the API names them, None takes one out."""
    fields: dict[str, Any] = {
        "product": product,
        "resource_uuid": "",
        "group_description": "",
        "description": f"{product} of a test",
        "amount": amount,
        "duration": "24",
        "duration_unit": "Hours",
        "start_time": "2026-10-05T00:00:00Z",
        "end_time": "2026-10-06T00:00:00Z",
        "project_name": "",
    } | more
    return {name: value for name, value in fields.items() if value is not None}


def invoice(period: str, *items: Mapping[str, Any], amount: str | None = None, **parts: str) -> dict[str, Any]:
    """An invoice with its items; ``parts`` are taxes, overages and credits_and_adjustments of its summary."""
    total = sum((Decimal(each["amount"]) for each in items), Decimal(0)) + sum(map(Decimal, parts.values()))
    identity = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{period}{len(items)}"))
    summary: dict[str, Any] = {"product_charges": {"name": "Product usage charges", "amount": "0.00"}}
    summary |= {name: {"name": name.replace("_", " ").capitalize(), "amount": part} for name, part in parts.items()}
    return {
        "invoice_uuid": identity,
        "invoice_id": "123456789",
        "period": period,
        "amount": str(total) if amount is None else amount,
        "items": list(items),
        "summary": summary,
    }


@dataclass
class DigitalOceanServer(Loopback):
    """``calls`` are the requests as (path with query), in order; ``page`` is the most that one page holds."""

    token: str = "dop_v1_only_for_tests"
    scopes: set[str] = field(default_factory=lambda: set(SCOPES.values()))
    invoices: list[dict[str, Any]] = field(default_factory=list)
    preview: dict[str, Any] | None = None
    lists: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    """By path: ``/v2/droplets``; the key of the answer is the last part, but for Kubernetes clusters."""
    projects: dict[str, Sequence[str]] = field(default_factory=dict)
    """Name -> the names of its resources (``do:droplet:1``)."""
    page: int = 200
    calls: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._troubles: dict[str, deque[Trouble | None]] = defaultdict(deque)

    def then(self, path: str, *troubles: Trouble | None) -> None:
        """The next calls of ``path`` meet these, one each; None is an answer as usual."""
        self._troubles[path].extend(troubles)

    def always(self, path: str, trouble: Trouble) -> None:
        """All calls of ``path`` meet this."""
        self._troubles[path].extend([trouble] * 100)

    @property
    def location(self) -> str:
        return self.address

    def handler(self) -> type[BaseHTTPRequestHandler]:
        return _Handler

    def trouble(self, path: str) -> Trouble | None:
        return self._troubles[path].popleft() if self._troubles[path] else None

    def answer(self, path: str, query: Mapping[str, str], token: str) -> tuple[int, dict[str, Any]]:
        """The status and the answer of a request."""
        if token != self.token:
            return 401, {"id": "unauthorized", "message": "Unable to authenticate you"}
        if SCOPES.get(path.split("/")[2]) not in self.scopes:
            return 403, {"id": "forbidden", "message": "You are not authorized to perform this operation"}
        found = self._found(path)
        if found is None:
            return 404, {"id": "not_found", "message": "The resource you requested could not be found."}
        key, entries, more = found
        if entries is None:
            return 200, more
        return 200, {key: None if entries == [] and key == "databases" else entries} | more | self._paged(
            path, key, entries, query
        )

    def _paged(self, path: str, key: str, entries: Sequence[Any], query: Mapping[str, str]) -> dict[str, Any]:
        size = min(int(query.get("per_page", "20")), self.page)
        page = int(query.get("page", "1"))
        pages: dict[str, str] = {}
        if page * size < len(entries):
            pages["next"] = f"{self.location}{path}?page={page + 1}&per_page={size}"
        shown: Any = list(entries[(page - 1) * size : page * size])
        if key == "databases":
            return {key: shown or None}
        return {key: shown, "links": {"pages": pages} if pages else {}, "meta": {"total": len(entries)}}

    def _found(self, path: str) -> tuple[str, list[Any] | None, dict[str, Any]] | None:
        if path == "/v2/account":
            return "", None, {"account": {"uuid": "user-1", "email": "a@example.com", "team": {"uuid": "team-1"}}}
        if path == "/v2/customers/my/invoices":
            more = {"invoice_preview": self._listed(self.preview)} if self.preview else {}
            return "invoices", [self._listed(each) for each in self.invoices], more
        if path.startswith("/v2/customers/my/invoices/"):
            return self._one(path.split("/")[5], summary=path.endswith("/summary"))
        if path == "/v2/projects":
            return "projects", [{"id": name, "name": name} for name in self.projects], {}
        if path.startswith("/v2/projects/"):
            return "resources", [{"urn": urn} for urn in self.projects.get(path.split("/")[3], ())], {}
        key = "kubernetes_clusters" if path.endswith("clusters") else path.rsplit("/", 1)[-1]
        return key, self.lists[path], {}

    def _one(self, identity: str, *, summary: bool) -> tuple[str, list[Any] | None, dict[str, Any]] | None:
        known = [*self.invoices, *([self.preview] if self.preview else [])]
        found = next((each for each in known if each["invoice_uuid"] == identity), None)
        if found is None:
            return None
        if not summary:
            return "invoice_items", found["items"], {}
        told = {name: found[name] for name in ("invoice_uuid", "invoice_id", "amount")}
        return "", None, told | {"billing_period": found["period"]} | found["summary"]

    def _listed(self, found: Mapping[str, Any]) -> dict[str, Any]:
        told = {name: found[name] for name in ("invoice_uuid", "invoice_id", "amount")}
        return told | {"invoice_period": found["period"]}


class _Handler(BaseHTTPRequestHandler):
    server: Http

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        ocean: DigitalOceanServer = self.server.serving
        ocean.calls.append(self.path)
        match ocean.trouble(parts.path):
            case Limit(header, value):
                self._send(429, '{"id": "too_many_requests"}', {header: value})
            case Fail(status):
                self._send(status, '{"id": "server_error"}', {"Retry-After": "0"})
            case Drop():
                self._send(200, '{"invoi', {"Content-Length": "1000"})
            case Say(text):
                self._send(200, text, {})
            case Redirect(to):
                self._send(302, "", {"Location": to})
            case None:
                query = {name: values[0] for name, values in parse_qs(parts.query).items()}
                token = self.headers.get("Authorization", "").removeprefix("Bearer ")
                status, answer = ocean.answer(parts.path, query, token)
                self._send(status, json.dumps(answer), {})

    def _send(self, status: int, text: str, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in ({"Content-Length": str(len(text))} | dict(headers)).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(text.encode())
        self.close_connection = True

    def log_message(self, *_: Any) -> None:
        """Says nothing."""
