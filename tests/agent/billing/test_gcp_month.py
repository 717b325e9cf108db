"""A month of Google's bill from the export to a proof that ``verify`` recomputes."""

import json

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


def classified(project):
    proof = json.loads((project / "data/results/2026-10/proof.json").read_text())
    return proof["totals"]["USD"]


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
