"""The verdict on one resource: what is unknown, what its parts lack, and what does not count."""

from pathlib import Path

import pytest

from policies.baseline import Baseline
from policies.evaluate import judge
from policies.finding import Unread
from policies.resource import BadIgnore, Carrier, External, Gathered, InlineIgnore, Remark, TagSet
from tests.policies.judging import TENANT, TODAY, advised, bucket, judged, only, ruleset


@pytest.mark.parametrize(
    ("tags", "reason"),
    [
        (TagSet(unknown={"tenant": "random_pet.id is known after apply"}), "random_pet.id is known after apply"),
        (TagSet(rest="var.tags has no value"), "var.tags has no value"),
        (TagSet({"Tenant": "acme"}, rest="var.tags has no value"), "var.tags has no value"),
        (TagSet({"customer": "acme"}, {"tenant": "later"}), "later"),
    ],
)
def test_what_cannot_be_known_is_unknown_with_its_reason(tmp_path: Path, tags: TagSet, reason: str) -> None:
    found = only(judged(ruleset(tmp_path, TENANT), bucket(tags)))
    assert (found.rule, found.verdict, found.mode, found.reason, found.fix) == (
        "unknown-value",
        "unknown",
        "warn",
        reason,
        "",
    )
    assert found.message.endswith(f": {reason}")


@pytest.mark.parametrize(
    ("tags", "rule"),
    [
        (TagSet({"tenant": "acme"}, rest="more may come"), None),
        (TagSet({"tenant": "acme"}, {"env": "later"}), None),
        (TagSet({"tenant": ""}, rest="more may come"), "empty-tag"),
        (TagSet({"tenant": None}, rest="more may come"), "empty-tag"),
        (TagSet(unknown={"Tenant": "later"}), "wrong-case"),
    ],
)
def test_what_is_certain_is_judged_beside_the_unknown(tmp_path: Path, tags: TagSet, rule: str | None) -> None:
    assert [each.rule for each in judged(ruleset(tmp_path, TENANT), bucket(tags)).findings] == ([rule] if rule else [])


@pytest.mark.parametrize(
    ("settings", "mode"),
    [
        ("{key: tenant}", "warn"),
        ("{key: tenant, unknown: block}", "block"),
        ("{key: tenant, unknown: block, mode: warn}", "warn"),
        ("{key: tenant, unknown: block, from: 2027-01-01}", "warn"),
        ("{key: tenant, scopes: [{match: {type: aws_*}, unknown: block}]}", "block"),
        ("{key: tenant, unknown: ignore}", None),
    ],
)
def test_policy_yaml_decides_whether_the_unknown_blocks(tmp_path: Path, settings: str, mode: str | None) -> None:
    rules = ruleset(tmp_path, f"version: 1\ntags:\n  - {settings}\n")
    report = judged(rules, bucket(TagSet(rest="later")))
    assert [each.mode for each in report.findings] == ([mode] if mode else [])
    assert report.exit_code == (1 if mode == "block" else 0)
    if mode is None:
        assert report.notes == ("1 tag that cannot be known yet is not listed, as the policy says (unknown: ignore)",)


def test_an_untouched_resource_is_never_blocked_by_what_is_unknown(tmp_path: Path) -> None:
    rules = ruleset(tmp_path, "version: 1\nunknown: block\ntags: [{key: tenant}]\n")
    assert not only(judged(rules, bucket(TagSet(rest="later"), action="no-op"))).blocks
    assert only(judged(rules, bucket(TagSet(rest="later")))).blocks


@pytest.mark.parametrize(
    ("action", "verdict"),
    [
        ("create", "violation"),
        ("update", "violation"),
        ("replace", "violation"),
        ("declared", "violation"),
        ("no-op", "existing"),
        ("delete", None),
        ("forget", None),
        ("read", None),
    ],
)
def test_only_what_a_change_brings_can_block(tmp_path: Path, action: str, verdict: str | None) -> None:
    report = judged(ruleset(tmp_path, TENANT), bucket(action=action))
    assert [each.verdict for each in report.findings] == ([verdict] if verdict else [])
    assert (report.summary.checked, report.summary.skipped) == ((1, 0) if verdict else (0, 1))
    assert report.exit_code == (1 if verdict == "violation" else 0)


def volume(tags: TagSet | None = None, part: str = "root_block_device[0]", rule: str = "untagged-volume") -> Carrier:
    return Carrier(tags or TagSet(), part=part, rule=rule, line=9)


def test_a_part_has_its_own_rule_and_line(tmp_path: Path) -> None:
    resource = bucket(address="aws_instance.web", carriers=(volume(), Carrier(TagSet({"tenant": "acme"}))))
    found = only(judged(ruleset(tmp_path, TENANT), resource))
    assert (found.rule, found.mode, found.part, found.line) == ("untagged-volume", "warn", "root_block_device[0]", 9)
    assert found.message == "aws_instance.web: root_block_device[0] has no tag tenant"
    assert found.fix == "tenant = acme"


def test_the_value_of_a_sensitive_tag_is_not_advised_for_a_part(tmp_path: Path) -> None:
    resource = bucket(carriers=(volume(), Carrier(TagSet({"tenant": "acme"}, sensitive=True))))
    assert only(judged(ruleset(tmp_path, TENANT), resource)).fix == "tenant = None"


def test_a_part_of_something_without_tags_of_its_own_is_judged_alone(tmp_path: Path) -> None:
    found = only(judged(ruleset(tmp_path, TENANT), bucket(carriers=(volume(TagSet({"tenant": ""})),))))
    assert (found.rule, found.part, found.fix) == ("untagged-volume", "root_block_device[0]", "tenant = None")


@pytest.mark.parametrize("own", [TagSet(), TagSet({"Tenant": "acme"}), TagSet(rest="later")])
def test_a_part_is_not_told_beside_the_same_mistake_of_the_resource(tmp_path: Path, own: TagSet) -> None:
    resource = bucket(carriers=(volume(), Carrier(own)))
    assert only(judged(ruleset(tmp_path, TENANT), resource)).part == ""


def test_what_does_not_reach_the_instances_is_told_so(tmp_path: Path) -> None:
    own = Carrier(TagSet({"tenant": "acme"}), "tag block")
    resource = bucket(address="aws_autoscaling_group.web", carriers=(own, volume(None, "instances", "not-propagated")))
    found = only(judged(ruleset(tmp_path, TENANT), resource))
    assert found.message == "aws_autoscaling_group.web does not propagate its tag tenant to its instances"
    assert found.mode == "block", "the instances run untagged"
    assert only(judged(ruleset(tmp_path, TENANT + "    mode: warn\n"), resource)).mode == "warn"


@pytest.mark.parametrize(
    ("key_mode", "rule_mode", "found"),
    [("block", "block", "block"), ("warn", "block", "warn"), ("block", "warn", "warn"), ("block", "off", None)],
)
def test_a_rule_is_never_stricter_than_its_key(
    tmp_path: Path, key_mode: str, rule_mode: str, found: str | None
) -> None:
    policy = "version: 1\nrules: {{untagged-volume: {0}, wrong-case: {0}}}\ntags: [{{key: tenant, mode: {1}}}]\n"
    rules = ruleset(tmp_path, policy.format(rule_mode, key_mode))
    good, respelled = Carrier(TagSet({"tenant": "acme"})), bucket({"Tenant": "acme"})
    for resource in (bucket(carriers=(good, volume())), respelled):
        assert [each.mode for each in judged(rules, resource).findings] == ([found] if found else [])


def test_remarks_are_told_where_some_tag_is_asked_for(tmp_path: Path) -> None:
    remark = Remark("ignored-changes", "aws_s3_bucket.logs ignores changes of its tags", 7)
    resource = bucket({"tenant": "acme"}, remarks=(remark,))
    found = only(judged(ruleset(tmp_path, TENANT), resource))
    assert (found.rule, found.key, found.verdict, found.mode, found.line) == (
        "ignored-changes", "", "violation", "warn", 7,
    )  # fmt: skip
    assert judged(ruleset(tmp_path, TENANT + "rules: {ignored-changes: off}\n"), resource).findings == ()
    assert judged(ruleset(tmp_path, TENANT + "rules: {ignored-changes: block}\n"), resource).exit_code == 1
    assert judged(ruleset(tmp_path, TENANT + "    match: {type: gcp_*}\n"), resource).findings == ()


@pytest.mark.parametrize(("key", "told"), [("tenant", True), ("Tenant", True), ("Name", False)])
def test_a_remark_about_one_key_is_told_where_that_key_is_asked_for(tmp_path: Path, key: str, told: bool) -> None:
    remark = Remark("ignored-changes", "aws_s3_bucket.logs ignores changes of a tag", 7, key)
    report = judged(ruleset(tmp_path, TENANT), bucket({"tenant": "acme"}, remarks=(remark,)))
    assert bool(report.findings) is told


@pytest.mark.parametrize(("mode", "code"), [("block", 1), ("warn", 0), ("ignore", 0)])
def test_a_module_that_is_not_there_is_external(tmp_path: Path, mode: str, code: int) -> None:
    module = External("module.vpc", "registry/vpc", "main.tf", 4, "infra", "it was not downloaded", "terraform init")
    rules = ruleset(tmp_path, TENANT + f"external: {mode}\n")
    report = judge(Gathered(externals=[module]), rules, today=TODAY, advice=advised)
    assert report.exit_code == code
    if mode == "ignore":
        assert report.notes == ("1 module that was not read is not listed, as the policy says (external: ignore)",)
        return
    found = only(report)
    assert (found.rule, found.verdict, found.mode, found.line, found.fix) == (
        "external-module", "external", mode, 4, "terraform init",
    )  # fmt: skip
    assert found.message == "module.vpc (registry/vpc) is not there to be read: it was not downloaded"


def ignoring(*rules: str, until: str | None = None) -> InlineIgnore:
    return InlineIgnore(frozenset(rules), "a test bucket", until, 2)


@pytest.mark.parametrize(
    ("ignore", "verdict"),
    [
        (ignoring("missing-tag"), "ignored"),
        (ignoring("*"), "ignored"),
        (ignoring("missing-tag:tenant"), "ignored"),
        (ignoring("*:tenant"), "ignored"),
        (ignoring("missing-tag:env"), "violation"),
        (ignoring("empty-tag"), "violation"),
        (ignoring("missing-tag", until="2026-11-21"), "ignored"),
        (ignoring("missing-tag", until="2026-11-20"), "violation"),
    ],
)
def test_a_comment_in_the_source_ignores_a_finding_until_its_day(
    tmp_path: Path, ignore: InlineIgnore, verdict: str
) -> None:
    found = only(judged(ruleset(tmp_path, TENANT), bucket(ignores=(ignore,))))
    assert found.verdict == verdict
    if verdict == "ignored":
        assert (found.reason, found.until, found.fix) == ("a test bucket", ignore.until or "", "")
    assert ("; the ignore on line 2 expired on 2026-11-20" in found.message) == (ignore.until == "2026-11-20")


def test_an_ignore_that_holds_wins_over_one_that_expired(tmp_path: Path) -> None:
    ignores = (ignoring("*", until="2020-01-01"), ignoring("*"))
    assert only(judged(ruleset(tmp_path, TENANT), bucket(ignores=ignores))).verdict == "ignored"


def test_an_ignore_that_cannot_be_understood_is_a_warning_of_its_own(tmp_path: Path) -> None:
    rules = ruleset(tmp_path, TENANT)
    bad = [
        BadIgnore("aws_s3_bucket.logs", "it gives no reason", "main.tf", 4, "infra"),
        BadIgnore("", "this comment stands at no resource", "main.tf", 9, "infra"),
    ]
    report = judge(Gathered(bad_ignores=bad), rules, today=TODAY, advice=advised)
    assert [(each.rule, each.verdict, each.mode, each.file, each.line) for each in report.findings] == [
        ("bad-ignore", "violation", "warn", "main.tf", 4),
        ("bad-ignore", "violation", "warn", "main.tf", 9),
    ]
    assert [each.message for each in report.findings] == [
        "aws_s3_bucket.logs: it gives no reason",
        "this comment stands at no resource",
    ]
    assert (report.exit_code, len({each.fingerprint for each in report.findings})) == (0, 2)
    accepted = Baseline.of(report, TODAY)
    again = judge(Gathered(bad_ignores=bad), rules, today=TODAY, advice=advised, baseline=accepted)
    assert ({each.verdict for each in again.findings}, again.gone) == ({"existing"}, frozenset())
    mended = judge(
        Gathered([bucket({"tenant": "acme"}, path="infra")]), rules, today=TODAY, advice=advised, baseline=accepted
    )
    assert len(mended.gone) == 2


def test_the_run_keeps_what_was_not_read_and_not_taggable(tmp_path: Path) -> None:
    gathered = Gathered(unread=[Unread("a.json", 1, "no plan")], notes=["a note"], not_taggable=4, skipped=2)
    report = judge(gathered, ruleset(tmp_path, TENANT), today=TODAY, advice=advised)
    assert (report.summary.not_taggable, report.summary.skipped) == (4, 2)
    assert (report.notes, report.exit_code) == (("a note",), 2)


def test_a_policy_that_asks_for_nothing_finds_nothing(tmp_path: Path) -> None:
    report = judged(ruleset(tmp_path, "version: 1\n"), bucket())
    assert (report.findings, report.summary.checked) == ((), 1)


def test_findings_stand_in_the_order_of_file_line_and_address(tmp_path: Path) -> None:
    places = [("b.tf", 1, "a.x"), ("a.tf", 20, "a.w"), ("a.tf", 3, "a.z"), ("a.tf", 3, "a.y"), ("a.tf", None, "a.v")]
    resources = [bucket(file=file, line=line, address=address) for file, line, address in places]
    found = judged(ruleset(tmp_path, TENANT), *resources).findings
    assert [each.address for each in found] == ["a.v", "a.y", "a.z", "a.w", "a.x"]
