"""Rules with days, on random companies: open days say nothing, and a change of the method moves nothing in sum."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from agent.config.allocation import AllocationFile
from agent.config.application import DuckdbEngine as DuckdbSettings
from agent.engine import Engine, open_engine
from tests.properties.allocation_sql import published, run
from tests.properties.companies import companies
from tests.properties.test_allocation import difference, examples
from tests.reference.allocate import allocate
from tests.reference.building import total
from tests.reference.records import Company

OPEN: tuple[dict[str, str], ...] = (
    {"from": "0001-01-01"},
    {"until": "9999-12-31"},
    {"from": "2026-09-01", "until": "2026-12-31"},
)


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with open_engine(DuckdbSettings(), rows=1) as opened:
        yield opened


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data")


def bounded(company: Company, *, opened: bool) -> Company:
    """The company with no rule bounded, or every rule bounded by days that all charges are in."""
    rules: dict[str, Any] = company.allocation.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    listed = [*rules.get("customer", []), *rules.get("environment", {}).get("rules", [])]
    for at, rule in enumerate([*listed, *(pool["match"] for pool in rules.get("pools", []))]):
        for key in ("from", "until"):
            rule.pop(key, None)
        rule.update(OPEN[at % len(OPEN)] if opened else {})
    return replace(company, allocation=AllocationFile.model_validate(rules))


@examples(6)
@given(company=companies())
def test_a_rule_with_open_days_is_one_without(engine: Engine, data: Path, company: Company) -> None:
    found = []
    for opened in (True, False):
        run(engine, bounded(company, opened=opened), data)
        found.append(published(engine))
    assert difference(*found) == {}
    assert difference(*(allocate(bounded(company, opened=opened)) for opened in (True, False))) == {}


@examples(25)
@given(company=companies(), other=companies())
def test_what_another_method_moves_sums_to_nothing(company: Company, other: Company) -> None:
    rules = other.allocation.model_copy(update={"pools": [], "charges": type(other.allocation.charges)()})
    assert total(allocate(company)) == total(allocate(replace(company, allocation=rules)))
