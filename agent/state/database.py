"""Opens the state database: SQLite by default, Postgres for several instances."""

import contextlib
import fcntl
from collections.abc import Iterator
from pathlib import Path
from sqlite3 import Connection as SqliteConnection
from types import TracebackType
from typing import Self

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry

from agent.errors import ApportionError, MissingExtra, UsageError
from agent.state.outbox import Outbox
from agent.state.periods import Periods
from agent.state.runs import Runs
from agent.state.upgrade import upgrade

BUSY_MS = 30_000
"""How long SQLite waits for another writer; every transaction of ours is a few milliseconds."""

MEND = "set `state` in apportion.yaml to sqlite:///data/state.db or postgresql+psycopg://user@host/database"


class State:
    """The open database. ``runs``, ``outbox`` and ``periods`` may be used from several threads."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.runs = Runs(engine)
        self.outbox = Outbox(engine)
        self.periods = Periods(engine)

    def __repr__(self) -> str:
        return f"State({self.engine.url.render_as_string(hide_password=True)})"

    def close(self) -> None:
        """Gives every connection back."""
        self.engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_state(url: str, root: Path) -> State:
    """Opens and upgrades the database at ``url``; a relative SQLite path is resolved from ``root``.

    ``root`` is the folder of apportion.yaml; folders on the way to an SQLite file are made. Raises ``UsageError``
    for a URL that is none of ours or a database made by a newer version, ``MissingExtra`` for Postgres without its
    driver, ``ApportionError`` when the database cannot be reached.
    """
    parsed = _parse(url, root)
    engine = _sqlite(parsed) if parsed.get_backend_name() == "sqlite" else _postgres(parsed)
    try:
        with _one_opener(parsed):
            upgrade(engine)
    except SQLAlchemyError as error:
        engine.dispose()
        # NOTE: the driver tells one line per address it tried; the last says enough. None may quote the password.
        reason = str(getattr(error, "orig", error)).strip().splitlines()
        raise ApportionError(
            f"the state database cannot be opened: {_without_password(reason[-1] if reason else '', parsed)}",
            where=parsed.render_as_string(hide_password=True),
            mend=MEND,
        ) from None
    except BaseException:
        engine.dispose()
        raise
    return State(engine)


def _parse(url: str, root: Path) -> URL:
    try:
        parsed = make_url(url)
        kind = parsed.get_backend_name()
    except ArgumentError:
        # NOTE: what was written may hold a password, so it is not repeated.
        raise UsageError("`state` is not a database URL", where="apportion.yaml", mend=MEND) from None
    if kind == "postgresql":
        return parsed.set(drivername="postgresql+psycopg")
    if kind != "sqlite":
        raise UsageError(f"`state` names {kind}; expected sqlite or postgresql", where="apportion.yaml", mend=MEND)
    if parsed.database in (None, "", ":memory:"):
        raise UsageError("`state` names no file; state must outlive the process", where="apportion.yaml", mend=MEND)
    return parsed.set(database=str(root.resolve() / str(parsed.database)))


def _sqlite(url: URL) -> Engine:
    engine = create_engine(url)
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def _postgres(url: URL) -> Engine:
    try:
        return create_engine(url, pool_pre_ping=True)
    except ModuleNotFoundError:
        raise MissingExtra("postgres", "psycopg") from None


def _prepare(connection: SqliteConnection, _entry: ConnectionPoolEntry) -> None:
    # NOTE: the driver must not begin transactions of its own, see _begin.
    connection.isolation_level = None
    connection.execute(f"pragma busy_timeout = {BUSY_MS}")
    connection.execute("pragma journal_mode = wal")
    # NOTE: WAL's usual `normal` may forget the last commits in a power cut; a forgotten claim is a second post.
    connection.execute("pragma synchronous = full")
    connection.execute("pragma foreign_keys = on")


def _begin(connection: Connection) -> None:
    # NOTE: a transaction that begins by reading and then writes fails at once with "database is locked" when another
    # one wrote meanwhile; no timeout helps. IMMEDIATE takes the write lock first, and waits for it.
    connection.exec_driver_sql("begin immediate")


@contextlib.contextmanager
def _one_opener(url: URL) -> Iterator[None]:
    """Lets one process at a time open an SQLite file: the switch to WAL does not wait for others as queries do."""
    if url.get_backend_name() != "sqlite":
        yield
        return
    path = Path(str(url.database))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = path.with_name(path.name + ".lock").open("a")
    except OSError as error:
        raise ApportionError(
            f"the folder of the state database cannot be written: {error.strerror}", where=str(path), mend=MEND
        ) from error
    with handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _without_password(sentence: str, url: URL) -> str:
    return sentence.replace(str(url.password), "***") if url.password else sentence
