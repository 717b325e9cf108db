"""Drivers from Parquet: exact quantities of every type of column, and mistakes told with file and row."""

import io
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.config.usage import ParquetUsage
from agent.errors import InputError
from agent.usage import ROWS, Driver, read_files

DAY = date(2026, 10, 1)


def config(**changes: Any) -> ParquetUsage:
    return ParquetUsage.model_validate({"name": "calls", "kind": "parquet", "location": "calls.parquet"} | changes)


def content(**columns: Any) -> bytes:
    """A file with these columns, given as arrays or lists; by default one row of Acme."""
    found = {"date": [DAY], "customer": ["acme"], "quantity": [1]} | columns
    out = io.BytesIO()
    pq.write_table(pa.table({name: column for name, column in found.items() if column is not None}), out)
    return out.getvalue()


def read(contents: bytes | Sequence[bytes], **changes: Any) -> Driver:
    several = [contents] if isinstance(contents, bytes) else contents
    names = ["calls.parquet"] if isinstance(contents, bytes) else [f"calls/{at}.parquet" for at in range(len(several))]
    return read_files(config(**changes), list(zip(names, several, strict=True)))


def naive(text: str) -> datetime:
    """A time without a zone."""
    return datetime.fromisoformat(text)


def refused(contents: bytes | Sequence[bytes], **changes: Any) -> InputError:
    with pytest.raises(InputError) as caught:
        read(contents, **changes)
    return caught.value


def test_rows_are_read_by_the_names_of_columns() -> None:
    file = content(
        date=None, customer=None, quantity=None, tenant=[" acme ", "beta"], n=[3, -4], on=[DAY, DAY], zone=["eu ", None]
    )
    driver = read(file, date_column="on", customer_column="tenant", quantity_column="n", key_column="zone")
    assert driver.rows.to_pylist() == [
        {"date": DAY, "hour": None, "customer": "acme", "quantity": Decimal(3), "key": "eu"},
        {"date": DAY, "hour": None, "customer": "beta", "quantity": Decimal(-4), "key": None},
    ]
    assert driver.rows.schema == ROWS
    assert (driver.name, driver.interval, driver.last_day, driver.notes) == ("calls", "day", DAY, ())


@pytest.mark.parametrize(
    ("column", "quantity"),
    [
        (pa.array([2**63 - 1]), "9223372036854775807"),
        (pa.array([2**64 - 1], pa.uint64()), "18446744073709551615"),
        (pa.array([Decimal("12.345678901234")], pa.decimal128(38, 12)), "12.345678901234"),
        (pa.array([Decimal("99999999999999999999999999.5")], pa.decimal256(50, 20)), "99999999999999999999999999.5"),
        (pa.array([" 1.5e3 "]), "1500"),
        (pa.array(["0.000000000001"]).dictionary_encode(), "0.000000000001"),
        (pa.array([0.1]), "0.1"),
        (pa.array([0.1], pa.float32()), "0.1"),
        (pa.array([1e22]), "10000000000000000000000"),
        (pa.array([-0.0]), "0"),
        (pa.array([123456.789012]), "123456.789012"),
    ],
)
def test_a_quantity_is_what_was_written(column: pa.Array, quantity: str) -> None:
    driver = read(content(quantity=column))
    assert driver.rows["quantity"].to_pylist() == [Decimal(quantity)]
    assert driver.notes == ()


@given(st.floats(min_value=-1e25, max_value=1e25))
def test_a_double_is_its_shortest_decimal_cut_to_twelve_places(value: float) -> None:
    [found] = read(content(quantity=[value])).rows["quantity"].to_pylist()
    whole = Decimal(repr(value))
    assert abs(whole) - abs(found) < Decimal("1e-12")
    assert found == whole or (abs(found) < abs(whole) and -whole.as_tuple().exponent > 12)


def test_what_is_finer_than_twelve_decimals_is_cut_and_told() -> None:
    file = content(date=[DAY] * 3, customer=["a", "b", "c"], quantity=[0.1 + 0.2, -1e-13, 0.5])
    driver = read(file)
    assert driver.rows["quantity"].to_pylist() == [Decimal("0.300000000000"), Decimal(0), Decimal("0.5")]
    assert driver.notes == ("2 quantities had more than 12 decimals; they were cut there",)


@pytest.mark.parametrize(
    "column",
    [
        pa.array([DAY]),
        pa.array([naive("2026-10-01")], pa.date64()),
        pa.array(["2026-10-01"]),
        pa.array([naive("2026-10-01")], pa.timestamp("ns")),
        pa.array([naive("2026-10-01")], pa.timestamp("s")),
        pa.array([datetime(2026, 10, 1, 2, tzinfo=timezone(timedelta(hours=2)))], pa.timestamp("us", "Europe/Paris")),
    ],
)
def test_a_day_is_a_date_a_text_or_midnight_in_utc(column: pa.Array) -> None:
    assert read(content(date=column)).rows["date"].to_pylist() == [DAY]


@pytest.mark.parametrize(
    "column",
    [
        pa.array([naive("2026-10-01T05:30")], pa.timestamp("ms")),
        pa.array([datetime(2026, 10, 1, 5, 30, tzinfo=UTC)], pa.timestamp("us", "Asia/Kolkata")),
        pa.array(["2026-10-01T07:30+02:00"]),
    ],
)
def test_an_hour_is_the_utc_one(column: pa.Array) -> None:
    rows = read(content(date=column), interval="hour").rows
    assert (rows["date"].to_pylist(), rows["hour"].to_pylist()) == ([DAY], [5])


def test_times_before_1970_and_legacy_times_beyond_2262_are_read() -> None:
    assert read(content(date=pa.array([naive("1969-12-31")]))).last_day == date(1969, 12, 31)
    out = io.BytesIO()
    table = pa.table({"date": pa.array([naive("2500-01-01")]), "customer": ["a"], "quantity": [1]})
    pq.write_table(table, out, use_deprecated_int96_timestamps=True)
    assert read(out.getvalue()).last_day == date(2500, 1, 1)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"customer": ["a", " "]}, "customer is empty"),
        ({"customer": ["a", None]}, "customer is null"),
        ({"date": [DAY, None]}, "date is null"),
        ({"quantity": [1, None]}, "quantity is null"),
        ({"quantity": [1.0, float("nan")]}, "quantity 'nan' is not a number"),
        ({"quantity": [1.0, float("-inf")]}, "quantity '-inf' is not a number"),
        ({"quantity": ["1", "many"]}, "quantity 'many' is not a number"),
        ({"quantity": [1.0, 1e26]}, "quantity '1e+26' does not fit"),
        ({"date": ["2026-10-01", "1.10.2026"]}, "date '1.10.2026' is not a date"),
        (
            {"date": [naive("2026-10-01"), naive("2026-10-01T22:00")]},
            "date 2026-10-01T22:00:00 has a time of day",
        ),
        ({"date": pa.array([1, 10**7], pa.int32()).cast(pa.date32())}, "date is 10000000 days from 1970-01-01"),
        ({"customer": ["acme", "acme "]}, "a second row for 'acme' on 2026-10-01"),
    ],
)
def test_a_mistake_is_told_with_its_row(columns: dict[str, Any], message: str) -> None:
    whole = {"date": [DAY, DAY], "customer": ["a", "b"], "quantity": [1, 2]} | columns
    error = refused(content(**whole))
    assert (error.message, error.where) == (message, "calls.parquet, row 2")


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"quantity": [True]}, "quantity is of type bool"),
        ({"quantity": pa.array([1.5], pa.float16())}, "quantity is of type halffloat, which holds three digits"),
        ({"customer": [1.5]}, "customer is of type double"),
        ({"date": [20261001]}, "date is of type int64"),
    ],
)
def test_a_column_of_another_type_is_refused(columns: dict[str, Any], message: str) -> None:
    assert refused(content(**columns)).message == message


def test_a_tenant_may_be_numbered() -> None:
    assert read(content(customer=[42])).rows["customer"].to_pylist() == ["42"]


def test_dates_have_no_hours() -> None:
    assert refused(content(), interval="hour").message == "the dates have no time of day"


def test_a_missing_column_is_named_with_those_there_are() -> None:
    error = refused(content(quantity=None, amount=[1]))
    assert (error.message, error.where) == ("column 'quantity' is missing", "calls.parquet")
    assert error.expected == "one column with the quantity; the file holds date, customer, amount"
    assert error.mend == "set `quantity_column` of usage 'calls'"


def test_a_column_twice_is_ambiguous() -> None:
    out = io.BytesIO()
    table = pa.table(
        [pa.array([DAY]), pa.array(["a"]), pa.array([1]), pa.array([2])], ["date", "customer", *["quantity"] * 2]
    )
    pq.write_table(table, out)
    assert refused(out.getvalue()).message == "column 'quantity' is there twice"


@pytest.mark.parametrize("damaged", [b"", b"date,customer,quantity\n", content()[:-20]])
def test_what_is_no_parquet_is_refused(damaged: bytes) -> None:
    error = refused(damaged)
    assert (error.message, error.where) == ("the file cannot be read as Parquet", "calls.parquet")


def test_a_part_that_nobody_named_is_told_when_it_doubles_rows() -> None:
    error = refused(content(date=[DAY] * 2, customer=["a"] * 2, quantity=[1, 2], key=["eu", "us"]))
    assert error.mend == "the column 'key' is not read: set `key_column: key`"


def test_several_files_are_joined_and_a_row_in_two_is_told_in_the_second() -> None:
    second = content(date=[date(2026, 10, 2), DAY], customer=["acme", "beta"], quantity=["2", "3"])
    assert read([content(), second]).rows["quantity"].to_pylist() == [1, 2, 3]
    error = refused([content(), second.replace(b"beta", b"acme")])
    assert (error.message, error.where) == ("a second row for 'acme' on 2026-10-01", "calls/1.parquet, row 2")


def test_a_file_without_rows_is_a_driver_without_days() -> None:
    empty = content(
        date=pa.array([], pa.date32()), customer=pa.array([], pa.string()), quantity=pa.array([], pa.int64())
    )
    driver = read(empty)
    assert (len(driver.rows), driver.last_day) == (0, None)
