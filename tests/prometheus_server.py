"""A local server that speaks the part of Prometheus' HTTP API that drivers ask: raw samples, last values, expressions.

with PrometheusServer() as prometheus:
    prometheus.add({"tenant": "acme"}, [("2026-10-01T00:00:30", "5"), ...])
    prometheus.behave = lambda call: Fail(503, "...")      # instead of the answer, for this call
    ... url = prometheus.address ...
    assert prometheus.calls == [...]

It finds the series of every selector: a test has one metric. Ranges hold both ends, as before version 3.
"""

import json
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.loopback import Http, Loopback

LOOKBACK_MS = 300_000
Labels = Mapping[str, str]


def at(moment: str) -> int:
    """Milliseconds since 1970 of ``2026-10-01T00:00:30``, UTC."""
    return round(datetime.fromisoformat(moment).replace(tzinfo=UTC).timestamp() * 1000)


@dataclass(frozen=True)
class Fail:
    """An answer of the API that is an error."""

    status: int
    error: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Half:
    """The connection ends in the middle of the answer."""


@dataclass(frozen=True)
class Drip:
    """The answer comes byte by byte and does not end."""


@dataclass(frozen=True)
class Hang:
    """No answer for two seconds."""


@dataclass(frozen=True)
class Say:
    """Another body under status 200."""

    body: str


@dataclass(frozen=True)
class Call:
    """One request: its path, its parameters and its headers."""

    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]


@dataclass
class PrometheusServer(Loopback):
    """Series by their labels; ``evaluate`` makes the samples of an expression at a moment."""

    series: list[tuple[Labels, list[tuple[int, str]]]] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    behave: Callable[[Call], object | None] = lambda _: None
    warnings: Sequence[str] = ()
    most_samples: int = 50_000_000

    def add(self, labels: Labels, samples: Sequence[tuple[str, str]]) -> None:
        """One series of samples at moments, in any order."""
        self.series.append(({"__name__": "work_total", **labels}, [(at(moment), text) for moment, text in samples]))

    def handler(self) -> type[BaseHTTPRequestHandler]:
        return _Handler

    def result(self, call: Call) -> tuple[str, list[dict[str, Any]]] | Fail:
        """What the API would answer."""
        query = call.query["query"]
        if call.path.endswith("/query_range"):
            return "matrix", [*self._evaluated(call)]
        end = int(call.query["time"]) * 1000
        found = re.fullmatch(r"(last_over_time\()?(.*)\[(\d+)s\]\)?", query)
        assert found is not None, query
        held = [(labels, _within(samples, end - int(found[3]) * 1000, end)) for labels, samples in self.series]
        if sum(len(samples) for _, samples in held) > self.most_samples:
            return Fail(422, "query processing would load too many samples into memory in query execution")
        if found[1]:
            return "vector", [{"metric": labels, "value": samples[-1]} for labels, samples in held if samples]
        return "matrix", [{"metric": labels, "values": samples} for labels, samples in held if samples]

    def _evaluated(self, call: Call) -> Iterator[dict[str, Any]]:
        start, end, step = (int(call.query[key]) * 1000 for key in ("start", "end", "step"))
        for labels, samples in self.series:
            moments = range(start, end + 1, step)
            held = [(moment / 1000, _within(samples, moment - LOOKBACK_MS, moment)) for moment in moments]
            points = [(moment, last[-1][1]) for moment, last in held if last]
            if points:
                yield {"metric": {name: text for name, text in labels.items() if name != "__name__"}, "values": points}


def _within(samples: Sequence[tuple[int, str]], first: int, last: int) -> list[tuple[float, str]]:
    return [(moment / 1000, text) for moment, text in samples if first <= moment <= last]


class _Handler(BaseHTTPRequestHandler):
    server: Http

    def do_GET(self) -> None:
        self._answer(urlsplit(self.path).query)

    def do_POST(self) -> None:
        self._answer(self.rfile.read(int(self.headers["Content-Length"])).decode())

    def _answer(self, asked: str) -> None:
        prometheus: PrometheusServer = self.server.serving
        query = {name: values[0] for name, values in parse_qs(asked).items()}
        call = Call(urlsplit(self.path).path, query, dict(self.headers.items()))
        prometheus.calls.append(call)
        match prometheus.behave(call) or prometheus.result(call):
            case Fail(status, error, headers):
                said = {"status": "error", "errorType": "execution", "error": error} if error else {}
                self._send(status, json.dumps(said).encode(), headers)
            case Half():
                self._begin(200, 100_000, {})
                self.wfile.write(b'{"status": "success", "data": {"resultType": "matrix", "result": [')
            case Drip():
                self._begin(200, 100_000, {})
                for _ in range(60):
                    self.wfile.write(b" ")
                    self.wfile.flush()
                    time.sleep(0.1)
            case Hang():
                time.sleep(2)
            case Say(body):
                self._send(200, body.encode(), {})
            case (kind, result):
                content: dict[str, Any] = {"status": "success", "data": {"resultType": kind, "result": result}}
                self._send(200, json.dumps(content | {"warnings": list(prometheus.warnings)}).encode(), {})

    def _begin(self, status: int, length: int, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", "Content-Length": str(length), **headers}.items():
            self.send_header(name, value)
        self.end_headers()

    def _send(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        self._begin(status, len(body), headers)
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Nothing on the test's output."""
