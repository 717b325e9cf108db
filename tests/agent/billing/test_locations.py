"""An export in an object store becomes the ledger that the same files in a folder become; each server is a real one."""

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from agent import cli
from agent.billing import Delivered, ingest_source
from agent.billing.ledger.versions import heads, source_heads
from agent.config.application import SourceConfig, StorageConfig
from agent.errors import SourceError, Unreachable
from agent.progress import Quiet
from agent.storage.objects import SETTLED_SECONDS
from tests import servers
from tests.agent.billing.ledgers import OCTOBER, ingest, manifest
from tests.cur2_rows import write_cur2
from tests.focus_rows import focus_text
from tests.project import ROWS, write_project

SEPTEMBER = {"BillingPeriodStart": "2026-09-01T00:00:00Z"}
EXPORT = {
    "cur/2026-09/part-1.csv": focus_text([SEPTEMBER | {"BilledCost": "1.25", "Tags": '{"tenant": "acme"}'}]).encode(),
    "cur/2026-09/part-2.csv": focus_text([SEPTEMBER | {"SubAccountId": "2", "BilledCost": "0.000001"}]).encode(),
    "cur/2026-10/part-1.csv": focus_text([{"BilledCost": "2"}, {"BilledCost": "-0.5"}]).encode(),
    "cur/read me, ünd 100%.txt": b"not an export",
    "elsewhere/part-1.csv": b"not below the prefix",
}

ODD_NAMES = ("100% + 1", "räume – zürich", "a&b=c", "x" * 200, "semi;colon,comma", "hash#tag", "quest?ion")


@dataclass
class Store:
    """A running store behind a gate, with one bucket ``bills``."""

    scheme: str
    gate: servers.Gate
    put: Callable[[Mapping[str, bytes]], None]
    storage: dict[str, object]

    def source(self, place: str, kind: str = "focus", **storage: object) -> SourceConfig:
        config = StorageConfig.model_validate(self.storage | {"endpoint": self.gate.endpoint} | storage)
        return SourceConfig(name="bill", kind=kind, location=f"{self.scheme}://{place}", storage=config)

    def ingest(self, data: Path, place: str = "bills/cur", kind: str = "focus", **storage: object) -> list[Delivered]:
        self.gate.requests.clear()
        return ingest_source(self.source(place, kind, **storage), data, data.parent, None, Quiet())


@contextmanager
def s3() -> Iterator[Store]:
    with servers.s3_server() as endpoint, servers.gated(endpoint) as gate:
        yield Store("s3", gate, lambda objects: servers.put_s3(endpoint, "bills", objects), {})


@contextmanager
def gcs() -> Iterator[Store]:
    with servers.gcs_server("bills") as endpoint, servers.gated(endpoint) as gate:
        yield Store("gs", gate, lambda objects: servers.put_gcs(endpoint, "bills", objects), {"anonymous": True})


@contextmanager
def azure(program: str) -> Iterator[Store]:
    with servers.azurite_server(program) as endpoint, servers.gated(endpoint) as gate:
        account = {"account": servers.AZURITE_ACCOUNT}
        yield Store("az", gate, lambda objects: servers.put_azure(endpoint, "bills", objects), account)


@pytest.fixture(params=["s3", "gs", pytest.param("az", marks=pytest.mark.slow)])
def store(request, monkeypatch) -> Iterator[Store]:
    for name, value in servers.S3_KEYS.items():
        monkeypatch.setenv(name, value)
    if request.param == "az":
        monkeypatch.setenv("AZURE_STORAGE_KEY", servers.AZURITE_KEY)
        opened = azure(request.getfixturevalue("judge")("azurite", "node_modules/.bin/azurite-blob"))
    else:
        opened = s3() if request.param == "s3" else gcs()
    with opened as running:
        yield running


def write(folder: Path, objects: Mapping[str, bytes]) -> Path:
    for key, content in objects.items():
        (folder / key).parent.mkdir(parents=True, exist_ok=True)
        (folder / key).write_bytes(content)
    return folder


def ledger(data: Path) -> dict[str, bytes]:
    """Every Parquet file of the ledger."""
    return {path.relative_to(data).as_posix(): path.read_bytes() for path in sorted(data.rglob("*.parquet"))}


def settle() -> None:
    """Until what was just written is old enough for its time to tell its bytes."""
    time.sleep(SETTLED_SECONDS + 1.1)


def test_a_store_gives_the_ledger_that_a_folder_gives(store: Store, tmp_path: Path):
    store.put(EXPORT)
    delivered = store.ingest(tmp_path / "data")
    ingest(write(tmp_path / "x", EXPORT) / "cur", tmp_path / "local")
    assert [(str(one.period), one.billed_text) for one in delivered] == [
        ("2026-09", "1.250001 USD"),
        ("2026-10", "1.5 USD"),
    ]
    assert ledger(tmp_path / "data") == ledger(tmp_path / "local")
    assert not (tmp_path / "data" / ".tmp").exists()


def test_a_manifest_in_a_store_names_its_files(store: Store, tmp_path: Path):
    rows = [{"line_item_unblended_cost": 1.5}, {"line_item_unblended_cost": 2.0, "line_item_resource_id": "i-1"}]
    folder = write_cur2(tmp_path / "x", rows, parts=2)
    files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    store.put(files | {"exports/cur2/data/BILLING_PERIOD=2026-10/stray.parquet": b"not in the manifest"})
    delivered = store.ingest(tmp_path / "data", "bills", "aws-cur2")
    ingest(folder, tmp_path / "local", kind="aws-cur2")
    assert [one.billed_text for one in delivered] == ["3.5 USD"]
    assert ledger(tmp_path / "data") == ledger(tmp_path / "local")


@pytest.mark.slow  # waits until times tell bytes
def test_unchanged_objects_are_not_fetched_and_one_changed_month_fetches_its_files_only(store: Store, tmp_path: Path):
    data = tmp_path / "data"
    store.put(EXPORT)
    settle()
    store.ingest(data)
    assert sorted(store.gate.fetched()) == ["part-1.csv", "part-2.csv"]
    kept = ledger(data)
    assert [one.changed for one in store.ingest(data)] == [False, False]
    assert store.gate.fetched() == []
    assert ledger(data) == kept

    changed = {"cur/2026-10/part-1.csv": focus_text([{"BilledCost": "3"}]).encode()}
    store.put(changed)
    assert [(one.version, one.changed) for one in store.ingest(data)] == [(1, False), (2, True)]
    assert [line for line in store.gate.requests if "2026-09" in line and "part" in line.partition("?")[0]] == []
    assert store.gate.fetched() == ["part-1.csv"]
    ingest(write(tmp_path / "x", EXPORT | changed) / "cur", tmp_path / "fresh")
    in_force = [head.files[0].read_bytes() for head in source_heads(data, "bill")]
    assert in_force == [head.files[0].read_bytes() for head in source_heads(tmp_path / "fresh", "bill")]


@pytest.mark.slow  # waits until times tell bytes
def test_what_was_just_written_is_looked_at_again_until_its_time_tells_its_bytes(store: Store, tmp_path: Path):
    data = tmp_path / "data"
    store.put(EXPORT)
    store.ingest(data)
    same_size = focus_text([{"BilledCost": "5"}, {"BilledCost": "-0.5"}]).encode()
    assert len(same_size) == len(EXPORT["cur/2026-10/part-1.csv"])
    store.put({"cur/2026-10/part-1.csv": same_size})
    assert [one.billed_text for one in store.ingest(data)] == ["1.250001 USD", "4.5 USD"]
    settle()
    assert [one.changed for one in store.ingest(data)] == [False, False]
    assert store.gate.fetched() != []
    assert [one.changed for one in store.ingest(data)] == [False, False]
    assert store.gate.fetched() == []


def test_a_single_object_is_a_location(store: Store, tmp_path: Path):
    store.put(EXPORT)
    (delivered,) = store.ingest(tmp_path / "data", "bills/cur/2026-10/part-1.csv")
    assert delivered.billed_text == "1.5 USD"
    (delivered,) = store.ingest(tmp_path / "data", "bills/cur/2026-10/part-1.csv")
    assert not delivered.changed


def test_any_name_of_an_object_is_read(store: Store, tmp_path: Path):
    odd = {f"cur/{name}.csv": focus_text([{"BilledCost": "1", "ResourceId": name}]).encode() for name in ODD_NAMES}
    store.put(odd)
    (delivered,) = store.ingest(tmp_path / "data")
    assert delivered.lines == len(ODD_NAMES)
    assert sorted(file.path for file in manifest(tmp_path / "data").files) == sorted(
        f"{name}.csv" for name in ODD_NAMES
    )


def test_what_lies_in_a_store_is_verified_there(store: Store, tmp_path: Path, capsys):
    store.put({"cur/october.csv": focus_text(ROWS).encode()})
    config = write_project(tmp_path)
    told = ", ".join(f"{key}: {json.dumps(value)}" for key, value in store.storage.items())
    place = f"location: '{store.scheme}://bills/cur', storage: {{endpoint: '{store.gate.endpoint}', {told}}}"
    config.write_text(config.read_text().replace("location: exports", place))
    assert cli.main(["run", "--config", str(config), "--quiet"]) == 0
    capsys.readouterr()
    assert cli.main(["verify", "--config", str(config), "--quiet", "--format", "json"]) == 0
    checks = json.loads(capsys.readouterr().out)["periods"][0]["checks"]
    assert any("october.csv: raw == manifest" in check["name"] for check in checks)


def test_a_bucket_that_is_not_there_is_named(store: Store, tmp_path: Path):
    with pytest.raises(Unreachable, match=r"there is no (bucket|container) of this name") as caught:
        store.ingest(tmp_path / "data", "no-such-bucket/cur")
    assert caught.value.where == f"{store.scheme}://no-such-bucket/cur"
    assert caught.value.exit_code == 2


def test_a_prefix_with_nothing_below_it_says_so(store: Store, tmp_path: Path):
    store.put(EXPORT)
    with pytest.raises(SourceError, match="no export file lies here"):
        store.ingest(tmp_path / "data", "bills/nothing")


def test_an_object_replaced_while_it_is_fetched_is_refused_and_the_old_version_stays(store: Store, tmp_path: Path):
    data = tmp_path / "data"
    store.put(EXPORT)
    store.ingest(data)
    kept = ledger(data)
    store.put({"cur/2026-10/part-1.csv": focus_text([{"BilledCost": "3"}]).encode()})

    def replaced(line: str) -> None:
        if line.startswith("GET") and servers._is_object(line.removeprefix("GET ")) and "2026-10" in line:
            store.gate.arrives = lambda _: None
            store.put({"cur/2026-10/part-1.csv": focus_text([{"BilledCost": "4"}, {}, {}]).encode()})

    store.gate.arrives = replaced
    with pytest.raises(SourceError, match="changed while it was read") as caught:
        store.ingest(data)
    assert "run again" in caught.value.mend
    assert ledger(data) == kept
    assert store.ingest(data)[1].billed_text == "6 USD"


def test_a_right_that_is_missing_is_named(store: Store, tmp_path: Path):
    store.put(EXPORT)
    store.gate.denied = lambda line: ".csv" in line
    with pytest.raises(Unreachable, match="access is denied") as caught:
        store.ingest(tmp_path / "data")
    right = {"s3": "s3:GetObject", "gs": "storage.objects.get", "az": "Storage Blob Data Reader"}[store.scheme]
    assert right in caught.value.expected
    assert "part-1.csv" in caught.value.where
    store.gate.denied = lambda _: True
    with pytest.raises(Unreachable, match="access is denied") as caught:
        store.ingest(tmp_path / "data")
    right = {"s3": "s3:ListBucket", "gs": "storage.objects.list", "az": "Storage Blob Data Reader"}[store.scheme]
    assert right in caught.value.mend
    assert list(tmp_path.joinpath("data").rglob("*.parquet")) == []


def test_an_endpoint_where_nobody_listens_is_told_at_once(store: Store, tmp_path: Path):
    began = time.monotonic()
    with pytest.raises(Unreachable, match="cannot be reached"):
        store.ingest(tmp_path / "data", endpoint=f"http://127.0.0.1:{servers.free_port()}")
    assert time.monotonic() - began < 10


def test_one_bucket_of_two_without_a_right_leaves_the_other(store: Store, tmp_path: Path):
    store.put(EXPORT)
    data = tmp_path / "data"
    store.ingest(data)
    store.gate.denied = lambda line: "elsewhere" in line
    with pytest.raises(Unreachable):
        store.ingest(data, "bills/elsewhere")
    assert [head.version for head in heads(data, OCTOBER)] == [1]


def test_no_aws_credentials_are_told_before_anything_is_asked(tmp_path: Path, monkeypatch):
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("HOME", str(tmp_path))
    source = SourceConfig(
        name="bill", kind="focus", location="s3://bills/cur", storage=StorageConfig(endpoint="http://127.0.0.1:1")
    )
    with pytest.raises(Unreachable):
        ingest_source(source, tmp_path / "data", tmp_path, None, Quiet())


def test_wrong_aws_keys_are_told_as_such(tmp_path: Path, monkeypatch):
    for name, value in (servers.S3_KEYS | {"AWS_ACCESS_KEY_ID": "AKIAUNKNOWN"}).items():
        monkeypatch.setenv(name, value)
    with servers.s3_server(INITIAL_NO_AUTH_ACTION_COUNT="2") as endpoint:
        servers.put_s3(endpoint, "bills", {})
        source = SourceConfig(
            name="bill", kind="focus", location="s3://bills/cur", storage=StorageConfig(endpoint=endpoint)
        )
        with pytest.raises(Unreachable, match="AWS credentials are missing, wrong or expired"):
            ingest_source(source, tmp_path / "data", tmp_path, None, Quiet())


def test_a_role_without_the_right_is_denied_by_iam_itself(tmp_path: Path, monkeypatch):
    """moto checks the policies of its IAM: a user without any may not list."""
    import boto3

    with servers.s3_server(INITIAL_NO_AUTH_ACTION_COUNT="4") as endpoint:
        servers.put_s3(endpoint, "bills", {})
        plain = {"region_name": "us-east-1", "aws_access_key_id": "x", "aws_secret_access_key": "x"}
        iam = boto3.client("iam", endpoint_url=endpoint, **plain)
        iam.create_user(UserName="reader")
        key = iam.create_access_key(UserName="reader")["AccessKey"]
        iam.close()
        for name, value in servers.S3_KEYS.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", key["AccessKeyId"])
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", key["SecretAccessKey"])
        source = SourceConfig(
            name="bill", kind="focus", location="s3://bills/cur", storage=StorageConfig(endpoint=endpoint)
        )
        with pytest.raises(Unreachable, match="access is denied") as caught:
            ingest_source(source, tmp_path / "data", tmp_path, None, Quiet())
        assert "s3:ListBucket" in caught.value.mend


def test_s3_is_reached_through_the_proxy_that_the_environment_names(tmp_path: Path, monkeypatch):
    for name, value in servers.S3_KEYS.items():
        monkeypatch.setenv(name, value)
    with servers.s3_server() as upstream, servers.gated(upstream) as gate:
        servers.put_s3(upstream, "bills", EXPORT)
        monkeypatch.setenv("HTTP_PROXY", gate.endpoint)
        monkeypatch.setenv("http_proxy", gate.endpoint)
        far = StorageConfig(endpoint="http://storage.example.invalid")
        source = SourceConfig(name="bill", kind="focus", location="s3://bills/cur", storage=far)
        delivered = ingest_source(source, tmp_path / "data", tmp_path, None, Quiet())
    assert [one.billed_text for one in delivered] == ["1.250001 USD", "1.5 USD"]
    assert gate.fetched() != []


@pytest.mark.parametrize(
    ("location", "storage", "found"),
    [
        ("az://bills/cur", {}, "needs the name of the storage account"),
        ("az://bills/cur", {"account": "a", "anonymous": True}, "not read without credentials"),
        ("s3://bills/cur", {"endpoint": "ftp://host"}, "storage.endpoint is"),
        ("gs://", {"anonymous": True}, "names no bucket"),
    ],
)
def test_what_the_configuration_lacks_is_a_refusal_not_a_gap(location, storage, found, tmp_path: Path, monkeypatch):
    monkeypatch.delenv("AZURE_STORAGE_ACCOUNT", raising=False)
    source = SourceConfig(name="bill", kind="focus", location=location, storage=StorageConfig(**storage))
    with pytest.raises(SourceError, match=found) as caught:
        ingest_source(source, tmp_path / "data", tmp_path, None, Quiet())
    assert caught.value.exit_code == 2
    assert caught.value.where == location
    assert not os.environ.get("AZURE_STORAGE_ACCOUNT")
