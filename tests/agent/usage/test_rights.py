"""The least rights that asking a driver takes, ready to paste."""

import json

import pytest
from pydantic import TypeAdapter

from agent.config.usage import UsageConfig
from agent.doctor import least_to_ask

CLOUDWATCH = {
    "name": "requests",
    "kind": "cloudwatch",
    "region": "eu-west-1",
    "namespace": "App",
    "metric": "Requests",
    "customer_dimension": "Tenant",
}
INSIGHTS = {"name": "load", "kind": "performance-insights", "region": "eu-west-1", "resources": ["db-A", "db-B"]}


def rights(**driver: object) -> dict[str, str]:
    return least_to_ask(TypeAdapter(UsageConfig).validate_python(driver))


def test_metrics_are_listed_and_read_and_nothing_else() -> None:
    [(of, policy)] = rights(**CLOUDWATCH).items()
    [statement] = json.loads(policy)["Statement"]
    assert of == "usage requests"
    assert statement["Action"] == ["cloudwatch:ListMetrics", "cloudwatch:GetMetricData"]
    assert statement["Condition"] == {"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}


def test_load_is_read_of_the_databases_that_are_named() -> None:
    [statement] = json.loads(rights(**INSIGHTS)["usage load"])["Statement"]
    assert statement["Action"] == "pi:GetResourceMetrics"
    assert statement["Resource"] == [f"arn:aws:pi:eu-west-1:ACCOUNT:metrics/rds/db-{name}" for name in "AB"]


def test_who_assumes_a_role_needs_that_right() -> None:
    role = "arn:aws:iam::123456789012:role/apportion-read"
    first, second = rights(**CLOUDWATCH, role=role).items()
    assert first[0] == f"usage requests (of {role})"
    assert json.loads(second[1])["Statement"][0] == {
        "Sid": "AssumeTheRole",
        "Effect": "Allow",
        "Action": "sts:AssumeRole",
        "Resource": role,
    }


@pytest.mark.parametrize(
    ("driver", "words"),
    [
        ({"kind": "sql", "url_env": "X", "query": "select 1"}, "a user that may SELECT"),
        ({"kind": "datadog", "query": "q", "customer_tag": "t", "app_key_env": "OURS"}, "in OURS an application key"),
    ],
)
def test_of_others_it_is_said_in_words(driver: dict[str, str], words: str) -> None:
    assert words in rights(name="d", **driver)[driver["kind"]]


def test_files_need_none() -> None:
    assert rights(name="d", kind="csv", location="usage.csv") == {}
