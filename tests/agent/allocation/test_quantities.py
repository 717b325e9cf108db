"""Driver quantities as whole numbers: exact on one scale, and refused where a sum of them would not fit."""

from datetime import date, timedelta
from decimal import Decimal

import pyarrow as pa
import pytest

from agent.allocation.quantities import scales
from agent.config.allocation import Pool
from agent.errors import InputError
from agent.usage.interface import ROWS, Driver

DAY = date(2026, 10, 1)


def driver(name: str, *quantities: str, days: int = 1) -> Driver:
    rows = [
        {"date": DAY + timedelta(days=at % days), "hour": None, "customer": f"c{at}", "quantity": Decimal(quantity)}
        for at, quantity in enumerate(quantities)
    ]
    return Driver(name, "day", pa.Table.from_pylist(rows, ROWS))


def whole(*drivers: Driver, pools: tuple[Pool, ...] = ()) -> dict[str, list[int]]:
    known = {driver.name: driver for driver in drivers}
    scale = scales(known, pools)
    return {name: [int(value) for value in scale.rows(found).to_pylist()] for name, found in known.items()}


def pool(**given: object) -> Pool:
    return Pool.model_validate({"name": "p", "match": {"service": "x"}, "method": "usage"} | given)


def test_each_driver_has_the_least_power_of_ten_that_makes_it_whole() -> None:
    assert whole(driver("n", "1.5", "2"), driver("m", "7")) == {"n": [15, 20], "m": [7]}


def test_a_driver_and_its_capacity_have_one_scale() -> None:
    by_driver = pool(driver="n", capacity={"driver": "all"})
    assert whole(driver("n", "1.5"), driver("all", "10.25"), driver("m", "7"), pools=(by_driver,)) == {
        "n": [150],
        "all": [1025],
        "m": [7],
    }


def test_scales_reach_along_a_chain_of_capacities() -> None:
    one, two = pool(driver="a", capacity={"driver": "b"}), pool(driver="c", capacity={"driver": "b"})
    assert whole(driver("a", "1"), driver("b", "2"), driver("c", "0.001"), pools=(one, two)) == {
        "a": [1000],
        "b": [2000],
        "c": [1],
    }


def test_a_quantity_as_capacity_has_the_scale_of_its_driver() -> None:
    rows = driver("n", "2")
    scale = scales({"n": rows}, [pool(driver="n", capacity={"quantity": "10.5"})])
    assert scale.fixed(rows, Decimal("10.5")) == 105
    assert [int(value) for value in scale.rows(rows).to_pylist()] == [20]


@pytest.mark.parametrize("quantity", ["9999999999999999999999999.123456789012", "-9999999999999999999999999.5"])
def test_quantities_whose_sum_needs_more_than_38_digits_are_refused(quantity: str) -> None:
    many = driver("seconds", *[quantity] * 1999, "0.000000000001")
    with pytest.raises(InputError, match="'seconds' has quantities of 12 decimals that sum to more than 38 digits"):
        whole(many)


def test_the_largest_sum_that_fits_is_whole() -> None:
    assert whole(driver("n", "99999999999999999999999999.999999999998", "0.000000000001")) == {"n": [10**38 - 2, 1]}


def test_a_capacity_that_outgrows_38_digits_over_its_days_is_refused() -> None:
    rows = driver("n", *["0.000000000001"] * 31, days=31)
    scale = scales({"n": rows}, [pool(driver="n", capacity={"quantity": "9" * 26})])
    with pytest.raises(InputError, match="a capacity of"):
        scale.fixed(rows, Decimal("9" * 26))
