"""A month closed, delivered again and adjusted across a change of method: byte for byte as worked out by hand."""

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agent import pipeline, results
from agent.closing import Terms
from agent.config.loading import Settings, load_application
from agent.period import Period
from agent.progress import Quiet
from agent.verify import verify
from tests.cases.test_cases import columns, summed, table

CASE = Path(__file__).parent / "adjustment-across-methodology-change"
OCTOBER, NOVEMBER = Period(2026, 10), Period(2026, 11)
APPLICATION = """\
version: 1
policy: policy.yaml
allocation: allocation.yaml
customers: customers.csv
revenue: {kind: csv, location: revenue.csv}
sources: [{name: cloud, kind: focus, location: exports}]
"""
TERMS = Terms("Controller", datetime(2026, 12, 1, tzinfo=UTC), estimates="no invoices here", gap="no invoices here")
KEYS = ("OriginPeriod", "Customer", "Bucket", "Class", "Pool")
MARGIN = ("Customer", "Direct", "Shared", "PriorPeriod", "Cost", "Revenue", "MarginPct")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = Path(shutil.copytree(CASE, tmp_path / "case"))
    (folder / "apportion.yaml").write_text(APPLICATION)
    (folder / "exports").mkdir()
    return folder


def settings(project: Path, rules: str) -> Settings:
    shutil.copyfile(project / rules, project / "allocation.yaml")
    return load_application(project / "apportion.yaml")


def delivered(project: Path, **bills: str) -> None:
    for month, bill in bills.items():
        shutil.copyfile(project / bill, project / "exports" / f"{month}.csv")


def test_an_adjustment_across_a_methodology_change(project: Path) -> None:
    october = settings(project, "allocation-october.yaml")
    delivered(project, october="billing-october.csv", november="billing-november.csv")
    pipeline.ingest(october, None, Quiet())
    pipeline.allocate(october, OCTOBER, Quiet())
    pipeline.close(october, OCTOBER, TERMS, Quiet())

    november = settings(project, "allocation-november.yaml")
    delivered(project, october="billing-october-later.csv")
    pipeline.ingest(november, None, Quiet())
    pipeline.allocate(november, NOVEMBER, Quiet())

    place = results.folder(november.data, NOVEMBER)
    proof = results.read_proof(november.data, NOVEMBER) or {}
    moved = [
        (record["origin"], row["customer"], row["bucket"], row["effective"], row["billed"])
        for record in proof["adjustments"]
        for row in record["attribution"]
    ]
    header = ("OriginPeriod", "Customer", "Bucket", "EffectiveCost", "BilledCost")
    assert summed(november.data / "closed" / "2026-10" / "v1" / "allocation.parquet", KEYS) == expected("october")
    assert summed(place / "allocation.parquet", KEYS) == expected("november")
    assert columns(place / "cost_per_customer.csv", MARGIN) == expected("margin")
    assert table(header, moved) == expected("memo")
    assert verify(november, NOVEMBER).ok
    assert verify(november, OCTOBER).ok

    pipeline.accept_attribution(november, OCTOBER, TERMS, "the tag was wrong", Quiet())
    pipeline.allocate(november, NOVEMBER, Quiet())
    assert summed(place / "allocation.parquet", KEYS) == expected("accepted")
    assert verify(november, NOVEMBER).ok


def expected(name: str) -> str:
    return (CASE / f"expected_{name}.csv").read_text(encoding="utf-8")
