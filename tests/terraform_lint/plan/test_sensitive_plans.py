"""What a plan marks as sensitive is marked in every form in which tags come."""

import json
from typing import Any

import pytest

from terraform_lint.plan.read import read_plan

GROUP = {"tag": [{"key": "tenant", "value": "hunter2", "propagate_at_launch": True}]}


@pytest.mark.parametrize(
    ("type_name", "after", "sensitive"),
    [
        ("aws_s3_bucket", {"tags": {"tenant": "hunter2"}}, {"tags": {"tenant": True}}),
        ("aws_s3_bucket", {"tags": {"tenant": "hunter2"}}, True),
        ("aws_autoscaling_group", GROUP, {"tag": True}),
        ("aws_autoscaling_group", GROUP, {"tag": [True]}),
        ("aws_autoscaling_group", GROUP, {"tag": [{"value": True}]}),
        ("aws_autoscaling_group", GROUP, True),
        ("aws_instance", {"tags": {}, "volume_tags": {"tenant": "hunter2"}}, {"volume_tags": True}),
        ("google_sql_database_instance", {"settings": [{"user_labels": {"tenant": "hunter2"}}]}, {"settings": True}),
        ("digitalocean_droplet", {"tags": ["tenant:hunter2"]}, {"tags": [True]}),
        ("awscc_s3_bucket", {"tags": [{"key": "tenant", "value": "hunter2"}]}, {"tags": [{"value": True}]}),
        ("azapi_resource", {"body": {"tags": {"tenant": "hunter2"}}}, {"body": {"tags": {"tenant": True}}}),
    ],
)
def test_a_sensitive_tag_is_marked_wherever_it_stands(type_name: str, after: Any, sensitive: Any) -> None:
    change = {"actions": ["create"], "after": after, "after_unknown": {}, "after_sensitive": sensitive}
    resource = {
        "address": f"{type_name}.r", "mode": "managed", "type": type_name, "name": "r",
        "provider_name": f"registry.terraform.io/hashicorp/{type_name.partition('_')[0]}", "change": change,
    }  # fmt: skip
    gathered = read_plan(json.dumps({"format_version": "1.2", "resource_changes": [resource]}).encode(), "plan.json")
    [found] = gathered.resources
    telling = [carrier for carrier in found.carriers if "hunter2" in str(carrier.tags.known)]
    assert telling
    assert all(carrier.tags.sensitive for carrier in telling)
