"""Random pools that serve each other: as the reference has them, conserved, whatever the order."""

import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.allocation.network import POOL
from agent.config.application import DuckdbEngine as DuckdbSettings
from agent.engine import Engine, open_engine
from agent.errors import ConfigError, InputError
from tests.properties.allocation_sql import published, run
from tests.reference.allocate import allocate
from tests.reference.building import company, customer, driver, row, total
from tests.reference.network import UnsolvableError
from tests.reference.records import Allocation, Company, Money

POOLS = ("a", "b", "c", "d", "e")
PEOPLE = ("acme", "beta", "gone", "@opex")
Allocate = Callable[[Company], Allocation | None]


def examples(percent: int) -> settings:
    """A part of the profile's examples: a company takes SQL half a second."""
    slow = [HealthCheck.too_slow, HealthCheck.data_too_large]
    return settings(max_examples=max(settings.default.max_examples * percent // 100, 1), suppress_health_check=slow)


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with open_engine(DuckdbSettings(), rows=1) as opened:
        yield opened


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="module")
def sql(engine: Engine, data: Path) -> Allocate:
    """Published rows of a company, None where it is refused for a circle."""

    def allocated(of: Company) -> Allocation | None:
        try:
            run(engine, of, data)
        except InputError as error:
            if "only serve each other" not in error.message:
                raise
            return None
        return published(engine)

    return allocated


def reference(of: Company) -> Allocation | None:
    try:
        return allocate(of)
    except UnsolvableError:
        return None


@st.composite
def networks(draw: st.DrawFn) -> Company:
    """Two to five pools, each used by others and by few customers, over some days and a span of three."""
    return random_network(draw(st.integers(0, 10**9)))


def random_network(seed: int, method: str | None = None) -> Company:
    chance = random.Random(seed)
    names = POOLS[: chance.randint(2, 5)]
    step_down = chance.random() < 0.3 if method is None else method == "step_down"
    order = {"method": "step_down", "order": chance.sample(names, len(names))} if step_down else {}
    rows = [
        row(str(chance.randint(1, 999)), chance.choice((1, 2)), span=chance.choice((1, 1, 3)), service=name)
        for name in names
        for _ in range(chance.choice((0, 1, 2)))
    ]
    return company(
        [*rows, row("7", service="none", tenant="acme")],
        [customer("acme"), customer("beta", kind="internal")],
        drivers={name: driver({on: _used(chance, names) for on in (1, 2, 3)}) for name in (*names, "z")},
        pools=[_pool(chance, name) for name in names],
        network=order,
    )


def _used(chance: random.Random, names: tuple[str, ...]) -> dict[str, str]:
    who = chance.sample(names, chance.randint(0, len(names))), chance.sample(PEOPLE, chance.choice((0, 0, 1, 2, 4)))
    large = chance.choice((1, 1, 1, 10**9))
    return {f"@pool/{name}": str(chance.randint(0, 9) * large) for name in who[0]} | {
        name: str(chance.randint(0, 9) * large) for name in who[1]
    }


def _pool(chance: random.Random, name: str) -> dict[str, object]:
    blend = {"drivers": [{"driver": name, "weight": "1.5"}, {"driver": "z", "weight": "2"}]}
    methods = ({"driver": name}, {"driver": name}, {"driver": name}, blend)
    how = {"method": "usage"} | chance.choice(methods)
    if chance.random() < 0.15:
        how = chance.choice(
            ({"method": "even"}, {"method": "cost"},
             {"method": "fixed", "shares": {"acme": "60"}, "remainder": chance.choice(("idle", "unallocated"))})
        )  # fmt: skip
    consumers = chance.choice(([], ["@opex"]))
    if how["method"] == "fixed":
        consumers = []  # @opex takes part in these by a share of its own
    return {"name": name, "match": {"service": name}, "consumers": consumers} | how


@examples(20)
@given(of=networks())
def test_a_network_comes_out_as_in_the_reference(sql, of):
    assert sql(of) == reference(of)


@examples(20)
@given(of=networks())
def test_no_money_is_lost_or_moves_between_pools(sql, of):
    found = sql(of)
    if found is None:
        return
    assert total(found) == Money(sum(row.billed for row in of.rows), sum(row.effective for row in of.rows))
    for pool in POOLS:
        cost = sum(row.effective for row in of.rows if row.service == pool)
        assert sum(money.effective for row, money in found.items() if row.pool == pool) == cost


@examples(6)
@given(of=networks(), seed=st.integers())
def test_the_order_of_pools_rows_and_drivers_does_not_matter(sql, of, seed):
    shuffle = random.Random(seed).sample
    pools = shuffle(of.allocation.pools, len(of.allocation.pools))
    shuffled = replace(
        of,
        rows=shuffle(of.rows, len(of.rows)),
        drivers=dict(reversed(of.drivers.items())),
        allocation=of.allocation.model_copy(update={"pools": pools}),
    )
    assert sql(of) == sql(shuffled)


@examples(6)
@given(of=networks(), factor=st.sampled_from([3, 7, 1000]))
def test_scaling_the_drivers_of_a_network_changes_nothing(sql, of, factor):
    drivers = {
        name: replace(one, days={on: {who: n * factor for who, n in used.items()} for on, used in one.days.items()})
        for name, one in of.drivers.items()
    }
    assert sql(of) == sql(replace(of, drivers=drivers))


@examples(6)
@given(seed=st.integers(0, 10**9))
def test_more_use_never_costs_less(sql, seed):
    of = random_network(seed, "simultaneous")
    name = random.Random(seed).choice([pool.name for pool in of.allocation.pools])
    days = {on: used | {"acme": used.get("acme", Decimal(0)) + 5} for on, used in of.drivers[name].days.items()}
    before, after = sql(of), sql(replace(of, drivers=of.drivers | {name: replace(of.drivers[name], days=days)}))
    if before is None or after is None:
        return
    # NOTE: a day that was the fallback's may become valid, and then is another method's
    if any(sum(used.values()) == 0 for one in of.drivers.values() for used in one.days.values()):
        return
    for pool in POOLS:
        assert _cost(after, pool) >= _cost(before, pool) - 10**14, "but for what is cut below 1e-10"


def _cost(found: Allocation, pool: str) -> int:
    return sum(money.effective for row, money in found.items() if (row.customer, row.pool) == ("acme", pool))


@examples(6)
@given(seed=st.integers(0, 10**9))
def test_the_tables_that_explain_it_hold_exactly(engine, sql, seed):
    """(I - S) times its inverse is one, and every solved weight is C + S W to the digits that a split has."""
    if sql(random_network(seed)) is None:
        return
    shares, factors = _ratios(engine, "network_share"), _ratios(engine, "network_factor")
    for span, pools in factors.items():
        for first in pools:
            for last in pools:
                through = sum(
                    share * pools[middle].get(last, Fraction(0))
                    for middle, share in shares.get(span, {}).get(first, {}).items()
                )
                assert pools[first].get(last, Fraction(0)) - through == (first == last)


Ratios = dict[tuple[date, date], dict[str, dict[str, Fraction]]]


def _ratios(engine: Engine, table: str) -> Ratios:
    found: Ratios = {}
    for one in engine.fetch(f"select * from {table}").to_pylist():
        span = found.setdefault((one["ChargeDate"], one["SpanEnd"]), {})
        ratio = Fraction(int(one["Numerator"]), int(one["Denominator"]))
        span.setdefault(one["Pool"], {})[one["Consumer"]] = ratio
    return found


def _two(first: dict[str, str], second: dict[str, str], **rules: object) -> Company:
    pools = [{"name": name, "match": {"service": name}, "method": "usage", "driver": name} for name in ("a", "b")]
    given = {"pools": pools} | rules
    return company([row("90", service="a")], drivers={"a": driver({1: first}), "b": driver({1: second})}, **given)


def test_quantities_of_thirty_digits_are_solved_exactly(sql):
    of = _two({"@pool/b": "7" + "0" * 25, "acme": "1"}, {"@pool/a": "123456789.123456789", "beta": "1" + "3" * 25})
    assert sql(of) == reference(of)


def test_a_circle_costs_nothing_where_no_money_reaches_it(sql):
    pools = [{"name": n, "match": {"service": n}, "method": "usage", "driver": n} for n in ("a", "b", "c")]
    used = {"a": {"acme": "1"}, "b": {"@pool/c": "1"}, "c": {"@pool/b": "1"}}
    of = company(
        [row("90", service="a"), row("90", 2, service="c")],
        drivers={n: driver({1: used[n], 2: {"acme": "1", "@pool/a": "1"} if n != "a" else used[n]}) for n in used},
        pools=pools,
    )
    assert sql(of) == reference(of) is not None


def test_what_idles_of_a_pool_idles_of_the_pools_it_uses(sql):
    fixed = {"name": "b", "match": {"service": "b"}, "method": "fixed", "shares": {"acme": "60"}, "remainder": "idle"}
    pools = [{"name": "a", "match": {"service": "a"}, "method": "usage", "driver": "a"}, fixed]
    of = _two({"@pool/ B ": "1"}, {}, pools=pools, idle={"method": "bucket"})
    found = sql(of)
    assert found == reference(of)
    assert {(one.customer, one.cls): money.effective // 10**24 for one, money in found.items()} == {
        ("acme", "shared"): 54,
        ("@unallocated", "idle"): 36,
    }


def test_a_pool_missing_in_the_order_of_step_down_is_a_mistake_in_the_configuration(engine, data):
    of = _two({"@pool/b": "1", "acme": "1"}, {"acme": "1"}, network={"method": "step_down", "order": ["a"]})
    with pytest.raises(ConfigError) as raised:
        run(engine, of, data)
    assert "network.order lacks b" in "\n".join(raised.value.lines())


def test_without_a_network_its_tables_are_there_and_empty(engine, data):
    run(engine, _two({"acme": "1", "@pool/a": "3"}, {"beta": "1", f"{POOL}none": "1"}), data)
    for table in ("network_pool", "network_share", "network_factor", "solved_weight"):
        assert len(engine.fetch(f"select * from {table}")) == 0
