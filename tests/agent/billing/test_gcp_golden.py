"""Small bills of Google Cloud that a person can add up, and the ledger they must give: worked out in each README.

The exports stand as dotted CSV, which a person can read; the same lines as BigQuery holds them give the same ledger.
"""

import csv
import json
from collections import defaultdict
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from tests.agent.billing.golden_ledgers import GOLDEN, expected, found, in_order, verified
from tests.agent.billing.ledgers import ingest, rows
from tests.gcp_rows import write_csv, write_json, write_parquet

CASES = sorted(path.name for path in (GOLDEN / "gcp").iterdir())
_LISTS = ("credits", "labels", "project.labels", "system_labels", "tags")
_NOWHERE = {"location.region": None, "location.location": None}
_NUMBERS = ("cost", "cost_at_list", "usage.amount")


def lines_of(case):
    """The lines of a case as BigQuery has them: numbers, moments, repeated records."""
    with (GOLDEN / "gcp" / case / "export" / "october.csv").open(newline="") as stream:
        lines = list(csv.DictReader(stream))
    return [_NOWHERE | {name: _value(name, text) for name, text in line.items()} for line in lines]


def _value(name, text):
    if name in _LISTS:
        return json.loads(text)
    if name in _NUMBERS:
        return float(text) if text else None
    if name.endswith("_time"):
        return datetime.strptime(text, "%Y-%m-%d %H:%M:%S UTC").replace(tzinfo=UTC)
    return text or None


def printed(folder, lines):
    write_csv(folder / "october.csv.gz", lines, printed=True)


def parquet(folder, lines):
    write_parquet(folder / "october.parquet", lines)


def older_parquet(folder, lines):
    write_parquet(folder / "october.parquet", lines, legacy=True, row_group=2)


def json_lines(folder, lines):
    write_json(folder / "october.jsonl", lines)


def json_gzip(folder, lines):
    write_json(folder / "october.json.gz", lines)


def in_parts(folder, lines):
    """Every line a file, by turns of each form."""
    writers = [
        lambda place, line: write_parquet(folder / f"{place}.parquet", [line]),
        lambda place, line: write_json(folder / f"{place}.json", [line]),
        lambda place, line: write_csv(folder / f"{place}.csv", [line]),
    ]
    for place, line in enumerate(lines):
        writers[place % 3](place, line)


@pytest.mark.parametrize("form", [printed, parquet, older_parquet, json_lines, json_gzip, in_parts])
@pytest.mark.parametrize("case", CASES)
def test_the_same_lines_in_any_form_give_the_same_ledger(case, form, tmp_path):
    form(tmp_path / "export", lines_of(case))
    wanted = expected("gcp", case)
    ingest(tmp_path / "export", tmp_path / "data", kind="gcp")
    assert in_order(found(tmp_path / "data", wanted[0])) == in_order(wanted)
    assert all(left == right for left, right in verified(tmp_path / "data", tmp_path / "export").values())


def test_used_and_unused_of_every_commitment_are_its_fees(tmp_path):
    ingest(GOLDEN / "gcp" / "commitments" / "export", tmp_path, kind="gcp")
    fees, spread = defaultdict(Decimal), defaultdict(Decimal)
    for row in rows(tmp_path):
        fees[row["CommitmentDiscountId"]] += row["x_BilledUnits"] if row["ChargeCategory"] == "Purchase" else 0
        spread[row["CommitmentDiscountId"]] += row["x_EffectiveUnits"] if row["CommitmentDiscountStatus"] else 0
    del fees[None], spread[None]
    assert len(fees) == 3
    assert fees == spread
