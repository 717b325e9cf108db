"""Method ``sampled``: what windows of telemetry say, for whom, and how sure one may be of it."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from agent.allocation.sampling import Bounds, Sampled, Span, bounds, sampled
from agent.config.allocation import Pool
from agent.period import Period
from agent.usage.interface import ROWS, Driver
from policies.registry import Customer, Registry

OCTOBER, JANUARY = Period(2026, 10), Period(2027, 1)
WINDOW = {"first": "2026-10-05", "last": "2026-10-06", "from": "2026-10", "until": "2026-12"}
Used = tuple[int, int | None, str, str]
"""Day of October, hour, customer, quantity."""


def customer(known: str, tier: str = "basic", **more: Any) -> Customer:
    texts = dict.fromkeys(("plan", "segment", "cohort", "parent"), "")
    dates = {"start": None, "end": None}
    return Customer(id=known, name=known, kind="paying", tier=tier, **(texts | dates | more))


def driver(used: Sequence[Used], name: str = "trace", coverage: dict[date, tuple[int, int]] | None = None) -> Driver:
    rows = [
        {"date": date(2026, 10, day), "hour": hour, "customer": who, "quantity": Decimal(quantity), "key": None}
        for day, hour, who, quantity in used
    ]
    hourly = any(hour is not None for _, hour, *_ in used)
    return Driver(name, "hour" if hourly else "day", pa.Table.from_pylist(rows, ROWS), coverage or {})


def pool(**sample: Any) -> Pool:
    written = {"name": "db", "match": {"service": "db"}, "method": "sampled", "driver": "trace"}
    return Pool.model_validate(written | {"sample": {"windows": [WINDOW]} | sample})


def ask(drivers: Sequence[Driver], customers: Sequence[Customer], period: Period = OCTOBER, **sample: Any) -> Sampled:
    known = {row.id for row in customers}
    delivered = {who for one in drivers for who in one.rows["customer"].to_pylist()}
    consumers = {who: who if who in known or who == "@opex" else "@unknown" for who in delivered}
    return sampled(pool(**sample), period, {one.name: one for one in drivers}, Registry(customers), consumers)


def sure(found: Sampled, *spans: Span, **sample: Any) -> list[Bounds]:
    """How sure the shares are; without spans all take part on one day."""
    asked = pool(**sample).sample
    assert asked is not None
    everybody = Span(100, (1,) * len(found.estimates))
    return bounds(found, asked, "seed", spans or [everybody])


TWO_DAYS = driver(
    [(5, None, "a", "1.5"), (6, None, "a", "1.5"), (5, None, "b", "0"), (6, None, "b", "1"), (7, None, "b", "900")]
)
AB = [customer("a"), customer("b")]


def test_the_days_of_the_window_are_added_up_and_no_others():
    found = ask([TWO_DAYS], AB)
    assert found.weights == {"a": 60, "b": 20}  # 3.0 and 1.0: whole at one decimal, then doubled
    assert [str(one.share) for one in sure(found)] == ["75.0000", "25.0000"]
    assert (len(found.traced), found.windows) == (2, ((date(2026, 10, 5), date(2026, 10, 6)),))


def test_a_window_stands_for_its_months_only():
    assert ask([TWO_DAYS], AB, JANUARY).weights == {}
    assert ask([TWO_DAYS], AB, Period(2026, 12)).weights == {"a": 60, "b": 20}


def test_windows_of_one_month_are_taken_together():
    both = [WINDOW, WINDOW | {"first": "2026-10-07", "last": "2026-10-07"}]
    assert ask([TWO_DAYS], AB, windows=both).weights == {"a": 60, "b": 18020}


def test_a_customer_that_was_not_traced_has_the_median_of_its_tier():
    usage = driver([(5, None, "a", "10"), (5, None, "b", "20"), (5, None, "c", "100")])
    people = [customer("a"), customer("b"), customer("c", "gold"), customer("late"), customer("new", "gold")]
    found = ask([usage], people)
    assert found.weights == {"a": 20, "b": 40, "c": 200, "late": 30, "new": 200}
    assert [one.customer for one in found.estimates if one.tier_median] == ["late", "new"]


def test_a_tier_that_nobody_was_traced_of_takes_the_median_of_all():
    usage = driver([(5, None, "a", "10"), (5, None, "b", "20")])
    assert ask([usage], [*AB, customer("x", "platinum")]).weights["x"] == 30


def test_a_traced_customer_that_used_nothing_has_nothing():
    usage = driver([(5, None, "a", "10"), (5, None, "b", "0")])
    found = ask([usage], AB)
    assert found.weights == {"a": 20, "b": 0}
    assert not any(one.tier_median for one in found.estimates)


def test_a_customer_that_is_gone_and_one_that_is_a_parent_are_given_no_median():
    usage = driver([(5, None, "a", "10")])
    people = [customer("a", parent="group"), customer("group"), customer("gone", end=date(2026, 9, 30))]
    assert ask([usage], people).weights == {"a": 20}


def test_unknown_customers_and_our_own_development_keep_their_weight():
    usage = driver([(5, None, "a", "10"), (5, None, "nobody", "4"), (5, None, "@opex", "6")])
    assert ask([usage], [customer("a")]).weights == {"@opex": 12, "@unknown": 8, "a": 20}


@pytest.mark.parametrize(
    "usage",
    [
        driver([(5, None, "a", "-1"), (5, None, "b", "9"), (6, None, "a", "3"), (6, None, "b", "1")]),
        driver([(5, None, "a", "0"), (5, None, "b", "0"), (6, None, "a", "3"), (6, None, "b", "1")]),
        driver(
            [(5, None, "a", "7"), (5, None, "b", "7"), (6, None, "a", "3"), (6, None, "b", "1")],
            coverage={date(2026, 10, 5): (21, 24), date(2026, 10, 6): (22, 24)},
        ),
    ],
    ids=["negative", "all zero", "thinly covered"],
)
def test_a_day_that_may_not_be_used_is_left_out(usage):
    assert ask([usage], AB).weights == {"a": 6, "b": 2}


def test_an_hourly_day_needs_nine_tenths_of_its_hours():
    thin = [(5, hour, "a", "1") for hour in range(21)]
    whole = [(6, hour, "b", "1") for hour in range(22)]
    found = ask([driver([*thin, *whole])], AB)
    assert (len(found.traced), found.left_out) == (22, (date(2026, 10, 5),))
    assert {one.customer: one.tier_median for one in found.estimates} == {"a": True, "b": False}


def test_without_a_valid_day_there_are_no_ratios():
    found = ask([driver([(5, None, "a", "0")])], AB)
    assert (found.weights, found.estimates, found.traced) == ({}, (), ())


def test_large_weights_are_cut_by_tens_until_the_split_can_take_them():
    usage = driver([(5, None, "a", "9e15"), (5, None, "b", "1e15"), (5, None, "c", "1.5")])
    assert ask([usage], [*AB, customer("c")]).weights == {"a": 18 * 10**12, "b": 2 * 10**12, "c": 0}


def test_ratios_that_never_vary_are_certain():
    usage = driver([(5, hour, who, quantity) for hour in range(24) for who, quantity in (("a", "3"), ("b", "1"))])
    assert [(one.low, one.share, one.high) for one in sure(ask([usage], AB))] == [
        (Decimal(75), Decimal(75), Decimal(75)),
        (Decimal(25), Decimal(25), Decimal(25)),
    ]


def test_the_interval_is_that_of_the_binomial_where_each_hour_is_one_customers():
    """48 hours, each wholly of one customer, half of them a's: its share is binomial with a deviation of 7.2 points."""
    usage = driver([(5 + hour // 24, hour % 24, "a" if hour % 2 else "b", "1") for hour in range(48)])
    (a, _) = sure(ask([usage], AB), resamples=10_000)
    assert a.share == 50
    assert a.low == pytest.approx(Decimal("35.4"), abs=Decimal("1.1"))
    assert a.high == pytest.approx(Decimal("64.6"), abs=Decimal("1.1"))


def test_more_confidence_is_a_wider_interval():
    usage = driver([(5, hour, who, str(1 + (hour * at) % 7)) for hour in range(24) for at, who in enumerate("ab", 2)])
    narrow, wide = (sure(ask([usage], AB), confidence_pct=pct)[0] for pct in (80, 99))
    assert wide.low < narrow.low < narrow.share < narrow.high < wide.high


def test_the_same_windows_give_the_same_interval_whatever_the_order_of_the_rows():
    used = [(5, hour, who, str(1 + (hour * at) % 7)) for hour in range(24) for at, who in enumerate("ab", 2)]
    one, other = (ask([driver(rows)], AB) for rows in (used, used[::-1]))
    assert one == other
    assert sure(one) == sure(other)


def test_a_scale_of_the_driver_changes_no_share_and_no_interval():
    used = [(5, hour, who, 1 + (hour * at) % 7) for hour in range(24) for at, who in enumerate("ab", 2)]
    one, thousand = (
        ask([driver([(day, hour, who, str(quantity * by)) for day, hour, who, quantity in used])], AB)
        for by in (1, 1000)
    )
    assert sure(one) == sure(thousand)


def test_quantities_beyond_a_double_keep_their_shares():
    usage = driver([(5, hour, who, quantity) for hour in range(24) for who, quantity in (("a", "3e22"), ("b", "1e22"))])
    assert [str(one.low) for one in sure(ask([usage], AB))] == ["75.0000", "25.0000"]


def test_only_who_takes_part_has_a_share():
    """As in a pool for some customers only, or on days before one begins."""
    hours = [(5, hour, who, str(1 + (hour * at) % 7)) for hour in range(24) for at, who in enumerate("abc", 2)]
    found = ask([driver(hours)], [*AB, customer("c")])
    only_b = sure(found, Span(100, (0, 1, 0)))
    assert [(one.low, one.share, one.high) for one in only_b] == [(0, 0, 0), (100, 100, 100), (0, 0, 0)]
    mixed = sure(found, Span(60, (0, 1, 1)), Span(40, (1, 1, 1)))
    assert sum(one.share for one in mixed) == pytest.approx(100, abs=Decimal("0.001"))
    assert all(one.low <= one.share <= one.high for one in mixed)
    assert mixed[0].high < 40


def test_a_pool_that_others_pass_on_says_so():
    usage = driver([(5, None, "a", "3"), (5, None, "@pool/monitoring", "1")])
    consumers = {"a": "a", "@pool/monitoring": "@pool/monitoring"}
    found = sampled(pool(), OCTOBER, {"trace": usage}, Registry([customer("a")]), consumers)
    assert found.passes_on
    assert not ask([TWO_DAYS], AB).passes_on


def test_a_live_driver_tells_ratios_that_have_drifted():
    live = driver(
        [(5, None, "a", "50"), (5, None, "b", "50"), (20, None, "a", "70"), (20, None, "b", "30")], name="calls"
    )
    (first, second) = ask([TWO_DAYS, live], AB, live="calls").drift
    assert (first.customer, first.then, first.now) == ("a", Decimal(50), Decimal(60))
    assert second.customer == "b"
    assert ask([TWO_DAYS, live], AB, live="calls", drift_points="10").drift == ()


def test_a_live_driver_without_the_days_of_the_windows_says_nothing():
    live = driver([(20, None, "a", "70")], name="calls")
    assert ask([TWO_DAYS, live], AB, live="calls").drift == ()


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ({"sample": None}, "method sampled needs driver"),
        ({"driver": None}, "method sampled needs driver"),
        ({"method": "even", "driver": None}, "sample goes with method sampled"),
        ({"sample": {"windows": []}}, "at least 1 item"),
        ({"sample": {"windows": [WINDOW | {"last": "2026-10-04"}]}}, "lies before first"),
        ({"sample": {"windows": [WINDOW | {"until": "2026-09"}]}}, "lies before from"),
        ({"capacity": {"quantity": "1"}}, "capacity goes with method usage"),
    ],
)
def test_what_does_not_go_together_is_refused(written, message):
    base = {"name": "db", "match": {"service": "db"}, "method": "sampled", "driver": "trace"}
    with pytest.raises(ValueError, match=message):
        Pool.model_validate(base | {"sample": {"windows": [WINDOW]}} | written)
