"""Small reports of AWS that a person can add up, and the ledger they must give: worked out by hand in each README."""

from collections import defaultdict
from decimal import Decimal

import pytest

from tests.agent.billing.golden_ledgers import GOLDEN, expected, found, in_order, verified
from tests.agent.billing.ledgers import ingest, manifest, rows

CASES = sorted((kind, path.name) for kind in ("aws-cur", "aws-cur2") for path in (GOLDEN / kind).iterdir())


@pytest.mark.parametrize(("kind", "case"), CASES)
def test_the_ledger_is_the_one_worked_out_by_hand(kind, case, tmp_path):
    lines = expected(kind, case)
    ingest(GOLDEN / kind / case / "export", tmp_path, kind=kind)
    assert in_order(found(tmp_path, lines[0])) == in_order(lines)


@pytest.mark.parametrize(("kind", "case"), CASES)
def test_verify_adds_the_raw_files_up_to_the_same_sums(kind, case, tmp_path):
    ingest(GOLDEN / kind / case / "export", tmp_path, kind=kind)
    for recomputed, recorded in verified(tmp_path, GOLDEN / kind / case / "export").values():
        assert recomputed == recorded


@pytest.mark.parametrize(
    ("kind", "case", "billed", "effective"),
    [
        ("aws-cur", "usage", "0.0960000182", "0.0960000182"),
        ("aws-cur", "savings_plan", "2", "2"),
        ("aws-cur", "reservations", "470.4", "136.4"),
        ("aws-cur", "everything_else", "1192.45", "1204.45"),
        ("aws-cur", "split_costs", "2.36", "2.36"),
        ("aws-cur2", "net_discount", "10.92", "15.47"),
    ],
)
def test_totals_of_the_readme(kind, case, billed, effective, tmp_path):
    ingest(GOLDEN / kind / case / "export", tmp_path, kind=kind)
    [sums] = manifest(tmp_path).ledger_sums.values()
    assert (sums["BilledCost"], sums["EffectiveCost"]) == (billed, effective)


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
