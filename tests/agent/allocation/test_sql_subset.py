"""The SQL bodies stay inside the subset that every engine runs alike: one body, a prelude an engine."""

from importlib.resources import files

import pytest
import sqlglot
from sqlglot import expressions as exp

from agent.allocation.passes import AFTER_RECOGNITION, READ, Pass

SQL = files("agent.allocation") / "sql"
BODIES = sorted(entry.name for entry in SQL.iterdir() if entry.name.endswith(".sql"))
PRELUDE = {"idiv", "muldiv", "units", "day_after", "day_count", "joined"}
REFUSED = (exp.Div, exp.IntDiv, exp.Mod, exp.Star, exp.Qualify, exp.Lateral, exp.Unnest)
FUNCTIONS = {"sum", "min", "max", "count", "coalesce", "concat", "case", "cast", "row_number", "least", "greatest",
             "substring", "and", "or", "if"}  # fmt: skip
TYPES = {"TEXT", "DATE", "DECIMAL(38, 0)"}


@pytest.mark.parametrize("name", BODIES)
def test_a_body_is_one_select_with_its_grain_on_top(name: str) -> None:
    text = (SQL / name).read_text()
    statements = sqlglot.parse(text, read="duckdb")
    assert text.startswith("-- one row = ")
    assert len(statements) == 1
    assert isinstance(statements[0], exp.Select | exp.Union)


@pytest.mark.parametrize("name", BODIES)
def test_a_body_uses_nothing_outside_the_subset(name: str) -> None:
    tree = sqlglot.parse_one((SQL / name).read_text(), read="duckdb")
    refused = [str(node) for node in tree.find_all(*REFUSED) if not isinstance(node.parent, exp.Count)]
    assert refused == []
    joins = {(join.side, join.kind) for join in tree.find_all(exp.Join)}
    assert joins <= {("", "INNER"), ("LEFT", ""), ("", "CROSS")}
    assert {cast.to.sql() for cast in tree.find_all(exp.Cast)} <= TYPES
    anonymous = {node.name.lower() for node in tree.find_all(exp.Anonymous)}
    assert anonymous <= PRELUDE
    named = {node.sql_name().lower() for node in tree.find_all(exp.Func) if not isinstance(node, exp.Anonymous)}
    assert named <= FUNCTIONS


@pytest.mark.parametrize("name", BODIES)
def test_a_window_orders_its_rows_and_frames_them(name: str) -> None:
    tree = sqlglot.parse_one((SQL / name).read_text(), read="duckdb")
    for window in tree.find_all(exp.Window):
        ordered, framed = window.args.get("order"), window.args.get("spec")
        if isinstance(window.this, exp.RowNumber):
            assert ordered is not None
        elif ordered is not None:
            assert framed is not None


def test_every_body_runs_in_a_pass_and_every_pass_has_a_body() -> None:
    bodies = {f"{step.body}.sql" for step in (*READ, *AFTER_RECOGNITION) if isinstance(step, Pass)}
    assert bodies == set(BODIES)


def test_no_two_passes_make_the_same_table() -> None:
    tables = [step.table for step in (*READ, *AFTER_RECOGNITION)]
    assert len(tables) == len(set(tables))
