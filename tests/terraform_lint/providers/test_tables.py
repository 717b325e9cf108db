"""The committed tables: what they say of types a reader knows, and how many of each there are."""

import json
from collections import Counter
from pathlib import Path

import pytest

from terraform_lint import providers
from terraform_lint.providers import TypeTags, Unlisted, provider_of, tag_attribute

FOLDER = Path(providers.__file__).parent


def counts(provider: str) -> tuple[list[str], int, Counter[tuple[str, str, bool]]]:
    table = json.loads((FOLDER / f"{provider}.json").read_text())
    ways = Counter({(g["attribute"], g["kind"], g["inherits"]): len(g["types"]) for g in table["tagged"]})
    return table["versions"], len(table["without"]) + ways.total(), ways


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("aws_s3_bucket", TypeTags("tags", "map", inherits=True)),
        ("aws_volume_attachment", None),
        ("aws_iam_policy", TypeTags("tags", "map", inherits=True)),
        ("aws_autoscaling_group", TypeTags("tag", "list", inherits=False)),
        ("aws_inspector_resource_group", None),
        ("google_storage_bucket", TypeTags("labels", "map", inherits=True)),
        ("google_compute_instance", TypeTags("labels", "map", inherits=True)),
        ("google_compute_route", TypeTags("tags", "list", inherits=False)),
        ("google_container_cluster", TypeTags("resource_labels", "map", inherits=True)),
        ("google_sql_database_instance", TypeTags("settings.user_labels", "map", inherits=False)),
        ("google_cloud_run_service", TypeTags("metadata.labels", "map", inherits=True)),
        ("google_monitoring_notification_channel", TypeTags("user_labels", "map", inherits=False)),
        ("google_cloud_identity_group", None),
        ("google_folder", None),
        ("azurerm_resource_group", TypeTags("tags", "map", inherits=False)),
        ("azurerm_subnet", None),
        ("azurerm_data_factory", TypeTags("tags", "map", inherits=False)),
        ("azurerm_api_management_named_value", TypeTags("tags", "list", inherits=False)),
        ("azurerm_mobile_network", TypeTags("tags", "map", inherits=False)),
        ("azapi_resource", TypeTags("tags", "map", inherits=True)),
        ("azapi_update_resource", None),
    ],
)
def test_a_known_type(name: str, expected: TypeTags | None) -> None:
    assert tag_attribute(name) == expected


@pytest.mark.parametrize(
    ("name", "attributes", "inherits"),
    [
        ("aws_made_up_yesterday", ("tags",), True),
        ("google_made_up_yesterday", ("labels",), True),
        ("azurerm_made_up_yesterday", ("tags",), False),
        ("digitalocean_droplet", ("tags", "labels"), False),
        ("oci_core_instance", ("freeform_tags",), False),
        ("random_pet", ("tags", "labels"), False),
        ("awscc_s3_bucket", ("tags", "labels"), False),
        ("", ("tags", "labels"), False),
    ],
)
def test_a_type_of_no_table_is_told_from_one_without_tags(
    name: str, attributes: tuple[str, ...], inherits: bool
) -> None:
    found = tag_attribute(name)
    assert isinstance(found, Unlisted)
    assert (found.attributes, found.inherits) == (attributes, inherits)


def test_an_unlisted_type_says_which_version_the_table_stands_for() -> None:
    assert tag_attribute("aws_new_thing") == Unlisted(("tags",), True, "aws 6.66.0 does not have the type")


@pytest.mark.parametrize(
    ("name", "provider"), [("aws_s3_bucket", "aws"), ("google_project", "google"), ("awscc_x", "awscc"), ("aws", "aws")]
)
def test_the_provider_is_the_first_word_of_the_type(name: str, provider: str) -> None:
    assert provider_of(name) == provider


def test_aws_counts() -> None:
    assert counts("aws") == (
        ["6.25.0", "6.66.0"],
        1725,
        {("tags", "map", True): 856, ("tag", "list", False): 2, ("tags", "list", False): 1},
    )


def test_google_counts() -> None:
    """239 of 241 ``labels``: the others are no labels of the resource."""
    assert counts("google") == (
        ["6.50.0"],
        1096,
        {
            ("labels", "map", True): 239,
            ("resource_labels", "map", True): 1,
            ("metadata.labels", "map", True): 1,
            ("settings.user_labels", "map", False): 1,
            ("user_labels", "map", False): 6,
            ("labels", "list", False): 2,
            ("tags", "list", False): 3,
        },
    )


def test_azurerm_counts_hold_the_types_that_the_newer_version_dropped() -> None:
    assert counts("azurerm") == (
        ["4.55.0", "4.73.0"],
        1143,
        {("tags", "map", False): 409, ("tags", "list", False): 3},
    )


@pytest.mark.parametrize("provider", ["aws", "google", "azurerm"])
def test_a_table_is_sorted_has_each_type_once_and_stays_small(provider: str) -> None:
    content = (FOLDER / f"{provider}.json").read_bytes()
    table = json.loads(content)
    lists = [*(group["types"] for group in table["tagged"]), table["without"]]
    names = [name for types in lists for name in types]
    assert table["provider"] == provider
    assert all(types == sorted(types) for types in lists)
    assert len(names) == len(set(names))
    assert len(content) < 64 * 1024
