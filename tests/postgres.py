"""A real PostgreSQL for tests: a database of its own for each that asks."""

import itertools
import os

from sqlalchemy import create_engine, make_url, text

_numbers = itertools.count()


def fresh_database(server: str) -> str:
    """A new database's URL, on the server of the fixture ``postgres``."""
    engine = create_engine(make_url(server).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    name = f"apportion_test_{os.getpid()}_{next(_numbers)}"
    with engine.connect() as connection:
        connection.execute(text(f"create database {name}"))
    engine.dispose()
    return make_url(server).set(database=name).render_as_string(hide_password=False)
