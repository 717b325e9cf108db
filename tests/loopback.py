"""HTTP servers of the test's own process: each on a free port of this machine, from ``with`` to its end."""

import threading
from abc import ABC, abstractmethod
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self


class Loopback(ABC):
    """What a server says is up to ``handler``, whose ``server.serving`` is this object."""

    @abstractmethod
    def handler(self) -> type[BaseHTTPRequestHandler]:
        """Answers the requests."""

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    def __enter__(self) -> Self:
        self._http = Http(("127.0.0.1", 0), self.handler())
        self._http.serving = self
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()


class Http(ThreadingHTTPServer):
    serving: Any
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is part of the tests."""
