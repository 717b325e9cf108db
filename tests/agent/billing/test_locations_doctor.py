"""What the doctor says of a source in an object store: whether it may be listed and read, and what to grant."""

import json
from datetime import date
from pathlib import Path

import pytest

from agent import cli
from agent.config.application import SourceConfig, StorageConfig
from agent.config.loading import load_application
from agent.doctor import examine, least
from tests import servers
from tests.focus_rows import focus_text
from tests.project import write_project

TODAY = date(2026, 11, 2)


@pytest.fixture
def gate(monkeypatch):
    for name, value in servers.S3_KEYS.items():
        monkeypatch.setenv(name, value)
    with servers.s3_server() as endpoint, servers.gated(endpoint) as gate:
        servers.put_s3(endpoint, "bills", {"cur/a.csv": focus_text([{}]).encode(), "cur/b.csv": b""})
        yield gate


@pytest.fixture
def config(tmp_path: Path, gate) -> Path:
    config = write_project(tmp_path)
    place = f"location: 's3://bills/cur', storage: {{endpoint: '{gate.endpoint}'}}"
    config.write_text(config.read_text().replace("location: exports", place))
    return config


def said(config: Path) -> list[tuple[str, str, str]]:
    found = examine(load_application(config), TODAY)
    return [(one.state, one.text, one.mend) for one in found if one.part == "source cloud"]


def test_a_bucket_that_may_be_read_is_ok_and_counted(config: Path):
    assert said(config) == [
        ("ok", "s3://bills/cur holds 2 files of 0.0 MB and may be read", ""),
        ("warn", "nothing was taken in yet", "apportion ingest"),
    ]


@pytest.mark.parametrize(
    ("denied", "right"), [("list-type=", "s3:ListBucket on the bucket"), ("/cur/a.csv", "s3:GetObject on its objects")]
)
def test_the_right_that_is_missing_is_named(config: Path, gate, denied, right):
    gate.denied = lambda line: denied in line
    ((state, text, mend),) = said(config)
    assert state == "missing"
    assert text.startswith("access is denied (s3://bills/cur")
    assert f"grant {right}" in mend


def test_the_policy_names_the_bucket_and_the_prefix(config: Path, capsys):
    assert cli.main(["doctor", "--config", str(config), "--quiet", "--format", "json"]) == 0
    policy = json.loads(json.loads(capsys.readouterr().out)["rights"]["s3://bills/cur"])
    listing, reading = policy["Statement"]
    assert (listing["Action"], listing["Resource"]) == ("s3:ListBucket", "arn:aws:s3:::bills")
    assert listing["Condition"] == {"StringLike": {"s3:prefix": ["cur", "cur/*"]}}
    assert (reading["Action"], reading["Resource"]) == ("s3:GetObject", "arn:aws:s3:::bills/cur*")


@pytest.mark.parametrize(
    ("location", "granted"),
    [
        (
            "gs://bills/exports/focus",
            ["gs://bills", "roles/storage.objectViewer", "buckets/bills/objects/exports/focus"],
        ),
        ("az://bills/exports", ["Storage Blob Data Reader", "--name acc", "containers/bills"]),
        ("s3://bills", ['"arn:aws:s3:::bills/*"']),
    ],
)
def test_each_store_has_its_own_way_to_grant_reading(location, granted):
    source = SourceConfig(name="x", kind="focus", location=location, storage=StorageConfig(account="acc"))
    assert [word for word in granted if word not in least(source)] == []
