"""Keys and values as they are compared, and the identity of a tag set."""

import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.policy import PolicyFile, TagKeys, TagRequirement
from policies.tags import TagKey, canonical_json, fold_key, fold_value, tagset_id


@pytest.mark.parametrize(
    ("key", "folded"),
    [
        ("Tenant", "tenant"),
        (" tenant\t", "tenant"),
        ("user:Tenant", "tenant"),
        ("user_Tenant", "tenant"),
        ("resourceTags/user:Tenant", "tenant"),
        ("resourceTags/aws:createdBy", "aws:createdby"),
        ("resource_tags_user_tenant", "tenant"),
        ("aws:createdBy", "aws:createdby"),
        ("user_user_id", "user_id"),
        ("user:", "user:"),
        ("Ma\u0308dchen", "m\u00e4dchen"),
        ("STRASSE", "strasse"),
        ("straße", "strasse"),
    ],
)
def test_keys_fold(key: str, folded: str) -> None:
    assert fold_key(key) == folded


def test_a_lossy_key_counts_punctuation_as_underscore() -> None:
    assert fold_key("k8s.io/Name-Space", lossy=True) == "k8s_io_name_space"


def test_values_fold_without_losing_a_prefix() -> None:
    assert fold_value(" User:X ") == "user:x"


@given(st.text())
def test_folding_twice_is_folding_once(value: str) -> None:
    assert fold_value(fold_value(value)) == fold_value(value)


def test_a_key_that_looks_prefixed_is_found_in_every_export() -> None:
    key = TagKey("user_id", ["user_id"])
    assert all(map(key.names, ("user_id", "User_Id", "user_user_id", "resourceTags/user:user_id")))


def test_a_key_resolves_by_any_alias_to_the_policys_key() -> None:
    keys = TagKeys(PolicyFile(version="1", tags=[TagRequirement(key="tenant", aliases=["TenantID"])]))
    assert keys.resolve("TENANTID").canonical == "tenant"
    assert keys.resolve("team").spellings == ("team",)
    assert (keys.lists("user:tenant"), keys.lists("team")) == (True, False)


@pytest.mark.parametrize(
    ("delivered", "exact"),
    [
        ("te-nant", True),
        ("user:te-nant", True),
        ("resourceTags/user:te-nant", True),
        ("user_te_nant", True),
        ("Te-Nant", False),
        ("user:Te-nant", False),
        (" te-nant", False),
    ],
)
def test_a_key_is_exact_as_far_as_the_export_lets_one_see(delivered: str, exact: bool) -> None:
    assert TagKey("te-nant", ["te-nant"]).exactly(delivered) is exact


def test_the_identity_of_a_tag_set_is_that_of_its_canonical_text() -> None:
    tags = {"b": 'é"', "a": "1"}
    assert canonical_json(tags) == '{"a":"1","b":"é\\""}'
    assert tagset_id(tags) == hashlib.md5(canonical_json(tags).encode(), usedforsecurity=False).hexdigest()
    assert tagset_id({}) == "99914b932bd37a50b983c5e7c90ae93b"


@given(st.dictionaries(st.text(st.characters(codec="utf-8")), st.text(st.characters(codec="utf-8"))))
def test_the_order_of_tags_does_not_matter(tags: dict[str, str]) -> None:
    assert tagset_id(dict(reversed(tags.items()))) == tagset_id(tags)
    assert json.loads(canonical_json(tags)) == tags
