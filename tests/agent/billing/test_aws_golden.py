"""Small reports of AWS that a person can add up, and the ledger they must give: worked out by hand in each README."""

import csv
from collections import defaultdict
from decimal import Decimal
from pathlib import Path

import pytest

from agent.verify import raw
from tests.agent.billing.ledgers import OCTOBER, ingest, manifest, rows

GOLDEN = Path(__file__).parent / "golden"
CASES = sorted((kind, path.name) for kind in ("aws-cur", "aws-cur2") for path in (GOLDEN / kind).iterdir())
COSTS = {"BilledCost": "Billed", "EffectiveCost": "Effective"}


def shown(row, column):
    value = row[COSTS.get(column, column)]
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return "" if value is None else str(value)


@pytest.mark.parametrize(("kind", "case"), CASES)
def test_the_ledger_is_the_one_worked_out_by_hand(kind, case, tmp_path):
    with (GOLDEN / kind / case / "expected_ledger.csv").open(newline="") as file:
        expected = list(csv.DictReader(file))
    ingest(GOLDEN / kind / case / "export", tmp_path, kind=kind)
    found = [{column: shown(row, column) for column in expected[0]} for row in rows(tmp_path)]
    assert sorted(found, key=str) == sorted(expected, key=str)


@pytest.mark.parametrize(("kind", "case"), CASES)
def test_verify_adds_the_raw_files_up_to_the_same_sums(kind, case, tmp_path):
    export = GOLDEN / kind / case / "export"
    ingest(export, tmp_path, kind=kind)
    entries = {export / entry.path: entry for entry in manifest(tmp_path).files}
    for path, again in raw.sums(list(entries), kind, str(OCTOBER)).items():
        assert isinstance(again, raw.FileSums)
        [(billed, effective)] = again.costs.values()
        [sums] = entries[path].sums.values()
        assert (again.rows, billed, effective) == (
            entries[path].rows,
            Decimal(sums["BilledCost"]),
            Decimal(sums["EffectiveCost"]),
        )


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
    found = defaultdict(Decimal)
    for row in rows(tmp_path):
        if (row["CommitmentDiscountId"] or "").endswith(commitment):
            found["purchases"] += Decimal(row["Billed"])
            found[row["CommitmentDiscountStatus"]] += Decimal(row["Effective"])
    assert (found["purchases"], found["Used"], found["Unused"]) == (Decimal(purchases), Decimal(used), Decimal(unused))
    upfront, amortised = (Decimal(365), Decimal(31)) if commitment == "ri-1" else (Decimal(0), Decimal(0))
    assert found["Used"] + found["Unused"] == found["purchases"] - upfront + amortised


def test_a_part_whose_instance_is_not_in_the_report_is_told(tmp_path):
    ingest(GOLDEN / "aws-cur" / "split_costs" / "export", tmp_path, kind="aws-cur")
    [note] = manifest(tmp_path).notes
    assert note.startswith("lines of split cost whose instance costs nothing here on their day: 1, 1 in all")
