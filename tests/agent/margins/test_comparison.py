"""This month against the month before: rates per active day, over equally many days."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

import pytest

from agent.margins.comparison import Month, compare, same_days
from agent.period import Period
from policies.registry import Registry, read_registry

OCTOBER = Period(2026, 10)
REGISTRY = read_registry(b"id,start,end\nacme,2025-01-01,\nlate,2026-10-20,\n")
NOW, BEFORE = (date(2026, 10, 1), date(2026, 10, 31)), (date(2026, 9, 1), date(2026, 9, 30))
DOLLAR = 10**24


def month(days: tuple[date, date], cost: int, revenue: int | None) -> Month:
    return Month(*days, lambda _: cost * DOLLAR, lambda _: None if revenue is None else revenue * DOLLAR)


@pytest.mark.parametrize(
    ("day", "compared"),
    [
        (date(2026, 10, 31), (date(2026, 9, 1), date(2026, 9, 30))),
        (date(2026, 10, 18), (date(2026, 9, 1), date(2026, 9, 18))),
        (date(2026, 10, 1), (date(2026, 9, 1), date(2026, 9, 1))),
    ],
)
def test_an_open_month_compares_with_equally_many_days(day: date, compared: tuple[date, date]) -> None:
    assert same_days(OCTOBER, day) == compared


def test_thirty_days_of_march_compare_with_all_of_february() -> None:
    assert same_days(Period(2026, 3), date(2026, 3, 30)) == (date(2026, 2, 1), date(2026, 2, 28))


def test_growth_is_per_active_day_so_a_longer_month_is_no_growth() -> None:
    change = compare(REGISTRY, "acme", month(NOW, 310, 3100), month(BEFORE, 300, 3000), 0)
    assert change is not None
    assert (change.cost, change.cost_pct, change.revenue_pct) == (0, Decimal("0.000000"), Decimal("0.000000"))
    assert not change.grows_faster


@pytest.mark.parametrize(
    ("cost", "flagged"),
    [(313, False), (314, True)],
    ids=["0.97 points faster is not over one point", "1.29 points faster is"],
)
def test_cost_that_outgrows_revenue_by_over_one_point_is_flagged(cost: int, flagged: bool) -> None:
    change = compare(REGISTRY, "acme", month(NOW, cost, 3100), month(BEFORE, 300, 3000), 0)
    assert change is not None
    assert change.grows_faster is flagged


@pytest.mark.parametrize(
    ("now", "before", "least", "why"),
    [
        (month(NOW, 400, 3100), month(BEFORE, 300, 3000), 100 * DOLLAR, "the change is not above the amount"),
        (month(NOW, 400, None), month(BEFORE, 300, 3000), 0, "revenue is unknown"),
        (month(NOW, 400, 3100), month(BEFORE, 300, 0), 0, "there was no revenue before"),
        (month(NOW, 400, 3100), month(BEFORE, 0, 3000), 0, "there was no cost before"),
        (month((NOW[0], date(2026, 10, 14)), 400, 3100), month((BEFORE[0], date(2026, 9, 14)), 300, 3000), 0,
         "fourteen days are too few"),
    ],
)  # fmt: skip
def test_a_customer_is_not_flagged_when(now: Month, before: Month, least: int, why: str) -> None:
    change = compare(REGISTRY, "acme", now, before, least)
    assert change is not None, why
    assert not change.grows_faster, why


def test_a_customer_that_was_not_there_before_has_no_change() -> None:
    assert compare(REGISTRY, "late", month(NOW, 5, 5), month(BEFORE, 5, 5), 0) is None


def _registry(rows: Mapping[str, str]) -> Registry:
    return read_registry("\n".join(["id,start,end", *(f"{k},{v}" for k, v in rows.items())]).encode())


def test_revenue_of_a_customer_that_joined_mid_month_counts_its_own_days() -> None:
    registry = _registry({"acme": "2026-09-16,"})
    change = compare(registry, "acme", month(NOW, 31, 310), month(BEFORE, 15, 150), 0)
    assert change is not None
    assert change.revenue_pct == 0
    assert change.cost_pct == 0
