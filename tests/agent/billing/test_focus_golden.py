"""Small exports of each provider that a person can add up, and the ledger they must give: worked out by hand."""

import csv
from decimal import Decimal
from pathlib import Path

import pytest

from agent.verify.raw import sums
from tests.agent.billing.ledgers import OCTOBER, ingest, manifest, rows

GOLDEN = Path(__file__).parent / "golden" / "focus"
COSTS = {"BilledCost": "x_BilledUnits", "EffectiveCost": "x_EffectiveUnits"}
COSTS |= {"ListCost": "x_ListUnits", "ContractedCost": "x_ContractedUnits"}
CASES = sorted(path.name for path in GOLDEN.iterdir())


def shown(row, column):
    value = row[COSTS.get(column, column)]
    if value is None:
        return ""
    if column in COSTS:
        value = Decimal(value).scaleb(-24)
    return f"{value.normalize():f}" if isinstance(value, Decimal) else str(value)


@pytest.mark.parametrize("case", CASES)
def test_the_ledger_is_the_one_worked_out_by_hand(case, tmp_path):
    with (GOLDEN / case / "expected_ledger.csv").open(newline="") as file:
        expected = list(csv.DictReader(file))
    ingest(GOLDEN / case / "export", tmp_path)
    found = [{column: shown(row, column) for column in expected[0]} for row in rows(tmp_path)]
    assert sorted(found, key=str) == sorted(expected, key=str)


@pytest.mark.parametrize("case", CASES)
def test_verify_adds_the_raw_files_up_to_the_same_sums(case, tmp_path):
    ingest(GOLDEN / case / "export", tmp_path)
    found = manifest(tmp_path)
    for entry in found.files:
        path = GOLDEN / case / "export" / entry.path
        again = sums([path], "focus", str(OCTOBER))[path]
        assert again.rows == entry.rows
        for currency, (billed, effective) in again.costs.items():
            assert billed == Decimal(entry.sums[currency]["BilledCost"])
            assert effective == Decimal(entry.sums[currency]["EffectiveCost"])


@pytest.mark.parametrize(
    ("case", "billed", "effective"),
    [
        ("aws", "138.5900000052", "138.5900000052"),
        ("azure", "13.125", "13.125"),
        ("mongodb", "22", "22"),
        ("oracle", "-0.4949999999876543211", "-0.4949999999876543211"),
    ],
)
def test_totals_of_the_readme(case, billed, effective, tmp_path):
    ingest(GOLDEN / case / "export", tmp_path)
    [found] = manifest(tmp_path).ledger_sums.values()
    assert (found["BilledCost"], found["EffectiveCost"]) == (billed, effective)
