"""Every golden case of tests/cases is walked back without a difference, and the SQL keeps to the common subset."""

import shutil
from importlib.resources import files
from pathlib import Path

import pytest
import sqlglot
from sqlglot import expressions as exp

from agent import pipeline
from agent.config.loading import load_application
from agent.explain.lines import explained
from agent.explain.recomputing import published_month, recomputed
from agent.explain.records import Asked
from agent.progress import Quiet
from tests.agent.allocation.test_sql_subset import FUNCTIONS, PRELUDE, REFUSED
from tests.cases.test_cases import HERE, NAMES, PERIOD, application

SQL = files("agent.explain") / "sql"
BODIES = sorted(entry.name for entry in SQL.iterdir() if entry.name.endswith(".sql"))
RESERVED = ("@unallocated", "@opex", "@balance_sheet")
PUBLISHED = [name for name in NAMES if (HERE / name / "expected_allocation.csv").exists()]
MOST = 2
"""Customers walked of one case: some have hundreds that are all alike."""


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_golden_case_is_walked_back(name: str, tmp_path: Path) -> None:
    project = Path(shutil.copytree(HERE / name, tmp_path / name))
    (project / "apportion.yaml").write_text(application(project), encoding="utf-8")
    settings = load_application(project / "apportion.yaml")
    pipeline.ingest(settings, None, Quiet())
    pipeline.allocate(settings, PERIOD, Quiet())
    with recomputed(published_month(settings, PERIOD), Quiet()) as again:
        for known in (*again.facts.registry.ids[:MOST], *RESERVED):
            assert explained(again, Asked(known, rows=True), Quiet()).faults == ()


@pytest.mark.parametrize("name", BODIES)
def test_a_body_says_its_grain_and_uses_nothing_outside_the_subset(name: str) -> None:
    text = (SQL / name).read_text()
    tree = sqlglot.parse_one(text, read="duckdb")
    assert text.startswith("-- one row = ")
    assert [str(node) for node in tree.find_all(*REFUSED) if not isinstance(node.parent, exp.Count)] == []
    assert {node.name.lower() for node in tree.find_all(exp.Anonymous)} <= PRELUDE
    named = {node.sql_name().lower() for node in tree.find_all(exp.Func) if not isinstance(node, exp.Anonymous)}
    assert named <= FUNCTIONS
