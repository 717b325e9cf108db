"""Small exports of every kind that a person can add up: each gives the ledger worked out by hand, and verify agrees."""

import pytest

from tests.agent.billing.golden_ledgers import CASES, agreed, expected, found, in_order, taken_in
from tests.agent.billing.ledgers import manifest


@pytest.mark.parametrize(("kind", "case"), CASES)
def test_the_ledger_is_the_one_worked_out_by_hand(kind, case, tmp_path):
    lines = expected(kind, case)
    taken_in(kind, case, tmp_path)
    assert in_order(found(tmp_path, lines[0])) == in_order(lines)


@pytest.mark.parametrize(("kind", "case"), CASES)
def test_verify_adds_the_raw_files_up_to_the_same_sums(kind, case, tmp_path):
    taken_in(kind, case, tmp_path)
    assert agreed(kind, case, tmp_path)


@pytest.mark.parametrize(
    ("kind", "case", "billed", "effective"),
    [
        ("aws-cur", "usage", "0.0960000182", "0.0960000182"),
        ("aws-cur", "savings_plan", "2", "2"),
        ("aws-cur", "reservations", "470.4", "136.4"),
        ("aws-cur", "everything_else", "1192.45", "1204.45"),
        ("aws-cur", "split_costs", "2.36", "2.36"),
        ("aws-cur2", "net_discount", "10.92", "15.47"),
        ("focus", "aws", "138.5900000052", "138.5900000052"),
        ("focus", "azure", "13.125", "13.125"),
        ("focus", "mongodb", "22", "22"),
        ("focus", "oracle", "-0.4949999999876543211", "-0.4949999999876543211"),
        ("gcp", "credits", "10.1582825", "10.1582825"),
        ("gcp", "commitments", "11.74", "11.74"),
        ("gcp", "adjustments", "144.887", "144.887"),
        ("gcp", "gke", "7.35", "7.35"),
    ],
)
def test_totals_of_the_readme(kind, case, billed, effective, tmp_path):
    taken_in(kind, case, tmp_path)
    [sums] = manifest(tmp_path).ledger_sums.values()
    assert (sums["BilledCost"], sums["EffectiveCost"]) == (billed, effective)
