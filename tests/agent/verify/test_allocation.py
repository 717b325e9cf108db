"""The allocation is recomputed to the last digit, of every method and fallback, from the files a run leaves."""

import json

import pytest

from agent.verify.allocation import Asked
from tests.agent.verify.projects import written
from tests.properties.companies import random_company
from tests.properties.directed import DIRECTED
from tests.reference.building import company, driver, row


@pytest.mark.parametrize("company", DIRECTED.values(), ids=DIRECTED.keys())
def test_a_corner_is_recomputed_to_the_last_digit(engine, tmp_path, company):
    checks, audit = written(engine, company, tmp_path / "company").checks()
    assert [check for check in checks if not check.ok] == []
    assert audit.record["pool_days"]["recomputed"] == audit.record["pool_days"]["of"]


@pytest.mark.parametrize("seed", range(16))
def test_a_random_company_is_recomputed_to_the_last_digit(engine, tmp_path, seed):
    checks, audit = written(engine, random_company(seed, 40), tmp_path / "company").checks()
    assert [check for check in checks if not check.ok] == []
    assert audit.record["charge_cells"]["recomputed"] == audit.record["charge_cells"]["of"]
    assert float(audit.record["largest_difference"]) < 1e-10


def test_a_tag_without_a_value_is_there_and_an_account_that_is_not_said_is_not(engine, tmp_path):
    any_team = {"name": "team", "match": {"tags": {"team": "*"}}, "method": "even"}
    any_account = {"name": "account", "match": {"account": "*"}, "method": "even"}
    rows = [row("1", sub=None, tags={"team": ""}), row("2", sub=None), row("4")]
    checks, _ = written(engine, company(rows, pools=[any_team, any_account]), tmp_path / "company").checks()
    assert [check for check in checks if not check.ok] == []


MONTH = company(
    [row("10.01", on, service="db") for on in range(1, 31)] + [row("-7.5", 31, service="db"), row("3", tenant="acme")],
    drivers={"n": driver({on: {"acme": "1", "beta": "2"} for on in range(1, 29)})},
    pools=[{"name": "db", "match": {"service": "db"}, "method": "usage", "driver": "n", "fallback": ["period"]}],
)
FALLEN, NEGATIVE = 2, 1
"""Days 29 and 30 have no driver; day 31 has none, too, and is negative."""


def sampled(engine, folder, days):
    return written(engine, MONTH, folder).checks(Asked(days=days, small_ledger=0))


def test_of_a_large_month_days_are_drawn_and_told(engine, tmp_path):
    checks, audit = sampled(engine, tmp_path / "company", 3)
    assert [check for check in checks if not check.ok] == []
    counted = audit.record["pool_days"]
    assert counted["of"] == 31
    assert 3 <= counted["recomputed"] <= 3 + 1 + NEGATIVE + 3
    told = f"recomputed in fractions: {counted['recomputed']} of 31 pool-days"
    assert [text for text in audit.statements if text.startswith(told)]


def test_the_same_proof_draws_the_same_days(engine, tmp_path):
    records = [sampled(engine, tmp_path / str(at), 4)[1].record for at in range(2)]
    assert records[0] == records[1]


def test_the_negative_day_and_days_that_fell_back_are_always_among_them(engine, tmp_path):
    _, audit = sampled(engine, tmp_path / "company", 2)
    assert audit.record["pool_days"]["recomputed"] >= NEGATIVE + FALLEN


def test_all_days_are_recomputed_when_asked_for(engine, tmp_path):
    _, audit = written(engine, MONTH, tmp_path / "company").checks(Asked(everything=True, small_ledger=0))
    assert audit.record["pool_days"] == {"recomputed": 31, "of": 31}


def test_a_method_that_is_not_known_is_named(engine, tmp_path):
    project = written(engine, MONTH, tmp_path / "company")
    project.configure("allocation.yaml", lambda rules: rules["pools"][0].update(method="by-lot"))
    checks, audit = project.checks()
    assert [check.name for check in checks if not check.ok] == []
    assert "pool db is not recomputed: method by-lot" in audit.statements
    assert audit.record["pool_days"] == {"recomputed": 0, "of": 31}


def test_a_rule_that_is_not_known_leaves_nothing_recomputed_and_says_so(engine, tmp_path):
    project = written(engine, MONTH, tmp_path / "company")
    project.configure("allocation.yaml", lambda rules: rules["customer"][0].update(weather="fine"))
    checks, audit = project.checks()
    assert checks == []
    assert audit.statements == [
        "the allocation is not recomputed: customer[0].weather is not known to this part of verify"
    ]


def test_rules_that_were_changed_since_leave_nothing_recomputed_and_are_named(engine, tmp_path):
    project = written(engine, MONTH, tmp_path / "company")
    (project.root / "allocation.yaml").write_text(json.dumps({"version": "1"}))
    checks, audit = project.checks()
    assert checks == []
    told = "allocation.yaml was changed since; apportion allocate makes the month anew"
    assert audit.statements == [f"the allocation is not recomputed: {told}"]


def test_a_driver_that_is_gone_is_named(engine, tmp_path):
    project = written(engine, MONTH, tmp_path / "company")
    for file in (project.data / "inputs" / "usage").iterdir():
        file.unlink()
    _, audit = project.checks()
    assert "pool db is not recomputed: driver n: the kept usage is gone" in audit.statements
