"""What holds of every run: nothing counted twice, nothing lost, and the order of resources says nothing."""

import random
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given
from hypothesis import strategies as st

from policies.baseline import Baseline
from policies.evaluate import judge
from policies.finding import Report
from policies.resource import Carrier, External, Gathered, InlineIgnore, Remark, Resource, TagSet
from policies.ruleset import Ruleset
from tests.policies.judging import TODAY, advised, ruleset

POLICY = """
version: 1
tags:
  - {key: tenant, aliases: [customer], values: {known: customers}}
  - key: env
    values: {one_of: [prod, dev]}
    mode: warn
    scopes:
      - {match: {type: b}, mode: off}
      - {match: {address: "*3"}, unknown: ignore}
      - {match: {environment: prod}, mode: block}
exemptions:
  - {match: {type: c}, keys: [tenant], reason: r, owner: o, until: 2027-01-01}
  - {match: {path: p}, keys: [env], reason: r, owner: o, until: 2026-01-01}
"""
with TemporaryDirectory() as folder:
    RULES: Ruleset = ruleset(Path(folder), POLICY)

keys = st.sampled_from(["tenant", "Tenant", "customer", "env", "ENV", "Name"])
values = st.sampled_from(["acme", "ACME", "globex", "nobody", "initech", "prod", "dev", "", " "])
tag_sets = st.builds(
    TagSet,
    known=st.dictionaries(keys, values | st.none(), max_size=4),
    unknown=st.dictionaries(keys, st.just("later"), max_size=1),
    rest=st.sampled_from([None, None, None, "who knows"]),
    sensitive=st.booleans(),
)
own = st.builds(Carrier, tag_sets)
parts = st.builds(
    lambda tags, number: Carrier(tags, part=f"disk[{number}]", rule="untagged-volume"), tag_sets, st.integers(0, 1)
)
ignores = st.builds(
    lambda rule, until: InlineIgnore(frozenset([rule]), "r", until, 1),
    st.sampled_from(["*", "missing-tag", "wrong-case:tenant", "untagged-volume"]),
    st.sampled_from([None, "2026-01-01", "2027-01-01"]),
)


def resources(number: int) -> st.SearchStrategy[Resource]:
    return st.builds(
        Resource,
        provider=st.sampled_from(["aws", "google"]),
        type=st.sampled_from(["a", "b", "c"]),
        address=st.just(f"a.{number}"),
        action=st.sampled_from(["create", "update", "no-op", "declared", "delete", "read"]),
        carriers=st.tuples(own) | st.tuples(own, parts) | st.tuples(parts),
        file=st.sampled_from(["x.tf", "y.tf"]),
        line=st.none() | st.integers(1, 3),
        path=st.sampled_from(["", "p"]),
        remarks=st.just(()) | st.just((Remark("ignored-changes", "m"),)),
        ignores=st.just(()) | st.tuples(ignores),
    )


many = st.integers(0, 6).flatmap(lambda count: st.tuples(*map(resources, range(count)))).map(list)
externals = st.lists(
    st.builds(lambda path: External("module.x", "s", "x.tf", 1, path, "r"), st.sampled_from(["", "p"])), max_size=1
)


def run(found: list[Resource], modules: list[External], baseline: Baseline | None = None) -> Report:
    gathered = Gathered(list(found), list(modules))
    return judge(gathered, RULES, today=TODAY, advice=advised, baseline=baseline)


@given(many, externals)
def test_the_summary_counts_the_findings(found: list[Resource], modules: list[External]) -> None:
    report = run(found, modules)
    counted = Counter(each.verdict for each in report.findings)
    summary = report.summary
    assert counted == Counter(
        violation=summary.violations,
        unknown=summary.unknown,
        external=summary.external,
        existing=summary.existing,
        exempt=summary.exempt,
        ignored=summary.ignored,
    )
    assert summary.blocking == sum(each.blocks for each in report.findings)
    assert summary.checked + summary.skipped == len(found)
    assert summary.skipped == sum(each.action in ("delete", "read") for each in found)


def naive(tags: TagSet, key: str, spellings: tuple[str, ...], allowed: Mapping[str, str]) -> str | None:
    """The rule that one key breaks, said in the simplest words. ``allowed``: folded value to the rule it breaks."""
    if tags.known.get(key) is None:
        if key in tags.unknown or (tags.rest is not None and key not in tags.known):
            return "unknown-value"
        others = [value for name, value in tags.known.items() if _names(name, spellings) and value is not None]
        filled = {value.strip().casefold() for value in others} - {""}
        if len(filled) > 1:
            return "conflicting-tags"
        if filled:
            return allowed.get(filled.pop(), "other") or "wrong-case"
        if not others and any(_names(name, spellings) for name in tags.unknown):
            return "wrong-case"
        return "empty-tag" if others or key in tags.known else "missing-tag"
    value = str(tags.known[key])
    return (allowed.get(value.strip().casefold(), "other") or None) if value.strip() else "empty-tag"


def _names(name: str, spellings: tuple[str, ...]) -> bool:
    return name.casefold() in spellings


@given(st.lists(tag_sets, max_size=6))
def test_every_key_of_every_resource_is_answered_once(found: list[TagSet]) -> None:
    policy = """
version: 1
tags: [{key: tenant, aliases: [customer]}, {key: env, mode: warn}]
"""
    with TemporaryDirectory() as folder:
        rules = ruleset(Path(folder), policy)
    given_resources = [Resource("aws", "a", str(at), "create", (Carrier(tags),), "x") for at, tags in enumerate(found)]
    report = judge(Gathered(given_resources), rules, today=TODAY, advice=advised)
    answered = {(each.address, each.key): each.rule for each in report.findings}
    assert len(answered) == len(report.findings)
    fine = dict.fromkeys(["acme", "globex", "nobody", "initech", "prod", "dev"], "")
    for at, tags in enumerate(found):
        assert answered.get((str(at), "tenant")) == naive(tags, "tenant", ("tenant", "customer"), fine)
        assert answered.get((str(at), "env")) == naive(tags, "env", ("env",), fine)


@given(many, externals, st.randoms(use_true_random=False))
def test_the_order_of_resources_says_nothing(
    found: list[Resource], modules: list[External], chance: random.Random
) -> None:
    shuffled = [_shuffled(each, chance) for each in found]
    chance.shuffle(shuffled)
    assert run(shuffled, modules) == run(found, modules)


def _shuffled(resource: Resource, chance: random.Random) -> Resource:
    """The same resource with its tags written in another order."""
    carriers = tuple(
        Carrier(_reordered(each.tags, chance), part=each.part, rule=each.rule) for each in resource.carriers
    )
    names = [name for name in Resource.__slots__ if name != "carriers"]
    return Resource(**{name: getattr(resource, name) for name in names}, carriers=carriers[::-1])


def _reordered(tags: TagSet, chance: random.Random) -> TagSet:
    items = list(tags.known.items())
    chance.shuffle(items)
    return TagSet(dict(items), tags.unknown, tags.rest, tags.sensitive)


@given(many, externals)
def test_a_baseline_of_a_run_leaves_it_nothing_to_block_but_the_unknown(
    found: list[Resource], modules: list[External]
) -> None:
    before = run(found, modules)
    baseline = Baseline.of(before, TODAY)
    after = run(found, modules, baseline)
    assert (after.summary.violations, after.summary.external, after.gone) == (0, 0, frozenset())
    assert after.summary.unknown == before.summary.unknown
    assert len(after.findings) == len(before.findings)
    assert baseline.shrunk(after) == baseline


def test_the_policy_of_these_tests_finds_something_of_every_kind() -> None:
    shown = [
        Resource("aws", kind, f"a.{kind}", "create", (Carrier(TagSet(rest=rest)),), "x", path=path)
        for kind, rest, path in [("a", None, ""), ("c", None, ""), ("a", "later", "p")]
    ]
    assert {each.verdict for each in run(shown, []).findings} == {"violation", "exempt", "unknown"}
