"""Types whose tags stand elsewhere, and what instances, groups and templates start."""

import pytest

from policies.resource import TagSet
from terraform_lint.special import Unclear, overlay, reaches_volumes

LATER = "known only after apply"
AWS = {"aws": {"name": "aws"}}


def _with_defaults(**more):
    tags = {"default_tags": [{"tags": {"constant_value": {"tenant": "acme"}}}]}
    return {"aws": {"name": "aws", "expressions": tags} | more}


@pytest.fixture
def part(only):
    """The parts of a resource by name."""

    def read(*arguments, **more):
        return {carrier.part: carrier for carrier in only(*arguments, **more).carriers[1:]}

    return read


def _tag(key, value, propagate=True):
    return {"key": key, "value": value, "propagate_at_launch": propagate}


def test_tag_blocks_are_the_tags_of_a_group(only):
    (group,) = only("aws_autoscaling_group", {"tag": [_tag("tenant", "acme"), _tag("n", "x")]}).carriers
    assert group.tags == TagSet({"tenant": "acme", "n": "x"})
    assert group.attribute == "tag block"


def test_the_old_list_of_a_group_counts_as_its_tags(only):
    (group,) = only("aws_autoscaling_group", {"tag": [], "tags": [_tag("tenant", "acme", "true")]}).carriers
    assert group.tags == TagSet({"tenant": "acme"})
    assert group.attribute == "tags"


def test_default_tags_do_not_reach_a_group(only):
    (group,) = only("aws_autoscaling_group", {"tag": []}, providers=_with_defaults()).carriers
    assert group.tags == TagSet()


def test_a_tag_that_is_not_propagated_does_not_reach_the_instances(only):
    group, instances = only("aws_autoscaling_group", {"tag": [_tag("tenant", "acme", False), _tag("n", "x")]}).carriers
    assert group.tags.known == {"tenant": "acme", "n": "x"}
    assert instances.tags == TagSet({"n": "x"})
    assert (instances.part, instances.rule) == ("instances", "not-propagated")


def test_a_group_s_unknown_values_are_unknown_by_key(only):
    after = {"tag": [{"key": "tenant", "propagate_at_launch": True}, {"value": "x", "propagate_at_launch": True}]}
    (group,) = only("aws_autoscaling_group", after, unknown={"tag": [{"value": True}, {"key": True}]}).carriers
    assert group.tags == TagSet({}, {"tenant": LATER}, LATER)


def test_a_group_whose_blocks_are_unknown_is_left_open(only):
    for providers in (None, AWS):
        (group,) = only("aws_autoscaling_group", {}, unknown={"tag": True}, providers=providers).carriers
        assert group.tags == TagSet(rest=LATER)


def test_a_propagation_that_is_unknown_makes_the_instances_unknown(only):
    after, unknown = {"tag": [{"key": "tenant", "value": "acme"}]}, {"tag": [{"propagate_at_launch": True}]}
    group, instances = only("aws_autoscaling_group", after, unknown=unknown).carriers
    assert group.tags.known == {"tenant": "acme"}
    assert instances.tags == TagSet({}, {"tenant": LATER})


COMPUTED = {"root_block_device": True, "ebs_block_device": True, "volume_tags": True, "tags_all": True}


def test_a_root_volume_that_nobody_tags_is_untagged(part):
    (root,) = part("aws_instance", {"tags": {"tenant": "acme"}}, unknown=COMPUTED, providers=AWS).values()
    assert root.tags == TagSet()
    assert (root.part, root.attribute, root.rule) == (
        "root_block_device[0]",
        "root_block_device.tags",
        "untagged-volume",
    )


def test_without_a_configuration_computed_disks_are_left_out(part):
    assert part("aws_instance", {"tags": {"tenant": "acme"}}, unknown=COMPUTED) == {}
    assert part("aws_instance", {"tags": {"tenant": "acme"}}) == {}


def test_volume_tags_stand_for_all_volumes(part):
    after = {"tags": None, "volume_tags": {"tenant": "acme"}, "ebs_block_device": [{"tags": None}]}
    (volumes,) = part("aws_instance", after, unknown={"root_block_device": True}, providers=AWS).values()
    assert volumes.tags == TagSet({"tenant": "acme"})
    assert (volumes.part, volumes.rule) == ("volume_tags", "untagged-volume")


def test_volume_tags_that_are_written_and_unknown_are_open(part):
    written = {"volume_tags": {"references": ["random_pet.x.id", "random_pet.x"]}}
    (volumes,) = part("aws_instance", {"tags": None}, unknown=COMPUTED, providers=AWS, written=written).values()
    assert volumes.tags == TagSet(rest=f"{LATER}, from random_pet.x.id")


def test_each_disk_bears_its_own_tags(part):
    after = {
        "tags": None,
        "volume_tags": None,
        "root_block_device": [{"tags": {"tenant": "acme"}}],
        "ebs_block_device": [{"tags": None}, {"tags": {"tenant": "b"}}],
    }
    known = {name: dict(carrier.tags.known) for name, carrier in part("aws_instance", after).items()}
    assert known == {
        "root_block_device[0]": {"tenant": "acme"},
        "ebs_block_device[0]": {},
        "ebs_block_device[1]": {"tenant": "b"},
    }


def test_default_tags_reach_the_disks_that_show_tags_all(part):
    disks = {"tags": None, "root_block_device": [{"tags": None}], "ebs_block_device": []}
    new = part("aws_instance", disks, unknown={"root_block_device": [{"tags_all": True}]}, providers=_with_defaults())
    old = part("aws_instance", disks, unknown={"root_block_device": [{"volume_id": True}]}, providers=_with_defaults())
    assert new["root_block_device[0]"].tags == TagSet({"tenant": "acme"})
    assert old["root_block_device[0]"].tags == TagSet()


def test_tags_all_of_a_disk_count(part):
    after = {"tags": None, "root_block_device": [{"tags": {}, "tags_all": {"tenant": "acme"}}]}
    assert part("aws_instance", after)["root_block_device[0]"].tags == TagSet({"tenant": "acme"})


@pytest.mark.parametrize(
    ("constraint", "known"), [("~> 4.0", {}), ("~> 6.0", {"tenant": "acme"}), ("", {"tenant": "acme"})]
)
def test_default_tags_reach_a_disk_that_nobody_wrote_unless_the_provider_is_too_old(part, constraint, known):
    providers = _with_defaults(version_constraint=constraint)
    found = part("aws_instance", {"tags": None}, unknown=COMPUTED, providers=providers)
    assert found["root_block_device[0]"].tags == TagSet(known)


def test_an_instance_from_a_launch_template_may_have_its_volumes_tagged_there(part):
    after = {
        "tags": None,
        "launch_template": [{"name": "x"}],
        "ebs_block_device": [{"tags": {"a": "b"}}, {"tags": None}],
    }
    found = part("aws_instance", after, unknown={"root_block_device": True}, providers=AWS)
    assert list(found) == ["ebs_block_device[0]"]


def _specification(kind, **tags):
    return {"resource_type": kind, "tags": tags}


def test_a_launch_template_tags_what_its_specifications_name(part):
    after = {"tags": None, "tag_specifications": [_specification("instance", tenant="acme"), _specification("volume")]}
    found = part("aws_launch_template", after)
    assert found["tag_specifications[instance]"].tags == TagSet({"tenant": "acme"})
    assert found["tag_specifications[volume]"].tags == TagSet()
    assert {carrier.rule for carrier in found.values()} == {"untagged-launch"}


def test_a_launch_template_without_specifications_starts_untagged_volumes(part):
    (volume,) = part("aws_launch_template", {"tags": {"tenant": "acme"}, "tag_specifications": []}).values()
    assert volume.part == "tag_specifications[volume]"
    assert volume.tags == TagSet()


def test_specifications_known_only_after_apply_are_open(part):
    (volume,) = part("aws_launch_template", {"tags": None}, unknown={"tag_specifications": True}).values()
    assert volume.tags == TagSet(rest=LATER)
    after, unknown = (
        {"tags": None, "tag_specifications": [{"tags": {}}]},
        {"tag_specifications": [{"resource_type": True}]},
    )
    (volume,) = part("aws_launch_template", after, unknown=unknown).values()
    assert "resource_type" in volume.tags.rest


def test_cloud_sql_labels_stand_in_settings(only):
    after = {"settings": [{"tier": "x", "user_labels": {"tenant": "acme"}}]}
    (labels,) = only("google_sql_database_instance", after).carriers
    assert labels.tags == TagSet({"tenant": "acme"})
    (labels,) = only("google_sql_database_instance", {}, unknown={"settings": True}).carriers
    assert labels.tags == TagSet(rest=LATER)


def test_cloud_run_labels_stand_in_metadata(only):
    labels = {"default_labels": {"constant_value": {"tenant": "acme"}}}
    providers = {"google": {"name": "google", "expressions": labels}}
    after = {"metadata": [{"labels": {"a": "b"}, "effective_labels": {"a": "b", "c": "d"}}]}
    assert only("google_cloud_run_service", after).carriers[0].tags == TagSet({"a": "b", "c": "d"})
    (merged,) = only("google_cloud_run_service", {"metadata": [{"labels": {"a": "b"}}]}, providers=providers).carriers
    assert merged.tags == TagSet({"a": "b", "tenant": "acme"})


def test_a_node_pool_is_judged_by_labels_of_its_own_only(gathered, change):
    labels = {"node_config": [{"resource_labels": {"tenant": "Acme Corp"}, "labels": {"tier": "web"}}]}
    found = gathered(
        change("google_container_node_pool", labels, name="a"),
        change("google_container_node_pool", {"node_config": [{"labels": {"tenant": "acme"}}]}, name="b"),
        change("google_container_node_pool", {}, unknown={"node_config": True}, name="c"),
    )
    (pool,) = found.resources
    assert pool.carriers[0].tags.known == {"tenant": "Acme Corp"}
    assert "cluster" in pool.carriers[0].tags.rest
    assert found.not_taggable == 2


@pytest.mark.parametrize(
    ("after", "known", "rest"),
    [
        ({"tags": {"tenant": "acme"}}, {"tenant": "acme"}, None),
        ({"tags": None, "body": {"tags": {"tenant": "acme"}}}, {"tenant": "acme"}, None),
        ({"tags": None, "body": {"properties": {}}}, {}, None),
        ({"tags": None, "body": '{"properties":{}}'}, {}, None),
        ({"tags": None, "body": '{"tags":{"tenant":"acme"}}'}, {}, "they may stand in the text of body"),
    ],
)
def test_azapi_tags_may_stand_in_the_body(only, after, known, rest):
    (carrier,) = only("azapi_resource", after, provider="registry.terraform.io/azure/azapi").carriers
    assert carrier.tags == TagSet(known, rest=rest)


def test_default_tags_of_azapi_are_taken_whole_or_not_at_all(only):
    defaults = {"azapi": {"name": "azapi", "expressions": {"default_tags": {"constant_value": {"tenant": "acme"}}}}}
    (own,) = only("azapi_resource", {"tags": {"a": "b"}}, provider="azure/azapi", providers=defaults).carriers
    assert own.tags == TagSet({"a": "b"})
    (none,) = only("azapi_resource", {"tags": None}, provider="azure/azapi", providers=defaults).carriers
    assert none.tags == TagSet({"tenant": "acme"})


def test_pairs_of_cloud_control_are_tags(only):
    pairs = [{"key": "tenant", "value": "acme"}, {"key": "env", "value": None}]
    (carrier,) = only("awscc_s3_bucket", {"tags": pairs}, provider="hashicorp/awscc").carriers
    assert carrier.tags == TagSet({"tenant": "acme", "env": None})
    unclear = {"tags": [{"value": True}, {}]}
    (carrier,) = only("awscc_s3_bucket", {"tags": pairs[:1]}, unknown=unclear, provider="hashicorp/awscc").carriers
    assert carrier.tags.rest == LATER


def test_words_of_digitalocean_are_keys_and_values(only):
    after, unknown = {"tags": ["tenant:acme", "production", None]}, {"tags": [False, False, False]}
    provider = "registry.terraform.io/digitalocean/digitalocean"
    (carrier,) = only("digitalocean_droplet", after, unknown=unknown, provider=provider).carriers
    assert carrier.tags == TagSet({"tenant": "acme", "production": ""})
    (carrier,) = only("digitalocean_droplet", {"tags": ["a:b"]}, unknown={"tags": [True]}, provider=provider).carriers
    assert carrier.tags == TagSet(rest=LATER)
    (carrier,) = only("digitalocean_droplet", {}, unknown={"tags": True}, provider=provider).carriers
    assert carrier.tags == TagSet(rest=LATER)


def test_a_sensitive_nested_map_is_marked(part):
    after = {"tags": None, "root_block_device": [{"tags": {"tenant": "acme"}}]}
    found = part("aws_instance", after, sensitive={"root_block_device": [{"tags": True}]})
    assert found["root_block_device[0]"].tags.sensitive


@pytest.mark.parametrize(
    ("constraint", "may"),
    [
        ("", True),
        (">= 3.30.0", True),
        ("~> 5.0", True),
        ("~> 5.39.0", True),
        ("~> 5.38.0", False),
        ("~> 5.100", True),
        ("~> 4.67", False),
        ("4.67.0", False),
        ("= 5.39.0", True),
        ("<= 5.39.0", True),
        ("< 5.39.0", False),
        ("< 5.39.1", True),
        (">= 4.0, < 5.0.0", False),
        (">= 4.0, != 5.1.0", True),
        ("latest", True),
        ("~> 6.0.0-beta2", True),
    ],
)
def test_a_version_constraint_rules_volumes_out_or_not(constraint, may):
    assert reaches_volumes(constraint) is may


def test_an_overlay_keeps_what_is_certain():
    under = TagSet({"a": "1", "b": "2"}, {"c": "later"})
    assert overlay(TagSet(), under) == under
    assert overlay(under, TagSet({"b": "3"}, {"a": "unclear"})) == TagSet({"b": "3"}, {"a": "unclear", "c": "later"})
    assert overlay(under, TagSet({"c": None})) == TagSet({"a": "1", "b": "2", "c": None})
    assert overlay(TagSet(rest="open"), TagSet({"a": "1"})) == TagSet({"a": "1"}, rest="open")
    half = overlay(under, TagSet({"b": "3"}, rest="var.x is unknown"))
    assert half.known == {"b": "3"}
    assert half.rest == "var.x is unknown"
    assert "var.x is unknown" in half.unknown["a"]
    assert overlay(TagSet({"a": "1"}, sensitive=True), TagSet()).sensitive


def test_an_unclear_value_has_its_reason():
    assert Unclear("known later").reason == "known later"
