"""BigQuery's emulator on loopback for tests; it ends with its test. Its arithmetic is not used.

with bigquery_server(program, home) as server:      # program: judge("bqemulator", "bin/bqemulator")
    server.client().create_table(...)
"""

import shutil
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.servers import READY_SECONDS, free_port, running

PROJECT, DATASET, TABLE = "bills", "billing", "gcp_billing_export_resource_v1_0ABCDE"
LOCATION = f"bigquery://{PROJECT}/{DATASET}/{TABLE}"


@dataclass(frozen=True)
class Server:
    """Its two ports; ``endpoint`` is what ``storage.endpoint`` of a source takes."""

    rest: int
    rpc: int

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.rest} http://127.0.0.1:{self.rpc}"

    def client(self) -> Any:
        from google.auth.credentials import AnonymousCredentials
        from google.cloud.bigquery import Client

        options = {"api_endpoint": f"http://127.0.0.1:{self.rest}"}
        return Client(project=PROJECT, credentials=AnonymousCredentials(), client_options=options)


@contextmanager
def bigquery_server(program: str, home: Path) -> Iterator[Server]:
    """``home`` becomes the emulator's home: it looks there for DuckDB's extension, which its environment brings."""
    packages = next(Path(program).parent.parent.glob("lib/python*/site-packages"))
    extensions = home / ".duckdb" / "extensions" / "v1.5.5" / "linux_amd64"
    extensions.mkdir(parents=True)
    shutil.copy(
        packages / "duckdb_extension_spatial" / "extensions" / "v1.5.5" / "spatial.duckdb_extension", extensions
    )
    server = Server(free_port(), free_port())
    command = [program, "start", "--rest-port", str(server.rest), "--grpc-port", str(server.rpc), "--project", PROJECT]
    with running(command, server.rest, {"HOME": str(home)}):
        _await_port(server.rpc)
        yield server


def _await_port(port: int) -> None:
    """NOTE: the storage service comes up after REST has."""
    until = time.monotonic() + READY_SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if time.monotonic() >= until:
                raise
            time.sleep(0.05)
        else:
            return
