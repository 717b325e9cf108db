"""What is wrong with one tag: its key, its value, how both are spelled, and what may be said of it."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from policies.faults import FaultsError
from policies.resource import Carrier, TagSet
from tests.policies.judging import TENANT, bucket, judged, only, ruleset

CUSTOMERS = TENANT + "    values: {known: customers}\n"
ENV = "version: 1\ntags:\n  - {key: env, values: {one_of: [prod, staging, dev]}}\n"
PATTERN = 'version: 1\ntags:\n  - {key: tenant, values: {pattern: "^[a-z0-9][a-z0-9-]*$"}}\n'

KEYS = [
    ({"tenant": "acme"}, None),
    ({"tenant": "acme", "Name": "x"}, None),
    ({}, ("missing-tag", "has no tag tenant", None)),
    ({"xtenant": "acme", "Name": "x"}, ("missing-tag", "has no tag tenant", None)),
    ({"tenant": ""}, ("empty-tag", "has an empty tag tenant", None)),
    ({"tenant": " \t"}, ("empty-tag", "has an empty tag tenant", None)),
    ({"tenant": None}, ("empty-tag", "has tag tenant = null, which no provider stores", None)),
    ({"Tenant": ""}, ("empty-tag", 'has an empty tag "Tenant"', None)),
    ({"Tenant": None}, ("missing-tag", "has no tag tenant", None)),
    ({"Tenant": "acme"}, ("wrong-case", 'has tag "Tenant" instead of tenant', "acme")),
    ({" tenant": "acme"}, ("wrong-case", 'has tag " tenant" instead of tenant', "acme")),
    ({"customer": "acme"}, ("wrong-case", 'has tag "customer" instead of tenant', "acme")),
    ({"user:tenant": "acme"}, ("wrong-case", 'has tag "user:tenant" instead of tenant', "acme")),
    ({"tenant": None, "Tenant": "acme"}, ("wrong-case", 'has tag "Tenant" instead of tenant', "acme")),
    ({"tenant": "", "Tenant": "acme"}, ("empty-tag", "has an empty tag tenant", None)),
    ({"Tenant": "acme", "customer": "ACME"}, ("wrong-case", 'has tag "Tenant" instead of tenant', "acme")),
    (
        {"Tenant": "acme", "customer": "globex"},
        (
            "conflicting-tags",
            'has "Tenant" = "acme" and "customer" = "globex", which contradict each other: only tenant is wanted',
            None,
        ),
    ),
    ({"tenant": "acme", "Tenant": "globex"}, None),
]


@pytest.mark.parametrize(("tags", "expected"), KEYS)
def test_a_key_is_there_as_policy_yaml_writes_it(tmp_path: Path, tags: Any, expected: Any) -> None:
    report = judged(ruleset(tmp_path, TENANT), bucket(tags))
    found = [(each.rule, each.message, each.fix) for each in report.findings]
    if expected is None:
        assert found == []
    else:
        rule, clause, value = expected
        assert found == [(rule, f"aws_s3_bucket.logs {clause}", f"tenant = {value}")]


VALUES = [
    (CUSTOMERS, {"tenant": "acme"}, None),
    (CUSTOMERS, {"tenant": "newco"}, None),
    (CUSTOMERS, {"tenant": "Shared"}, ("wrong-case", 'has tenant = "Shared", which is to be written "shared"')),
    (CUSTOMERS, {"tenant": "shared"}, None),
    (CUSTOMERS, {"tenant": "ACME"}, ("wrong-case", 'has tenant = "ACME", which is to be written "acme"')),
    (CUSTOMERS, {"tenant": " acme "}, ("wrong-case", 'has tenant = " acme ", which is to be written "acme"')),
    (CUSTOMERS, {"tenant": "acme\n"}, ("wrong-case", r'has tenant = "acme\n", which is to be written "acme"')),
    (
        CUSTOMERS,
        {"tenant": "acne"},
        ("unknown-customer", 'has tenant = "acne", which is no customer; did you mean "acme"?'),
    ),
    (
        CUSTOMERS,
        {"tenant": "Acme Corp"},
        ("unknown-customer", 'has tenant = "Acme Corp", which is no customer; did you mean "acme"?'),
    ),
    (
        CUSTOMERS,
        {"tenant": "acme-prod"},
        ("unknown-customer", 'has tenant = "acme-prod", which is no customer; did you mean "acme"?'),
    ),
    (CUSTOMERS, {"tenant": "whoever"}, ("unknown-customer", 'has tenant = "whoever", which is no customer')),
    (
        CUSTOMERS,
        {"tenant": "initech"},
        ("unknown-customer", 'has tenant = "initech", which is a customer that ended on 2026-10-31'),
    ),
    (
        CUSTOMERS,
        {"Tenant": "acne"},
        (
            "unknown-customer",
            'has tag "Tenant" instead of tenant, and its value "acne" is no customer; did you mean "acme"?',
        ),
    ),
    (
        CUSTOMERS,
        {"tenant": "acme", "Tenant": "globex"},
        (
            "conflicting-tags",
            'has "tenant" = "acme" and "Tenant" = "globex", which contradict each other: only tenant is wanted',
        ),
    ),
    (CUSTOMERS, {"tenant": "acme", "Tenant": "whoever", "customer": "Acme"}, None),
    (ENV, {"env": "prod"}, None),
    (
        ENV,
        {"env": "Prod"},
        ("invalid-value", 'has env = "Prod", which is none of prod, staging, dev; did you mean "prod"?'),
    ),
    (ENV, {"env": "qa"}, ("invalid-value", 'has env = "qa", which is none of prod, staging, dev')),
    (PATTERN, {"tenant": "acme-1"}, None),
    (
        PATTERN,
        {"tenant": "Acme Corp"},
        ("invalid-value", 'has tenant = "Acme Corp", which does not match ^[a-z0-9][a-z0-9-]*$'),
    ),
    (
        PATTERN,
        {"tenant": "acme\n"},
        ("invalid-value", r'has tenant = "acme\n", which does not match ^[a-z0-9][a-z0-9-]*$'),
    ),
]


@pytest.mark.parametrize(("policy", "tags", "expected"), VALUES)
def test_a_value_is_one_that_policy_yaml_allows(tmp_path: Path, policy: str, tags: Any, expected: Any) -> None:
    report = judged(ruleset(tmp_path, policy, shared_values=["shared"]), bucket(tags))
    found = [(each.rule, each.message) for each in report.findings]
    assert found == ([] if expected is None else [(expected[0], f"aws_s3_bucket.logs {expected[1]}")])


def test_pattern_list_and_registry_must_all_hold(tmp_path: Path) -> None:
    policy = 'version: 1\ntags:\n  - {key: t, values: {known: customers, one_of: [acme, Hooli], pattern: "[a-z]+"}}\n'
    rules = ruleset(tmp_path, policy)
    found = {value: judged(rules, bucket({"t": value})).findings for value in ("acme", "globex", "Hooli", "nobody")}
    assert {
        value: [each.message.split(", which ")[1] for each in each_found] for value, each_found in found.items()
    } == {
        "acme": [],
        "globex": ["is none of acme, Hooli"],
        "Hooli": ["does not match [a-z]+"],
        "nobody": ["is no customer"],
    }


def test_a_customer_counts_to_its_last_day(tmp_path: Path) -> None:
    rules = ruleset(tmp_path, CUSTOMERS)
    days = {day: judged(rules, bucket({"tenant": "initech"}), today=day).summary.violations for day in _around(31)}
    assert list(days.values()) == [0, 1]


def _around(day: int) -> list[date]:
    return [date(2026, 10, day), date(2026, 11, 1)]


def test_customers_cannot_be_asked_for_without_a_registry(tmp_path: Path) -> None:
    with pytest.raises(FaultsError, match=r"policy.yaml:6: values.known: customers needs .* --customers FILE"):
        ruleset(tmp_path, CUSTOMERS, registry=None)


def test_values_that_are_sensitive_are_not_shown(tmp_path: Path) -> None:
    rules = ruleset(tmp_path, CUSTOMERS)
    for tags in (
        {"tenant": "s3cret"},
        {"Tenant": "s3cret"},
        {"Tenant": "s3cret", "customer": "acme"},
        {"tenant": "ACME"},
    ):
        found = only(judged(rules, bucket(TagSet(tags, sensitive=True))))
        assert found.value is None
        assert all(secret not in f"{found.message}{found.fix}".lower() for secret in ("s3cret", "acme"))
    assert judged(rules, bucket(TagSet({"tenant": "acme"}, sensitive=True))).findings == ()


@pytest.mark.parametrize(
    ("tags", "clause"),
    [
        ({"Tenant": "acme"}, 'has tag "Tenant" instead of tenant'),
        (
            {"Tenant": "s3cret"},
            'has tag "Tenant" instead of tenant, and its value (sensitive) is no customer, or one that has ended',
        ),
        ({"tenant": "ACME"}, "has tenant = (sensitive), which is not spelled as in the registry"),
    ],
)
def test_what_is_wrong_with_a_sensitive_value_is_told(tmp_path: Path, tags: Any, clause: str) -> None:
    found = only(judged(ruleset(tmp_path, CUSTOMERS), bucket(TagSet(tags, sensitive=True))))
    assert found.message == f"aws_s3_bucket.logs {clause}"


@pytest.mark.parametrize(
    ("tags", "spelling", "proposal"),
    [
        ({"Tenant": "acme"}, "Tenant", "acme"),
        ({"tenant": "ACME"}, "", "acme"),
        ({"tenant": "acne"}, "", None),
        ({"Tenant": "acne"}, "Tenant", None),
    ],
)
def test_a_finding_carries_what_a_patch_may_write(
    tmp_path: Path, tags: Any, spelling: str, proposal: str | None
) -> None:
    found = only(judged(ruleset(tmp_path, CUSTOMERS), bucket(tags)))
    assert (found.spelling, found.proposal, found.value) == (spelling, proposal, next(iter(tags.values())))


def test_a_long_list_of_values_is_cut_and_a_single_one_is_named(tmp_path: Path) -> None:
    def told(values: str) -> str:
        policy = f"version: 1\ntags: [{{key: env, values: {{one_of: [{values}]}}}}]\n"
        return only(judged(ruleset(tmp_path, policy), bucket({"env": "zzz"}))).message.partition("which is ")[2]

    assert told("prod") == "not prod"
    assert told("a1, a2, a3, a4, a5, a6, a7, a8") == "none of a1, a2, a3, a4, a5, a6, a7, a8"
    assert told("a1, a2, a3, a4, a5, a6, a7, a8, a9") == "none of a1, a2, a3, a4, a5, a6, a7, a8, …"


def test_a_hostile_value_stays_on_its_line(tmp_path: Path) -> None:
    message = only(judged(ruleset(tmp_path, ENV), bucket({"env": "a\x1b[2J\u202e\n::error::" + "x" * 500}))).message
    assert message.isprintable()
    assert len(message) < 250


GOOGLE = {"provider": "google", "type": "google_storage_bucket", "address": "google_storage_bucket.logs"}


@pytest.mark.parametrize(
    ("policy", "labels", "rule"),
    [
        ("{key: TenantID}", {"tenantid": "acme"}, None),
        ("{key: TenantID, aliases: [tenant]}", {"tenant": "acme"}, "wrong-case"),
        ("{key: TenantID}", {}, "missing-tag"),
        ("{key: tenant, values: {known: customers}}", {"tenant": "hooli"}, None),
        ("{key: env, values: {one_of: [Prod]}}", {"env": "prod"}, None),
        ("{key: env, values: {one_of: [Prod]}}", {"env": "prd"}, "invalid-value"),
    ],
)
def test_google_labels_have_no_capitals(tmp_path: Path, policy: str, labels: Any, rule: str | None) -> None:
    rules = ruleset(tmp_path, f"version: 1\ntags:\n  - {policy}\n")
    for attribute in ("labels", "resource_labels", "settings.user_labels"):
        report = judged(rules, bucket(carriers=(Carrier(TagSet(labels), attribute),), **GOOGLE))
        assert [each.rule for each in report.findings] == ([rule] if rule else [])
        assert not any("TenantID" in each.fix for each in report.findings)
