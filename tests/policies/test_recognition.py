"""Recognition over distinct keys: which customer, environment and pool, and why not."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from policies.policy import PolicyFile, TagRequirement
from policies.recognition import EnvironmentRules, Recogniser, Recognition, Subjects
from policies.registry import read_registry
from policies.rules import Match, Rule

REGISTRY = read_registry(b"id\nacme\nglobex\ninitech\n")
POLICY = PolicyFile(
    version="1",
    tags=[TagRequirement(key="tenant", aliases=["TenantID", "customer"]), TagRequirement(key="k8s-namespace")],
)
COLUMNS = tuple(Subjects.__slots__)


def recogniser(tag_sets: Mapping[str, Mapping[str, str]] | None = None, **given: Any) -> Recogniser:
    settings: dict[str, Any] = {
        "policy": POLICY,
        "registry": REGISTRY,
        "customer": [Rule(tag="tenant")],
        "shared_values": ["shared"],
        "environment": EnvironmentRules(),
        "pools": [],
    }
    return Recogniser(tag_sets=tag_sets or {}, **(settings | given))


def subjects(*rows: Mapping[str, str | None]) -> Subjects:
    full = [{"kind": "usage", **row} for row in rows]
    return Subjects(**{column: [row.get(column) for row in full] for column in COLUMNS})


def of_tags(*tag_sets: Mapping[str, str], **given: Any) -> Recognition:
    numbered = {str(number): tags for number, tags in enumerate(tag_sets)}
    return recogniser(numbered, **given).recognise(subjects(*({"tagset_id": number} for number in numbered)))


@pytest.mark.parametrize(
    "key",
    [
        "tenant",
        "Tenant",
        " tenant ",
        "TENANTID",
        "customer",
        "user:tenant",
        "user_tenant",
        "resourceTags/user:Tenant",
        "resource_tags_user_tenant",
        "resourceTags/tenant",
    ],
)
def test_every_spelling_of_the_key_names_the_customer(key: str) -> None:
    assert of_tags({key: "acme"}).customer == ["acme"]


@pytest.mark.parametrize("value", ["acme", "ACME", " Acme\n"])
def test_case_and_space_of_the_value_do_not_matter(value: str) -> None:
    assert of_tags({"tenant": value}).customer == ["acme"]


@pytest.mark.parametrize("key", ["xtenant", "tenant2", "aws:tenant", "owner"])
def test_other_keys_say_nothing(key: str) -> None:
    found = of_tags({key: "acme"})
    assert (found.customer, found.reason) == ([None], ["no-tag"])


def test_an_export_that_lost_punctuation_is_understood() -> None:
    rules = [Rule(tag="k8s-namespace", pattern="^tenant-(?P<customer>.+)$")]
    assert of_tags({"user_k8s_namespace": "tenant-acme"}, customer=rules).customer == ["acme"]
    assert of_tags({"k8s_namespace": "tenant-acme"}, customer=rules).customer == [None]


def test_a_value_one_letter_off_is_named_with_the_nearest_id() -> None:
    found = of_tags({"tenant": "acne"}, {"tenant": "wholly-other"})
    assert found.customer == [None, None]
    assert found.reason == ["unknown-customer:acne", "unknown-customer:wholly-other"]
    assert found.hint == ["acme", None]


def test_an_empty_value_is_no_tag() -> None:
    assert of_tags({"tenant": "  "}).reason == ["no-tag"]


def test_variants_of_a_key_with_one_known_customer_name_it() -> None:
    found = of_tags({"Tenant": "acme", "tenant": "ACME"}, {"Tenant": "nobody", "tenant": "acme"})
    assert found.customer == ["acme", "acme"]
    assert found.reason == [None, None]


def test_variants_with_two_known_customers_conflict() -> None:
    found = of_tags({"Tenant": "acme", "tenant": "globex", " tenant": "initech"})
    assert (found.customer, found.reason, found.hint) == ([None], ["conflicting-tags"], [None])


def test_after_a_conflict_the_next_rule_is_tried() -> None:
    tags = {"Tenant": "acme", "tenant": "globex", "owner": "initech"}
    assert of_tags(tags, customer=[Rule(tag="tenant"), Rule(tag="owner")]).customer == ["initech"]


def test_a_conflict_outlives_a_later_unknown_value() -> None:
    tags = {"Tenant": "acme", "tenant": "globex", "owner": "nobody"}
    rules = [Rule(tag="owner"), Rule(tag="tenant"), Rule(tag="owner")]
    assert of_tags(tags, customer=rules).reason == ["conflicting-tags"]


def test_the_first_unknown_value_is_the_reason() -> None:
    tags = {"tenant": "one", "owner": "two"}
    assert of_tags(tags, customer=[Rule(tag="owner"), Rule(tag="tenant")]).reason == ["unknown-customer:two"]


def test_several_unknown_variants_are_named_by_the_first_key() -> None:
    assert of_tags({"tenant": "x", "Tenant": "y"}).reason == ["unknown-customer:y"]


def test_the_first_rule_that_matches_wins() -> None:
    tags = {"tenant": "nobody", "owner": "globex", "team": "acme"}
    rules = [Rule(tag="tenant"), Rule(tag="owner"), Rule(tag="team")]
    assert of_tags(tags, customer=rules).customer == ["globex"]


def test_a_shared_value_goes_on_to_the_pools() -> None:
    found = of_tags({"tenant": "Shared"}, customer=[Rule(tag="tenant"), Rule(account={"1": "acme"})])
    assert (found.customer, found.reason, found.shared_value) == ([None], ["shared-value"], [True])


def test_a_known_customer_beside_a_shared_value_wins() -> None:
    found = of_tags({"Tenant": "shared", "tenant": "acme"}, {"Tenant": "nobody", "tenant": "shared"})
    assert found.customer == ["acme", None]
    assert found.shared_value == [False, True]


@pytest.mark.parametrize(
    ("pattern", "value"),
    [
        ("^tenant-(?P<customer>.+)$", "tenant-acme"),
        ("^tenant-(.+)$", "tenant-acme"),
        ("acme|globex", "x-acme-y"),
        ("(?P<x>t)-(?P<customer>.*)", "t-acme"),
    ],
)
def test_a_pattern_takes_its_group_or_the_match(pattern: str, value: str) -> None:
    assert of_tags({"ns": value}, customer=[Rule(tag="ns", pattern=pattern)]).customer == ["acme"]


def test_a_pattern_that_does_not_match_says_nothing() -> None:
    rules = [Rule(tag="ns", pattern="^tenant-(?P<customer>.+)?$")]
    assert of_tags({"ns": "kube-system"}, {"ns": "tenant-"}, customer=rules).reason == ["no-tag", "no-tag"]


def test_values_map_raw_values_to_ids() -> None:
    rules = [Rule(tag="cost-center", values={"CC-17": "acme"})]
    assert of_tags({"cost-center": "cc-17"}, {"cost-center": "globex"}, customer=rules).customer == ["acme", "globex"]


def test_account_and_service_maps() -> None:
    rules = [Rule(account={"012345678901": "acme"}), Rule(service={"Amazon Connect": "globex"})]
    found = recogniser(customer=rules).recognise(
        subjects(
            {"account": "012345678901", "service": "AMAZON connect"},
            {"account": "12345678901", "service": "amazon connect"},
            {"account": None, "service": None},
        )
    )
    assert found.customer == ["acme", "globex", None]
    assert found.own_customer == [None, None, None]


def test_names_are_read_from_the_resource_name_else_the_last_part_of_its_id() -> None:
    found = recogniser(customer=[Rule(name="^tenant-(.+)$")]).recognise(
        subjects(
            {"resource_name": "tenant-acme", "resource_id": "arn:aws:rds:eu:1:db:tenant-globex"},
            {"resource_id": "arn:aws:rds:eu-west-1:1:db:tenant-globex"},
            {"resource_id": "/subscriptions/1/vm/tenant-initech"},
            {"resource_name": "tenant-who"},
            {},
        )
    )
    assert found.customer == ["acme", "globex", "initech", None, None]
    assert found.reason[3:] == ["unknown-customer:who", "no-tag"]


@pytest.mark.parametrize("kind", ["tax", "support", "credit", "refund", "fee", "commitment_purchase"])
def test_account_maps_never_see_charges(kind: str) -> None:
    row = {"kind": kind, "account": "1"}
    rules = [Rule(tag="tenant"), Rule(account={"1": "acme"})]
    tagged = {"t": {"tenant": "globex"}}
    found = recogniser(tagged, customer=rules).recognise(subjects(row, {**row, "tagset_id": "t"}))
    assert found.customer == [None, "globex"]
    assert found.own_customer == [None, "globex"]
    assert found.reason == ["no-tag", None]


@pytest.mark.parametrize("kind", ["usage", "discount", "marketplace"])
def test_account_maps_see_usage_and_what_belongs_to_it(kind: str) -> None:
    found = recogniser(customer=[Rule(account={"1": "acme"})]).recognise(subjects({"kind": kind, "account": "1"}))
    assert (found.customer, found.own_customer) == (["acme"], [None])


ENVIRONMENT = EnvironmentRules(
    rules=[Rule(tag="env"), Rule(account={"9": "Sandbox"})],
    cogs=frozenset({"prod", "production"}),
    opex={"dev": "rnd", "demo": "sm", "sandbox": "rnd"},
)


def test_environments_are_cogs_or_opex_with_a_function() -> None:
    found = of_tags({"Env": " PROD"}, {"env": "demo"}, {"env": "odd"}, {}, environment=ENVIRONMENT)
    assert found.environment == ["PROD", "demo", None, None]
    assert found.side == ["cogs", "opex", None, None]
    assert found.function == [None, "sm", None, None]


def test_an_unknown_environment_value_goes_to_the_next_rule() -> None:
    found = recogniser({"t": {"env": "odd"}}, environment=ENVIRONMENT).recognise(
        subjects({"tagset_id": "t", "account": "9"})
    )
    assert (found.environment, found.side, found.function) == (["Sandbox"], ["opex"], ["rnd"])


def test_environment_variants_that_mean_the_same_are_no_conflict() -> None:
    same, other = {"env": "prod", "Env": "production"}, {"env": "prod", "Env": "dev"}
    assert of_tags(same, other, environment=ENVIRONMENT).side == ["cogs", None]


POOLS = [
    Match(service="AmazonRDS", account=["1", "2"]),
    Match(service="amazon*"),
    Match(tags={"tenant": "shared", "team": ["platform", "core*"]}),
    Match(resource="^shared-"),
    Match(kind=["tax", "usage"], provider="aws"),
]


def test_the_first_pool_whose_conditions_all_hold_takes_the_row() -> None:
    rows = [
        {"service": "amazonrds", "account": "2"},
        {"service": "AmazonRDS", "account": "3"},
        {"tagset_id": "a"},
        {"tagset_id": "b"},
        {"resource_id": "shared-1"},
        {"resource_id": "x", "resource_name": "shared-2"},
        {"resource_id": "x"},
        {"provider": "AWS"},
        {},
    ]
    tag_sets = {"a": {"TenantID": "Shared", "Team": " CORE-1"}, "b": {"tenant": "shared", "team": "sales"}}
    found = recogniser(tag_sets, pools=POOLS).recognise(subjects(*rows))
    assert found.pool == [0, 1, 2, None, 3, 3, None, 4, None]


def test_pools_take_charges_only_where_the_match_says_kind() -> None:
    rows = [{"kind": kind, "service": "AmazonEC2", "provider": "aws"} for kind in ("tax", "credit", "discount")]
    assert recogniser(pools=POOLS).recognise(subjects(*rows)).pool == [4, None, 1]


def test_overlapping_pools_are_listed_in_pairs() -> None:
    rows = subjects({"service": "AmazonRDS", "account": "1", "provider": "aws"}, {"service": "AmazonEC2"})
    assert recogniser(pools=POOLS).overlaps(rows) == [(0, 1), (0, 4), (1, 4)]


def test_the_resource_is_needed_only_by_rules_that_look_at_it() -> None:
    assert not recogniser(pools=[Match(service="x")]).needs_resource
    assert recogniser(pools=[Match(resource="x")]).needs_resource
    assert recogniser(customer=[Rule(name="x")]).needs_resource
    assert recogniser(environment=EnvironmentRules(rules=[Rule(name="x")])).needs_resource


def test_without_rules_nothing_is_recognised() -> None:
    found = recogniser(customer=[]).recognise(subjects({"tagset_id": None}))
    assert (found.customer, found.reason, found.pool) == ([None], ["no-tag"], [None])


def test_no_subjects_give_no_rows() -> None:
    assert recogniser().recognise(subjects()).customer == []


def test_a_tag_set_that_was_not_given_is_an_error_not_an_untagged_row() -> None:
    with pytest.raises(KeyError):
        recogniser().recognise(subjects({"tagset_id": "gone"}))


def findings(tags: Mapping[str, str], rules: Sequence[Rule] = (Rule(tag="tenant"),)) -> list[tuple[str, str | None]]:
    return [(found.rule, found.meant) for found in recogniser({"t": tags}, customer=rules).findings]


@pytest.mark.parametrize("key", ["tenant", "user:tenant", "user_tenant", "resourceTags/user:tenant"])
def test_an_exact_key_with_an_exact_id_is_no_finding(key: str) -> None:
    assert findings({key: "acme"}) == []


@pytest.mark.parametrize(
    "tags", [{"Tenant": "acme"}, {"customer": "acme"}, {" tenant": "acme"}, {"tenant": "acme", "TenantID": "acme"}]
)
def test_an_alias_or_variant_key_is_a_finding(tags: Mapping[str, str]) -> None:
    assert findings(tags) == [("wrong-case", "acme")]


def test_a_respelt_value_is_a_finding_unless_the_rule_maps_it() -> None:
    assert findings({"tenant": "Acme"}) == [("wrong-case", "Acme")]
    assert findings({"tenant": "A1"}, [Rule(tag="tenant", values={"a1": "acme"})]) == []


def test_variants_and_conflicts_are_findings() -> None:
    assert findings({"tenant": "acme", "Tenant": "nobody"}) == [("variants", "acme"), ("wrong-case", "acme")]
    assert findings({"tenant": "acme", "Tenant": "globex"}) == [("conflicting-tags", None)]


def test_unknown_values_are_no_finding_of_spelling() -> None:
    assert findings({"tenant": "nobody"}) == []


def test_a_finding_names_the_tag_set_and_what_was_found() -> None:
    (found,) = recogniser({"t": {"Tenant": "acme"}}, environment=EnvironmentRules(rules=[Rule(tag="env")])).findings
    assert (found.tagset_id, found.key, found.found) == ("t", "tenant", (("Tenant", "acme"),))
