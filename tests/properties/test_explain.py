"""For random companies every number is walked back: each step sums to the one above, and the first is the reference's.

The published line is written from the reference of tests/reference, so a walk that holds also equals plain Python.
"""

import csv
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.allocation.asof import AsOf
from agent.config.application import DuckdbEngine as DuckdbSettings
from agent.engine import Engine, open_engine
from agent.explain.document import document
from agent.explain.lines import explained
from agent.explain.recomputing import Recomputed
from agent.explain.records import Asked, Explanation, walked
from agent.explain.telling import told
from agent.money import text_from_units
from agent.progress import Quiet
from tests.properties.allocation_sql import facts, run
from tests.properties.companies import companies
from tests.properties.directed import DIRECTED
from tests.reference.allocate import allocate
from tests.reference.records import Company

UNLIMITED = [HealthCheck.too_slow, HealthCheck.data_too_large]
RESERVED = {"@unallocated": "unallocated", "@opex": "opex", "@balance_sheet": "balance_sheet"}
COLUMNS = {
    "Direct": ("direct", None),
    "Shared": ("shared", None),
    "Untagged": ("untagged", None),
    "Idle": ("idle", None),
    "Charges": ("charge", None),
    "ThirdParty": ("vendor", "third_party"),
    "Support": ("vendor", "support"),
}


def examples(percent: int) -> settings:
    """A part of the profile's examples: a company takes a second."""
    return settings(max_examples=settings.default.max_examples * percent // 100, suppress_health_check=UNLIMITED)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with open_engine(DuckdbSettings(), rows=1) as opened:
        yield opened


def recomputed(engine: Engine, company: Company, data: Path) -> Recomputed:
    run(engine, company, data)
    folder = data / "published"
    folder.mkdir(exist_ok=True)
    with (folder / "cost_per_customer.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, ["Customer", *COLUMNS, "PriorPeriod", "Cost"])
        writer.writeheader()
        writer.writerows(published_lines(company))
    return Recomputed(facts(company, data), engine, data, folder)


def published_lines(company: Company) -> list[Mapping[str, str]]:
    """Every customer and reserved id, from the reference."""
    through = AsOf(company.period, company.as_of, {}, {}).through
    sums: dict[str, dict[str, int]] = {
        known: dict.fromkeys((*COLUMNS, "Cost"), 0) for known in (*{row.id for row in company.customers}, *RESERVED)
    }
    for row, money in allocate(company).items():
        if row.day > through:
            continue
        of = sums[row.customer if row.bucket == "customer" else f"@{row.bucket}"]
        of["Cost"] += money.effective
        for column, (cls, group) in COLUMNS.items():
            if row.cls == cls and group in (None, row.group):
                of[column] += money.effective
    return [
        {"Customer": known, "PriorPeriod": "0"} | {name: text_from_units(units) for name, units in of.items()}
        for known, of in sums.items()
    ]


def explanations(engine: Engine, company: Company, data: Path, **options: object) -> Iterator[Explanation]:
    again = recomputed(engine, company, data)
    for known in (*sorted({row.id for row in company.customers}), *RESERVED):
        yield explained(again, Asked(known, **options), Quiet())  # type: ignore[arg-type]  # options of one call


def holds(explanation: Explanation) -> None:
    assert [str(check) for check in explanation.faults] == []
    for path, part in walked(explanation.tree):
        assert part.rest == 0, path


@pytest.mark.parametrize("company", DIRECTED.values(), ids=DIRECTED.keys())
def test_every_step_sums_in_a_corner(engine: Engine, data: Path, company: Company) -> None:
    for explanation in explanations(engine, company, data, rows=True, top=2):
        holds(explanation)


@examples(6)
@given(companies())
def test_every_step_sums_for_effective_cost(engine: Engine, data: Path, company: Company) -> None:
    for explanation in explanations(engine, company, data, rows=True, top=0):
        holds(explanation)


@examples(6)
@given(companies(), st.sampled_from((1, 2, 3, 30, 31)))
def test_every_step_sums_for_billed_cost_by_pool_and_day(engine: Engine, data: Path, company: Company, on: int) -> None:
    pools = [pool.name for pool in company.allocation.pools]
    options = {"metric": "billed", "day": date(2026, 10, on), "pool": pools[0] if pools else "", "top": 1}
    for explanation in explanations(engine, company, data, **options):
        holds(explanation)
        assert all(len(line) <= 60 for line in told(explanation, 60).splitlines())
        assert document(explanation)["holds"] is True
