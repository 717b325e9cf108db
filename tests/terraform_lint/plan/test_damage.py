"""Whatever the bytes, reading them ends with resources or with words."""

import json

from hypothesis import given
from hypothesis import strategies as st

from policies.resource import Gathered
from terraform_lint.plan.read import looks_like_plan, read_plan

FIELDS = ["tags", "tags_all", "labels", "effective_labels", "tag", "settings", "metadata", "body", "volume_tags"]
FIELDS += ["root_block_device", "ebs_block_device", "launch_template", "tag_specifications", "node_config"]
TYPES = ["aws_instance", "aws_autoscaling_group", "aws_launch_template", "google_sql_database_instance", "aws_vpc"]
TYPES += ["google_cloud_run_service", "google_container_node_pool", "azapi_resource", "digitalocean_droplet", "x"]

values = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.floats(allow_nan=False) | st.sampled_from(["", "a", "tenant"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["key", "value", "tags", "references", "constant_value", "labels"]), inner, max_size=3
        )
    ),
    max_leaves=8,
)
bodies = st.dictionaries(st.sampled_from(FIELDS), values, max_size=4)
changes = st.fixed_dictionaries(
    {
        "address": st.just("t.x"),
        "type": st.sampled_from(TYPES),
        "change": st.fixed_dictionaries(
            {"actions": st.sampled_from([["create"], ["no-op"], ["delete", "create"], []])},
            optional={
                "after": bodies | st.none(),
                "after_unknown": bodies | values,
                "after_sensitive": bodies | values,
            },
        ),
    },
    optional={"provider_name": st.sampled_from(["aws", "google", "registry.terraform.io/azure/azapi", ""])},
)
resources = st.fixed_dictionaries(
    {"address": st.just("t.x"), "provider_config_key": st.sampled_from(["aws", "m:aws", ""])},
    optional={"expressions": bodies | values},
)
expressions = st.fixed_dictionaries({}, optional={"default_tags": values, "default_labels": values}) | values
configurations = st.fixed_dictionaries(
    {},
    optional={
        "provider_config": st.dictionaries(
            st.sampled_from(["aws", "google", "azapi"]),
            st.fixed_dictionaries(
                {"name": st.sampled_from(["aws", "google", "azapi"])}, optional={"expressions": expressions}
            ),
        ),
        "root_module": st.fixed_dictionaries({"resources": st.lists(resources, max_size=2)}) | values,
    },
)


def _read(content: bytes) -> Gathered:
    found = read_plan(content, "plan.json")
    assert found.resources or found.unread or found.skipped + found.not_taggable >= 0
    for unread in found.unread:
        assert unread.message
        assert unread.mend
    for resource in found.resources:
        assert resource.carriers
        for carrier in resource.carriers:
            assert all(value is None or isinstance(value, str) for value in carrier.tags.known.values())
            assert all(isinstance(reason, str) and reason for reason in carrier.tags.unknown.values())
            assert not set(carrier.tags.known) & set(carrier.tags.unknown)
    return found


@given(st.binary(max_size=200))
def test_any_bytes_end_in_words(content):
    assert _read(content).unread
    assert looks_like_plan(content) in (True, False)


@given(st.text(max_size=200), st.sampled_from(["utf-8", "utf-16", "utf-16-be"]))
def test_any_text_ends_in_words(text, codec):
    assert _read(text.encode(codec, "replace")).unread


@given(values)
def test_any_json_that_is_no_plan_ends_in_words(value):
    assert _read(json.dumps(value).encode()).unread


@given(st.lists(changes, max_size=3), configurations)
def test_values_of_any_shape_are_read_or_refused(listed, configuration):
    document = {"format_version": "1.2", "resource_changes": listed, "configuration": configuration}
    found = _read(json.dumps(document).encode())
    if not found.unread:
        assert len(found.resources) + found.not_taggable + found.skipped == len(listed)


@given(st.data())
def test_a_plan_cut_or_changed_anywhere_is_read_or_refused_and_never_read_in_part(data):
    change = {"actions": ["create"], "after": {"tags": {"tenant": "acme"}}, "after_unknown": {"tags_all": True}}
    listed = [{"address": f"aws_vpc.v{number}", "type": "aws_vpc", "change": change} for number in range(2)]
    text = json.dumps({"format_version": "1.2", "resource_changes": listed}).encode()
    at = data.draw(st.integers(0, len(text) - 1))
    put = data.draw(st.binary(max_size=3))
    cut = data.draw(st.integers(at, min(len(text), at + 40)))
    found = _read(text[:at] + put + text[cut:])
    assert found.unread or len(found.resources) + found.not_taggable + found.skipped <= 2


@given(st.integers(0, 300))
def test_a_plan_cut_short_is_never_read(at):
    listed = [{"address": "aws_vpc.v", "type": "aws_vpc", "change": {"actions": ["create"], "after": {"tags": None}}}]
    text = json.dumps({"format_version": "1.2", "resource_changes": listed}).encode()
    short = text[: min(at, len(text) - 1)]
    assert _read(short).unread
    assert _read(b"log line\n" + short).unread
