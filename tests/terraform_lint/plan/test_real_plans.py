"""Real plans of Terraform 0.12 to 1.1 against what is known to be right, under one strict rule."""

import json
import re
from collections import defaultdict

import pytest

from terraform_lint.plan.read import looks_like_plan, read_plan

PLANS = (
    "aws-creates.json",
    "aws-delete-update-create.json",
    "aws-mixed-actions.json",
    "aws-modules-instances.json",
    "aws-names.json",
    "azure-firewall.json",
    "google-coverage.json",
    "wrapper-lines.json",
)
OF_TWO_KEYS = (
    "aws-creates.json",
    "aws-mixed-actions.json",
    "aws-modules-instances.json",
    "aws-names.json",
    "google-coverage.json",
)
"""Those of which it is known which resources lack another key."""
ACCEPTED = {("aws-names.json", "Name"): {"aws_autoscaling_group.example"}}
"""Listed as wrong, and right here: the group has the key, in the old list ``tags`` of key, value, propagate."""

NOT_LISTED = {"aws-delete-update-create.json": 1}
"""Resources in no list: ``aws_lambda_permission.allow_alert_event_bridge_to_…[0]``, a no-op of a type without tags."""


@pytest.fixture(params=PLANS)
def case(request, shared_data):
    content = (shared_data / "plans" / request.param).read_bytes()
    truth = json.loads((shared_data / "plans" / "truth.json").read_text("utf-8"))["plans"][request.param]
    return request.param, content, truth


def _verdict(resource, key, pattern):
    tags = resource.carriers[0].tags
    if re.search(pattern, tags.known.get(key) or ""):
        return "ok"
    if key in tags.unknown or (key not in tags.known and tags.rest):
        return "unknown"
    return "violations_existing" if resource.action == "no-op" else "violations_blocking"


def test_every_resource_gets_the_verdict_that_is_known(case):
    name, content, truth = case
    assert looks_like_plan(content)
    found = read_plan(content, name)
    assert found.unread == []
    verdicts = defaultdict(list)
    for resource in found.resources:
        verdicts[_verdict(resource, "tenant", r"^[a-z0-9-]+\Z")].append(resource.address)
    for verdict in ("violations_blocking", "violations_existing", "unknown"):
        assert sorted(verdicts[verdict]) == truth[verdict]
    assert not {resource.address for resource in found.resources} & set(truth["not_taggable"])
    assert found.not_taggable == len(truth["not_taggable"]) + NOT_LISTED.get(name, 0)


@pytest.mark.parametrize("case", OF_TWO_KEYS, indirect=True)
def test_a_second_key_that_is_partly_there_is_found_where_it_is(case):
    name, content, truth = case
    key = truth["other_key"]["key"]
    wrong = {item.address for item in read_plan(content, name).resources if _verdict(item, key, ".") != "ok"}
    assert wrong == set(truth["other_key"]["violating_addresses"]) - ACCEPTED.get((name, key), set())
