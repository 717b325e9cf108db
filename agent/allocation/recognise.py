"""Rules resolved over the distinct subjects of a period: Arrow in, the table ``subject_rule`` out."""

from collections.abc import Mapping

import pyarrow as pa

from agent.allocation.facts import Facts
from agent.billing.ledger.columns import SPLIT_TAG, SPLIT_UNUSED
from agent.config.allocation import AllocationFile
from policies.recognition import EnvironmentRules, Recogniser, Subjects

_KEYS = {
    "source": "Source",
    "provider": "ProviderName",
    "billing_account": "BillingAccountId",
    "account": "SubAccountId",
    "service": "ServiceName",
    "region": "RegionId",
    "resource_id": "MatchResourceId",
    "resource_name": "MatchResourceName",
    "kind": "Kind",
    "tagset_id": "TagSetId",
}


def recogniser(facts: Facts, tag_sets: Mapping[str, Mapping[str, str]]) -> Recogniser:
    """The rules of this configuration, ready to be asked."""
    rules = facts.rules
    return Recogniser(
        policy=facts.policy,
        registry=facts.registry,
        customer=rules.customer,
        shared_values=rules.shared_values,
        environment=environment_rules(rules),
        pools=[pool.match for pool in rules.pools],
        tag_sets=tag_sets,
    )


def environment_rules(rules: AllocationFile) -> EnvironmentRules:
    """The environment section in the form that ``policies`` takes."""
    environment = rules.environment
    opex = {
        value if isinstance(value, str) else value.value: "rnd" if isinstance(value, str) else value.function
        for value in environment.opex
    }
    return EnvironmentRules(rules=environment.rules, cogs=frozenset(environment.cogs), opex=opex)


def unused(tag_sets: Mapping[str, Mapping[str, str]]) -> frozenset[str]:
    """The tag sets of capacity that a provider's own split says nobody used; they are marked at ingest."""
    return frozenset(known for known, tags in tag_sets.items() if tags.get(SPLIT_TAG) == SPLIT_UNUSED)


def needs_region(facts: Facts) -> bool:
    """Whether any pool looks at the region."""
    return any(pool.match.region is not None for pool in facts.rules.pools)


def subject_rule(facts: Facts, asked: Recogniser, idle: frozenset[str], subjects: pa.Table) -> pa.Table:
    """What the rules say of each subject, beside the subject's own columns ('' stands for null in them).

    ``idle``: the tag sets of unused capacity; ``Unused`` is 1 for their subjects.
    """
    columns = {name: [text or None for text in subjects[key].to_pylist()] for name, key in _KEYS.items()}
    found = asked.recognise(Subjects(**columns))
    names = [pool.name for pool in facts.rules.pools]
    said = {
        "Customer": found.customer,
        "OwnCustomer": found.own_customer,
        "Reason": found.reason,
        "Hint": found.hint,
        "Side": found.side,
        "Function": found.function,
        "Pool": [None if at is None else names[at] for at in found.pool],
    }
    result = subjects
    for name, values in said.items():
        result = result.append_column(name, pa.array(values, pa.string()))
    is_unused = [int(known in idle) for known in subjects["TagSetId"].to_pylist()]
    result = result.append_column("Unused", pa.array(is_unused, pa.int32()))
    return result.append_column("SharedValue", pa.array(found.shared_value, pa.bool_()))
