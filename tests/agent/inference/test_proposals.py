"""Proposals against known truth: a seeded company whose customer tags are taken from a random part."""

import random
from collections import Counter, defaultdict
from dataclasses import replace
from fractions import Fraction
from zlib import crc32

import pytest

from agent.inference.bounds import lower_bound
from agent.inference.calibrating import LEAST, WEAK, halves
from agent.inference.evidence import KINDS, Names, Witnesses
from agent.inference.proposing import propose
from agent.inference.records import Inferred, Measured, Month, Resource
from agent.inference.telling import document, proposals_csv, told
from agent.period import Period
from policies.registry import Registry, read_registry

MAY = Period.parse("2026-05")
IDS = ("acme", "acme-labs", "borealis", "cobalt", "dune", "ember", "fathom", "grove")
REGISTRY = read_registry(
    ("id,start,end,successor\n" + "".join(f"{known},,,\n" for known in IDS) + "gone,,2025-12-31,\n").encode()
)
SHARED_ACCOUNTS = ("900", "901")
Truth = dict[tuple[str, str, str], str]


def resource(identity: str, customer: str | None = None, **fields) -> Resource:
    told_ = frozenset(fields.pop("tags", {}).items())
    plain = {"provider": "AWS", "account": "", "name": "", "service": "EC2", "region": "eu-west-3", "meant": None}
    untagged = {} if customer else {"USD": fields.pop("units", 10**24)}
    return Resource(
        resource_id=identity, customer=customer, tags=dict(told_), told=told_, untagged=untagged, **plain | fields
    )


def inferred(resources: list[Resource], registry: Registry = REGISTRY) -> Inferred:
    return propose(Month(MAY, tuple(sorted(resources, key=lambda one: one.key)), {}), registry)


def company(seed: int, size: int = 3000, stripped: float = 0.3) -> tuple[list[Resource], Truth]:
    """Resources with names, stacks, teams, creators and accounts that point at their customer more or less often."""
    rng = random.Random(seed)
    made, truth = [], {}
    for number in range(size):
        customer = rng.choice(IDS)
        misleading = rng.choice(IDS)
        tags = {}
        if rng.random() < 0.3:
            tags["aws_cloudformation_stack_name"] = f"stack-{IDS.index(customer)}-{rng.randrange(6)}"
        if rng.random() < 0.4:
            tags["team"] = f"team-{IDS.index(customer if rng.random() < 0.8 else misleading) % 5}"
        if rng.random() < 0.3:
            tags["aws_createdby"] = f"user-{IDS.index(customer if rng.random() < 0.8 else misleading)}"
        named = rng.random()
        name = f"web-{customer if named > 0.05 else misleading}-{number}" if named < 0.3 else f"vm{number}"
        account = f"10{IDS.index(customer)}" if rng.random() < 0.5 else rng.choice(SHARED_ACCOUNTS)
        tagged = rng.random() >= stripped
        one = resource(f"r/{number}", customer if tagged else None, name=name, tags=tags, account=account)
        made.append(one)
        truth[one.key] = customer
    return made, truth


@pytest.mark.parametrize("seed", range(4))
def test_each_kind_of_evidence_is_as_right_on_the_untagged_as_on_the_held_out(seed: int) -> None:
    resources, truth = company(seed)
    found = inferred(resources)
    verdicts: defaultdict[str, list[bool]] = defaultdict(list)
    for one in found.proposals:
        for each in one.judged.evidence:
            verdicts[each.kind].append(each.customer == truth[one.resource.key])
    told_of = {each.name: each for each in found.calibration.kinds}
    assert {"name", "parent", "account", "creator"} <= verdicts.keys()
    for kind, right in verdicts.items():
        if len(right) >= 50 and told_of[kind].held_out.seen >= 50:
            assert abs(Fraction(sum(right), len(right)) - told_of[kind].held_out.share) < Fraction(12, 100), kind


@pytest.mark.parametrize("seed", range(6))
def test_what_is_proposed_is_right_at_least_as_often_as_stated(seed: int) -> None:
    resources, truth = company(seed)
    found = inferred(resources)
    stated: defaultdict[tuple, list[bool]] = defaultdict(list)
    for one in found.proposals:
        if one.judged.confidence is not None:
            cell = (one.judged.evidence[0].kind, one.judged.state, one.judged.confidence)
            stated[cell].append(one.judged.customer == truth[one.resource.key])
    assert len(found.proposals) > 400
    for (_, _, confidence), right in stated.items():
        # the true share may lie below the bound one time in twenty; 3 deviations of the sample are given besides
        spread = 3 * float(confidence * (1 - confidence) / len(right)) ** 0.5 + 0.02
        assert sum(right) / len(right) >= float(confidence) - spread
    whole = [right for all_ in stated.values() for right in all_]
    mean = sum(cell[2] * len(right) for cell, right in stated.items()) / len(whole)
    assert Fraction(sum(whole), len(whole)) >= mean


def test_the_held_out_half_agrees_with_what_is_stated() -> None:
    resources, _ = company(1)
    calibration = inferred(resources).calibration
    tagged = sum(one.customer is not None for one in resources)
    assert calibration.fit + calibration.held_out == tagged
    assert min(calibration.fit, calibration.held_out) > tagged * 2 // 5
    assert calibration.error is not None
    assert calibration.error < Fraction(1, 10)
    for band in calibration.bands:
        if band.stated is not None and band.measured.seen >= 100:
            assert band.measured.share >= band.stated - Fraction(3, 100)


def test_same_company_in_another_order_gives_the_same_answer() -> None:
    resources, _ = company(2, size=800)
    first, second = inferred(resources), inferred(list(reversed(resources)))
    assert told(first, 0) == told(second, 0)
    assert document(first) == document(second)
    assert proposals_csv(first) == proposals_csv(second)


def test_nothing_is_proposed_without_evidence() -> None:
    found = inferred([*company(3, size=400)[0], resource("lonely", account="777")])
    assert all(one.judged.evidence for one in found.proposals)
    assert all(one.judged.evidence[0].customer == one.judged.customer for one in found.proposals)
    assert "lonely" not in {one.resource.resource_id for one in found.proposals}
    assert found.left["no evidence"][0] >= 1


def test_every_untagged_resource_is_proposed_for_or_counted_and_its_cost_is_in_the_sums() -> None:
    resources, _ = company(4, size=900)
    dear = [replace(one, untagged={"USD": 7**at}) if one.untagged else one for at, one in enumerate(resources[:40])]
    found = inferred(dear)
    units = sum(one.units for one in found.proposals) + sum(sums["USD"] for _, sums in found.left.values())
    assert units == sum(one.untagged.get("USD", 0) for one in dear)
    assert [one.units for one in found.proposals] == sorted((one.units for one in found.proposals), reverse=True)


def test_only_customers_of_the_registry_and_of_the_month_are_proposed() -> None:
    strangers = [resource(f"s{n}", "nobody", account="500", name=f"nobody-{n}") for n in range(100)]
    asked = [resource("u1", account="500", name="nobody-x"), resource("u2", account="501", name="gone-1")]
    assert inferred([*strangers, *asked]).proposals == ()


def test_what_has_become_another_customer_is_proposed_as_that_one() -> None:
    registry = read_registry(b"id,end,successor\nold,2026-01-31,new\nnew,,\n")
    found = inferred([resource("u", name="db-old-1")], registry)
    assert [one.judged.customer for one in found.proposals] == ["new"]


def _tagged(customer: str, count: int, start: int = 0, **fields) -> list[Resource]:
    return [resource(f"t{crc32(customer.encode())}/{start + n}", customer, **fields) for n in range(count)]


def test_evidence_that_contradicts_itself_lowers_the_confidence_or_gives_nothing() -> None:
    base = [
        one
        for at, known in enumerate(IDS)
        for one in (
            *_tagged(known, 60, account=f"1{at}", name=f"x-{known}-y"),
            *_tagged(known, 40, 60, account=f"1{at}"),
            *_tagged(known, 40, 100, account="900", name=f"x-{known}-y"),
            *_tagged(known, 12, 140, account=f"1{(at + 1) % 8}", name=f"x-{known}-y"),
            *_tagged(known, 4, 152, account=f"1{at}", name=f"x-{IDS[(at + 3) % 8]}-y"),
        )
    ]
    asked = {
        "agreed": resource("agreed", account="12", name="a-borealis-b"),
        "alone": resource("alone", account="12"),
        "disputed": resource("disputed", account="12", name="a-dune-b"),
    }
    by_id = {one.resource.resource_id: one.judged for one in inferred([*base, *asked.values()]).proposals}
    assert {name: by_id[name].state for name in by_id} == {name: name for name in by_id}
    assert by_id["agreed"].confidence > by_id["alone"].confidence >= WEAK
    disputed = by_id.get("disputed")
    assert disputed is None or disputed.confidence < by_id["alone"].confidence


def test_a_dispute_that_was_seldom_seen_is_not_decided() -> None:
    tagged = [*_tagged("acme", 100, account="1"), *_tagged("dune", 100, account="2", name="x-dune-y")]
    found = inferred([*tagged, resource("u", account="1", name="z-dune-z")])
    assert found.proposals == ()
    assert found.left == {"disputed": (1, {"USD": 10**24})}


def test_with_few_tagged_resources_the_confidence_is_unknown_and_that_is_said() -> None:
    found = inferred([*_tagged("acme", LEAST, account="1"), resource("u", account="1")])
    assert [one.judged.confidence for one in found.proposals] == [None]
    assert "unknown: fewer than 30 tagged resources show it" in told(found, 0)
    assert document(found)["proposals"][0]["confidence"] is None


def test_a_resource_is_no_witness_about_itself() -> None:
    found = inferred([*_tagged("acme", 1, account="1"), *_tagged("dune", 1, account="1")])
    assert found.calibration.kinds == ()


def test_the_majority_is_counted_without_the_resource_itself() -> None:
    half = [*_tagged("acme", 2, account="1"), *_tagged("dune", 2, account="1")]
    witnesses = Witnesses(Names(REGISTRY, MAY), half)
    assert [each.text for each in witnesses.about(half[0])] == ["2 of 3 tagged with account AWS 1"]
    assert [each.customer for each in witnesses.about(half[0])] == ["dune"]
    assert witnesses.about(resource("u", account="1")) == []


def test_a_resource_tagged_on_a_part_of_the_month_is_known_by_its_own_tag() -> None:
    found = inferred([replace(resource("u", "cobalt"), untagged={"USD": 5})])
    assert [(one.judged.customer, one.judged.evidence[0].kind) for one in found.proposals] == [("cobalt", "itself")]


def test_the_resources_own_tag_comes_first_and_is_believed_as_what_agrees_with_it() -> None:
    base = [*_tagged("acme", 200, account="1"), *_tagged("dune", 200, account="2")]
    partly = [
        replace(resource("a", "acme", account="1"), untagged={"USD": 3}),
        replace(resource("b", "acme", account="2"), untagged={"USD": 2}),
        replace(resource("c", account="1"), meant="acme"),
        replace(resource("d", account="2"), meant="acme"),
    ]
    found = inferred([*base, *partly])
    by_id = {one.resource.resource_id: one.judged for one in found.proposals}
    assert {name: (judged.customer, judged.state) for name, judged in by_id.items()} == {
        "a": ("acme", "agreed"),
        "b": ("acme", "disputed"),
        "c": ("acme", "agreed"),
    }
    assert by_id["a"].confidence == by_id["c"].confidence > Fraction(9, 10)
    assert by_id["b"].confidence is None
    assert found.left == {"disputed": (1, {"USD": 10**24})}


@pytest.mark.parametrize(
    ("text", "customers"),
    [
        ("web-acme-01", {"acme"}),
        ("WEB_ACME", {"acme"}),
        ("acmecorp-web", set()),
        ("acme-labs-db", {"acme-labs"}),
        ("acme-labs-and-acme", {"acme-labs", "acme"}),
        ("arn:aws:s3:::dune.logs", {"dune"}),
        ("gone-db", set()),
    ],
)
def test_an_id_is_found_as_a_whole_word_and_the_longest_wins(text: str, customers: set[str]) -> None:
    assert Names(REGISTRY, MAY).within(text) == customers


EVIDENCE = {
    "namespace": ({"tags": {"k8s_namespace": "ns-7"}}, {"tags": {"k8s_namespace": "ns-7"}}),
    "parent": ({"tags": {"eks_cluster_name": "c1"}}, {"tags": {"eks_cluster_name": "c1"}}),
    "tag": ({"tags": {"project": "p1"}}, {"tags": {"project": "p1"}}),
    "creator": ({"tags": {"aws_createdby": "kim"}}, {"tags": {"aws_createdby": "kim"}}),
    "prefix": ({"name": "shop-web-1"}, {"name": "shop-web-9"}),
    "account": ({"account": "42"}, {"account": "42"}),
    "attached": ({"tags": {"name": "db1"}}, {"name": "db1"}),
    "network": ({"tags": {"net": "vpc-0123456789abcdef0"}}, {"name": "eni/vpc-0123456789abcdef0"}),
}


@pytest.mark.parametrize("kind", EVIDENCE)
def test_each_kind_of_evidence_is_found(kind: str) -> None:
    theirs, asked = EVIDENCE[kind]
    found = inferred([*_tagged("grove", 3, **theirs), resource("u", **asked)])
    assert [one.judged.customer for one in found.proposals] == ["grove"]
    assert kind in {each.kind for one in found.proposals for each in one.judged.evidence}


def test_a_resource_group_speaks_for_the_customer_of_what_is_in_it() -> None:
    group = "/subscriptions/s/resourceGroups/{}/providers/vm/{}"
    theirs = [resource(group.format("RG-1", n), "ember", account="s") for n in range(3)]
    theirs += [resource(group.format("rg-2", n), "dune", account="s") for n in range(3)]
    found = inferred([*theirs, resource(group.format("rg-1", "u"), account="s")])
    assert [(one.judged.customer, one.judged.evidence[0].kind) for one in found.proposals] == [("ember", "group")]


def test_wilson_lower_bounds() -> None:
    # worked by hand: n = 100, k = 90, z = 1.6449: (180 + 2.7057 - 1.6449 * sqrt(2.7057 + 36)) / (2 * 102.7057)
    assert lower_bound(Measured(100, 90)) == Fraction(8396, 10000)
    assert lower_bound(Measured(30, 30)) == Fraction(9172, 10000)
    assert lower_bound(Measured(30, 0)) == 0


def test_halves_depend_on_nothing_but_the_identity() -> None:
    resources, _ = company(5, size=200)
    fit, held_out = halves(resources)
    again, others = halves(list(reversed(resources)))
    assert (fit, held_out) == (again[::-1], others[::-1])
    assert Counter(KINDS).most_common(1)[0][1] == 1
