"""koku-nise as an outside judge: Azure reports it generates, against Python decimals of its files.

Its columns are a mix of Enterprise and Customer Agreement, its pricing models empty: usage only, nothing committed.
"""

import csv
import json
import subprocess
from collections import defaultdict
from decimal import Decimal

import pytest

from agent.period import Period
from agent.verify import raw
from tests.agent.billing.ledgers import ingest, manifest, rows

pytestmark = pytest.mark.slow
SEPTEMBER = Period(2026, 9)
STATIC = """
generators:
  - VMGenerator:
      start_date: 2026-09-01
      end_date: 2026-09-03
      meter_id: 55555555-4444-3333-2222-111111111115
      resource_location: US East
      usage_quantity: 24
      resource_rate: 0.0096
      tags: {tenant: acme, note: "a: b"}
  - StorageGenerator:
      start_date: 2026-09-01
      end_date: 2026-09-03
      usage_quantity: 1
      resource_rate: 0.0000000123
      tags: {Tenant: globex}
accounts: {user: [{subscription_guid: 38f1d748-ac21-4b74-a02f-8ac851cb6f98}]}
"""


@pytest.fixture
def generate(judge, tmp_path):
    """Has nise write September into ``tmp_path/x``; returns the files that have rows."""
    program = judge("nise", "bin/nise")
    (tmp_path / "x").mkdir()

    def generate(*options):
        command = [program, "report", "azure", "-s", "2026-09-01", "-e", "2026-09-30", "-w", *options]
        subprocess.run(command, cwd=tmp_path / "x", check=True, capture_output=True, timeout=300)
        files = sorted((tmp_path / "x").glob("*.csv"))
        # NOTE: it also writes the next month, with a header only
        for path in files:
            if len(path.read_text().splitlines()) == 1:
                path.unlink()
        return [path for path in files if path.exists()]

    return generate


def lines_of(files):
    for path in files:
        with path.open(newline="", encoding="utf-8-sig") as stream:
            yield from csv.DictReader(stream, strict=True)


def exact_sum(texts):
    """In integers of 1e-40: no decimal context rounds."""
    units = sum(int(Decimal(text).scaleb(40)) for text in texts)
    return Decimal((0 if units >= 0 else 1, tuple(map(int, str(abs(units)))), -40))


def check(tmp_path, files):
    lines = list(lines_of(files))
    found = manifest(tmp_path / "data", SEPTEMBER)
    assert found.lines == len(lines) > 0
    assert found.lines == sum(row["x_Lines"] for row in rows(tmp_path / "data", SEPTEMBER))
    billed = exact_sum(line["CostInBillingCurrency"] for line in lines)
    recorded = [file.sums["USD"]["BilledCost"] for file in found.files]
    assert exact_sum(recorded) == billed
    read = raw.sums(files, "azure", str(SEPTEMBER), datasets=dict.fromkeys(files, "actual")).values()
    assert exact_sum(str(one.costs["USD"][0]) for one in read) == billed


def test_a_generated_report_equals_the_sum_of_its_file(generate, tmp_path):
    files = generate()
    ingest(tmp_path / "x", tmp_path / "data", kind="azure")
    check(tmp_path, files)
    assert {row["x_Kind"] for row in rows(tmp_path / "data", SEPTEMBER)} == {"usage", "marketplace"}


def test_tags_and_amounts_set_by_hand_arrive_as_they_are(generate, tmp_path):
    (tmp_path / "static.yml").write_text(STATIC)
    files = generate("--static-report-file", str(tmp_path / "static.yml"))
    ingest(tmp_path / "x", tmp_path / "data", kind="azure")
    check(tmp_path, files)
    found = defaultdict(Decimal)
    for row in rows(tmp_path / "data", SEPTEMBER):
        tags = json.loads(row["Tags"])
        found[tags.get("tenant"), tags.get("Tenant"), tags.get("note")] += Decimal(row["Billed"])
    written = defaultdict(Decimal)
    for line in lines_of(files):
        tags = json.loads(line["Tags"])
        written[tags.get("tenant"), tags.get("Tenant"), tags.get("note")] += Decimal(line["CostInBillingCurrency"])
    assert found == written
    assert set(found) == {("acme", None, "a: b"), (None, "globex", None)}
