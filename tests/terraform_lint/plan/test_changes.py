import pytest


@pytest.mark.parametrize(
    ("actions", "action"),
    [
        (("create",), "create"),
        (("update",), "update"),
        (("delete", "create"), "replace"),
        (("create", "delete"), "replace"),
        (("create", "forget"), "replace"),
        (("no-op",), "no-op"),
        (("conjure",), "update"),
    ],
)
def test_what_changes_is_judged_by_what_happens_to_it(only, actions, action):
    assert only("aws_s3_bucket", {"tags": None}, actions=actions).action == action


@pytest.mark.parametrize(("actions", "after"), [(("delete",), None), (("forget",), {"tags": None})])
def test_what_goes_is_counted_and_not_judged(gathered, change, actions, after):
    found = gathered(change("aws_s3_bucket", after, actions=actions))
    assert (found.resources, found.skipped, found.not_taggable) == ([], 1, 0)


def test_data_sources_are_not_judged(gathered, change):
    read = change("aws_ami", {"tags": None}, actions=("read",)) | {"mode": "data"}
    assert gathered(read).skipped == 1


def test_an_import_or_a_move_without_a_change_is_existing(only):
    imported = only("aws_s3_bucket", {"tags": None}, actions=("no-op",), importing={"id": "b"})
    moved = only("aws_s3_bucket", {"tags": None}, actions=("no-op",), previous_address="aws_s3_bucket.old")
    assert (imported.action, moved.action) == ("no-op", "no-op")
    assert moved.address == "aws_s3_bucket.x"
    assert (moved.previous, imported.previous) == (("aws_s3_bucket.old",), ())


def test_an_import_that_changes_something_is_an_update(only):
    assert only("aws_s3_bucket", {"tags": None}, actions=("update",), importing={"id": "b"}).action == "update"


def test_drift_is_not_judged(gathered, change):
    assert gathered(resource_drift=[change("aws_s3_bucket", {"tags": None})]).resources == []


def test_addresses_and_modules_are_those_of_the_plan(only):
    resource = only("aws_s3_bucket", {"tags": None}, name='x["a.b"]', module='module.m["k"].module.n[0]')
    assert resource.address == 'module.m["k"].module.n[0].aws_s3_bucket.x["a.b"]'
    assert resource.module == 'module.m["k"].module.n[0]'


@pytest.mark.parametrize(
    ("name", "provider"),
    [
        ("registry.terraform.io/hashicorp/aws", "aws"),
        ("registry.opentofu.org/hashicorp/aws", "aws"),
        ("aws/", "aws"),
        ("registry.terraform.io/hashicorp/google-beta", "google"),
        ("registry.terraform.io/acme/aws-beta", "aws-beta"),
    ],
)
def test_the_provider_goes_by_its_short_name(gathered, change, name, provider):
    labels_and_tags = change("aws_s3_bucket", {"tags": None, "labels": None})
    labels_and_tags["provider_name"] = name.rstrip("/")
    (resource,) = gathered(labels_and_tags).resources
    assert resource.provider == provider


def test_without_a_provider_name_the_type_tells(gathered, change):
    trimmed = change("aws_s3_bucket", {"tags": None})
    del trimmed["provider_name"]
    assert gathered(trimmed).resources[0].provider == "aws"


@pytest.mark.parametrize(
    ("type_name", "after"),
    [
        ("aws_iam_role_policy", {"name": "x"}),
        ("aws_thing", {"tags": ["a"]}),
        ("google_compute_firewall", {"tags": None}),
        ("google_compute_route", {"tags": ["web"]}),
        ("datadog_monitor", {"tags": None}),
        ("kubernetes_namespace", {"metadata": [{"labels": {"tenant": "acme"}}]}),
        ("kubernetes_labels", {"labels": {"tenant": "acme"}}),
        ("azurerm_api_management_named_value", {"tags": None}),
        ("azuread_application", {"tags": None}),
        ("aws_devopsguru_resource_collection", {"tags": None}),
        ("aws_autoscaling_group_tag", {"tag": [{"key": "a", "value": "b"}]}),
        ("google_cloud_identity_group", {"labels": {"a": ""}}),
        ("null_resource", {}),
        ("null_resource", None),
    ],
)
def test_what_takes_no_tags_is_counted_as_such(gathered, change, type_name, after):
    found = gathered(change(type_name, after))
    assert (found.resources, found.not_taggable) == ([], 1)


@pytest.mark.parametrize(
    ("type_name", "after", "attribute"),
    [
        ("aws_newer_than_any_table", {"tags": None}, "tags"),
        ("azurerm_resource_group", {"tags": {}}, "tags"),
        ("azapi_resource", {"tags": None}, "tags"),
        ("google_compute_instance", {"tags": ["web"], "labels": None}, "labels"),
        ("google_compute_instance", {"tags": None, "labels": None}, "labels"),
        ("google_container_cluster", {"resource_labels": None}, "resource_labels"),
        ("google_monitoring_alert_policy", {"user_labels": None}, "user_labels"),
        ("google_monitoring_notification_channel", {"labels": {"email": "a@b"}, "user_labels": None}, "user_labels"),
        ("google_sql_database_instance", {"settings": [{"user_labels": None}]}, "settings.user_labels"),
        ("google_cloud_run_service", {"metadata": [{"labels": None}]}, "metadata.labels"),
        ("oci_core_instance", {"freeform_tags": None}, "freeform_tags"),
        ("hcloud_server", {"labels": {}}, "labels"),
        ("aws_autoscaling_group", {"tag": []}, "tag block"),
    ],
)
def test_a_type_takes_tags_where_the_plan_shows_the_attribute(only, type_name, after, attribute):
    resource = only(type_name, after)
    assert resource.carriers[0].attribute == attribute
    assert not resource.carriers[0].tags.known
