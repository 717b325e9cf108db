"""Solved weights as whole numbers: without a common divisor, and within what a split takes, however long they are."""

import random
import time
from datetime import date, timedelta
from math import gcd

import numpy as np
import pytest

from agent.allocation import network
from agent.allocation.reciprocal import BOUND, Network, WeightSet, bounded, listed


def cut_by_tens(weights: list[int]) -> list[int]:
    """The rule as it is written down, one power of ten after the other."""
    divisor = gcd(*weights)
    found = [weight // divisor for weight in weights]
    while sum(found) >= BOUND:
        found = [weight // 10 for weight in found]
    return found


@pytest.mark.parametrize("digits", [1, 13, 14, 15, 16, 30, 300, 5000])
def test_weights_are_cut_by_the_least_power_of_ten(digits):
    chance = random.Random(digits)
    for _ in range(20):
        weights = [chance.randrange(1, 10**digits) * chance.choice((1, 6, 10)) for _ in range(chance.randint(1, 9))]
        assert bounded(np.array(weights, dtype=object)).tolist() == cut_by_tens(weights)


@pytest.mark.parametrize("over", [-1, 0, 1])
def test_the_bound_itself_is_too_much(over):
    weights = [BOUND - 10, 9 + over, 1]
    assert bounded(np.array(weights, dtype=object)).tolist() == cut_by_tens(weights)


def test_cutting_that_loses_enough_saves_a_power_of_ten():
    weights = [5 * 10**14 - 1, 5 * 10**14 - 1, 5, 3]
    assert sum(weights) >= 10**15
    assert bounded(np.array(weights, dtype=object)).tolist() == [49999999999999, 49999999999999, 0, 0]


def test_a_circle_starts_with_its_first_pool_whichever_way_leads_into_it():
    used = {"b": {"c"}, "c": {"d"}, "d": {"c"}, "a": {"d"}}
    assert network.cycle(used, {"a", "c", "d"}) == ("c", "d", "c")


def test_days_are_told_as_days_and_longer_spans_by_their_ends():
    day = date(2026, 10, 1)
    spans = [(day, day + timedelta(1)), (day, date(2026, 11, 1)), *[(day, day)] * 5]
    first = "2026-10-01, 2026-10-01 to 2026-10-31, 2026-10-01, 2026-10-01, 2026-10-01"
    assert listed(spans) == f"{first} and 2 more"


def test_twenty_pools_that_all_serve_each_other_are_solved_in_a_fraction_of_a_second_a_day():
    """4.7 s for 31 days on one core; the limit of one day is generous."""
    chance = np.random.default_rng(1)
    names = [f"p{at:02d}" for at in range(20)]
    sets = []
    for number, name in enumerate(names):
        weights = chance.integers(1, 10**6, 2000).astype(object)
        pools = {other: int(chance.integers(1, 10**6)) for other in names if other != name}
        total = int(weights.sum()) + sum(pools.values())
        sets.append(WeightSet(number, name, True, 1, True, np.arange(2000), weights, pools, total))
    day = Network((date(2026, 10, 1), date(2026, 10, 2)), sets)
    started = time.process_time()
    solved = [day.solved(one)[1] for one in sets]
    assert time.process_time() - started < 2
    assert all(BOUND // 100 < int(weights.sum()) < BOUND for weights in solved)
