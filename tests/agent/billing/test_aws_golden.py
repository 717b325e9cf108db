"""What more there is to ask of AWS's golden cases: commitments that add up, parts whose instance is missing."""

from collections import defaultdict
from decimal import Decimal

import pytest

from tests.agent.billing.golden_ledgers import GOLDEN
from tests.agent.billing.ledgers import ingest, manifest, rows


@pytest.mark.parametrize(
    ("case", "commitment", "purchases", "used", "unused"),
    [
        ("savings_plan", "sp-1", "2", "1.6", "0.4"),
        ("split_costs", "sp-1", "1.6", "1.1", "0.5"),
        ("reservations", "ri-2", "74.4", "74.4", "0"),
        ("reservations", "ri-1", "396", "49.6", "12.4"),
    ],
)
def test_used_and_unused_of_a_commitment_come_to_its_fees_and_the_months_part_of_what_was_paid_up_front(
    case, commitment, purchases, used, unused, tmp_path
):
    ingest(GOLDEN / "aws-cur" / case / "export", tmp_path, kind="aws-cur")
    sums = defaultdict(Decimal)
    for row in rows(tmp_path):
        if (row["CommitmentDiscountId"] or "").endswith(commitment):
            sums["purchases"] += Decimal(row["Billed"])
            sums[row["CommitmentDiscountStatus"]] += Decimal(row["Effective"])
    assert (sums["purchases"], sums["Used"], sums["Unused"]) == (Decimal(purchases), Decimal(used), Decimal(unused))
    upfront, amortised = (Decimal(365), Decimal(31)) if commitment == "ri-1" else (Decimal(0), Decimal(0))
    assert sums["Used"] + sums["Unused"] == sums["purchases"] - upfront + amortised


def test_a_part_whose_instance_is_not_in_the_report_is_told(tmp_path):
    ingest(GOLDEN / "aws-cur" / "split_costs" / "export", tmp_path, kind="aws-cur")
    [note] = manifest(tmp_path).notes
    assert note.startswith("lines of split cost whose instance costs nothing here on their day: 1, 1 in all")
