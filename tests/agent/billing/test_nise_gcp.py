"""koku-nise as an outside judge: exports of Google's bill that it generates, against Python decimals of its files."""

import csv
import json
import subprocess
from collections import defaultdict
from decimal import Decimal

import pytest

from agent.billing.ledger.versions import source_heads
from tests.agent.billing.golden_ledgers import verified
from tests.agent.billing.ledgers import UNIT, ingest, rows

pytestmark = pytest.mark.slow
# NOTE: a static file sets labels and amounts; what it leaves open is random
STATIC = """
generators:
  - ComputeEngineGenerator:
      start_date: 2026-09-01
      end_date: 2026-09-03
      price: 0.0000123456789
      usage.amount_in_pricing_units: 3
      usage.pricing_unit: hour
      currency: USD
      instance_type: n1-standard-4
      location.region: us-central1-a
      service.description: Compute Engine
      labels: [{"tenant": "acme"}, {"app": "web"}]
  - CloudStorageGenerator:
      start_date: 2026-09-01
      end_date: 2026-09-03
      price: 2
      usage.amount_in_pricing_units: 10
      labels: [{"tenant": "globex"}]
projects:
  - billing_account_id: 01ABCD-234567-89EFGH
    project.name: shop
    project.id: shop-prod
    location.region: us-central1
"""


@pytest.fixture
def generate(judge, tmp_path):
    """Has nise write an export into ``tmp_path/export``; returns its files."""
    program = judge("nise", "bin/nise")

    def generate(*options):
        folder = tmp_path / "export"
        folder.mkdir()
        command = [program, "report", "gcp", "-s", "2026-09-01", "-e", "2026-09-04", "-w", *options]
        subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=300)
        return sorted(folder.glob("*.csv"))

    return generate


def sums_of(files, *names):
    """Sums of cost by invoice month and the columns named, and the number of lines, of the files as they lie there."""
    sums, lines = defaultdict(Decimal), 0
    for file in files:
        with file.open(newline="") as stream:
            for line in csv.DictReader(stream, strict=True):
                assert line["credits"] == "[]"
                sums[(line["invoice.month"], *(line[name] or None for name in names))] += Decimal(line["cost"])
                lines += 1
    return {key: value for key, value in sums.items() if value}, lines


def ledger_sums(data, *names):
    sums, lines = defaultdict(Decimal), 0
    for version in source_heads(data, "bill"):
        for row in rows(data, version.period):
            key = (str(version.period).replace("-", ""), *(row[name] for name in names))
            sums[key] += Decimal(int(row["x_BilledUnits"])) * UNIT
            lines += row["x_Lines"]
    return {key: value for key, value in sums.items() if value}, lines


@pytest.mark.parametrize("options", [(), ("-r",)], ids=["standard", "detailed"])
def test_the_ledger_is_the_sum_of_what_nise_wrote(generate, options, tmp_path):
    files = generate(*options)
    ingest(tmp_path / "export", tmp_path / "data", kind="gcp")
    assert ledger_sums(tmp_path / "data", "SubAccountId", "ServiceName", "SkuId") == sums_of(
        files, "project.id", "service.description", "sku.id"
    )
    assert all(left == right for left, right in verified(tmp_path / "data", tmp_path / "export").values())


def test_resources_of_the_detailed_export_are_the_ledgers(generate, tmp_path):
    files = generate("-r")
    ingest(tmp_path / "export", tmp_path / "data", kind="gcp")
    assert ledger_sums(tmp_path / "data", "ResourceId") == sums_of(files, "resource.global_name")


def test_labels_and_amounts_set_by_hand_arrive_as_they_were_set(generate, tmp_path):
    (tmp_path / "static.yaml").write_text(STATIC)
    files = generate("--static-report-file", str(tmp_path / "static.yaml"))
    ingest(tmp_path / "export", tmp_path / "data", kind="gcp")
    [version] = source_heads(tmp_path / "data", "bill")
    found = rows(tmp_path / "data", version.period)
    tagged = {row["ServiceName"]: json.loads(row["Tags"]) for row in found}
    assert tagged["Compute Engine"].items() >= {"app": "web", "tenant": "acme"}.items()
    assert tagged["Cloud Storage"] == {"tenant": "globex"}
    assert {row["SubAccountId"] for row in found} == {"shop-prod"}
    assert ledger_sums(tmp_path / "data") == sums_of(files)
