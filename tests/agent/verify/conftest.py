"""One engine for all companies of a module."""

from collections.abc import Iterator

import pytest

from agent.config.application import DuckdbEngine
from agent.engine import Engine, open_engine


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with open_engine(DuckdbEngine(), rows=1) as opened:
        yield opened
