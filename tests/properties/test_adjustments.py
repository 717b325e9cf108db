"""Random bills delivered again and again: postings are the reference's; closed and posted are the latest bill."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.allocation.allocating import run_over_ledger
from agent.closing.amounts import adjusted_ledger
from agent.config.application import DuckdbEngine as DuckdbSettings
from agent.engine import Engine, open_engine
from agent.progress import Quiet
from tests.properties.allocation_sql import facts, published
from tests.properties.companies import companies, redelivered
from tests.reference.adjust import adjusted, amounts
from tests.reference.allocate import allocate
from tests.reference.building import company as october
from tests.reference.building import costs, row, total
from tests.reference.records import Allocation, Company, Money, Row

UNLIMITED = [HealthCheck.too_slow, HealthCheck.data_too_large]
Adjusted = Callable[[Company, Sequence[Row]], Allocation]


def examples(percent: int) -> settings:
    """A part of the profile's examples: each takes SQL a second."""
    return settings(max_examples=settings.default.max_examples * percent // 100, suppress_health_check=UNLIMITED)


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with open_engine(DuckdbSettings(), rows=1) as opened:
        yield opened


@pytest.fixture(scope="module")
def sql(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Adjusted:
    """The published rows of the adjusted ledger of a company and its bill delivered later."""
    root: Path = tmp_path_factory.mktemp("data")

    def allocated(company: Company, later: Sequence[Row]) -> Allocation:
        earlier = facts(company, root / "earlier") if company.rows else None
        latest = facts(replace(company, rows=later), root / "later")
        both = facts(replace(company, rows=[*company.rows, *later]), root / "both")
        adjusted_ledger(engine, earlier.versions if earlier else (), latest.versions)
        run_over_ledger(engine, replace(both, versions=both.versions), root / "both", Quiet())
        return published(engine)

    return allocated


def less(one: Allocation, other: Allocation) -> Allocation:
    found = dict(one)
    for key, money in other.items():
        so_far = found.get(key, Money())
        found[key] = Money(so_far.billed - money.billed, so_far.effective - money.effective)
    return {key: money for key, money in found.items() if money != Money()}


def sums(rows: Sequence[Row]) -> Money:
    return Money(sum(row.billed for row in rows), sum(row.effective for row in rows))


def kept(company: Company, later: Sequence[Row]) -> list[Row]:
    """No source vanishes: the ledger keeps the last version of one that delivers nothing."""
    return [*later, *(one for one in company.rows if one.source not in {row.source for row in later})]


@examples(20)
@given(company=companies(), seed=st.integers(0, 10**9))
def test_the_adjusted_ledger_allocates_as_the_reference_says(sql, company, seed):
    later = kept(company, redelivered(company, seed))
    reference = allocate(replace(company, rows=adjusted(company.rows, later)))
    assert less(sql(company, later), reference) == {}


@examples(100)
@given(company=companies(), seed=st.integers(0, 10**9))
def test_closed_and_posted_is_the_latest_bill_over_a_chain(company, seed):
    closed, posted = allocate(company), {}
    for number in range(3):
        later = redelivered(company, seed + number)
        now = amounts(company, later, posted)
        posted = less(posted, {key: Money(-money.billed, -money.effective) for key, money in now.items()})
        whole = total(closed) + total(posted)
        assert whole == sums(later)


@examples(100)
@given(company=companies(), seed=st.integers(0, 10**9))
def test_tags_alone_post_nothing(company, seed):
    tags = [row.tags for row in redelivered(company, seed)] or [{}]
    later = [replace(row, tags=tags[at % len(tags)]) for at, row in enumerate(company.rows)]
    assert amounts(company, later) == {}
    assert sums(adjusted(company.rows, later)) == sums(company.rows)


@examples(100)
@given(company=companies(), seed=st.integers(0, 10**9))
def test_every_cell_of_the_adjusted_bill_holds_what_the_later_one_holds(company, seed):
    later = redelivered(company, seed)

    def by_cell(rows: Sequence[Row]) -> dict[tuple[object, ...], Money]:
        found: dict[tuple[object, ...], Money] = {}
        for one in rows:
            key = (one.source, one.provider, one.billing, one.sub, one.service, one.resource, one.start, one.kind)
            found[key] = found.get(key, Money()) + Money(one.billed, one.effective)
        return {key: money for key, money in found.items() if money != Money()}

    assert by_cell(adjusted(company.rows, later)) == by_cell(later)


def test_money_and_tags_that_change_together_by_hand():
    """Acme 10 and beta 20 become acme 4 and beta 32: 6 are an amount, and all of it where it rose."""
    before = [row("10", tenant="acme", resource="vm"), row("20", tenant="beta", resource="vm")]
    after = [row("4", tenant="acme", resource="vm"), row("32", tenant="beta", resource="vm")]
    assert costs(amounts(october(before), after)) == {"beta": 6}


def test_an_amount_that_two_tag_sets_share_by_hand():
    """0, 0 and 30 become 20, 40 and 0: D = 30 is split 20 : 40 over those that rose."""
    before = [row("30", tenant="acme", resource="vm")]
    after = [row("20", tenant="beta", resource="vm"), row("40", tenant="gamma", resource="vm")]
    found = costs(amounts(october(before, "acme beta gamma"), after))
    assert found == {"beta": 10, "gamma": 20}
