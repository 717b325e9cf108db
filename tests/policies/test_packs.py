"""The policies that come with the program can be used as they are."""

import pytest

from policies import packs
from policies.faults import FaultsError
from policies.policy import PolicyFile
from policies.ruleset import Ruleset
from policies.source import validate
from policies.yaml_tree import read_yaml
from tests.policies.judging import REGISTRY, bucket, judged


@pytest.mark.parametrize("name", packs.names())
def test_a_pack_judges(name: str) -> None:
    rules = Ruleset.build(validate(read_yaml(packs.path(name)), PolicyFile), REGISTRY)
    good = bucket({"tenant": "acme", "env": "prod"})
    assert judged(rules, good).findings == ()
    untagged = judged(rules, bucket({"env": "prod"}))
    assert [(each.rule, each.key, each.blocks) for each in untagged.findings] == [("missing-tag", "tenant", True)]


def test_first_steps_block_in_production_only() -> None:
    rules = Ruleset.build(validate(read_yaml(packs.path("first-steps")), PolicyFile))
    assert judged(rules, bucket({"env": "dev"})).exit_code == 0


def test_a_pack_that_is_not_there_is_told() -> None:
    with pytest.raises(FaultsError, match="there is no policy pack 'tenants'; did you mean 'tenant'"):
        packs.path("tenants")


@pytest.mark.parametrize("value", ["acme", "a", "acme-1", "1a"])
def test_the_form_of_a_tenant_is_what_every_cloud_stores(value: str) -> None:
    rules = Ruleset.build(validate(read_yaml(packs.path("tenant")), PolicyFile))
    assert judged(rules, bucket({"tenant": value})).findings == ()
    for wrong in (f"-{value}", f"{value}-", f"{value}_", value.upper() + "X", f"{value}\n"):
        assert judged(rules, bucket({"tenant": wrong})).exit_code == 1
