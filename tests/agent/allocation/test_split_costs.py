"""A machine that its provider has split, from the raw export to the figures: pods at customers, what is left in pools.

The exports are those of the golden ledgers, whose README works out what each row costs.
"""

import csv
import io
import shutil
from decimal import Decimal
from pathlib import Path

import pyarrow.parquet as pq

from agent import cli, pipeline
from agent.config.loading import load_application
from agent.margins.records import PoolLine
from agent.period import Period
from tests.gcp_rows import write_csv

GOLDEN = Path(__file__).parents[1] / "billing" / "golden"
APPLICATION = """\
version: 1
policy: policy.yaml
allocation: allocation.yaml
customers: customers.csv
sources: [{{name: cloud, kind: {kind}, location: export}}]
"""
ALLOCATION = """\
version: 1
customer: [{{tag: tenant}}, {{tag: k8s-namespace, pattern: "^tenant-(?P<customer>.+)$"}}]
pools: [{{name: cluster, match: {{tags: {{"{key}": {cluster}}}}}, method: fixed, shares: {{acme: 60, globex: 40}}}}]
untagged: {{method: bucket}}
idle: {{method: pro_rata, base: pool}}
"""


def project(folder: Path, kind: str, case: str, key: str, cluster: str) -> Path:
    """A golden export in a project of its own."""
    shutil.copytree(GOLDEN / kind / case / "export", folder / "export")
    texts = {
        "apportion.yaml": APPLICATION.format(kind=kind),
        "policy.yaml": "version: 1\ntags: [{key: tenant, values: {known: customers}}]\n",
        "allocation.yaml": ALLOCATION.format(key=key, cluster=cluster),
        "customers.csv": "id,name,kind\nacme,Acme,paying\nglobex,Globex,paying\n",
    }
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def invoiced(path: Path) -> None:
    """Every line of a report names its invoice, so that the month is complete."""
    rows = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"))))
    stream = io.StringIO()
    writer = csv.DictWriter(stream, [*rows[0]], lineterminator="\n")
    writer.writeheader()
    writer.writerows({**row, "bill/InvoiceId": "E-1"} for row in rows)
    path.write_text(stream.getvalue(), encoding="utf-8")


def ran(folder: Path) -> tuple[dict[tuple[str, str], Decimal], PoolLine]:
    """EffectiveCost by customer and class, and the pool as the report shows it."""
    for command in ("ingest", "allocate", "verify"):
        more = [] if command == "ingest" else ["--period", "2026-10"]
        assert cli.main(["--quiet", "--config", str(folder / "apportion.yaml"), command, *more]) == 0
    found: dict[tuple[str, str], Decimal] = {}
    for row in pq.read_table(folder / "data/results/2026-10/allocation.parquet").to_pylist():
        key = row["Customer"], row["Class"]
        found[key] = found.get(key, Decimal(0)) + row["EffectiveCost"]
    settings = load_application(folder / "apportion.yaml")
    (pool,) = pipeline.figures(settings, Period(2026, 10)).pools
    return {key: cost.normalize() for key, cost in found.items() if cost}, pool


def amount(units: int) -> Decimal:
    return Decimal(units).scaleb(-24).normalize()


def test_pods_of_aws_are_their_customers_and_the_unused_part_is_idle_of_the_clusters_pool(tmp_path: Path) -> None:
    """2.36 in all: pods 1.0500000001 and 0.1, the cluster's own 0.0299999999, unused 0.48, of the plan 0.5.

    The pool is 60 : 40, and so is what is idle of it; the plan's unused 0.5 has no pool and goes by direct and shared.
    The node without a cluster of its own (0.2) is untagged.
    """
    folder = project(tmp_path, "aws-cur", "split_costs", "aws:eks:cluster-name", "prod")
    for part in (folder / "export").rglob("*.csv"):
        invoiced(part)
    found, pool = ran(folder)
    assert found["acme", "direct"] == Decimal("1.0500000001")
    assert found["globex", "direct"] == Decimal("0.1")
    assert found["acme", "shared"] == Decimal("0.01799999994")
    assert found["globex", "shared"] == Decimal("0.01199999996")
    assert found["@unallocated", "untagged"] == Decimal("0.2")
    assert found["acme", "idle"] + found["globex", "idle"] == Decimal("0.98")
    # of 0.48, 0.017999 : 0.011999 (a weight counts whole millionths); of 0.5, 1.068 : 0.111999
    cluster = Decimal("0.48") * Decimal("0.017999") / Decimal("0.029998")
    plan = Decimal("0.5") * Decimal("1.068") / Decimal("1.179999")
    assert abs(found["acme", "idle"] - cluster - plan) < Decimal("1e-11")
    assert (amount(pool.effective), amount(pool.idle)) == (Decimal("0.5099999999"), Decimal("0.48"))


def test_pods_of_google_are_their_customers_and_what_nobody_asked_for_is_idle_of_the_clusters_pool(
    tmp_path: Path,
) -> None:
    """7.35 in all: acme 3 - 0.6, globex 1, overhead and what Google cannot split 0.75, unallocated 4 - 0.8."""
    folder = project(tmp_path, "gcp", "gke", "goog-k8s-cluster-name", "shop")
    write_csv(folder / "export" / "december.csv", [{"invoice.month": "202612", "cost": 1.0}])
    found, pool = ran(folder)
    assert found == {
        ("acme", "direct"): Decimal("2.4"),
        ("globex", "direct"): Decimal(1),
        ("acme", "shared"): Decimal("0.45"),
        ("globex", "shared"): Decimal("0.3"),
        ("acme", "idle"): Decimal("1.92"),
        ("globex", "idle"): Decimal("1.28"),
    }
    assert (amount(pool.effective), amount(pool.idle)) == (Decimal("3.95"), Decimal("3.2"))
