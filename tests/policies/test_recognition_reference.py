"""Recognition by columns says what one row after the other would say, whatever the rules."""

import re
from collections.abc import Mapping, Sequence

from hypothesis import given
from hypothesis import strategies as st

from policies.policy import PolicyFile, TagRequirement
from policies.recognition import EnvironmentRules, Recogniser, Subjects
from policies.registry import read_registry
from policies.rules import Match, Rule

IDS = ("acme", "globex")
REGISTRY = read_registry(b"id\nacme\nglobex\n")
POLICY = PolicyFile(version="1", tags=[TagRequirement(key="tenant", aliases=["Cust"])])
ALIASES = {"tenant": ("tenant", "cust"), "team": ("team",)}
OPEN = ("usage", "discount", "marketplace")
Row = Mapping[str, str | None]

texts = st.sampled_from(["acme", "ACME", "globex", "shared", "acne", "", " globex "])
tag_sets = st.dictionaries(st.sampled_from(["tenant", "Tenant", "user:cust", "team", "x"]), texts, max_size=4)
rules = st.one_of(
    st.builds(lambda key: Rule(tag=key), st.sampled_from(["tenant", "team"])),
    st.builds(lambda to: Rule(account={"1": to}), st.sampled_from(IDS)),
    st.builds(lambda to: Rule(service={"S3": to}), st.sampled_from(IDS)),
    st.just(Rule(name="^t-(.*)$")),
)
matches = st.one_of(
    st.builds(lambda service: Match(service=service), st.sampled_from(["s3", "S*", "rds"])),
    st.builds(lambda text: Match(tags={"tenant": text}), st.sampled_from(["shared", "acme"])),
    st.builds(lambda kind: Match(kind=kind), st.sampled_from(["tax", "usage"])),
    st.just(Match(resource="acme", account=["1", "2"])),
)
rows = st.fixed_dictionaries(
    {
        "kind": st.sampled_from([*OPEN, "tax", "credit"]),
        "account": st.sampled_from([None, "1", "2"]),
        "service": st.sampled_from([None, "s3", "S3", "rds"]),
        "resource_name": st.sampled_from([None, "t-acme", "t-acne", "other"]),
        "resource_id": st.sampled_from([None, "x/t-globex", "acme"]),
        "tagset_id": st.sampled_from(["0", "1"]),
    }
)


def texts_of(rule: Rule, row: Row, tags: Mapping[str, str]) -> list[str]:
    """What a rule reads from one row, in the order of the raw keys."""
    if rule.tag is not None:
        named = sorted(k for k in tags if k.strip().removeprefix("user:").casefold() in ALIASES[rule.tag])
        return [tags[key].strip() for key in named if tags[key].strip()]
    if rule.name is not None:
        name = row["resource_name"] or (row["resource_id"] or "").split("/")[-1]
        found = re.search(rule.name, name)
        return [found[1]] if found and found[1] else []
    if rule.account is not None:
        return [rule.account[a] for a in [row["account"]] if a in rule.account]
    service = (row["service"] or "").casefold()
    return [to for key, to in (rule.service or {}).items() if key.casefold() == service]


def owner(listed: Sequence[Rule], row: Row, tags: Mapping[str, str]) -> tuple[str | None, str | None]:
    """(customer, reason) by the sentences of the specification, one rule after the other."""
    conflict, unknown = False, None
    for rule in listed:
        found = texts_of(rule, row, tags)
        known = {text.casefold() for text in found if text.casefold() in IDS}
        if len(known) == 1:
            return known.pop(), None
        if len(known) > 1:
            conflict = True
        elif any(text.casefold() == "shared" for text in found):
            return None, "shared-value"
        elif found and unknown is None:
            unknown = found[0]
    if conflict:
        return None, "conflicting-tags"
    return None, "no-tag" if unknown is None else f"unknown-customer:{unknown}"


def pool(listed: Sequence[Match], row: Row, tags: Mapping[str, str]) -> int | None:
    """The first match that holds."""
    tenants = [value.strip().casefold() for key, value in tags.items() if key in ("tenant", "Tenant", "user:cust")]
    service = (row["service"] or "").casefold()
    for at, match in enumerate(listed):
        kind = row["kind"] == match.kind if match.kind is not None else row["kind"] in OPEN
        wanted = str(match.service or "").casefold()
        by_service = match.service is None or service == wanted or (wanted == "s*" and service.startswith("s"))
        by_tag = not match.tags or match.tags["tenant"] in tenants
        resource = f"{row['resource_id']} {row['resource_name']}"
        by_resource = match.resource is None or ("acme" in resource and row["account"] is not None)
        if kind and by_service and by_tag and by_resource:
            return at
    return None


@given(
    st.lists(rules, max_size=4),
    st.lists(matches, max_size=4),
    st.tuples(tag_sets, tag_sets),
    st.lists(rows, max_size=6),
)
def test_columns_say_what_row_by_row_would_say(
    customer: list[Rule], pools: list[Match], given_tags: tuple[Mapping[str, str], ...], listed: list[Row]
) -> None:
    numbered = {str(number): tags for number, tags in enumerate(given_tags)}
    recogniser = Recogniser(
        policy=POLICY,
        registry=REGISTRY,
        customer=customer,
        shared_values=["shared"],
        environment=EnvironmentRules(),
        pools=pools,
        tag_sets=numbered,
    )
    found = recogniser.recognise(Subjects(**{name: [row.get(name) for row in listed] for name in Subjects.__slots__}))
    own = [rule for rule in customer if rule.tag is not None or rule.name is not None]
    tags = [numbered[str(row["tagset_id"])] for row in listed]
    seen = [customer if row["kind"] in OPEN else own for row in listed]
    by_all = [owner(rule, row, tag) for rule, row, tag in zip(seen, listed, tags, strict=True)]
    by_own = [owner(own, row, tag) for row, tag in zip(listed, tags, strict=True)]
    assert list(zip(found.customer, found.reason, strict=True)) == by_all
    assert found.own_customer == [customer for customer, _ in by_own]
    assert found.pool == [pool(pools, row, tag) for row, tag in zip(listed, tags, strict=True)]
