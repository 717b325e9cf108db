"""The public FOCUS sample, where it lies beside the checkout: real nulls, tags, negative and zero costs."""

import csv
from collections import defaultdict
from decimal import Decimal
from pathlib import Path

import pytest

from agent.billing.ledger.versions import periods
from agent.focus_export import export
from agent.progress import Quiet
from tests.agent.billing.ledgers import ingest, manifest, rows

SAMPLE = Path(__file__).parents[3].parent / "shared" / "data" / "focus_sample.csv"
pytestmark = pytest.mark.skipif(not SAMPLE.is_file(), reason="the public FOCUS sample is not beside the checkout")


def test_every_sum_equals_python_decimals_of_the_file(tmp_path):
    ingest(SAMPLE, tmp_path)
    expected: dict[str, Decimal] = defaultdict(Decimal)
    lines: dict[str, int] = defaultdict(int)
    with SAMPLE.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            month = row["BillingPeriodStart"][:7]
            lines[month] += 1
            for cost in ("BilledCost", "EffectiveCost", "ListCost", "ContractedCost"):
                expected[f"{month} {cost}"] += Decimal(row[cost] if row[cost] not in ("", "NULL") else 0)
    assert [str(period) for period in periods(tmp_path)] == ["2024-09", "2024-10"]
    for period in periods(tmp_path):
        found = manifest(tmp_path, period)
        assert found.lines == lines[str(period)]
        assert sum(row["x_Lines"] for row in rows(tmp_path, period)) == found.lines
        for cost, text in found.ledger_sums["USD"].items():
            assert Decimal(text) == expected[f"{period} {cost}"], (period, cost)


def test_a_key_that_begins_with_a_space_stays_beside_its_twin(tmp_path):
    ingest(SAMPLE, tmp_path)
    tags = {row["Tags"] for period in periods(tmp_path) for row in rows(tmp_path, period)}
    assert any('" org":' in text and '"org":' in text for text in tags)


def test_an_export_of_the_sample_taken_in_again_has_the_same_sums(tmp_path):
    ingest(SAMPLE, tmp_path / "data")
    for period in periods(tmp_path / "data"):
        path = tmp_path / str(period) / "focus.parquet"
        export(tmp_path / "data", period, "focus-1.2", path, Quiet())
        ingest(path, tmp_path / "again")
        before, after = manifest(tmp_path / "data", period), manifest(tmp_path / "again", period)
        assert (after.ledger_sums, after.kinds) == (before.ledger_sums, before.kinds)
