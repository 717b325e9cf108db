"""A local server that speaks Datadog's query API (v1): metrics by tags, rollups, its limit of points, its refusals.

with DatadogServer() as datadog:
    datadog.put("api.requests", {"tenant": "acme"}, datetime(2026, 10, 1, 5, tzinfo=UTC), "3.5")
    datadog.troubles = [Limited(), Failing(500)]      # what happens to the next calls
    ... base_url = datadog.address; DD_API_KEY = datadog.api_key; DD_APP_KEY = datadog.app_key ...
"""

import json
import re
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Context, Decimal
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.loopback import Http, Loopback

_QUERY = re.compile(
    r"(\w+):([\w.]+)\{([^}]*)\} by \{([^}]+)\}(?:\.as_count\(\))?(?:\.rollup\((\w+), ?(\d+)\))?$", re.ASCII
)


@dataclass(frozen=True)
class Limited:
    """429 with Datadog's headers; ``reset`` seconds until the limit begins anew."""

    reset: str = "0"


@dataclass(frozen=True)
class Failing:
    """An error of theirs, with the errors they name."""

    status: int
    errors: tuple[str, ...] = ()


@dataclass(frozen=True)
class Saying:
    """This text instead of the answer, all of it or only its first half."""

    text: str
    whole: bool = True


_EXACT = Context(prec=60)
Trouble = Limited | Failing | Saying
Tags = tuple[tuple[str, str], ...]


@dataclass
class DatadogServer(Loopback):
    api_key: str = "api-key-of-the-test"
    app_key: str = "application-key-of-the-test"
    most_points: int = 1_500
    points: list[tuple[str, dict[str, str], datetime, Decimal]] = field(default_factory=list)
    troubles: list[Trouble] = field(default_factory=list)
    calls: list[dict[str, str]] = field(default_factory=list)
    changed: Callable[[dict[str, Any]], dict[str, Any]] = lambda answer: answer
    """What an answer is turned into before it is sent."""

    def put(self, metric: str, tags: Mapping[str, str], at: datetime, value: str) -> None:
        """A point. Its value is sent with these digits where it is alone in its interval."""
        self.points.append((metric, dict(tags), at, Decimal(value)))

    def handler(self) -> type[BaseHTTPRequestHandler]:
        return _Handler

    def answer(self, asked: Mapping[str, str]) -> dict[str, Any]:
        """What Datadog answers: a series for each combination of the tags, rolled up to intervals of UNIX time."""
        found = _QUERY.match(asked["query"])
        if found is None:
            return {"status": "error", "error": f"Error parsing query: {asked['query']}"}
        over, metric, scope, by, roll, seconds = found.groups()
        assert over in ("sum", "count")
        assert roll == "sum"
        begin, end = int(asked["from"]), int(asked["to"])
        interval = int(seconds)
        while (end - begin) / interval > self.most_points:
            interval *= 2
        wanted = dict(pair.split(":") for pair in scope.split(",") if pair != "*")
        names = [name.strip() for name in by.split(",")]
        sums: dict[Tags, dict[int, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
        for of, tags, at, value in self.points:
            if of == metric and wanted.items() <= tags.items() and begin <= at.timestamp() <= end:
                group = tuple((name, tags.get(name, "N/A")) for name in names)
                start = int(at.timestamp()) // interval * interval
                sums[group][start] = _EXACT.add(sums[group][start], value)
        series = [_series(metric, group, points, interval) for group, points in sorted(sums.items())]
        return {
            "status": "ok",
            "resp_version": 1,
            "res_type": "time_series",
            "query": asked["query"],
            "from_date": begin * 1000,
            "to_date": end * 1000,
            "series": series,
            "values": [],
            "times": [],
            "message": "",
            "group_by": names,
        }


def _series(metric: str, group: Tags, points: Mapping[int, Decimal], interval: int) -> dict[str, Any]:
    tags = [f"{name}:{value}" for name, value in group]
    return {
        "unit": None,
        "query_index": 0,
        "aggr": "sum",
        "metric": metric,
        "tag_set": tags,
        "expression": f"sum:{metric}{{{','.join(tags)}}}.rollup(sum,{interval})",
        "scope": ",".join(tags),
        "interval": interval,
        "length": len(points),
        "start": min(points) * 1000,
        "end": (max(points) + interval) * 1000 - 1,
        "pointlist": [[at * 1000.0, points[at]] for at in sorted(points)],
        "display_name": metric,
        "attributes": {},
    }


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Http

    def do_GET(self) -> None:
        datadog: DatadogServer = self.server.serving
        parts = urlsplit(self.path)
        asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
        datadog.calls.append(asked)
        keys = self.headers["DD-API-KEY"], self.headers["DD-APPLICATION-KEY"]
        if parts.path != "/api/v1/query":
            self._send(404, '{"errors": ["Not found"]}')
        elif keys != (datadog.api_key, datadog.app_key):
            self._send(403, '{"errors": ["Forbidden"]}')
        elif datadog.troubles:
            self._trouble(datadog.troubles.pop(0))
        else:
            self._send(200, _text(datadog.changed(datadog.answer(asked))))

    def _trouble(self, trouble: Trouble) -> None:
        if isinstance(trouble, Limited):
            headers = {"X-RateLimit-Limit": "1600", "X-RateLimit-Period": "3600", "X-RateLimit-Remaining": "0"}
            self._send(429, '{"errors": ["Rate limit exceeded"]}', {**headers, "X-RateLimit-Reset": trouble.reset})
        elif isinstance(trouble, Failing):
            self._send(trouble.status, json.dumps({"errors": trouble.errors}))
        else:
            self._send(200, trouble.text, cut=not trouble.whole)

    def _send(self, status: int, text: str, headers: Mapping[str, str] | None = None, *, cut: bool = False) -> None:
        content = text.encode()
        self.send_response(status)
        for name, value in {**(headers or {}), "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(content[: len(content) // 2] if cut else content)
        self.close_connection = cut

    def log_message(self, *_: Any) -> None:
        """Quiet."""


def _text(answer: dict[str, Any]) -> str:
    """JSON with every decimal as its own digits."""
    digits: list[str] = []

    def named(value: Any) -> Any:
        if isinstance(value, Decimal):
            digits.append(str(value))
            return f"@{len(digits) - 1}@"
        if isinstance(value, dict):
            return {key: named(part) for key, part in value.items()}
        return [named(part) for part in value] if isinstance(value, list) else value

    text = json.dumps(named(answer))
    return re.sub(r'"@(\d+)@"', lambda found: digits[int(found[1])], text)


def day(number: int, hour: int = 0, minute: int = 0) -> datetime:
    """A time of October 2026."""
    return datetime(2026, 10, number, hour, minute, tzinfo=UTC)
