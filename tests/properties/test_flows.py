"""The allocation as flows from charges to customers: both ends tie to the last unit, on random companies."""

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from agent.config.application import DuckdbEngine as DuckdbSettings
from agent.engine import Engine, open_engine
from agent.focus_export.flows import NO_ORIGIN, Flows, flows
from tests.properties.allocation_sql import run
from tests.properties.companies import companies
from tests.properties.directed import DIRECTED

PUBLISHED = """
select Customer, Bucket, Class, Pool, Method, Fallback, Reason, Function, CostGroup,
  sum(BilledUnits) as BilledUnits, sum(EffectiveUnits) as EffectiveUnits
from allocation
group by Customer, Bucket, Class, Pool, Method, Fallback, Reason, Function, CostGroup
"""


class Month:
    """The tables that the passes left in an engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def rows(self, body: str) -> list[dict[str, Any]]:
        found = self._engine.fetch(body).to_pylist()
        return [{name: int(v) if isinstance(v, Decimal) else v for name, v in row.items()} for row in found]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with open_engine(DuckdbSettings(), rows=1) as opened:
        yield opened


def tied(engine: Engine) -> Flows:
    """The flows of the month in the engine, which tie at both ends."""
    month = Month(engine)
    found = flows(month)
    given, taken = Counter[tuple[Any, ...]](), Counter[tuple[Any, ...]]()
    for flow in found.flows:
        for metric, units in (("billed", flow.billed), ("effective", flow.effective)):
            given[metric, flow.origin] += units
            end = flow.end
            taken[
                metric, end.customer, end.bucket, end.cls, end.pool, end.method, end.fallback, end.reason, end.function,
                end.cost_group,
            ] += units  # fmt: skip
    bill = {
        (metric, at): row[column]
        for at, row in enumerate(found.origins)
        for metric, column in (("billed", "BilledUnits"), ("effective", "EffectiveUnits"))
    }
    assert not given.pop(("billed", NO_ORIGIN), 0)
    assert not given.pop(("effective", NO_ORIGIN), 0)
    published = {
        (metric, *list(row.values())[:-2]): row[column]
        for row in month.rows(PUBLISHED)
        for metric, column in (("billed", "BilledUnits"), ("effective", "EffectiveUnits"))
    }
    assert without_nothing(given) == without_nothing(bill)
    assert without_nothing(taken) == without_nothing(published)
    return found


def without_nothing(sums: dict[tuple[Any, ...], int]) -> dict[tuple[Any, ...], int]:
    return {key: units for key, units in sums.items() if units}


@pytest.mark.parametrize("company", DIRECTED.values(), ids=DIRECTED.keys())
def test_flows_tie_at_both_ends_in_a_corner(engine, data, company):
    run(engine, company, data)
    tied(engine)


@settings(
    max_examples=settings.default.max_examples // 4,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(company=companies())
def test_flows_tie_at_both_ends(engine, data, company):
    run(engine, company, data)
    tied(engine)
