"""Whatever is changed in the published allocation is found and named, by nothing but its recomputation."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from agent import pipeline
from agent.config.loading import Settings, load_application
from agent.period import Period
from agent.progress import Quiet
from agent.verify import Check, verify
from tests.agent.verify.projects import Project, written
from tests.project import write_project
from tests.reference.building import company, driver, row
from tests.verified_month import digest, read_json, write_json

UNIT = Decimal("1e-24")
POOLS, SPREAD = "recomputed shares of pools == allocation", "recomputed idle and untagged == allocation"
FOLLOW, DIRECT = "recomputed charges that follow == allocation", "recomputed direct cost == allocation"
EXACT = "recomputed shares: largest difference from the exact fraction"
MONTH = company(
    [
        row("9", 1, service="db"),
        row("6", 2, service="db"),
        row("5", 3, service="gateway"),
        row("30", 1, tenant="acme"),
        row("10", 1, tenant="beta"),
        row("4", 1),
        row("1", 1, kind="tax"),
    ],
    drivers={"n": driver({1: {"acme": "1", "beta": "2"}})},
    pools=[
        {"name": "db", "match": {"service": "db"}, "method": "usage", "driver": "n", "fallback": ["period"]},
        {"name": "gate", "match": {"service": "gateway"}, "method": "even"},
    ],
)
Row = dict[str, Any]


@pytest.fixture
def project(engine, tmp_path) -> Project:
    return written(engine, MONTH, tmp_path / "company")


def change(project: Project, edit: Callable[[list[Row]], object]) -> None:
    path = project.folder / "allocation.parquet"
    table = pq.read_table(path)
    rows = table.to_pylist()
    edit(rows)
    pq.write_table(pa.Table.from_pylist(rows, table.schema), path)


def failed(project: Project) -> dict[str, Check]:
    return {check.name: check for check in project.checks()[0] if not check.ok}


def found(rows: list[Row], **wanted: object) -> Row:
    (one,) = [row for row in rows if all(row[name] == value for name, value in wanted.items())]
    return one


def move(rows: list[Row], amount: Decimal, **wanted: object) -> None:
    """Moves money from acme to beta within what else is wanted."""
    for customer, sign in (("acme", -1), ("beta", 1)):
        one = found(rows, Customer=customer, **wanted)
        one["BilledCost"] += sign * amount
        one["EffectiveCost"] += sign * amount


def on(day: int) -> object:
    return MONTH.rows[0].start.replace(day=day)


def test_nothing_changed_holds(project):
    assert failed(project) == {}


def test_one_unit_moved_between_customers_is_found_and_named(project):
    change(project, lambda rows: move(rows, UNIT, Pool="db", ChargeDate=on(1), Method="usage"))
    wrong = failed(project)
    assert wrong.keys() == {POOLS}
    assert wrong[POOLS].difference == "2"
    assert "pool db, 2026-10-01, usage, acme" in wrong[POOLS].detail
    assert "EffectiveCost expected 3, found 2.999999999999999999999999" in wrong[POOLS].detail


def test_a_share_by_another_weight_is_far_from_its_fraction(project):
    change(project, lambda rows: move(rows, Decimal("0.5"), Pool="db", ChargeDate=on(1), Method="usage"))
    wrong = failed(project)
    assert wrong.keys() == {POOLS, EXACT}
    assert "acme" in wrong[EXACT].detail


def test_swapped_customers_are_found(project):
    def swap(rows):
        acme, beta = (
            found(rows, Pool="db", ChargeDate=on(1), Method="usage", Customer=who) for who in ("acme", "beta")
        )
        acme["Customer"], beta["Customer"] = "beta", "acme"

    change(project, swap)
    assert failed(project).keys() == {POOLS, EXACT}


def test_a_wrong_fallback_is_found(project):
    def relabel(rows):
        for one in rows:
            if one["Fallback"] == "period":
                one["Fallback"] = "even"

    change(project, relabel)
    assert "fallback even" in failed(project)[POOLS].detail


def test_an_even_share_that_is_not_even_is_found(project):
    change(project, lambda rows: move(rows, UNIT, Pool="gate", Method="even"))
    assert failed(project).keys() == {POOLS}


def test_untagged_cost_by_other_ratios_is_found(project):
    change(project, lambda rows: move(rows, UNIT, Class="untagged"))
    assert failed(project).keys() == {SPREAD}


def test_a_tax_that_follows_elsewhere_is_found(project):
    change(project, lambda rows: move(rows, UNIT, Method="follow", Pool=None))
    wrong = failed(project)
    assert wrong.keys() == {FOLLOW}
    assert "tax, 2026-10-01, acme" in wrong[FOLLOW].detail


def test_direct_cost_of_somebody_else_is_found(project):
    def swap(rows):
        for one in rows:
            if one["Method"] == "direct":
                one["Customer"] = {"acme": "beta", "beta": "acme"}[one["Customer"]]

    change(project, swap)
    wrong = failed(project)
    assert DIRECT in wrong
    assert "acme" in wrong[DIRECT].detail


def test_a_classification_that_says_otherwise_is_found(project):
    path = project.folder / "classification.parquet"
    table = pq.read_table(path)
    rows = table.to_pylist()
    one = next(row for row in rows if row["Pool"] == "gate")
    one["Pool"] = "db"
    pq.write_table(pa.Table.from_pylist(rows, table.schema), path)
    assert failed(project).keys() == {"recomputed classes == classification"}


def test_a_driver_of_which_one_row_was_changed_is_found_though_its_address_is_right(project):
    address = project.keep("usage", b"date,customer,quantity\n2026-10-01,acme,1\n2026-10-01,beta,3\n")
    project.edit_proof(inputs=project.proof["inputs"] | {"usage": {"n": address}})
    wrong = failed(project)
    assert wrong.keys() >= {POOLS, EXACT}
    assert "expected 2.25, found 3" in wrong[POOLS].detail


def ran(folder) -> Settings:
    rows = [
        {"BilledCost": cost, "ServiceName": "AmazonRDS", "ResourceId": "db-1",
         "ChargePeriodStart": f"2026-10-0{at}T00:00:00Z", "ChargePeriodEnd": f"2026-10-0{at + 1}T00:00:00Z"}
        for at, cost in ((1, "40"), (2, "50"))
    ]  # fmt: skip
    settings = load_application(write_project(folder, rows))
    pipeline.ingest(settings, None, Quiet())
    pipeline.allocate(settings, Period(2026, 10), Quiet())
    return settings


def test_money_moved_to_and_fro_is_seen_by_nothing_else(tmp_path):
    """One unit from acme to beta on one day and back on another: every sum, hash and proof ties as before."""
    settings = ran(tmp_path)
    results = settings.data / "results" / "2026-10"
    table = pq.read_table(results / "allocation.parquet")
    rows = table.to_pylist()
    pooled = [row for row in rows if row["Pool"] == "database"]
    for one in pooled:
        forth = one["ChargeDate"].day == 1
        sign = 1 if (one["Customer"] == "acme") == forth else -1
        one["BilledCost"] += sign * UNIT
        one["EffectiveCost"] += sign * UNIT
    assert len(pooled) == 4
    pq.write_table(pa.Table.from_pylist(rows, table.schema), results / "allocation.parquet")
    proof = read_json(results / "proof.json")
    proof["results"]["allocation.parquet"] = digest(results / "allocation.parquet")
    write_json(results / "proof.json", proof)
    wrong = [check for check in verify(settings, Period(2026, 10)).checks if not check.ok]
    assert [check.name for check in wrong] == [POOLS]
    assert wrong[0].difference == "4"
    assert "pool database, 2026-10-01, usage, acme" in wrong[0].detail
