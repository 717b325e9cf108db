"""The HCL that a finding proposes: it parses, and stands in the least invasive place."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.resource import Carrier, Inheritance, Resource, TagSet
from terraform_lint import advice
from terraform_lint.hcl_text import assignment

OWN = Carrier(TagSet())


AWS = Inheritance("aws", "", "default_tags")
WEST = Inheritance("aws", "west", "default_tags")
GOOGLE = Inheritance("google", "", "default_labels")


def resource(inherits: Inheritance | None = None, type_name: str = "aws_s3_bucket") -> Resource:
    provider = type_name.partition("_")[0]
    return Resource(provider, type_name, f"{type_name}.a", "create", (OWN,), "main.tf", inherits=inherits)


def advise(on: Resource, carrier: Carrier, key: str, value: str | None, rule: str, spelling: str = "") -> str:
    """What is advised; that it is HCL is part of every test, but for the words of DigitalOcean."""
    from terraform_lint.source.syntax.parse import parse

    text = advice.advise(on, carrier, key, value, rule, spelling)
    if on.provider not in ("digitalocean", "awscc"):
        assert parse(text.encode(), "a.tf").problem is None
    return text


def test_a_missing_tag_goes_to_the_default_tags_of_the_provider():
    assert advise(resource(AWS), OWN, "tenant", None, "missing-tag") == (
        "# once, for every resource of this provider\n"
        'provider "aws" {\n  default_tags {\n    tags = { tenant = "<tenant>" }\n  }\n}'
    )


def test_an_aliased_provider_keeps_its_alias():
    text = advise(resource(WEST), OWN, "tenant", "acme", "missing-tag")
    assert 'alias = "west"' in text
    assert 'tenant = "acme"' in text


def test_google_has_default_labels():
    text = advise(resource(GOOGLE, "google_storage_bucket"), OWN, "tenant", None, "missing-tag")
    assert 'default_labels = { tenant = "<tenant>" }' in text


def test_azure_resources_inherit_nothing():
    assert (
        advise(resource(None, "azurerm_key_vault"), OWN, "tenant", None, "missing-tag")
        == 'tags = { tenant = "<tenant>" }'
    )


def test_a_wrong_value_is_mended_where_it_stands():
    written = Carrier(TagSet({"tenant": "acm", "team": "x"}), written="tags")
    assert advise(resource(AWS), written, "tenant", "acme", "unknown-customer") == '# in tags\ntenant = "acme"'


TEAM = TagSet({"team": "x"})


@pytest.mark.parametrize(
    ("carrier", "expected"),
    [
        (Carrier(TEAM, written="tags"), '# add to tags\ntenant = "acme"'),
        (Carrier(TEAM, "labels", written="labels"), '# add to labels\ntenant = "acme"'),
        (
            Carrier(TEAM, "settings.user_labels", written="settings.user_labels"),
            '# add to user_labels of settings\ntenant = "acme"',
        ),
        (
            Carrier(TagSet(), "settings.user_labels", written="settings"),
            '# in settings\nuser_labels = { tenant = "acme" }',
        ),
        (
            Carrier(TagSet(), "ebs_block_device.tags", "ebs_block_device[1]", written="ebs_block_device"),
            '# in ebs_block_device[1]\ntags = { tenant = "acme" }',
        ),
        (
            Carrier(TEAM, "tag_specifications.tags", "tag_specifications[volume]", written="tag_specifications.tags"),
            '# add to tags of tag_specifications[volume]\ntenant = "acme"',
        ),
        (
            Carrier(TagSet(), "tag_specifications.tags", "tag_specifications[volume]", written="tag_specifications"),
            '# in tag_specifications[volume]\ntags = { tenant = "acme" }',
        ),
    ],
)
def test_what_is_written_is_added_to_and_not_pasted_again(carrier, expected):
    assert advise(resource(), carrier, "tenant", "acme", "missing-tag") == expected


def test_default_tags_that_are_written_are_added_to():
    written = replace(WEST, written=True)
    assert advise(resource(written), OWN, "tenant", None, "missing-tag") == (
        '# once, for all its resources: add to default_tags of provider "aws" (alias west)\ntenant = "<tenant>"'
    )


def test_a_provider_block_that_is_written_gets_its_default_tags():
    there = replace(AWS, file="providers.tf", line=1)
    assert advise(resource(there), OWN, "tenant", None, "missing-tag") == (
        '# once, for all its resources: in provider "aws"\ndefault_tags {\n  tags = { tenant = "<tenant>" }\n}'
    )


@pytest.mark.parametrize(
    ("inherits", "written", "value", "expected"),
    [
        (None, "tags", "acme", '# rename TenantID in tags\ntenant = "acme"'),
        (None, "tags", None, "# rename TenantID to tenant in tags"),
        (AWS, "tags", "acme", '# rename TenantID in tags\ntenant = "acme"'),
        (
            replace(AWS, written=True),
            "tags",
            "acme",
            '# rename TenantID in tags or default_tags of provider "aws"\ntenant = "acme"',
        ),
        (
            replace(AWS, written=True),
            "",
            "acme",
            '# rename TenantID in default_tags of provider "aws"\ntenant = "acme"',
        ),
    ],
)
def test_a_wrong_key_is_renamed_and_the_other_tags_stay(inherits, written, value, expected):
    carrier = Carrier(TagSet({"TenantID": "acme", "team": "x"}), written=written)
    assert advise(resource(inherits), carrier, "tenant", value, "wrong-case", "TenantID") == expected


def test_of_tags_that_contradict_each_other_one_is_kept():
    carrier = Carrier(TagSet({"tenant": "acme", "Tenant": "globex"}), written="tags")
    text = advise(resource(), carrier, "tenant", None, "conflicting-tags")
    assert text == '# in tags, and no other spelling of it\ntenant = "<tenant>"'


def test_default_tags_of_azapi_reach_only_what_has_no_tags_of_its_own():
    inherits = Inheritance("azapi", "", "default_tags")
    on = resource(inherits, "azapi_resource")
    assert 'default_tags = { tenant = "acme" }' in advise(on, OWN, "tenant", "acme", "missing-tag")
    own = Carrier(TEAM, written="tags")
    assert advise(on, own, "tenant", "acme", "missing-tag") == '# add to tags\ntenant = "acme"'


def test_a_downloaded_module_is_changed_by_what_it_is_given():
    on = replace(resource(type_name="azurerm_key_vault"), module="module.reg", downloaded=".terraform/x/main.tf:2")
    text = advise(on, OWN, "tenant", None, "missing-tag")
    assert text == '# in module.reg, if it hands tags on\ntags = { tenant = "<tenant>" }'


def test_objects_that_hold_a_key_and_a_value_are_written_as_such():
    on = resource(type_name="awscc_s3_bucket")
    assert advise(on, OWN, "tenant", "acme", "missing-tag") == 'tags = [{ key = "tenant", value = "acme" }]'


@pytest.mark.parametrize(
    ("attribute", "part", "expected"),
    [
        ("settings.user_labels", "", 'settings {\n  user_labels = { tenant = "acme" }\n}'),
        ("volume_tags", "volume_tags", 'volume_tags = { tenant = "acme" }'),
        ("root_block_device.tags", "root_block_device[0]", 'root_block_device {\n  tags = { tenant = "acme" }\n}'),
        (
            "tag_specifications.tags",
            "tag_specifications[volume]",
            'tag_specifications {\n  resource_type = "volume"\n  tags          = { tenant = "acme" }\n}',
        ),
    ],
)
def test_tags_in_unusual_places_are_written_there(attribute, part, expected):
    carrier = Carrier(TagSet(), attribute, part)
    assert advise(resource(), carrier, "tenant", "acme", "missing-tag") == expected


def test_an_auto_scaling_group_gets_a_tag_block_that_reaches_its_instances():
    for attribute in ("tag block", "tags"):  # the old list is on its way out
        group = resource(type_name="aws_autoscaling_group")
        text = advise(group, Carrier(TagSet(), attribute), "tenant", "acme", "missing-tag")
        assert text.startswith("tag {")
        assert "propagate_at_launch = true" in text


def test_a_droplet_gets_a_word():
    droplet = resource(type_name="digitalocean_droplet")
    assert advise(droplet, OWN, "tenant", "acme", "missing-tag") == 'tags = ["tenant:acme"]'
    assert advise(droplet, OWN, "tenant", None, "missing-tag") == 'tags = ["tenant:<tenant>"]'
    written = Carrier(TEAM, written="tags")
    assert advise(droplet, written, "tenant", "acme", "missing-tag") == '# add to tags\n"tenant:acme"'


def test_a_remark_has_nothing_to_paste():
    assert not advise(resource(), OWN, "", None, "ignored-changes")


@given(key=st.text(min_size=1, max_size=20), value=st.text(max_size=20))
def test_any_key_and_value_come_back_from_the_parser(key, value):
    from terraform_lint.source.syntax.parse import parse
    from terraform_lint.source.syntax.tree import Literal, Object

    if any((ord(char) < 32 and char not in "\n\r\t") or 0xD800 <= ord(char) < 0xE000 for char in key + value):
        return
    parsed = parse(f"tags = {{ {assignment(key, value)} }}\n".encode(), "a.tf")
    assert parsed.problem is None
    map_ = parsed.body.attributes[0].value
    assert isinstance(map_, Object)
    ((name, text),) = map_.items
    assert isinstance(name, Literal)
    assert isinstance(text, Literal)
    assert (name.value, text.value) == (key, value)
