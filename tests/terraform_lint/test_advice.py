"""The HCL that a finding proposes: it parses, and stands in the least invasive place."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.resource import Carrier, Resource, TagSet
from terraform_lint.advice import advise, assignment

OWN = Carrier(TagSet())


def resource(inherits: str = "", type_name: str = "aws_s3_bucket") -> Resource:
    return Resource("aws", type_name, f"{type_name}.a", "create", (OWN,), "main.tf", inherits=inherits)


def test_a_missing_tag_goes_to_the_default_tags_of_the_provider():
    assert advise(resource('provider "aws"'), OWN, "tenant", None, "missing-tag") == (
        "# once, for every resource of this provider\n"
        'provider "aws" {\n  default_tags {\n    tags = { tenant = "<tenant>" }\n  }\n}'
    )


def test_an_aliased_provider_keeps_its_alias():
    text = advise(resource('provider "aws" (alias west)'), OWN, "tenant", "acme", "missing-tag")
    assert 'alias = "west"' in text
    assert 'tenant = "acme"' in text


def test_google_has_default_labels():
    text = advise(resource('provider "google"', "google_storage_bucket"), OWN, "tenant", None, "missing-tag")
    assert 'default_labels = { tenant = "<tenant>" }' in text


def test_azure_resources_inherit_nothing():
    assert (
        advise(resource("", "azurerm_key_vault"), OWN, "tenant", None, "missing-tag")
        == 'tags = { tenant = "<tenant>" }'
    )


def test_a_wrong_value_is_mended_where_it_stands():
    assert advise(resource('provider "aws"'), OWN, "tenant", "acme", "unknown-customer") == 'tags = { tenant = "acme" }'


@pytest.mark.parametrize(
    ("attribute", "part", "expected"),
    [
        ("settings.user_labels", "", 'settings {\n  user_labels = { tenant = "acme" }\n}'),
        ("volume_tags", "volume_tags", 'volume_tags = { tenant = "acme" }'),
        ("root_block_device.tags", "root_block_device[0]", 'root_block_device {\n  tags = { tenant = "acme" }\n}'),
        (
            "tag_specifications.tags",
            "tag_specifications[volume]",
            'tag_specifications {\n  resource_type = "volume"\n  tags = { tenant = "acme" }\n}',
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
    droplet = replace(resource(type_name="digitalocean_droplet"), provider="digitalocean")
    assert advise(droplet, OWN, "tenant", "acme", "missing-tag") == 'tags = ["tenant:acme"]'
    assert advise(droplet, OWN, "tenant", None, "missing-tag") == 'tags = ["tenant:<tenant>"]'


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
