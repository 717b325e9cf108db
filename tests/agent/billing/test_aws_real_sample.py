"""The public sample of a legacy report, where it lies beside the checkout: 681 costs in exponent notation, no tags."""

import csv
from collections import defaultdict
from decimal import Decimal
from pathlib import Path

import pytest

from agent.period import Period
from agent.verify import raw
from tests.agent.billing.ledgers import ingest, manifest, rows

SAMPLE = Path(__file__).parents[3].parent / "shared" / "data" / "aws_cur_sample.csv"
NOVEMBER = Period(2023, 11)
pytestmark = pytest.mark.skipif(not SAMPLE.is_file(), reason="the public AWS sample is not beside the checkout")


def test_the_ledger_differs_from_python_decimals_of_the_file_by_nothing(tmp_path):
    [delivered] = ingest(SAMPLE, tmp_path, kind="aws-cur")
    costs, kinds = Decimal(0), defaultdict(Decimal)
    with SAMPLE.open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    for line in lines:
        cost = Decimal(line["lineItem/UnblendedCost"])
        costs += cost
        kinds["tax" if line["lineItem/LineItemType"] == "Tax" else "usage"] += cost
    assert sum("E-" in line["lineItem/UnblendedCost"] for line in lines) == 681
    found = manifest(tmp_path, NOVEMBER)
    assert (delivered.period, found.lines, len(lines)) == (NOVEMBER, 1281, 1281)
    assert costs == Decimal("1.68230869740")
    assert Decimal(found.ledger_sums["USD"]["BilledCost"]) - costs == 0
    assert Decimal(found.ledger_sums["USD"]["EffectiveCost"]) - costs == 0
    assert {kind: Decimal(sums.BilledCost) for kind, sums in found.kinds.items()} == dict(kinds)
    assert sum(row["x_Lines"] for row in rows(tmp_path, NOVEMBER)) == 1281


def test_verify_reads_the_same_of_it_by_itself():
    [found] = raw.sums([SAMPLE], "aws-cur", "2023-11").values()
    assert isinstance(found, raw.FileSums)
    assert (found.rows, found.costs["USD"]) == (1281, (Decimal("1.68230869740"), Decimal("1.68230869740")))
