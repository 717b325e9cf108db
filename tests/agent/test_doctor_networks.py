"""What the doctor says of pools that serve each other, before any money moves."""

import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from agent.config.loading import load_application
from agent.doctor import examine
from tests.cases.test_cases import HERE, application

Say = Callable[..., list[tuple[str, str]]]


@pytest.fixture
def said(tmp_path: Path) -> Say:
    """What is said of a part, for a golden case with text added to its files, or replaced in them."""

    def of(case: str, part: str = "network", **texts: str | tuple[str, str]) -> list[tuple[str, str]]:
        project = tmp_path / case
        shutil.copytree(HERE / case, project)
        (project / "apportion.yaml").write_text(application(project))
        for name, text in texts.items():
            file = next(project.glob(f"{name}*"))
            before = file.read_text()
            file.write_text(before + text if isinstance(text, str) else before.replace(*text))
        found = examine(load_application(project / "apportion.yaml"), date(2026, 10, 31))
        return [(one.state, one.text) for one in found if one.part == part]

    return of


def test_a_network_shows_its_pools_and_circles(said):
    assert said("pools-serve-each-other") == [
        ("ok", "solved at once: database, monitoring; circles: database -> monitoring -> database")
    ]


def test_step_down_shows_its_order_and_what_is_left_out(said):
    ((state, text),) = said("pools-step-down")
    assert state == "ok"
    assert text.startswith("in step-down: monitoring, database; left out: database's use by monitoring; circles: ")


def test_days_on_which_nobody_outside_uses_a_circle_are_named(said):
    assert said("pools-only-serve-each-other")[1:] == [
        ("missing", "database -> monitoring -> database only serve each other on 2026-10-31")
    ]


def test_a_use_that_is_negative_or_nothing_closes_no_circle(said):
    found = said(
        "pools-only-serve-each-other",
        **{"usage-checks": "2026-10-31,acorn,-1\n", "usage-db_seconds": "2026-10-30,birch,0\n"},
    )
    assert [state for state, _ in found] == ["ok"]


def test_an_order_that_lacks_a_pool_is_told_before_it_stops_the_allocation(said):
    ((state, text),) = said("pools-step-down", allocation=("order: [monitoring, database]", "order: [monitoring]"))
    assert state == "missing"
    assert "network.order lacks database" in text


def test_a_name_that_is_no_pool_is_told_with_the_nearest_one(said):
    found = said(
        "pools-serve-each-other", part="usage db_seconds", **{"usage-db_seconds": "2026-10-31,@pool/monitorin,1\n"}
    )
    assert ("warn", "@pool/monitorin is no pool; did you mean 'monitoring'?") in found


def test_without_pools_as_customers_nothing_is_said(said):
    assert said("pool-negative-day") == []
