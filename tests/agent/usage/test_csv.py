"""Drivers from CSV: exact quantities by UTC day or hour, and mistakes told with file and line."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.config.usage import CsvUsage
from agent.errors import InputError
from agent.usage import ROWS, Driver, read_driver
from agent.usage.csv import read_files

HEADER = "date,customer,quantity\n"


def config(interval: Literal["day", "hour"] = "day") -> CsvUsage:
    return CsvUsage(name="calls", kind="csv", location="calls.csv", interval=interval)


def read(text: str | bytes, interval: Literal["day", "hour"] = "day") -> Driver:
    return read_driver(config(interval), text.encode() if isinstance(text, str) else text)


def rows(driver: Driver) -> list[tuple[Any, ...]]:
    """Date, hour, customer and quantity."""
    return [tuple(row.values())[:4] for row in driver.rows.to_pylist()]


def refused(text: str | bytes, interval: Literal["day", "hour"] = "day") -> InputError:
    with pytest.raises(InputError) as caught:
        read(text, interval)
    return caught.value


def test_rows_are_read_exactly() -> None:
    driver = read(HEADER + "2026-10-01,acme,12.000000000001\n2026-10-02, Acme ,-3\n")
    assert rows(driver) == [
        (date(2026, 10, 1), None, "acme", Decimal("12.000000000001")),
        (date(2026, 10, 2), None, "Acme", Decimal(-3)),
    ]
    assert (driver.name, driver.interval, driver.last_day) == ("calls", "day", date(2026, 10, 2))
    assert driver.rows.schema == ROWS


@pytest.mark.parametrize("quantity", ["0", "+1", "1.5E-3", "1e3", ".5", "5.", " 7 ", "99999999999999999999999999"])
def test_quantities_are_decimals(quantity: str) -> None:
    assert rows(read(f"{HEADER}2026-10-01,a,{quantity}\n"))[0][3] == Decimal(quantity.strip())


@given(st.decimals(min_value=-(10**20), max_value=10**20, places=12, allow_nan=False, allow_infinity=False))
def test_what_goes_in_comes_out_equal(quantity: Decimal) -> None:
    assert rows(read(f"{HEADER}2026-10-01,a,{quantity}\n"))[0][3] == quantity


@pytest.mark.parametrize(
    "text",
    [
        "\ufeff" + HEADER + "2026-10-01,a,1\n",
        "quantity, date ,customer\r\n1,2026-10-01,a\r\n\r\n",
        'customer,date,quantity\n"a","2026-10-01",1\n\n,,\n',
    ],
)
def test_order_of_columns_quoting_and_blank_lines_do_not_matter(text: str) -> None:
    assert rows(read(text)) == [(date(2026, 10, 1), None, "a", Decimal(1))]


def test_a_key_says_which_part_a_quantity_is_of() -> None:
    driver = read("date,customer,quantity,key\n2026-10-01,a,1, eu-west-1 \n2026-10-01,a,2,\n2026-10-01,a,3,us-east-1\n")
    assert driver.rows["key"].to_pylist() == ["eu-west-1", None, "us-east-1"]


def test_a_second_row_of_one_key_is_refused() -> None:
    error = refused("date,customer,quantity,key\n2026-10-01,a,1,eu\n2026-10-01,a,2,us\n2026-10-01,a,3,eu\n")
    assert error.message == "a second row for 'a' on 2026-10-01 in 'eu'"
    assert error.where == "calls.csv:4"


def test_a_customer_may_hold_quotes_and_line_feeds() -> None:
    assert rows(read(HEADER + '2026-10-01,"a ""b""\nc",1\n'))[0][2] == 'a "b"\nc'


def test_many_batches_are_read_in_order() -> None:
    text = HEADER + "".join(f'2026-10-01,"{number}",{number}\n' for number in range(70_000))
    assert read(text).rows["customer"].to_pylist() == [str(number) for number in range(70_000)]


def test_a_file_without_rows_is_a_driver_without_days() -> None:
    driver = read(HEADER)
    assert (len(driver.rows), driver.last_day) == (0, None)


@pytest.mark.parametrize(
    ("moment", "day", "hour"),
    [
        ("2026-10-01T05:00:00Z", 1, 5),
        ("2026-10-01 05:00", 1, 5),
        ("2026-10-01T01:00:00+02:00", date(2026, 9, 30), 23),
        ("2026-10-01T00:00:00+05:30", date(2026, 9, 30), 18),
    ],
)
def test_hours_are_turned_to_utc(moment: str, day: int | date, hour: int) -> None:
    expected = day if isinstance(day, date) else date(2026, 10, day)
    assert rows(read(f"{HEADER}{moment},a,1\n", "hour"))[0][:2] == (expected, hour)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("10/1/2026,a,1", "date '10/1/2026' is not a date"),
        ("2026-02-30,a,1", "date '2026-02-30' is not a date"),
        ("2026-10-01T00:00:00Z,a,1", "date '2026-10-01T00:00:00Z' has a time of day"),
        (",a,1", "date '' is not a date"),
        ("2026-10-01,,1", "customer is empty"),
        ("2026-10-01,a,", "quantity '' is not a number"),
        ("2026-10-01,a,many", "quantity 'many' is not a number"),
        ("2026-10-01,a,NaN", "quantity 'NaN' is not a number"),
        ("2026-10-01,a,inf", "quantity 'inf' is not a number"),
        ('2026-10-01,a,"1,000"', "quantity '1,000' is not a number"),
        ("2026-10-01,a,0x10", "quantity '0x10' is not a number"),
        ("2026-10-01,a,1.0000000000001", "quantity '1.0000000000001' does not fit"),
        ("2026-10-01,a,1e30", "quantity '1e30' does not fit"),
        ("2026-10-01,a,9e-115", "quantity '9e-115' does not fit"),
        ("2026-10-01,a,100000000000000000000000000", "quantity '100000000000000000000000000' does not fit"),
        ("2026-10-01,a", "2 cells, but the header has 3 columns"),
        ("2026-10-01,a,1,2", "4 cells, but the header has 3 columns"),
        ("date,customer,quantity", "the header is repeated; were two files joined?"),
        ("2026-10-01,first,9", "a second row for 'first' on 2026-10-01"),
        ('2026-10-01,"a"x,9', "the quoting of this row is broken: ',' expected after '\"'"),
    ],
)
def test_a_mistake_is_told_with_its_line(line: str, message: str) -> None:
    error = refused(f"{HEADER}2026-10-01,first,1\n\n{line}\n2026-10-03,last,1\n")
    assert (error.message, error.where) == (message, "calls.csv:4")


def test_lines_are_counted_past_quoted_line_feeds() -> None:
    assert refused(HEADER + '2026-10-01,"a\nb",1\n2026-10-01,c,x\n').where == "calls.csv:4"


@pytest.mark.parametrize(
    ("moment", "message"),
    [
        ("2026-10-01", "date '2026-10-01' has no time of day"),
        ("noon", "date 'noon' is not a date and time"),
        ("0001-01-01T00:00:00+10:00", "date '0001-01-01T00:00:00+10:00' is not a date and time"),
    ],
)
def test_an_hourly_driver_needs_times(moment: str, message: str) -> None:
    error = refused(f"{HEADER}{moment},a,1\n", "hour")
    assert (error.message, error.where) == (message, "calls.csv:2")
    assert "2026-10-01T05:00:00Z" in error.expected


def test_one_hour_in_two_spellings_is_twice() -> None:
    error = refused(f"{HEADER}2026-10-01T05:00Z,a,1\n2026-10-01T07:00+02:00,a,1\n", "hour")
    assert error.message == "a second row for 'a' on 2026-10-01 05:00 UTC"


@pytest.mark.parametrize(
    ("content", "message", "where"),
    [
        (b"", "the file is empty; the first line names the columns: date,customer,quantity,key", "calls.csv:1"),
        (b"date,customer\n2026-10-01,a\n", "column 'quantity' is missing", "calls.csv:1"),
        (b"date,customer,quantity,unit\n", "unknown column 'unit'", "calls.csv:1"),
        (
            b"Date,customer,qty\n",
            "unknown column 'Date'; did you mean 'date'? (and 3 more in this file)",
            "calls.csv:1",
        ),
        (HEADER.encode("utf-16"), "the file is UTF-16; save it as CSV UTF-8", "calls.csv:1"),
        (HEADER.encode() + b"2026-10-01,\xe9,1", "not UTF-8; save the file as CSV UTF-8", "calls.csv:2"),
    ],
)
def test_what_cannot_be_read_at_all(content: bytes, message: str, where: str) -> None:
    error = refused(content)
    assert (error.message, error.where) == (message, where)


def files(*contents: str) -> Sequence[tuple[str, bytes]]:
    return [(f"calls/{number}.csv", (HEADER + content).encode()) for number, content in enumerate(contents)]


def test_several_files_are_joined_in_the_order_given() -> None:
    driver = read_files(config(), files("2026-10-01,a,1\n", "2026-10-02,a,2\n"))
    assert driver.rows["quantity"].to_pylist() == [1, 2]


def test_a_row_in_two_files_is_told_in_the_second() -> None:
    with pytest.raises(InputError, match="a second row for 'a' on 2026-10-01") as caught:
        read_files(config(), files("2026-10-01,a,1\n", "2026-10-02,a,2\n2026-10-01,a,1\n"))
    assert caught.value.where == "calls/1.csv:3"
