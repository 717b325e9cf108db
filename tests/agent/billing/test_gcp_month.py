"""A month of Google's bill from the export to a proof that ``verify`` recomputes."""

from decimal import Decimal

import pyarrow.parquet as pq
import pytest

from agent import cli
from tests.gcp_rows import credit, write_parquet
from tests.project import write_project

CUD = "COMMITTED_USAGE_DISCOUNT_DOLLAR_BASE"
FEE = {"sku.description": "Commitment - dollar based v1: GCE for 1 year", "project.id": "billing"}
GKE = {"goog-k8s-cluster-name": "shop", "goog-k8s-node-pool-name": "default"}


@pytest.fixture
def project(tmp_path):
    write_project(tmp_path)
    application = tmp_path / "apportion.yaml"
    text = application.read_text().replace("kind: focus, location: exports", "kind: gcp, location: google")
    application.write_text(text)
    return tmp_path


def run(project, command):
    return cli.main(["--quiet", "--config", str(project / "apportion.yaml"), command])


def allocated(project):
    """EffectiveCost by customer and class."""
    table = pq.read_table(project / "data/results/2026-10/allocation.parquet").to_pylist()
    sums: dict[tuple[str, str], Decimal] = {}
    for row in table:
        key = row["Customer"], row["Class"]
        sums[key] = sums.get(key, Decimal(0)) + row["EffectiveCost"]
    return {key: value for key, value in sums.items() if value}


def test_a_month_with_every_kind_of_line_is_allocated_and_verified(project, capsys):
    write_parquet(
        project / "google" / "october.parquet",
        [
            {"cost": 10.0, "labels": {"tenant": "acme"}, "credits": [credit("SUSTAINED_USAGE_DISCOUNT", -1.0)]},
            {"cost": 4.0, "labels": {"tenant": "globex"}, "credits": [credit(CUD, -4.0), credit("PROMOTION", -0.1)]},
            {"cost": 6.0, "labels": {"tenant": "acme"}, "credits": [credit(CUD, -6.0)]},
            {"cost": 7.0, **FEE},
            {"cost": 0.5, "cost_type": "tax", "sku.description": "VAT", "project.id": None},
            {"cost": 0.01, "cost_type": "rounding_error", "project.id": None},
            {"cost": -0.2, "cost_type": "adjustment", "adjustment_info.type": "USAGE_CORRECTION"},
            {"cost": 2.0, "labels": GKE | {"k8s-namespace": "kube:unallocated"}},
            {"cost": 1.0, "service.description": "Support", "project.id": None},
        ],
    )
    assert run(project, "run") == 0, capsys.readouterr()
    assert run(project, "verify") == 0, capsys.readouterr().out


def test_a_cluster_split_by_google_is_not_split_again(project, capsys):
    (project / "allocation.yaml").write_text(
        """\
version: 1
customer:
  - {tag: tenant}
  - {tag: k8s-namespace, pattern: "^tenant-(?P<customer>.+)$"}
pools:
  - {name: cluster, match: {tags: {goog-k8s-cluster-name: shop}}, method: even}
idle: {method: bucket}
"""
    )
    node = {"resource.name": "node", "resource.global_name": "//compute/node", "project.labels": {"tenant": "globex"}}
    split = {"tenant-acme": 3.0, "kube:unallocated": 4.0, "kube:system-overhead": 0.5, "goog-k8s-unsupported-sku": 0.25}
    lines = [{"cost": cost, "labels": GKE | {"k8s-namespace": name}} for name, cost in split.items()]
    write_parquet(project / "google" / "a.parquet", [*lines, {"cost": 9.0, **node, "labels": {"tenant": "acme"}}])
    assert run(project, "run") == 0, capsys.readouterr()
    assert run(project, "verify") == 0, capsys.readouterr().out
    found = allocated(project)
    assert found["acme", "direct"] == 12
    assert found["acme", "shared"] + found["globex", "shared"] == Decimal("0.75")
    assert sum(value for (_, cls), value in found.items() if cls == "idle") == 4


def test_what_a_commitment_covers_costs_its_customer_the_commitment(project, capsys):
    covered = {"cost": 4.0, "credits": [credit(CUD, -4.0)]}
    write_parquet(
        project / "google" / "a.parquet",
        [
            covered | {"labels": {"tenant": "acme"}, "resource.name": "vm-1"},
            covered | {"resource.name": "vm-2", "labels": {"tenant": "globex"}},
            {"cost": 6.0, **FEE},
        ],
    )
    assert run(project, "run") == 0, capsys.readouterr()
    assert run(project, "verify") == 0, capsys.readouterr().out
    assert allocated(project) == {("acme", "direct"): 3, ("globex", "direct"): 3}
