import pytest

from policies.resource import Inheritance, TagSet

AWS = {"aws": {"name": "aws", "full_name": "registry.terraform.io/hashicorp/aws"}}
LATER = "known only after apply"


def _aws(tags, **more):
    return {"aws": AWS["aws"] | {"expressions": {"default_tags": [{"tags": tags}]}} | more}


@pytest.fixture
def tags(only):
    """What is known of a bucket's tags."""

    def read(after, unknown=None, **more):
        (carrier,) = only(more.pop("type_name", "aws_s3_bucket"), after, unknown=unknown, **more).carriers
        return carrier.tags

    return read


def test_what_the_provider_merged_counts(tags):
    assert tags({"tags": None, "tags_all": {"tenant": "acme"}}) == TagSet({"tenant": "acme"})


def test_effective_labels_count_before_labels(tags):
    after = {"labels": {"a": "b"}, "effective_labels": {"a": "b", "tenant": "acme"}}
    assert tags(after, type_name="google_storage_bucket").known == {"a": "b", "tenant": "acme"}


def test_terraform_labels_count_where_effective_labels_are_unknown(tags):
    after = {"labels": None, "terraform_labels": {"tenant": "acme"}}
    found = tags(after, {"effective_labels": True}, type_name="google_storage_bucket")
    assert found == TagSet({"tenant": "acme"})


def test_own_tags_count_where_there_is_nothing_else(tags):
    assert tags({"tags": {"tenant": "acme"}}, type_name="azurerm_resource_group") == TagSet({"tenant": "acme"})


@pytest.mark.parametrize("nothing", [None, {}])
def test_no_tags_are_a_complete_empty_set(tags, nothing):
    assert tags({"tags": nothing, "tags_all": {}}) == TagSet()


def test_values_become_text_as_terraform_makes_it_and_nulls_stay(tags):
    after = {"tags": {"a": True, "b": 1, "c": 1.5, "d": 2.0, "e": None, "f": ["x"], "g": ""}}
    assert tags(after).known == {"a": "true", "b": "1", "c": "1.5", "d": "2", "e": None, "f": '["x"]', "g": ""}


def test_a_value_known_only_after_apply_is_unknown_and_the_others_are_known(tags):
    after = {"tags": {"env": "prod"}, "tags_all": {"env": "prod"}}
    found = tags(after, {"tags": {"tenant": True}, "tags_all": {"tenant": True}})
    assert found == TagSet({"env": "prod"}, {"tenant": LATER})


def test_an_unknown_value_says_what_it_waits_for(tags):
    references = ["random_pet.t.id", "random_pet.t", "var.env", "local.x"]
    found = tags(
        {"tags": {}, "tags_all": {}},
        {"tags": {"tenant": True}, "tags_all": {"tenant": True}},
        providers=AWS,
        written={"tags": {"references": references}},
    )
    assert found.unknown == {"tenant": f"{LATER}, from random_pet.t.id"}


def test_tags_wholly_unknown_leave_the_rest_open(tags):
    assert tags({}, {"tags": True, "tags_all": True}, providers=AWS) == TagSet(rest=LATER)
    assert tags({}, {"tags": True}, type_name="azurerm_resource_group") == TagSet(rest=LATER)


def test_constants_of_the_configuration_stand_in_for_tags_that_are_unknown(tags):
    found = tags({}, {"tags": True}, providers=AWS, written={"tags": {"constant_value": {"tenant": "acme"}}})
    assert found == TagSet({"tenant": "acme"})


def test_a_whole_that_is_unknown_without_default_tags_is_the_own_map(tags):
    assert tags({"tags": None}, {"tags_all": True}, providers=AWS) == TagSet()
    assert tags({"tags": {"a": "b"}}, {"tags_all": True}, providers=AWS) == TagSet({"a": "b"})


def test_a_whole_that_is_unknown_in_a_plan_without_configuration_stays_open(tags):
    found = tags({"tags": {"a": "b"}}, {"tags_all": True})
    assert found.known == {"a": "b"}
    assert "no configuration section" in found.rest


def test_default_tags_lie_under_own_tags(tags):
    providers = _aws({"constant_value": {"tenant": "acme", "env": "dev"}})
    found = tags({"tags": {"env": "prod"}}, {"tags": {"name": True}, "tags_all": True}, providers=providers)
    assert found == TagSet({"env": "prod", "tenant": "acme"}, {"name": LATER})


def test_a_default_tag_that_unknown_own_tags_may_override_is_unknown(tags):
    providers = _aws({"constant_value": {"tenant": "acme"}})
    found = tags({}, {"tags": True, "tags_all": True}, providers=providers)
    assert found.known == {}
    assert found.rest == LATER
    assert "default tags" in found.unknown["tenant"]


def test_default_tags_that_are_no_constants_leave_the_rest_open(tags):
    providers = _aws({"references": ["var.tenant"]})
    found = tags(
        {"tags": {"a": "b"}},
        {"tags_all": True},
        providers=providers,
    )
    assert found.known == {"a": "b"}
    assert "default_tags" in found.rest


def test_another_resource_of_the_provider_shows_what_its_default_tags_are(gathered, change):
    found = gathered(
        change("aws_vpc", {}, unknown={"tags": {"x": True}, "tags_all": True}, name="a"),
        change("aws_vpc", {"tags": None, "tags_all": {"tenant": "acme"}}, name="b"),
        providers=_aws({"references": ["var.tags"]}),
    )
    assert found.resources[0].carriers[0].tags == TagSet({"tenant": "acme"}, rest=None)


def test_a_resource_with_own_tags_shows_default_tags_only_in_part(gathered, change):
    found = gathered(
        change("aws_vpc", {"tags": {}}, unknown={"tags": {"x": True}, "tags_all": True}, name="a"),
        change("aws_vpc", {"tags": {"env": "prod"}, "tags_all": {"env": "prod", "tenant": "acme"}}, name="b"),
        providers=_aws({"references": ["var.tags"]}),
    )
    shown = found.resources[0].carriers[0].tags
    assert shown.known == {"tenant": "acme"}
    assert "env" not in shown.unknown
    assert "no constants" in shown.rest


def test_a_resource_of_another_provider_configuration_shows_nothing(gathered, change):
    providers = _aws({"references": ["var.tags"]}) | {"aws.bare": {"name": "aws", "alias": "bare"}}
    found = gathered(
        change("aws_vpc", {"tags": None}, unknown={"tags_all": True}, name="a"),
        change("aws_vpc", {"tags": None, "tags_all": {}}, name="b", key="aws.bare"),
        providers=providers,
    )
    assert found.resources[0].carriers[0].tags.rest is not None


def test_default_tags_of_an_alias_reach_only_its_resources(gathered, change):
    tagged = _aws({"constant_value": {"tenant": "acme"}})["aws"] | {"alias": "env"}
    found = gathered(
        change("aws_vpc", {"tags": None}, unknown={"tags_all": True}, name="a"),
        change("aws_vpc", {"tags": None}, unknown={"tags_all": True}, name="b", key="aws.env"),
        providers=AWS | {"aws.env": tagged},
    )
    assert [resource.carriers[0].tags.known for resource in found.resources] == [{}, {"tenant": "acme"}]


def _in_module(change, key, providers):
    bucket = change("aws_vpc", {"tags": None}, unknown={"tags_all": True}, module='module.m["a"].module.n')
    block = {"address": "aws_vpc.x", "provider_config_key": key}
    inner = {"module_calls": {"n": {"module": {"resources": [block]}}}}
    return bucket, {"provider_config": providers, "root_module": {"module_calls": {"m": {"module": inner}}}}


def test_a_module_inherits_the_only_provider_of_its_kind(gathered, change):
    providers = _aws({"constant_value": {"tenant": "acme"}})
    local = {"module.m.module.n:aws": {"name": "aws", "module_address": "module.m.module.n"}}
    for key, more in (("n:aws", {}), ("module.m.module.n:aws", local), ("aws", {})):
        bucket, configuration = _in_module(change, key, providers | more)
        found = gathered(bucket, configuration=configuration).resources[0].carriers[0].tags
        assert found == TagSet({"tenant": "acme"}), key


def test_a_module_that_may_inherit_one_of_several_providers_is_left_open(gathered, change):
    providers = AWS | {"aws.env": _aws({"constant_value": {"tenant": "acme"}})["aws"]}
    bucket, configuration = _in_module(change, "n:aws", providers)
    configuration["root_module"]["resources"] = [{"address": "aws_vpc.r", "provider_config_key": "aws"}]
    root = change("aws_vpc", {"tags": None}, unknown={"tags_all": True}, name="r")
    for changes in ((root, bucket), (bucket, root)):
        found = {
            item.address: item.carriers[0].tags for item in gathered(*changes, configuration=configuration).resources
        }
        assert "several aws providers" in found[bucket["address"]].rest
        assert found["aws_vpc.r"] == TagSet()


def test_a_provider_configured_inside_a_module_counts_there(gathered, change):
    inside = _aws({"constant_value": {"tenant": "acme"}}, module_address="module.m.module.n")["aws"]
    bucket, configuration = _in_module(change, "module.m.module.n:aws", AWS | {"module.m.module.n:aws": inside})
    assert gathered(bucket, configuration=configuration).resources[0].carriers[0].tags.known == {"tenant": "acme"}


def test_default_labels_of_google_count(tags):
    providers = {"google": {"name": "google", "expressions": {"default_labels": {"constant_value": {"tenant": "a"}}}}}
    unknown = {"effective_labels": True, "terraform_labels": True}
    found = tags({"labels": {"x": "y"}}, unknown, type_name="google_storage_bucket", providers=providers)
    assert found == TagSet({"tenant": "a", "x": "y"})


@pytest.mark.parametrize(
    "sensitive", [True, {"tags": True}, {"tags": {"tenant": True}}, {"tags_all": {"tenant": True}}]
)
def test_sensitive_tags_are_known_and_marked(tags, sensitive):
    after = {"tags": {"tenant": "acme"}, "tags_all": {"tenant": "acme"}}
    assert tags(after, sensitive=sensitive) == TagSet({"tenant": "acme"}, sensitive=True)


def test_a_resource_says_which_defaults_would_reach_it(only):
    aws = only("aws_vpc", {"tags": None, "tags_all": {}})
    google = only("google_storage_bucket", {"labels": None}, unknown={"effective_labels": True})
    old = only("aws_vpc", {"tags": None})
    azure = only("azurerm_resource_group", {"tags": None})
    assert aws.inherits == Inheritance("aws", "", "default_tags")
    assert google.inherits == Inheritance("google", "", "default_labels")
    assert (old.inherits, azure.inherits) == (None, None)


@pytest.mark.parametrize(
    ("after", "unknown", "written"),
    [
        ({"tags": None, "tags_all": {"team": "x"}}, None, ""),
        ({"tags": {}, "tags_all": {"team": "x"}}, None, ""),
        ({"tags": {"team": "x"}, "tags_all": {"team": "x"}}, None, "tags"),
        ({"tags": {}}, {"tags": {"team": True}}, "tags"),
        ({}, {"tags": True}, "tags"),
    ],
)
def test_a_resource_says_whether_its_own_attribute_is_written(only, after, unknown, written):
    assert only("aws_vpc", after, unknown=unknown).carriers[0].written == written


def test_a_provider_says_whether_its_default_tags_are_written(gathered, change):
    providers = {"aws": {"name": "aws", "expressions": {"default_tags": [{"tags": {"constant_value": {"a": "b"}}}]}}}
    found = gathered(change("aws_vpc", {"tags": None, "tags_all": {"a": "b"}}), providers=providers)
    assert found.resources[0].inherits == Inheritance("aws", "", "default_tags", written=True)


@pytest.mark.parametrize(
    ("key", "inherits"),
    [
        ("aws.env", Inheritance("aws", "env", "default_tags")),
        ("aws", Inheritance("aws", "", "default_tags")),
        ("module.m:aws.inner", Inheritance("aws", "inner", "default_tags")),
        ("m:aws", None),
    ],
)
def test_the_provider_block_that_settles_tags_is_named_with_its_alias(gathered, change, key, inherits):
    inner = {"name": "aws", "alias": "inner", "module_address": "module.m", "expressions": {"region": {}}}
    providers = AWS | {"aws.env": {"name": "aws", "alias": "env"}, "module.m:aws.inner": inner}
    found = gathered(change("aws_vpc", {"tags": None, "tags_all": {}}, key=key), providers=providers)
    assert found.resources[0].inherits == inherits


def test_the_beta_provider_of_google_has_default_labels_of_its_own(gathered, change):
    def google(name, value):
        return {"name": name, "expressions": {"default_labels": {"constant_value": {"tenant": value}}}}

    providers = {"google": google("google", "a"), "google-beta": google("google-beta", "b")}
    bucket = change(
        "google_storage_bucket",
        {"labels": None},
        unknown={"effective_labels": True},
        provider="google-beta",
        key="x:google-beta",
    )
    (resource,) = gathered(bucket, providers=providers).resources
    assert resource.carriers[0].tags.known == {"tenant": "b"}
    assert resource.inherits == Inheritance("google-beta", "", "default_labels", written=True)
    assert resource.provider == "google"
