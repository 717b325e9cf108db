"""Brings a state database to this version's tables. Two instances that start together do it once."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Engine, text

from agent.errors import UsageError

# The first eight bytes of sha256("apportion.state"), as Postgres' signed 64-bit number.
ADVISORY_LOCK = -0x74E98ED80B87745


def upgrade(engine: Engine) -> None:
    """Runs the missing migrations in one transaction.

    NOTE: the lock is taken before Alembic reads the version. On SQLite the transaction begins IMMEDIATE
    (``agent.state.database``), which is the lock; on Postgres it is an advisory lock freed with the transaction.

    Raises ``UsageError`` when the database was made by a newer apportion.
    """
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("select pg_advisory_xact_lock(:key)"), {"key": ADVISORY_LOCK})
        config = Config()
        config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
        config.set_main_option("path_separator", "os")
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, "head")
        except CommandError as error:
            raise UsageError(
                f"the state database cannot be brought to this version's tables: {error}",
                where=engine.url.render_as_string(hide_password=True),
                expected="a database made by this version of apportion or an older one",
                mend="install the newer apportion again, or name a fresh database as `state` in apportion.yaml",
            ) from None
