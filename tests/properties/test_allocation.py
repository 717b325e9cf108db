"""SQL and the reference agree to the last digit on random companies; nothing is lost, and order never matters."""

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.allocation.published import write_tables
from agent.config.allocation import AllocationFile
from agent.config.application import DuckdbEngine as DuckdbSettings
from agent.engine import Engine, open_engine
from tests.properties.allocation_sql import facts, published, run
from tests.properties.companies import companies
from tests.properties.directed import DIRECTED, TAGGED_UNUSED
from tests.reference.allocate import allocate, classify
from tests.reference.building import company, driver, row, total
from tests.reference.records import Allocation, Company, Money

Days = Mapping[date, Mapping[str, Decimal]]
Allocate = Callable[[Company], Allocation]
UNLIMITED = [HealthCheck.too_slow, HealthCheck.data_too_large]


def examples(percent: int) -> settings:
    """A part of the profile's examples: a company takes SQL half a second."""
    return settings(max_examples=settings.default.max_examples * percent // 100, suppress_health_check=UNLIMITED)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with open_engine(DuckdbSettings(), rows=1) as opened:
        yield opened


@pytest.fixture(scope="module")
def sql(engine: Engine, data: Path) -> Allocate:
    """The published rows of a company, by the SQL."""

    def allocated(company: Company) -> Allocation:
        run(engine, company, data)
        return published(engine)

    return allocated


def difference(left: Allocation, right: Allocation) -> dict[object, tuple[Money | None, Money | None]]:
    """Rows that differ, null for a row that one side lacks."""
    return {key: (left.get(key), right.get(key)) for key in {**left, **right} if left.get(key) != right.get(key)}


@pytest.mark.parametrize("company", DIRECTED.values(), ids=DIRECTED.keys())
def test_sql_equals_the_reference_in_a_corner(sql, company):
    assert difference(sql(company), allocate(company)) == {}


def test_used_and_unused_alike_are_followed(sql):
    assert difference(sql(TAGGED_UNUSED), allocate(TAGGED_UNUSED)) == {}


@examples(25)
@given(company=companies())
def test_sql_equals_the_reference_digit_for_digit(sql, company):
    assert difference(sql(company), allocate(company)) == {}


@examples(100)
@given(company=companies())
def test_nothing_is_lost_or_made(company):
    bill = Money(sum(row.billed for row in company.rows), sum(row.effective for row in company.rows))
    assert sum(classify(company).values(), Money()) == bill
    assert total(allocate(company)) == bill


@examples(6)
@given(company=companies(), seed=st.integers())
def test_order_of_rows_and_customers_does_not_matter(sql, company, seed):
    shuffle = random.Random(seed).sample
    shuffled = replace(
        company,
        rows=shuffle(company.rows, len(company.rows)),
        customers=shuffle(company.customers, len(company.customers)),
        drivers=dict(reversed(company.drivers.items())),
    )
    assert difference(sql(company), sql(shuffled)) == {}
    assert difference(allocate(company), allocate(shuffled)) == {}


@examples(5)
@given(company=companies())
def test_the_same_facts_give_the_same_bytes(engine, data, tmp_path_factory, company):
    folders = [tmp_path_factory.mktemp("published") for _ in range(2)]
    for folder in folders:
        run(engine, company, data)
        write_tables(engine, facts(company, data), folder)
    first, again = ({path.name: path.read_bytes() for path in folder.iterdir()} for folder in folders)
    assert first == again
    assert set(first) == {"classification.parquet", "allocation.parquet"}


@examples(6)
@given(company=companies(), factor=st.sampled_from([3, 10, 1000]))
def test_scaling_a_driver_changes_nothing(sql, company, factor):
    plain, scaled = _scaled(company, 1), _scaled(company, factor)
    assert difference(sql(plain), sql(scaled)) == {}
    assert difference(allocate(plain), allocate(scaled)) == {}


@examples(20)
@given(seed=st.integers(0, 10**9))
def test_who_uses_more_of_a_pool_never_gets_a_smaller_share(seed):
    """Of every pool with money on it, capacity or not; a share is cut at 1e-12 on each side of it."""
    chance = random.Random(seed)
    used = {name: chance.randint(0, 1000) for name in ("acme", "beta", "gamma")}
    capacity = chance.choice((None, {"quantity": str(chance.randint(1, 3000))}))
    more = chance.randint(1, 1000)
    before, after = (_measured(used | {"beta": used["beta"] + extra}, capacity) for extra in (0, more))
    assert after.get("beta", 0) >= before.get("beta", 0) - 2 * 10**12
    assert all(after.get(name, 0) <= before.get(name, 0) + 2 * 10**12 for name in ("acme", "gamma"))
    assert sum(after.values()) >= sum(before.values())


@examples(20)
@given(seed=st.integers(0, 10**9))
def test_more_capacity_never_makes_less_idle(seed):
    chance = random.Random(seed)
    used = {name: chance.randint(1, 1000) for name in ("acme", "beta")}
    less = chance.randint(1, 3000)
    small, large = (_measured(used, {"quantity": str(less + extra)}) for extra in (0, chance.randint(0, 3000)))
    assert sum(large.values()) <= sum(small.values())
    if less <= sum(used.values()):
        assert small == _measured(used, None)


@examples(6)
@given(company=companies())
def test_what_a_source_is_called_does_not_matter(sql, company):
    rules = company.allocation.model_dump_json(by_alias=True, exclude_defaults=True)
    renamed = replace(
        company,
        rows=[replace(row, source=f"the-{row.source}") for row in company.rows],
        allocation=AllocationFile.model_validate_json(rules.replace('"source":"aws"', '"source":"the-aws"')),
    )
    for allocated in (sql, allocate):
        found = {_under(key, "the-"): money for key, money in allocated(company).items()}
        assert difference(found, allocated(renamed)) == {}


def _measured(used: Mapping[str, int], capacity: Mapping[str, str] | None) -> dict[str, int]:
    """What each customer has of a pool of one day by what it used; what is idle stays apart."""
    pool = {"name": "p", "match": {"service": "x"}, "method": "usage", "driver": "n", "capacity": capacity}
    days = {1: {name: str(quantity) for name, quantity in used.items()}, 2: {"acme": "1"}}
    found = allocate(
        company(
            [row("100", service="x")],
            "acme beta gamma",
            {"n": driver(days)},
            pools=[pool],
            idle={"method": "bucket"},
        )
    )
    shares: dict[str, int] = {}
    for published_row, money in found.items():
        if published_row.cls == "shared":
            shares[published_row.customer] = shares.get(published_row.customer, 0) + money.effective
    return shares


def _scaled(company: Company, factor: int) -> Company:
    """Drivers and fixed capacities, small enough for weights to need no cutting, times ``factor``."""
    rules = company.allocation.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    for pool in rules.get("pools", []):
        for has_capacity in (pool, *pool.get("drivers", [])):
            if quantity := (has_capacity.get("capacity") or {}).get("quantity"):
                has_capacity["capacity"]["quantity"] = str(Decimal(quantity) * factor)
    drivers = {
        name: replace(
            driver,
            days=_times(driver.days, factor),
            keyed={key: _times(days, factor) for key, days in driver.keyed.items()},
        )
        for name, driver in company.drivers.items()
    }
    return replace(company, drivers=drivers, allocation=AllocationFile.model_validate(rules))


def _times(days: Days, factor: int) -> Days:
    return {on: {who: (n % 10**6 or min(n, Decimal(1))) * factor for who, n in used.items()}
            for on, used in days.items()}  # fmt: skip


def _under(key, prefix):
    return key if key.source is None else replace(key, source=prefix + key.source)
