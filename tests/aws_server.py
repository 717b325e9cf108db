"""A local server that speaks the protocols of AWS's measuring services: RPC v2 over CBOR, and JSON 1.1.

with AwsServer({"GetMetricData": lambda question: {"MetricDataResults": []}}) as aws:
    ... endpoint = aws.address ...
    assert aws.questions == [("GetMetricData", {...})]

An operation is a function of the question, or a list of what each next call gets; an :class:`AwsError` is its error.
"""

import json
import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler
from typing import Any

from tests.loopback import Http, Loopback

Question = Mapping[str, Any]
_TIMES = ("StartTime", "EndTime")
_EPOCH_TAG = 1


@dataclass(frozen=True)
class AwsError:
    """An error of AWS: its code, and the HTTP status."""

    code: str
    status: int = 400
    message: str = "said by the test"


Operation = Callable[[Question], Any] | Sequence[Any]


@dataclass
class AwsServer(Loopback):
    operations: Mapping[str, Operation]
    questions: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    """Operation and question of every call, times as UTC datetimes."""
    keys: list[str] = field(default_factory=list)
    """The access key that signed each call."""

    def handler(self) -> type[BaseHTTPRequestHandler]:
        return _Handler

    def answer(self, operation: str, question: dict[str, Any]) -> Any:
        self.questions.append((operation, question))
        known = self.operations[operation]
        if callable(known):
            return known(question)
        asked = sum(name == operation for name, _ in self.questions)
        return known[min(asked, len(known)) - 1]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Http

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        aws: AwsServer = self.server.serving
        aws.keys.append(self.headers["Authorization"].partition("Credential=")[2].partition("/")[0])
        cbor = self.path.startswith("/service/")
        question = decoded(body) if cbor else json.loads(body)
        operation = self.path.rpartition("/")[2] if cbor else self.headers["X-Amz-Target"].rpartition(".")[2]
        for name in _TIMES:
            if isinstance(question.get(name), int | float):
                question[name] = datetime.fromtimestamp(question[name], UTC)
        answer = aws.answer(operation, question)
        status = 200
        if isinstance(answer, AwsError):
            status, answer = answer.status, {"__type": f"com.amazonaws#{answer.code}", "message": answer.message}
        content = encoded(answer) if cbor else json.dumps(answer, default=datetime.timestamp).encode()
        self.send_response(status)
        if cbor:
            self.send_header("smithy-protocol", "rpc-v2-cbor")
        self.send_header("Content-Type", "application/cbor" if cbor else "application/x-amz-json-1.1")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """Quiet."""


def encoded(value: Any) -> bytes:
    """A value as CBOR (RFC 8949)."""
    if value is None or isinstance(value, bool):
        return {None: b"\xf6", True: b"\xf5", False: b"\xf4"}[value]
    if isinstance(value, int):
        return _head(0, value) if value >= 0 else _head(1, -1 - value)
    if isinstance(value, float):
        return b"\xfb" + struct.pack(">d", value)
    if isinstance(value, str):
        return _head(3, len(value.encode())) + value.encode()
    if isinstance(value, datetime):
        return _head(6, _EPOCH_TAG) + encoded(value.timestamp())
    parts = [part for item in value.items() for part in item] if isinstance(value, Mapping) else value
    return _head(5 if isinstance(value, Mapping) else 4, len(value)) + b"".join(map(encoded, parts))


def _head(kind: int, number: int) -> bytes:
    for code, size in ((24, "B"), (25, "H"), (26, "I"), (27, "Q")):
        if number < (24 if code == 24 else 256 ** struct.calcsize(size)):
            return (
                bytes([kind << 5 | number])
                if number < 24
                else bytes([kind << 5 | code]) + struct.pack(f">{size}", number)
            )
    raise OverflowError(number)


def decoded(content: bytes) -> Any:
    """What CBOR holds, as far as AWS's clients write it."""
    value, rest = _decoded(content)
    assert not rest
    return value


def _decoded(content: bytes) -> tuple[Any, bytes]:
    kind, short, content = content[0] >> 5, content[0] & 31, content[1:]
    if kind == 7:
        return _simple(short, content)
    if short == 31:
        return _until_break(kind, content)
    size = {24: 1, 25: 2, 26: 4, 27: 8}.get(short, 0)
    number, content = int.from_bytes(content[:size], "big") if size else short, content[size:]
    if kind < 2:
        return (number if kind == 0 else -1 - number), content
    if kind == 3:
        return content[:number].decode(), content[number:]
    if kind == 6:
        return _decoded(content)
    items = []
    for _ in range(number * (kind - 3)):
        item, content = _decoded(content)
        items.append(item)
    return _collected(kind, items), content


def _simple(short: int, content: bytes) -> tuple[Any, bytes]:
    if short in (26, 27):
        size = 4 if short == 26 else 8
        return struct.unpack(">f" if short == 26 else ">d", content[:size])[0], content[size:]
    return {20: False, 21: True, 22: None}[short], content


def _until_break(kind: int, content: bytes) -> tuple[Any, bytes]:
    items = []
    while content[0] != 0xFF:
        item, content = _decoded(content)
        items.append(item)
    return _collected(kind, items), content[1:]


def _collected(kind: int, items: list[Any]) -> Any:
    return items if kind == 4 else dict(zip(items[::2], items[1::2], strict=True))
