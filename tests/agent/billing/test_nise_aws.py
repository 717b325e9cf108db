"""koku-nise as an outside judge: reports it generates, with their manifests, against Python decimals of its files."""

import csv
import gzip
import json
import subprocess
from collections import defaultdict
from decimal import Decimal
from pathlib import Path

import pytest

from agent.period import Period
from agent.verify import raw
from tests.agent.billing.ledgers import ingest, manifest, rows

pytestmark = pytest.mark.slow
SEPTEMBER = Period(2026, 9)
# NOTE: a static file sets tags and amounts; what it leaves open is random
STATIC = """
generators:
  - EC2Generator:
      start_date: 2026-09-01
      end_date: 2026-09-03
      resource_id: 55555555
      product_sku: VEAJHRNKTJQ
      region: us-east-1
      tags: {"resourceTags/user:tenant": acme, "resourceTags/user:Tenant": globex}
      instance_type: {inst_type: m5.large, vcpu: '2', memory: '8 GiB', storage: 'EBS Only', family: 'General Purpose',
        cost: 0.096, rate: 0.096, saving: 0.05}
  - S3Generator:
      start_date: 2026-09-01
      end_date: 2026-09-03
      product_sku: VEAJHRNXXXX
      amount: 10
      rate: 0.0000000123
      tags: {"resourceTags/user:tenant": acme}
accounts: {payer: 999999999999, user: [999999999999]}
"""


@pytest.fixture
def generate(judge, tmp_path):
    """Has nise deliver two days of September into ``tmp_path/bucket``; returns the files its manifest lists."""
    program = judge("nise", "bin/nise")
    # NOTE: a bucket that is not there is taken for one of S3's
    (tmp_path / "bucket").mkdir()

    def generate(*options: str) -> list[Path]:
        command = [program, "report", "aws", "-s", "2026-09-01", "-e", "2026-09-03", *options]
        command += ["--aws-s3-bucket-name", str(tmp_path / "bucket"), "--aws-s3-report-name", "cur"]
        command += ["--aws-s3-report-prefix", "pre"]
        subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, timeout=300)
        [top] = (tmp_path / "bucket" / "pre" / "cur").glob("*/cur-Manifest.json")
        return [tmp_path / "bucket" / key for key in json.loads(top.read_text())["reportKeys"]]

    return generate


def sums_of(files):
    """Lines, and the sums of unblended and of amortised cost, by line type."""
    lines, sums = 0, defaultdict(lambda: [Decimal(0), Decimal(0)])
    for path in files:
        with gzip.open(path, "rt", newline="") as file:
            for line in csv.DictReader(file):
                lines += 1
                kind = line["lineItem/LineItemType"]
                billed = Decimal(line["lineItem/UnblendedCost"])
                planned = line.get("savingsPlan/SavingsPlanEffectiveCost")
                sums[kind][0] += billed
                sums[kind][1] += Decimal(planned) if kind == "SavingsPlanCoveredUsage" and planned else billed
    return lines, sums


def check(tmp_path, files):
    lines, sums = sums_of(files)
    found = manifest(tmp_path / "data", SEPTEMBER)
    assert found.completeness == "manifest"
    assert found.lines == lines == sum(row["x_Lines"] for row in rows(tmp_path / "data", SEPTEMBER))
    billed, effective = (sum((both[at] for both in sums.values()), Decimal(0)) for at in (0, 1))
    assert Decimal(found.ledger_sums["USD"]["BilledCost"]) == billed
    assert Decimal(found.ledger_sums["USD"]["EffectiveCost"]) == effective
    again = raw.sums(files, "aws-cur", str(SEPTEMBER)).values()
    assert sum(one.costs["USD"][0] for one in again) == billed
    assert sum(one.costs["USD"][1] for one in again) == effective


def test_a_generated_report_in_four_parts_equals_the_sum_of_its_files(generate, tmp_path):
    files = generate("--file-row-limit", "3000")
    assert len(files) > 2
    ingest(tmp_path / "bucket", tmp_path / "data", kind="aws-cur")
    check(tmp_path, files)


def test_the_final_report_takes_the_place_of_the_open_one(generate, tmp_path):
    open_files = generate()
    [first] = ingest(tmp_path / "bucket", tmp_path / "data", kind="aws-cur")
    assert {row["InvoiceId"] for row in rows(tmp_path / "data", SEPTEMBER)} == {None}
    files = generate("--aws-finalize", "overwrite")
    assert not set(files) & set(open_files)
    [second] = ingest(tmp_path / "bucket", tmp_path / "data", kind="aws-cur")
    assert (first.version, second.version, second.changed) == (1, 2, True)
    check(tmp_path, files)
    assert None not in {row["InvoiceId"] for row in rows(tmp_path / "data", SEPTEMBER)}


def test_tags_and_amounts_set_by_hand_arrive_as_they_are(generate, tmp_path):
    (tmp_path / "static.yml").write_text(STATIC)
    files = generate("--static-report-file", "static.yml")
    ingest(tmp_path / "bucket", tmp_path / "data", kind="aws-cur")
    check(tmp_path, files)
    found = defaultdict(Decimal)
    for row in rows(tmp_path / "data", SEPTEMBER):
        tags = json.loads(row["Tags"])
        found[row["ServiceName"], tags.get("user:tenant"), tags.get("user:Tenant")] += Decimal(row["Effective"])
    hours = 48
    assert found["AmazonEC2", "acme", "globex"] == Decimal("0.05") * hours
    assert set(found) == {("AmazonEC2", "acme", "globex"), ("AmazonEC2", None, None), ("AmazonS3", "acme", None)}
