"""The default engine: DuckDB in this process, in memory, spilling to the folder it is given."""

from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path

import duckdb
import pyarrow as pa

from agent.engine.interface import Engine
from agent.errors import EngineError


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _texts(paths: Sequence[Path]) -> str:
    return ", ".join(_text(str(path)) for path in paths)


class DuckdbEngine(Engine):
    """A private in-memory database. ``spill`` takes what does not fit ``memory`` (DuckDB's own text, ``4GiB``)."""

    def __init__(self, *, threads: int | None = None, memory: str | None = None, spill: Path | None = None) -> None:
        settings: dict[str, str | bool | int | float | list[str]] = {"preserve_insertion_order": False}
        if threads is not None:
            settings["threads"] = threads
        if memory is not None:
            settings["memory_limit"] = memory
        if spill is not None:
            settings["temp_directory"] = str(spill)
        self._connection = duckdb.connect(":memory:", config=settings)
        self._connection.execute((files("agent.engine") / "prelude" / "duckdb.sql").read_text())

    def load(self, name: str, table: pa.Table) -> None:
        self._connection.register("arrow_input", table)
        self._statement(name, f"create or replace table {_quoted(name)} as select * from arrow_input")
        self._connection.unregister("arrow_input")

    def scan(self, name: str, label: str, parts: Mapping[str, Sequence[Path]]) -> None:
        selects = [
            f"select *, {_text(text)} as {_quoted(label)} from read_parquet([{_texts(paths)}])"
            for text, paths in parts.items()
            if paths
        ]
        self._statement(name, f"create or replace view {_quoted(name)} as {' union all by name '.join(selects)}")

    def run(self, name: str, body: str, reads: Mapping[str, str] | None = None) -> None:
        for fixed, table in (reads or {}).items():
            self._statement(name, f"create or replace temp view {_quoted(fixed)} as from {_quoted(table)}")
        self._statement(name, f"create or replace table {_quoted(name)} as {body}")

    def define(self, name: str, body: str) -> None:
        self._statement(name, f"create or replace view {_quoted(name)} as {body}")

    def fetch(self, body: str) -> pa.Table:
        try:
            return self._connection.sql(body).to_arrow_table()
        except duckdb.Error as error:
            raise EngineError(f"the engine refused a query: {error}", where=body[:200]) from error

    def close(self) -> None:
        self._connection.close()

    def _statement(self, name: str, statement: str) -> None:
        try:
            self._connection.execute(statement)
        except duckdb.Error as error:
            raise EngineError(f"the engine refused {name}: {error}", where=name) from error
