import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

from agent.errors import ApportionError, UsageError
from agent.state import State, open_state
from agent.state.tables import metadata


def test_the_migrations_make_the_tables_the_code_uses(opened: Callable[[], State]) -> None:
    with opened().engine.begin() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_opening_again_changes_nothing(opened: Callable[[], State]) -> None:
    for state in (opened(), opened()):
        with state.engine.begin() as connection:
            assert connection.execute(text("select version_num from alembic_version")).scalars().all() == ["0001"]


def test_a_database_of_a_newer_version_is_left_alone(opened: Callable[[], State]) -> None:
    with opened().engine.begin() as connection:
        connection.execute(text("update alembic_version set version_num = '9999'"))
    with pytest.raises(UsageError, match="cannot be brought to this version's tables"):
        opened()


def test_an_unknown_outbox_state_is_refused_by_the_database(opened: Callable[[], State]) -> None:
    statement = text(
        "insert into outbox (key, channel, payload, state, attempts, created, updated) "
        "values ('k', 'c', '{}', 'lost', 1, current_timestamp, current_timestamp)"
    )
    with pytest.raises(Exception, match="outbox_state"), opened().engine.begin() as connection:
        connection.execute(statement)


def test_a_relative_path_counts_from_the_configuration_and_its_folder_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    open_state("sqlite:///deep/er/state.db", tmp_path / "house").close()
    assert (tmp_path / "house/deep/er/state.db").is_file()
    assert list(elsewhere.iterdir()) == []


def test_an_absolute_path_stays_where_it_is(tmp_path: Path) -> None:
    open_state(f"sqlite:///{tmp_path}/state.db", Path("/nowhere")).close()
    assert (tmp_path / "state.db").is_file()


def test_sqlite_waits_for_others_and_keeps_every_commit(tmp_path: Path) -> None:
    with open_state("sqlite:///state.db", tmp_path) as state, state.engine.begin() as connection:
        pragmas = [
            connection.exec_driver_sql(f"pragma {name}").scalar()
            for name in ("journal_mode", "busy_timeout", "synchronous", "foreign_keys")
        ]
    assert pragmas == ["wal", 30_000, 2, 1]


def test_a_reader_that_turns_writer_waits_instead_of_failing(tmp_path: Path) -> None:
    with open_state("sqlite:///state.db", tmp_path) as state, state.engine.begin() as connection:
        connection.execute(text("select * from runs"))
        other = sqlite3.connect(tmp_path / "state.db", timeout=0, isolation_level=None)
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("begin immediate")
        connection.execute(text("delete from runs"))
        other.close()


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("no url at all", "is not a database URL"),
        ("mysql://host/db", "names mysql"),
        ("sqlite://", "names no file"),
        ("sqlite:///:memory:", "names no file"),
    ],
)
def test_a_url_of_no_use_is_a_mistake_of_the_configuration(url: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=said):
        open_state(url, tmp_path)


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file where a folder should be")
    with pytest.raises(ApportionError, match="cannot be written") as caught:
        open_state("sqlite:///data/state.db", tmp_path)
    assert caught.value.where == str(tmp_path / "data/state.db")


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "state.db").write_text("not a database, and long enough to be taken for one" * 100)
    with pytest.raises(ApportionError, match="file is not a database"):
        open_state("sqlite:///state.db", tmp_path)


def test_a_server_that_is_away_is_told_without_the_password(tmp_path: Path) -> None:
    with pytest.raises(ApportionError, match="the state database cannot be opened") as caught:
        open_state("postgresql://apportion:hunter2@127.0.0.1:9/state", tmp_path)
    assert caught.value.where == "postgresql+psycopg://apportion:***@127.0.0.1:9/state"
    assert "hunter2" not in "".join(caught.value.lines())
    assert "hunter2" not in repr(caught.value)


def test_the_password_is_not_in_the_repr(opened: Callable[[], State]) -> None:
    state = opened()
    state.engine.url = state.engine.url.set(username="u", password="hunter2")
    assert "hunter2" not in repr(state)
