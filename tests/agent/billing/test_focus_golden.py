"""Small exports of each provider that a person can add up, and the ledger they must give: worked out by hand."""

import pytest

from tests.agent.billing.golden_ledgers import GOLDEN, expected, found, in_order, verified
from tests.agent.billing.ledgers import ingest, manifest

CASES = sorted(path.name for path in (GOLDEN / "focus").iterdir())


@pytest.fixture
def export():
    return lambda case: GOLDEN / "focus" / case / "export"


@pytest.mark.parametrize("case", CASES)
def test_the_ledger_is_the_one_worked_out_by_hand(case, export, tmp_path):
    ingest(export(case), tmp_path)
    lines = expected("focus", case)
    assert in_order(found(tmp_path, lines[0])) == in_order(lines)


@pytest.mark.parametrize("case", CASES)
def test_verify_adds_the_raw_files_up_to_the_same_sums(case, export, tmp_path):
    ingest(export(case), tmp_path)
    told = verified(tmp_path, export(case))
    assert told
    for recomputed, recorded in told.values():
        assert recomputed == recorded


@pytest.mark.parametrize(
    ("case", "billed", "effective"),
    [
        ("aws", "138.5900000052", "138.5900000052"),
        ("azure", "13.125", "13.125"),
        ("mongodb", "22", "22"),
        ("oracle", "-0.4949999999876543211", "-0.4949999999876543211"),
    ],
)
def test_totals_of_the_readme(case, billed, effective, export, tmp_path):
    ingest(export(case), tmp_path)
    [sums] = manifest(tmp_path).ledger_sums.values()
    assert (sums["BilledCost"], sums["EffectiveCost"]) == (billed, effective)
