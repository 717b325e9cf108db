"""How the figures of the dearest customers come about: the same cents as the tables, each step the sum of the next."""

from dataclasses import replace
from decimal import Decimal

from reports import html
from reports.customers import customers_table
from reports.walks import SHOWN, walks
from tests.reports.example_report import example_report


def cents(text: str) -> int:
    return int(text.replace(",", "").replace(".", ""))


def test_classes_sum_to_the_cost_of_the_customers_table_and_pools_to_the_shared() -> None:
    report = example_report()
    table = customers_table(report)
    shown = {name.text: cost.text for name, cost in zip(table.column("customer"), table.column("cost"), strict=True)}
    found = walks(report)
    assert found
    for walk in found:
        assert walk.cell.text == shown[walk.customer]
        classes = [step for step in walk.steps if not step.below]
        assert sum(cents(step.cell.text) for step in classes) == cents(walk.cell.text)
        pools = [step for step in walk.steps if step.below]
        shared = [step for step in classes if step.name == "Shared"]
        assert sum(cents(step.cell.text) for step in pools) == sum(cents(step.cell.text) for step in shared)


def test_a_pool_says_its_share_its_driver_and_the_days_that_fell_back() -> None:
    report = example_report()
    pool = next(pool for pool in report.pools if pool.fallback_days)
    step = next(step for walk in walks(report) for step in walk.steps if step.below and step.name == pool.pool)
    assert " % of " in step.share
    assert pool.driver in step.how
    assert "fallback" in step.how


def test_the_dearest_come_first_and_their_number_is_bounded() -> None:
    report = example_report()
    line = next(line for line in report.customers if not line.reserved)
    many = tuple(replace(line, customer=f"c-{number:03}", cost=number) for number in range(100))
    found = walks(replace(report, customers=many, drill=()))
    assert len(found) == SHOWN
    costs = [walk.cell.number for walk in found]
    assert costs == sorted(costs, key=lambda cost: -(cost or Decimal(0)))


def test_names_are_escaped() -> None:
    report = example_report()
    lines = tuple(replace(line, name="<script>x</script>") for line in report.customers)
    page = html.render(replace(report, customers=lines))
    assert "<script>x" not in page
