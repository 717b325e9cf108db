"""Every promise of the state is kept on SQLite and on a real Postgres (``make slow``)."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from agent.state import State, open_state
from tests.postgres import fresh_database


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
