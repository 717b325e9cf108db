"""Drivers from a database: one SELECT that can only read, exact numbers, UTC days, and nothing of a half answer."""

import os
import sqlite3
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, make_url

from agent.config.usage import SqlUsage
from agent.errors import ApportionError, InputError, Unreachable
from agent.usage import ROWS, Pulled
from agent.usage.live import pull
from tests.postgres import fresh_database

FIRST, LAST = date(2026, 10, 1), date(2026, 10, 3)
BETWEEN = "where day between :first and :last"
PER_DAY = f"select day as date, tenant as customer, sum(n) as quantity from calls {BETWEEN} group by day, tenant"


def sqlite(folder: Path, *statements: str) -> str:
    file = folder / "usage of all.db"
    with sqlite3.connect(file) as connection:
        for statement in statements:
            connection.execute(statement)
    connection.close()
    return f"sqlite:///{file}"


def config(url: str, query: str = PER_DAY, **changes: Any) -> SqlUsage:
    """The URL of a server comes from the environment, since it may hold a password."""
    address = {"url": url}
    if not url.startswith("sqlite"):
        os.environ["USAGE_URL"] = url
        address = {"url_env": "USAGE_URL"}
    return SqlUsage.model_validate({"name": "calls", "kind": "sql", "query": query} | address | changes)


@pytest.fixture(autouse=True)
def _no_url(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("USAGE_URL", "")
    monkeypatch.delenv("USAGE_URL")


def asked(url: str, query: str = PER_DAY, **changes: Any) -> Pulled:
    return pull(config(url, query, **changes), FIRST, LAST)


def rows(pulled: Pulled) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in pulled.rows.to_pylist()]


def refused(url: str, query: str = PER_DAY, error: type[ApportionError] = InputError, **changes: Any) -> ApportionError:
    with pytest.raises(error) as caught:
        asked(url, query, **changes)
    assert type(caught.value) is error
    return caught.value


@pytest.fixture
def calls(tmp_path: Path) -> str:
    """Calls of three days, and of one before and after."""
    return sqlite(
        tmp_path,
        "create table calls (day date, tenant text, n integer, size real)",
        "insert into calls values ('2026-09-30', 'acme', 7, 1), ('2026-10-01', 'beta', 2, 0.1), "
        "('2026-10-01', ' acme ', 3, 0.2), ('2026-10-03', 'acme', 5, 1e-13), ('2026-10-04', 'acme', 9, 1)",
    )


def test_the_days_asked_for_are_answered_sorted_and_with_their_coverage(calls: str) -> None:
    pulled = asked(calls)
    assert rows(pulled) == [
        (date(2026, 10, 1), None, "acme", Decimal(3), None),
        (date(2026, 10, 1), None, "beta", Decimal(2), None),
        (date(2026, 10, 3), None, "acme", Decimal(5), None),
    ]
    assert pulled.rows.schema == ROWS
    assert pulled.coverage == {FIRST: (1, 1), date(2026, 10, 2): (0, 1), LAST: (1, 1)}
    assert pulled.method == "rows of one SELECT from sqlite, as they are"
    assert pulled.notes == ()


def test_days_without_rows_are_absent(calls: str) -> None:
    pulled = pull(config(calls), date(2026, 11, 1), date(2026, 11, 1))
    assert (len(pulled.rows), pulled.coverage) == (0, {date(2026, 11, 1): (0, 1)})


def test_a_float_is_its_shortest_decimal_and_told(calls: str) -> None:
    pulled = asked(calls, f"select size as quantity, tenant as customer, day as date from calls {BETWEEN}")
    assert pulled.rows["quantity"].to_pylist() == [Decimal("0.2"), Decimal("0.1"), Decimal(0)]
    assert pulled.notes == (
        "1 quantities have more than 12 decimals and were cut there",
        "3 quantities are floats, read as the shortest decimals that name them",
    )


def test_numbers_in_text_are_exact_and_columns_may_be_in_capitals(calls: str) -> None:
    columns = "day as DATE, 42 as CUSTOMER, '12345678901234567890.123456789012' as QUANTITY, 'eu ' as KEY"
    query = f"select {columns} from calls {BETWEEN} and tenant = 'beta'"
    assert rows(asked(calls, query)) == [(FIRST, None, "42", Decimal("12345678901234567890.123456789012"), "eu")]


def test_usage_of_nobody_keeps_its_weight(calls: str) -> None:
    query = f"select day as date, nullif(tenant, 'beta') as customer, n as quantity from calls {BETWEEN}"
    pulled = asked(calls, query)
    assert rows(pulled)[0] == (FIRST, None, "@unknown", Decimal(2), None)
    assert pulled.notes == ("1 rows name no customer; their weight is @unknown",)


def test_hours_are_utc_and_counted(calls: str) -> None:
    query = """
        select day || ' 05:00' as date, tenant as customer, n as quantity from calls where day between :first and :last
        union all
        select '2026-10-02T01:30:00+02:00', 'acme', 1 from calls where n = 7 -- the 1st, 23:30 in UTC; not :a :day
    """
    pulled = asked(calls, query, interval="hour")
    assert [row[:3] for row in rows(pulled)] == [
        (FIRST, 5, "acme"),
        (FIRST, 5, "beta"),
        (FIRST, 23, "acme"),
        (LAST, 5, "acme"),
    ]
    assert pulled.coverage == {FIRST: (2, 24), date(2026, 10, 2): (0, 24), LAST: (1, 24)}


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("delete from calls where day between :first and :last", "the query holds DELETE"),
        ("select 1; select 2", "the query is not one SELECT"),
        (f"with gone as (delete from calls {BETWEEN} returning *) select * from gone", "the query holds DELETE"),
        ("SELECT * INTO copy FROM calls", "the query holds INTO"),
        ("pragma table_info(calls)", "the query is not one SELECT"),
        ("", "the query is not one SELECT"),
        ("select day as date from calls", "the query names no day"),
        ("select 1 from calls where day = :first", "the query names :first"),
        (f"select 1 from calls {BETWEEN} and tenant = :tenant", "the query names :first, :last, :tenant"),
    ],
)
def test_what_is_no_select_of_the_days_is_refused_before_it_runs(query: str, message: str, tmp_path: Path) -> None:
    assert refused(f"sqlite:///{tmp_path}/none.db", query).message == message


@pytest.mark.parametrize(
    "extra",
    ["'; drop table calls' <> tenant", '"n" > 0 -- delete; it', "/* update; :x */ n > 0", "tenant <> 'insert :into'"],
)
def test_texts_names_and_comments_are_no_statements(calls: str, extra: str) -> None:
    assert (
        len(
            asked(
                calls, f"select day as date, tenant as customer, n as quantity from calls {BETWEEN} and {extra}\n;"
            ).rows
        )
        == 3
    )


@pytest.mark.parametrize(
    ("select", "message"),
    [
        ("'2026-10-04', 'a', 1", "a row is of 2026-10-04"),
        ("'2026-09-30', 'a', 1", "a row is of 2026-09-30"),
        ("'2026-10-01 05:00:00', 'a', 1", "date 2026-10-01T05:00:00+00:00 has a time of day"),
        ("'10/1/2026', 'a', 1", "date is '10/1/2026'"),
        ("null, 'a', 1", "date is None"),
        ("20261001, 'a', 1", "date is 20261001"),
        ("'2026-10-01', 'a', null", "quantity is None"),
        ("'2026-10-01', 'a', 'many'", "the quantity 'many' is not a number"),
        ("'2026-10-01', 'a', 'NaN'", "the quantity 'NaN' is not a number"),
        ("'2026-10-01', 'a', 9e999", "the quantity 'inf' is not a number"),
        ("'2026-10-01', 'a', x'00'", "quantity is b'\\x00'"),
        ("'2026-10-01', 1.5, 1", "customer is 1.5"),
        ("'2026-10-01', ' first', 1", "a second row for 'first' on 2026-10-01"),
    ],
)
def test_a_row_that_cannot_be_used_is_told_with_its_number(calls: str, select: str, message: str) -> None:
    first = "select '2026-10-01' as date, 'first' as customer, 1 as quantity where :first < :last"
    query = f"{first} union all select {select}"
    error = refused(calls, query)
    assert (error.message, error.where) == (message, "usage calls: row 2 of the answer")


def test_hours_need_a_time(calls: str) -> None:
    assert refused(calls, interval="hour").message == "date is '2026-10-01'"


def test_a_sum_that_does_not_fit_is_refused(calls: str) -> None:
    query = f"select day as date, 'a' as customer, '1e30' as quantity from calls {BETWEEN} and n = 5"
    assert refused(calls, query).message == "the quantity of 'a' on 2026-10-03 has more than 26 digits"


@pytest.mark.parametrize(
    "columns", ["day as date, tenant as customer", "day as date, tenant as customer, n as quantity, n as more"]
)
def test_other_columns_are_refused(calls: str, columns: str) -> None:
    error = refused(calls, f"select {columns} from calls {BETWEEN}")
    assert error.message.startswith("the query answers the columns date, customer")


def test_the_database_says_what_is_wrong_with_the_query(calls: str) -> None:
    error = refused(calls, f"select n from none_such {BETWEEN}")
    assert error.message == "the database refuses the query: no such table: none_such"


def test_a_file_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    error = refused(f"sqlite:///{tmp_path}/none.db", error=Unreachable)
    assert error.message == "the database cannot be reached: unable to open database file"
    assert list(tmp_path.iterdir()) == []


def test_a_relative_file_is_refused() -> None:
    assert refused("sqlite:///usage.db").message == "the SQLite file 'usage.db' is no whole path"


def test_a_query_that_takes_too_long_is_given_up(calls: str) -> None:
    endless = """
        with recursive n(i) as (select 1 union all select i + 1 from n where :first < :last)
        select max(i) as date, 'a' as customer, 1 as quantity from n
    """
    error = refused(calls, endless, Unreachable, timeout_seconds=1)
    assert error.message == "the database gave up: interrupted"
    assert error.mend == "run again later, or raise timeout_seconds (1) of this driver"


def test_a_url_may_come_from_the_environment_and_is_never_told(monkeypatch: pytest.MonkeyPatch) -> None:
    named = SqlUsage(name="calls", kind="sql", url_env="USAGE_URL", query=PER_DAY)
    with pytest.raises(Unreachable) as unset:
        pull(named, FIRST, LAST)
    assert unset.value.message == "usage calls: USAGE_URL is not set"
    monkeypatch.setenv("USAGE_URL", "hunter2 is no URL")
    with pytest.raises(InputError) as caught:
        pull(named, FIRST, LAST)
    assert (caught.value.message, caught.value.where) == ("this is not a database URL", "usage calls: USAGE_URL")


def test_a_password_is_not_written_into_the_configuration() -> None:
    for url in ("postgresql://reader:hunter2@db/usage", "mssql://db/usage?access_token=hunter2"):
        with pytest.raises(InputError, match="url holds a password") as caught:
            pull(SqlUsage(name="calls", kind="sql", url=url, query=PER_DAY), FIRST, LAST)
        assert "hunter2" not in "".join(caught.value.lines())


@pytest.mark.parametrize("url", ["nosuch://u:hunter2@127.0.0.1/db", "mysql+nosuch://u:hunter2@127.0.0.1/db"])
def test_a_database_without_its_package_is_told(url: str) -> None:
    error = refused(url)
    assert "hunter2" not in "".join(error.lines())
    assert error.message.startswith("SQLAlchemy knows no database ")


def test_the_password_of_a_server_that_does_not_answer_is_hidden() -> None:
    url = "postgresql://reader:hunter%402@127.0.0.1:9/usage?application_name=x&sslkey=hunter3"
    error = refused(url, error=Unreachable, timeout_seconds=2)
    told = "".join(error.lines())
    assert error.message.startswith("the database cannot be reached: ")
    assert error.where == "usage calls: postgresql+psycopg://reader:***@127.0.0.1:9/usage"
    assert not any(secret in told for secret in ("hunter@2", "hunter%402", "hunter3"))


class TestPostgres:
    """The same of a server with types, zones and transactions."""

    pytestmark = pytest.mark.slow

    @pytest.fixture
    def database(self, postgres: str) -> Iterator[Callable[..., str]]:
        """Runs statements in a new database; gives its URL."""
        url = fresh_database(postgres)
        engine = create_engine(make_url(url).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")

        def run(*statements: str) -> str:
            with engine.connect() as connection:
                for statement in statements:
                    connection.exec_driver_sql(statement)
            return url

        yield run
        engine.dispose()

    def test_numbers_of_every_type_are_exact(self, database: Callable[..., str]) -> None:
        url = database(
            "create table calls (day date, tenant uuid, whole bigint, exact numeric, single real, double float8)",
            "insert into calls values ('2026-10-01', '00000000-0000-0000-0000-000000000001', 9223372036854775807, "
            "12345678901234567890.123456789012, 0.1, 0.1)",
        )
        for column, quantity, floats in (
            ("whole", "9223372036854775807", 0),
            ("exact", "12345678901234567890.123456789012", 0),
            ("single", "0.1", 1),
            ("double", "0.1", 1),
        ):
            query = f"select day as date, tenant as customer, {column} as quantity from calls {BETWEEN}"
            pulled = asked(url, query)
            assert rows(pulled) == [(FIRST, None, "00000000-0000-0000-0000-000000000001", Decimal(quantity), None)]
            assert len(pulled.notes) == floats
        assert pulled.method == "rows of one SELECT from postgresql, as they are"

    def test_a_day_is_a_utc_day_whatever_the_servers_zone_is(self, database: Callable[..., str]) -> None:
        url = database(
            "create table requests (at timestamptz, tenant text)",
            "insert into requests values ('2026-10-01 00:30+00', 'acme'), ('2026-10-03 23:30+00', 'acme'), "
            "('2026-10-04 00:30+00', 'acme')",
        )
        name = make_url(url).database
        database(f"alter database {name} set timezone = 'America/New_York'")
        where = "where at >= :first and at < :last + 1"
        columns = "date_trunc('day', at) as date, tenant as customer, count(*) as quantity"
        daily = f"select {columns} from requests {where} group by 1, 2"
        assert [(row[0], row[3]) for row in rows(asked(url, daily))] == [(FIRST, 1), (LAST, 1)]
        hourly = daily.replace("'day'", "'hour'")
        assert [row[:2] for row in rows(asked(url, hourly, interval="hour"))] == [(FIRST, 0), (LAST, 23)]

    def test_bytes_per_tenant_schema(self, database: Callable[..., str]) -> None:
        url = database("create schema tenant_acme", "create table tenant_acme.orders as select generate_series(1, 9) n")
        query = """
            select cast(:last as date) as date, substr(n.nspname, 8) as customer,
                   sum(pg_total_relation_size(c.oid)) as quantity
            from pg_class c join pg_namespace n on n.oid = c.relnamespace
            where n.nspname like 'tenant\\_%' and c.relkind = 'r' and :first <= :last group by n.nspname
        """
        [row] = rows(asked(url, query))
        assert row[:3] == (LAST, None, "acme")
        assert row[3] >= 8192

    def test_a_function_that_writes_is_stopped_by_the_transaction(self, database: Callable[..., str]) -> None:
        url = database(
            "create table calls (n int)",
            "create function sneaky() returns int language sql as 'insert into calls values (1) returning n'",
        )
        query = "select :first as date, 'a' as customer, sneaky() as quantity where :first <= :last"
        error = refused(url, query)
        assert error.message == "the database refuses the query: cannot execute INSERT in a read-only transaction"

    def test_a_query_that_takes_too_long_is_given_up(self, database: Callable[..., str]) -> None:
        query = "select :first as date, 'a' as customer, count(pg_sleep(30)) as quantity where :first <= :last"
        error = refused(database(), query, Unreachable, timeout_seconds=1)
        assert error.message == "the database gave up: canceling statement due to statement timeout"

    def test_a_wrong_query_is_told_in_one_line(self, database: Callable[..., str]) -> None:
        error = refused(database(), f"select 1 as date from none_such {BETWEEN}")
        assert error.message == 'the database refuses the query: relation "none_such" does not exist'

    def test_a_date_of_another_type_is_refused(self, database: Callable[..., str]) -> None:
        query = "select array[:first, :last] as date, 'a' as customer, 1 as quantity"
        assert refused(database(), query).message.startswith("date is [datetime.date(2026, 10, 1)")

    def test_many_rows_come_in_parts_and_whole(self, database: Callable[..., str]) -> None:
        query = (
            "select :first as date, i as customer, i as quantity from generate_series(1, 25000) i where :first <= :last"
        )
        pulled = asked(database(), query)
        assert (len(pulled.rows), sum(pulled.rows["quantity"].to_pylist())) == (25_000, 312_512_500)


def test_the_last_day_is_part_of_the_question(calls: str) -> None:
    assert pull(config(calls), LAST, LAST).rows["date"].to_pylist() == [LAST]
