"""Object stores on loopback for tests: moto (S3), gcp-storage-emulator (GCS), Azurite (Blob). Each ends with its test.

    with s3_server() as endpoint:            # http://127.0.0.1:PORT
        put_s3(endpoint, "bills", {"cur/a.csv": b"..."})

An emulator speaks plain HTTP and takes any credentials but for Azurite's published development account.
"""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from tests.loopback import Http, Loopback

AZURITE_ACCOUNT = "devstoreaccount1"
AZURITE_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
"""The account and key that Microsoft publishes for its emulator."""
S3_KEYS = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "AWS_EC2_METADATA_DISABLED": "true"}
"""Environment of a client of :func:`s3_server`."""
READY_SECONDS = 60


def free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextmanager
def s3_server(**environ: str) -> Iterator[str]:
    """moto's server; yields its endpoint. ``INITIAL_NO_AUTH_ACTION_COUNT`` makes it check IAM after so many calls."""
    port = free_port()
    command = [_program("moto_server"), "-H", "127.0.0.1", "-p", str(port)]
    with running(command, port, environ):
        yield f"http://127.0.0.1:{port}"


@contextmanager
def gcs_server(bucket: str = "bills") -> Iterator[str]:
    """gcp-storage-emulator with one bucket; yields its endpoint."""
    port = free_port()
    command = [_program("gcp-storage-emulator"), "start", "--host", "127.0.0.1", "--port", str(port)]
    with running([*command, "--in-memory", "--default-bucket", bucket], port):
        yield f"http://127.0.0.1:{port}"


@contextmanager
def azurite_server(program: str) -> Iterator[str]:
    """Azurite's blob service: ``azurite_server(judge("azurite", "node_modules/.bin/azurite-blob"))``."""
    port = free_port()
    command = [program, "--silent", "--blobHost", "127.0.0.1", "--blobPort", str(port)]
    with running([*command, "--skipApiVersionCheck", "--inMemoryPersistence"], port):
        yield f"http://127.0.0.1:{port}"


def s3_client(endpoint: str, **keys: str) -> Any:
    """boto3's client of the server; ``keys`` as ``aws_access_key_id``, by default any."""
    import boto3

    keys = keys or {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
    return boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1", **keys)


def put_s3(endpoint: str, bucket: str, objects: Mapping[str, bytes]) -> None:
    """Makes the bucket where it is missing and puts the objects."""
    client = s3_client(endpoint)
    if bucket not in [each["Name"] for each in client.list_buckets()["Buckets"]]:
        client.create_bucket(Bucket=bucket)
    for key, content in objects.items():
        client.put_object(Bucket=bucket, Key=key, Body=content)
    client.close()


def put_gcs(endpoint: str, bucket: str, objects: Mapping[str, bytes]) -> None:
    """Puts the objects into the bucket of the emulator."""
    from pyarrow.fs import GcsFileSystem

    store = GcsFileSystem(anonymous=True, scheme="http", endpoint_override=endpoint.removeprefix("http://"))
    for key, content in objects.items():
        with store.open_output_stream(f"{bucket}/{key}") as out:
            out.write(content)


def put_azure(endpoint: str, container: str, objects: Mapping[str, bytes]) -> None:
    """Makes the container where it is missing and puts the blobs."""
    from pyarrow.fs import AzureFileSystem

    authority = endpoint.removeprefix("http://")
    store = AzureFileSystem(
        AZURITE_ACCOUNT,
        account_key=AZURITE_KEY,
        blob_storage_authority=authority,
        dfs_storage_authority=authority,
        blob_storage_scheme="http",
        dfs_storage_scheme="http",
    )
    store.create_dir(container)
    for key, content in objects.items():
        with store.open_output_stream(f"{container}/{key}") as out:
            out.write(content)


def _program(name: str) -> str:
    return str(Path(sys.executable).with_name(name))


@contextmanager
def running(command: list[str], port: int, environ: Mapping[str, str] | None = None) -> Iterator[None]:
    """The server, from the moment it takes connections until the block ends."""
    server = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, **(environ or {})}
    )
    try:
        _await(server, port)
        yield
    finally:
        server.terminate()
        try:
            server.wait(1)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _await(server: "subprocess.Popen[bytes]", port: int) -> None:
    until = time.monotonic() + READY_SECONDS
    while time.monotonic() < until:
        if server.poll() is not None:
            raise RuntimeError(f"{server.args!r} ended with {server.returncode}")
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError(f"{server.args!r} took no connection within {READY_SECONDS} s")


@dataclass
class Gate(Loopback):
    """A proxy before a store: ``requests`` counts what passes, ``denied`` are answered 403 as a cloud does.

    ``arrives`` is called with each request line before it is passed on, for what must happen just then.
    """

    upstream: str = ""
    requests: list[str] = field(default_factory=list)
    """``GET /bucket/key?query``, in order."""
    denied: Callable[[str], bool] = lambda _: False
    arrives: Callable[[str], None] = lambda _: None

    @property
    def endpoint(self) -> str:
        return self.address

    def handler(self) -> type[BaseHTTPRequestHandler]:
        return _Forwarding

    def fetched(self) -> list[str]:
        """Names of objects whose bytes were asked for, each once, in order."""
        asked = [unquote(line.removeprefix("GET ")) for line in self.requests if line.startswith("GET ")]
        objects = [line for line in asked if _is_object(line)]
        return list(dict.fromkeys(line.partition("?")[0].rpartition("/")[2] for line in objects))


def _is_object(line: str) -> bool:
    """Whether a GET asks for bytes, and neither for a listing nor for what is known of an object."""
    path, _, query = line.partition("?")
    if path.startswith("/storage/v1/"):
        return "alt=media" in query
    return "list-type=" not in query and "comp=" not in query and path.count("/") > 1


def gated(upstream: str) -> Gate:
    """A :class:`Gate` before the server at ``upstream``."""
    return Gate(upstream)


class _Forwarding(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Http

    def do_GET(self) -> None:
        gate: Gate = self.server.serving
        # NOTE: asked as a proxy, the path is a whole address
        path = self.path if self.path.startswith("/") else "/" + self.path.split("/", 3)[3]
        line = f"{self.command} {path}"
        gate.requests.append(line)
        gate.arrives(line)
        if gate.denied(line):
            kind = {} if self.command == "HEAD" else {"Content-Type": "application/xml"}
            self._send(403, kind | {"x-ms-error-code": "AuthorizationFailure"}, _DENIED)
            return
        connection = HTTPConnection(gate.upstream.removeprefix("http://"), timeout=30)
        headers = {name: value for name, value in self.headers.items() if name.lower() not in _OF_THE_HOP}
        connection.request(self.command, path, headers=headers)
        with connection.getresponse() as answer:
            self._send(answer.status, dict(answer.getheaders()), answer.read())
        connection.close()

    do_HEAD = do_GET  # noqa: N815  # as http.server calls it

    def _send(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.send_response_only(status)
        for name, value in headers.items():
            if name.lower() not in _OF_THE_HOP and not (name.lower() == "content-length" and self.command != "HEAD"):
                self.send_header(name, value)
        if self.command != "HEAD":
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Quiet."""


_OF_THE_HOP = ("host", "connection", "transfer-encoding", "keep-alive")
_DENIED = b'<?xml version="1.0"?><Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>'
