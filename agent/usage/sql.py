"""Drivers from a database: one SELECT, run in a transaction that can only read where the database knows such.

Sessions are put to UTC where the database has a zone, so that a day of the query is a UTC day.
"""

import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import PurePath
from typing import Any
from urllib.parse import quote
from uuid import UUID

from sqlalchemy import Connection, Date, Engine, TextClause, bindparam, create_engine, make_url, text
from sqlalchemy.engine import URL, Row
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, OperationalError, SQLAlchemyError

from agent.config.usage import SqlUsage
from agent.errors import InputError, MissingExtra, Unreachable
from agent.usage import intervals
from agent.usage.environment import secret
from agent.usage.interface import Pulled
from agent.usage.quantities import UNKNOWN, Moment, Quantities, number
from policies.table import iso_date

_PSYCOPG = "postgresql+psycopg"
COLUMNS = ("date", "customer", "quantity")
KEY = "key"
_MOST_ROWS_AT_ONCE = 10_000
_SQLITE_STEPS = 10_000
"""Of SQLite's machine, between two looks at the clock."""
_TOLD = 300
_HIDDEN = r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|`[^`]*`|--[^\n]*|/\*.*?\*/"
"""Texts, quoted names and comments: what they hold is no SQL."""
_WRITING = re.compile(
    r"\b(insert|update|delete|merge|into|truncate|drop|alter|create|grant|revoke|call|execute|copy|vacuum|attach)\b",
    re.IGNORECASE,
)
_SECRET = re.compile("pass|secret|token|key", re.IGNORECASE)
_SESSIONS: Mapping[str, tuple[str, ...]] = {
    "postgresql": ("SET TRANSACTION READ ONLY", "SET LOCAL TIME ZONE 'UTC'", "SET LOCAL statement_timeout = {milli}"),
    "mysql": (
        "SET time_zone = '+00:00'",
        "SET SESSION max_execution_time = {milli}",
        "SET SESSION TRANSACTION READ ONLY",
        "COMMIT",
    ),
    "mariadb": (
        "SET time_zone = '+00:00'",
        "SET SESSION max_statement_time = {seconds}",
        "SET SESSION TRANSACTION READ ONLY",
        "COMMIT",
    ),
    "oracle": ("SET TRANSACTION READ ONLY",),
    "sqlite": ("PRAGMA query_only = on",),
}
"""What a session is told before the query: to read only, in UTC, and for how long, as far as the database knows it."""


def pull(config: SqlUsage, first: date, last: date) -> Pulled:
    """Runs the query for the days. Raises ``InputError`` for its faults, ``Unreachable`` for the database's."""
    statement = _statement(config)
    url = _url(config)
    rows = _Rows(config, first, last, _shown(url))
    with _connected(config, url) as connection:
        reading = connection.execution_options(yield_per=_MOST_ROWS_AT_ONCE)
        with reading.execute(statement, {"first": first, "last": last}) as result:
            rows.take(list(result.keys()), result)
    return rows.pulled(url.get_backend_name())


def _statement(config: SqlUsage) -> TextClause:
    """The query, if it is one SELECT of ``:first`` and ``:last``. What it says in texts and comments does not count."""
    where = f"usage {config.name}"
    bare = re.sub(_HIDDEN, "''", config.query, flags=re.DOTALL).strip().rstrip(";").strip()
    writing = _WRITING.search(bare)
    if ";" in bare or not re.match(r"\(?\s*(select|with)\b", bare, re.IGNORECASE) or writing:
        found = f"the query holds {writing[0].upper()}" if writing else "the query is not one SELECT"
        raise InputError(
            found, where=where, expected="one SELECT, perhaps with WITH before it, and nothing that writes"
        )
    # NOTE: SQLAlchemy would take a colon in a text or a comment for a parameter, too
    query = text(
        re.sub(_HIDDEN, lambda found: found[0].replace(":", r"\:"), config.query, flags=re.DOTALL).strip().rstrip(";")
    )
    named = set(query.compile().params)
    if named != {"first", "last"}:
        raise InputError(
            f"the query names {', '.join(f':{name}' for name in sorted(named)) or 'no day'}",
            where=where,
            expected=":first and :last, the first and the last day it is asked for",
            mend="add for example: where day between :first and :last",
        )
    return query.bindparams(bindparam("first", type_=Date), bindparam("last", type_=Date))


def _url(config: SqlUsage) -> URL:
    written = config.url if config.url_env is None else secret(config.url_env, f"usage {config.name}")
    try:
        url = make_url(written or "")
        kind = url.get_backend_name()
    except ArgumentError:
        # NOTE: what was written may hold a password, so it is not repeated
        raise InputError(
            "this is not a database URL",
            where=f"usage {config.name}: {'url' if config.url_env is None else config.url_env}",
            expected="postgresql://user@host/database, or another URL of SQLAlchemy",
        ) from None
    if config.url_env is None and _secrets(url):
        raise InputError(
            "url holds a password",
            where=f"usage {config.name}",
            expected="a URL without one in apportion.yaml",
            mend="put the URL into an environment variable, and name it in url_env",
        )
    if url.drivername == "postgresql":
        return url.set(drivername=_PSYCOPG)
    return _read_only_file(config, url) if kind == "sqlite" else url


def _read_only_file(config: SqlUsage, url: URL) -> URL:
    """SQLite would make a file that is not there, and look for a relative one wherever the command was started."""
    path = url.database or ""
    if not PurePath(path).is_absolute():
        raise InputError(
            f"the SQLite file {path!r} is no whole path",
            where=f"usage {config.name}",
            expected="sqlite:////srv/usage.db, with four slashes",
        )
    return url.set(database=f"file:{quote(path)}", query={"mode": "ro", "uri": "true"})


def _shown(url: URL) -> str:
    return url.set(query={}).render_as_string(hide_password=True)


def _engine(config: SqlUsage, url: URL) -> Engine:
    options: dict[str, Any] = {"pool_size": 1, "max_overflow": 0} if url.get_backend_name() != "sqlite" else {}
    if url.drivername == _PSYCOPG:
        options["connect_args"] = {"connect_timeout": config.timeout_seconds}
    try:
        return create_engine(url, **options)
    except ModuleNotFoundError as missing:
        if missing.name == "psycopg":
            raise MissingExtra("postgres", "psycopg") from None
        problem = f"the Python package {missing.name} is not installed"
    except (NoSuchModuleError, ArgumentError):
        problem = f"SQLAlchemy knows no database {url.drivername!r} here"
    raise InputError(problem, where=f"usage {config.name}", mend=f"install the package that speaks {url.drivername}")


@contextmanager
def _connected(config: SqlUsage, url: URL) -> Iterator[Connection]:
    """A session that reads, until the block ends; whatever it did is rolled back."""
    engine = _engine(config, url)
    reached = False
    try:
        with engine.connect() as connection:
            reached = True
            _prepare(connection, config.timeout_seconds)
            yield connection
            connection.rollback()
    except SQLAlchemyError as error:
        raise _told(error, config, url, reached=reached) from None
    finally:
        engine.dispose()


def _prepare(connection: Connection, seconds: int) -> None:
    kind = connection.dialect.name
    if kind == "mysql" and getattr(connection.dialect, "is_mariadb", False):
        kind = "mariadb"
    if kind == "sqlite":
        until = time.monotonic() + seconds
        # NOTE: SQLite has no timeout of its own; it gives up where the handler says so
        raw: Any = connection.connection.dbapi_connection
        raw.set_progress_handler(lambda: time.monotonic() > until, _SQLITE_STEPS)
    for command in _SESSIONS.get(kind, ()):
        connection.exec_driver_sql(command.format(milli=seconds * 1_000, seconds=seconds))


def _told(error: SQLAlchemyError, config: SqlUsage, url: URL, *, reached: bool) -> InputError | Unreachable:
    """The database's own words without secrets; whether they are about the query or about the database."""
    said = str(getattr(error, "orig", None) or error).strip().splitlines()
    words = said[0 if reached else -1] if said else type(error).__name__
    for hidden in _secrets(url):
        words = words.replace(hidden, "***")
    where = f"usage {config.name}: {_shown(url)}"
    if not reached:
        return Unreachable(
            f"the database cannot be reached: {words[:_TOLD]}", where=where, mend="check its address and rights"
        )
    if _is_of_the_server(error, url):
        return Unreachable(
            f"the database gave up: {words[:_TOLD]}",
            where=where,
            mend=f"run again later, or raise timeout_seconds ({config.timeout_seconds}) of this driver",
        )
    return InputError(f"the database refuses the query: {words[:_TOLD]}", where=where)


def _is_of_the_server(error: SQLAlchemyError, url: URL) -> bool:
    if url.get_backend_name() == "sqlite":
        # NOTE: SQLite's driver calls a missing table an operational error, too
        return re.search("interrupted|locked|disk I/O|unable to open", str(error)) is not None
    return isinstance(error, OperationalError) or (isinstance(error, DBAPIError) and error.connection_invalidated)


def _secrets(url: URL) -> list[str]:
    values = [url.password, *(value for name, value in url.query.items() if _SECRET.search(name))]
    found = [str(value) for value in values if value]
    return sorted({*found, *map(quote, found)}, key=len, reverse=True)


@dataclass(slots=True)
class _Rows:
    """The rows of an answer, judged one by one, and what to say of them."""

    config: SqlUsage
    first: date
    last: date
    place: str
    moments: dict[object, Moment] = field(default_factory=dict)
    """Each date as the database gave it -> what it means; there are few among many rows."""
    floats: int = 0
    unknown: int = 0
    quantities: Quantities = field(init=False)

    def __post_init__(self) -> None:
        self.quantities = Quantities(f"usage {self.config.name}")

    def take(self, names: list[str], rows: Any) -> None:
        """All rows of the result; columns by their names, whose case differs from database to database."""
        columns = [name.lower() for name in names]
        if sorted({*columns, KEY}) != sorted((*COLUMNS, KEY)) or len(columns) != len(set(columns)):
            raise InputError(
                f"the query answers the columns {', '.join(names)}",
                where=f"usage {self.config.name}",
                expected="date, customer, quantity, and perhaps key",
            )
        places = {name: at for at, name in enumerate(columns)}
        for at, row in enumerate(rows, 1):
            self._add(row, places, f"usage {self.config.name}: row {at} of the answer")

    def _add(self, row: Row[Any], places: Mapping[str, int], where: str) -> None:
        at = row[places["date"]]
        moment = self.moments.get(at) if isinstance(at, str | date) else None
        if moment is None:
            moment = self.moments[at] = self._moment(at, where)
        customer = _name(row[places["customer"]], "customer", where)
        key = _name(row[places[KEY]], KEY, where) or None if KEY in places else None
        before = len(self.quantities)
        self.quantities.add(moment, customer, self._quantity(row[places["quantity"]], where), key)
        if customer and len(self.quantities) == before:
            raise self._double(moment, customer, key, where)
        self.unknown += not customer

    def _double(self, moment: Moment, customer: str, key: str | None, where: str) -> InputError:
        day, hour = moment
        at = day if hour is None else f"{day} {hour:02d}:00 UTC"
        return InputError(
            f"a second row for {customer!r} on {at}" + (f" in {key!r}" if key else ""),
            where=where,
            expected=f"one row for each {self.config.interval} and customer",
            mend="add up in the query, with group by",
        )

    def _moment(self, value: object, where: str) -> Moment:
        at = _time(value)
        if at is None or (self.config.interval == "hour" and not _has_a_time(value)):
            raise InputError(
                f"date is {value!r}",
                where=where,
                expected=f"{'a time' if self.config.interval == 'hour' else 'a date'} in UTC, or with its zone",
            )
        if self.config.interval == "day" and at != at.replace(hour=0, minute=0, second=0, microsecond=0):
            raise InputError(
                f"date {at.isoformat()} has a time of day", where=where, expected="a UTC day, or `interval: hour`"
            )
        if not self.first <= at.date() <= self.last:
            raise InputError(
                f"a row is of {at.date()}",
                where=where,
                expected=f"the days asked for, {self.first} to {self.last}",
                mend="let the query select from :first to :last",
            )
        return intervals.moment(at, self.config.interval)

    def _quantity(self, value: object, where: str) -> Decimal:
        if isinstance(value, bool) or not isinstance(value, int | float | Decimal | str):
            raise InputError(f"quantity is {value!r}", where=where, expected="a number, or text that is one")
        self.floats += isinstance(value, float)
        return number(repr(value) if isinstance(value, float) else str(value), where)

    def pulled(self, kind: str) -> Pulled:
        rows, notes = self.quantities.rows()
        hourly = self.config.interval == "hour"
        told = [*notes]
        if self.floats:
            told.append(f"{self.floats} quantities are floats, read as the shortest decimals that name them")
        if self.unknown:
            told.append(f"{self.unknown} rows name no customer; their weight is {UNKNOWN}")
        return Pulled(
            rows=rows,
            coverage=intervals.coverage(self.first, self.last, self.moments.values(), 24 if hourly else 1),
            method=f"rows of one SELECT from {kind}, as they are",
            notes=tuple(told),
        )


def _time(value: object) -> datetime | None:
    """A date, a timestamp or a text as a time in UTC; one without a zone is UTC."""
    if isinstance(value, str):
        value = iso_date(value.strip()) or _parsed(value.strip())
    if isinstance(value, datetime):
        return _in_utc(value)
    return datetime(value.year, value.month, value.day, tzinfo=UTC) if isinstance(value, date) else None


def _in_utc(value: datetime) -> datetime | None:
    try:
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    except OverflowError:
        return None


def _parsed(value: str) -> datetime | None:
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        return None


def _has_a_time(value: object) -> bool:
    return isinstance(value, datetime) or (isinstance(value, str) and iso_date(value.strip()) is None)


def _name(value: object, what: str, where: str) -> str:
    """Text, a whole number or a UUID as text, trimmed; null is empty."""
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int | UUID):
        raise InputError(f"{what} is {value!r}", where=where, expected="text, or a whole number")
    return str(value).strip()
