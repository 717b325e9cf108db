"""The configuration as one: files read together, checked against each other, all mistakes at once."""

from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

from agent.config.loading import Settings, load_application
from agent.errors import ConfigError, UsageError
from agent.period import Period

OCTOBER = Period(2026, 10)
APPLICATION = """version: 1
policy: policy.yaml
allocation: rules/allocation.yaml
customers: customers.csv
sources:
  - {name: aws, kind: aws-cur2, location: exports/aws}
usage:
  - {name: calls, kind: csv, location: calls.csv}
"""
FILES = {
    "apportion.yaml": APPLICATION,
    "policy.yaml": "version: 1\ntags:\n  - {key: env}\n  - {key: tenant, values: {known: customers}}\n",
    "rules/allocation.yaml": "version: 1\ncustomer:\n  - {tag: tenant}\n",
    "customers.csv": "id\nacme\nglobex\n",
}


def load(folder: Path, files: Mapping[str, str]) -> Settings:
    for name, text in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return load_application(folder / "apportion.yaml")


def faults(folder: Path, files: Mapping[str, str]) -> list[tuple[str, int, str]]:
    with pytest.raises(ConfigError) as caught:
        load(folder, {**FILES, **files})
    return [(str(Path(f.file).relative_to(folder)), f.line, f.message) for f in caught.value.faults]


def test_all_files_are_read(tmp_path: Path) -> None:
    settings = load(tmp_path, FILES)
    assert settings.app.sources[0].name == "aws"
    assert settings.policy().tags[1].key == "tenant"
    assert settings.allocation(OCTOBER).customer[0].tag == "tenant"
    assert settings.registry().ids == ("acme", "globex")
    assert settings.source("aws").kind == "aws-cur2"


def test_paths_resolve_from_the_configurations_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    load(tmp_path, FILES)
    monkeypatch.chdir(tmp_path.parent)
    settings = load_application(Path(tmp_path.name) / "apportion.yaml")
    assert settings.root == tmp_path
    assert settings.data == tmp_path / "data"
    assert settings.registry_path == tmp_path / "customers.csv"
    assert settings.resolve("/elsewhere") == Path("/elsewhere")
    assert settings.config_files(OCTOBER) == {
        "apportion.yaml": Path(tmp_path.name) / "apportion.yaml",
        "policy.yaml": tmp_path / "policy.yaml",
        "rules/allocation.yaml": tmp_path / "rules/allocation.yaml",
    }


def test_only_the_version_is_required(tmp_path: Path) -> None:
    settings = load(tmp_path, {"apportion.yaml": "version: 1\n"})
    assert (settings.policy().tags, settings.allocation(OCTOBER).customer, settings.registry_path) == ([], [], None)


@pytest.mark.parametrize("key", ["customers", "sources", "usage", "revenue", "company"])
def test_a_key_that_a_command_needs_is_named(tmp_path: Path, key: str) -> None:
    settings = load(tmp_path, {"apportion.yaml": "version: 1\n"})
    with pytest.raises(ConfigError) as caught:
        settings.need(key)
    assert f"this command needs the key {key!r}" in caught.value.lines()[1]


def test_a_needed_key_that_is_set_is_given(tmp_path: Path) -> None:
    assert load(tmp_path, FILES).need("customers") == "customers.csv"


def test_the_registry_of_no_customers_is_asked_for(tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        load(tmp_path, {"apportion.yaml": "version: 1\n"}).registry()


def test_an_unknown_source_is_told_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no source 'asw'; did you mean 'aws'\?"):
        load(tmp_path, FILES).source("asw")


def test_no_configuration_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load_application(tmp_path / "apportion.yaml")
    assert "`apportion init` writes one" in caught.value.lines()[1]


def test_mistakes_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    files = {
        "apportion.yaml": APPLICATION + "curency: USD\n",
        "policy.yaml": "version: 2\n",
        "rules/allocation.yaml": "version: 1\npols: []\n",
        "customers.csv": "id\n@acme\n",
    }
    assert [(name, line) for name, line, _ in faults(tmp_path, files)] == [
        ("apportion.yaml", 9),
        ("policy.yaml", 1),
        ("rules/allocation.yaml", 2),
        ("customers.csv", 2),
    ]


def test_files_that_are_not_there_are_told_where_they_are_named(tmp_path: Path) -> None:
    text = APPLICATION.replace("policy.yaml", "polcy.yaml").replace("customers.csv", "no.csv")
    assert faults(tmp_path, {"apportion.yaml": text}) == [
        ("apportion.yaml", 2, "policy: there is no file 'polcy.yaml'"),
        ("apportion.yaml", 4, "customers: there is no file 'no.csv'"),
    ]


def test_broken_yaml_is_one_mistake(tmp_path: Path) -> None:
    assert [(name, line) for name, line, _ in faults(tmp_path, {"apportion.yaml": "version: 1\n\tdata: x"})] == [
        ("apportion.yaml", 2)
    ]


@pytest.mark.parametrize(
    ("added", "line", "message"),
    [
        ("data: s3://b", 9, "data: object stores are not supported yet; expected a folder, found 's3://b'"),
        ("schedule:\n  timezone: Paris", 10, "schedule.timezone: 'Paris' is not a time zone such as Europe/Paris"),
        ("schedule:\n  timezone: ../etc", 10, "schedule.timezone: '../etc' is not a time zone such as Europe/Paris"),
        ("  - {name: calls, kind: csv, location: b.csv}", 9, "usage[1].name is that of usage[0], too"),
    ],
)  # fmt: skip
def test_mistakes_within_the_application(tmp_path: Path, added: str, line: int, message: str) -> None:
    assert faults(tmp_path, {"apportion.yaml": APPLICATION + added}) == [("apportion.yaml", line, message)]


def test_a_source_is_listed_once(tmp_path: Path) -> None:
    again = "sources:\n  - {name: aws, kind: focus, location: ./exports/aws/}\n"
    text = APPLICATION.replace("sources:\n", again)
    assert [(line, message) for _, line, message in faults(tmp_path, {"apportion.yaml": text})] == [
        (7, "sources[1].name is that of sources[0], too"),
        (7, "sources[1].location is that of sources[0], too"),
    ]


def _mistakes() -> list[tuple[str, int, str]]:
    cases = yaml.safe_load((Path(__file__).parent / "allocation_mistakes.yaml").read_text("utf-8"))
    return [(case["rules"], case["line"], case["message"]) for case in cases]


@pytest.mark.parametrize(("rules", "line", "message"), _mistakes())
def test_allocation_rules_name_what_exists(tmp_path: Path, rules: str, line: int, message: str) -> None:
    files = {"rules/allocation.yaml": f"version: 1\n{rules}"}
    assert faults(tmp_path, files) == [("rules/allocation.yaml", line, message)]


def test_rules_that_name_what_exists_are_accepted(tmp_path: Path) -> None:
    rules = """version: 1
methodology: {id: m, from: 2026-10}
shared_values: [shared]
customer:
  - {tag: cc, values: {a: shared, b: Acme}}
  - {service: {AmazonSES: globex}}
environment: {rules: [{account: {"1": Dev}}, {tag: env}], opex: [dev]}
pools:
  - {name: p, match: {service: x}, method: usage, driver: calls, customers: {id: acme, tier: gold}}
  - {name: q, match: {service: y}, method: fixed, shares: {acme: "33.3", "@opex": 5}, customers: {id: [globex]}}
charges: {tax: "pool:p", fee: corporate}
"""
    read = load(tmp_path, {**FILES, "rules/allocation.yaml": rules}).allocation(OCTOBER)
    assert [pool.name for pool in read.pools] == [
        "p",
        "q",
    ]


def test_known_customers_need_a_registry(tmp_path: Path) -> None:
    text = APPLICATION.replace("customers: customers.csv\n", "")
    assert faults(tmp_path, {"apportion.yaml": text}) == [
        ("policy.yaml", 4, "values.known: customers needs the key 'customers' in apportion.yaml")
    ]


def test_ids_are_not_checked_against_a_registry_that_is_wrong(tmp_path: Path) -> None:
    files = {"customers.csv": "id\n@x\n", "rules/allocation.yaml": "version: 1\ncustomer: [{account: {'1': zz}}]\n"}
    assert [name for name, _, _ in faults(tmp_path, files)] == ["customers.csv"]


@pytest.mark.parametrize(
    ("written", "key", "found"),
    [
        ("sources: [{name: a, kind: aws-cur, location: 's3://AKIA:HIDDEN@bucket/x'}]", "sources[0].location", "a user"),
        ("sources: [{name: a, kind: aws-cur, location: 's3://AKIA:HID/DEN@bucket'}]", "sources[0].location", "a user"),
        ("sources: [{name: a, kind: azure, location: 'az://c/x?sv=1&sig=HIDDEN'}]", "sources[0].location", "a query"),
        ("sources: [{name: a, kind: gcp, location: 'gs://c/x#HIDDEN'}]", "sources[0].location", "a fragment"),
        (
            "sources: [{name: a, kind: focus, location: x, storage: {endpoint: 'http://u:HIDDEN@host:1'}}]",
            "sources[0].storage.endpoint",
            "a user",
        ),
        (
            "sources: [{name: a, kind: focus, location: x, storage: {endpoint: 'u:HIDDEN@host:1'}}]",
            "sources[0].storage.endpoint",
            "a user",
        ),
        (
            "sources: [{name: a, kind: gcp, location: x, storage: {endpoint: 'https://a https://b?k=HIDDEN'}}]",
            "sources[0].storage.endpoint",
            "a query",
        ),
        ("slack: {channel: c, base_url: 'https://u:HIDDEN@slack.example/api/'}", "slack.base_url", "a user"),
        ("data: s3://AKIA:HIDDEN@bucket", "data", "a user"),
        ("policy: s3://AKIA:HIDDEN@bucket", "policy", "a user"),
    ],
)
def test_an_address_that_holds_a_secret_is_refused_without_repeating_it(
    tmp_path: Path, written: str, key: str, found: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, {"apportion.yaml": f"version: 1\n{written}\n"})
    (fault,) = caught.value.faults
    assert (fault.line, fault.message.startswith(f"{key}: the address ")) == (2, True)
    assert found in fault.message
    assert "environment" in fault.message
    assert "HIDDEN" not in "\n".join(caught.value.lines())


@pytest.mark.parametrize(
    "written",
    [
        "{name: a, kind: aws-cur, location: 's3://bucket/a@b/c:d'}",
        "{name: a, kind: aws-cur, location: 'bills/a@b?c#d'}",
        "{name: a, kind: aws-cur, location: 's3://b/x', storage: {endpoint: 'http://127.0.0.1:9000/a@b'}}",
        "{name: a, kind: gcp, location: 'bigquery://p/d/t', storage: {endpoint: 'https://a.example https://b.example'}}",
    ],
)
def test_an_address_alone_is_taken(tmp_path: Path, written: str) -> None:
    assert load(tmp_path, {"apportion.yaml": f"version: 1\nsources: [{written}]\n"}).app.sources[0].name == "a"


def test_the_password_of_the_state_database_stands_in_its_url(tmp_path: Path) -> None:
    settings = load(tmp_path, {"apportion.yaml": "version: 1\nstate: postgresql+psycopg://u:p@db/x\n"})
    assert settings.app.state == "postgresql+psycopg://u:p@db/x"
