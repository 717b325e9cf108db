"""The allocation is recomputed in fractions; whatever of it was changed is found, named, and nothing else will do."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.config.application import DuckdbEngine
from agent.engine import Engine, open_engine
from tests.agent.verify.projects import written
from tests.properties.companies import random_company
from tests.properties.directed import DIRECTED


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with open_engine(DuckdbEngine(), rows=1) as opened:
        yield opened


@pytest.mark.parametrize("company", DIRECTED.values(), ids=DIRECTED.keys())
def test_a_corner_is_recomputed_to_the_last_digit(engine: Engine, tmp_path: Path, company):
    checks, _ = written(engine, company, tmp_path / "company").checks()
    assert [check for check in checks if not check.ok] == []
    assert len(checks) >= 6


@pytest.mark.parametrize("seed", range(12))
def test_a_random_company_is_recomputed_to_the_last_digit(engine: Engine, tmp_path: Path, seed: int):
    checks, _ = written(engine, random_company(seed, 40), tmp_path / "company").checks()
    assert [check for check in checks if not check.ok] == []
    assert len(checks) >= 6
