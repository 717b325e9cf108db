"""When, where and for whom policy.yaml is strict: days, scopes, exemptions."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from policies.faults import FaultsError
from policies.resource import Remark
from tests.policies.judging import TENANT, bucket, judged, only, ruleset

PROD = "version: 1\ntags:\n  - {key: tenant, mode: warn, scopes: [{match: {environment: prod}, mode: block}]}\n"


@pytest.mark.parametrize(
    ("today", "mode", "told"),
    [(date(2026, 12, 31), "warn", True), (date(2027, 1, 1), "block", False), (date(2027, 1, 2), "block", False)],
)
def test_a_block_begins_on_its_day(tmp_path: Path, today: date, mode: str, told: bool) -> None:
    found = only(judged(ruleset(tmp_path, TENANT + "    from: 2027-01-01\n"), bucket(), today=today))
    assert found.mode == mode
    assert found.message.endswith("; blocks from 2027-01-01") is told


@pytest.mark.parametrize(
    ("match", "holds"),
    [
        ("{provider: AWS}", True),
        ("{provider: [google, aws]}", True),
        ("{provider: google}", False),
        ("{type: aws_s3_*}", True),
        ("{type: AWS_S3_BUCKET}", True),
        ("{type: aws_s3}", False),
        ("{type: '*', provider: google}", False),
        ("{address: 'module.a*.logs[\"x\"]'}", True),
        ("{address: 'MODULE.a*'}", False),
        ("{address: 'module.a.aws_s3_bucket.logs[?x?]'}", False),
        ("{module: 'module.a'}", True),
        ("{module: 'module.A'}", False),
        ("{path: infra/*}", True),
        ("{path: 'Infra/*/eu'}", True),
        ("{path: infra}", False),
        ("{workspace: staging}", True),
        ("{account: '0123*'}", True),
        ("{account: '123*'}", False),
        ("{environment: prod}", False),
        ("{environment: dev}", True),
        ("{type: aws_s3_*, path: infra/*, environment: DEV}", True),
        ("{type: aws_s3_*, path: modules/*}", False),
    ],
)
def test_a_match_holds_where_all_its_conditions_do(tmp_path: Path, match: str, holds: bool) -> None:
    resource = bucket(
        {"env": "dev"},
        address='module.a.aws_s3_bucket.logs["x"]',
        module="module.a",
        path="infra/net/eu",
        workspace="staging",
        account="012345",
    )
    as_filter = ruleset(tmp_path, TENANT + f"    match: {match}\n")
    as_scope = ruleset(tmp_path, TENANT + f"    scopes: [{{match: {match}, mode: off}}]\n")
    exempting = f"exemptions: [{{match: {match}, keys: [tenant], reason: r, owner: o, until: 2030-01-01}}]\n"
    as_exemption = ruleset(tmp_path, TENANT + exempting)
    assert len(judged(as_filter, resource).findings) == holds
    assert len(judged(as_scope, resource).findings) == (not holds)
    assert judged(as_exemption, resource).summary.exempt == holds


@pytest.mark.parametrize(
    ("tags", "given", "mode"),
    [
        ({"env": "prod"}, None, "block"),
        ({"Environment": "Prod"}, None, "block"),
        ({"env": "dev"}, None, "warn"),
        ({}, None, "warn"),
        ({"env": "dev"}, "prod", "block"),
        ({"env": "prod"}, "dev", "warn"),
    ],
)
def test_the_environment_is_given_or_read_from_the_tag(tmp_path: Path, tags: Any, given: str | None, mode: str) -> None:
    assert only(judged(ruleset(tmp_path, PROD, environment=given), bucket(tags))).mode == mode


DEPLOYED = "version: 1\ntags:\n  - {key: tenant, mode: warn, scopes: [{match: {account: '012*'}, mode: block}]}\n"


@pytest.mark.parametrize(
    ("own", "given", "mode"),
    [
        ("", "0123", "block"),
        ("", "999", "warn"),
        ("999", "0123", "warn"),
        ("0123", "999", "block"),
        ("0123", "", "block"),
    ],
)
def test_the_account_is_the_resources_own_or_the_one_that_is_given(
    tmp_path: Path, own: str, given: str, mode: str
) -> None:
    report = judged(ruleset(tmp_path, DEPLOYED, account=given), bucket(account=own))
    assert (only(report).mode, report.notes) == (mode, ())


def test_conditions_on_an_account_that_is_not_known_are_said(tmp_path: Path) -> None:
    report = judged(ruleset(tmp_path, DEPLOYED), bucket(), bucket(account="0123", address="aws_s3_bucket.b"))
    assert [each.mode for each in report.findings] == ["block", "warn"]
    assert report.notes == (
        "policy.yaml goes by account, and which one this is deployed to is not known: give it with --account",
    )
    assert judged(ruleset(tmp_path, TENANT), bucket()).notes == ()


def test_the_environment_is_read_by_the_policys_own_spellings(tmp_path: Path) -> None:
    policy = PROD + "  - {key: env, aliases: [stage], mode: off}\n"
    assert only(judged(ruleset(tmp_path, policy), bucket({"Stage": "prod"}))).mode == "block"


@pytest.mark.parametrize(
    ("scopes", "expected"),
    [
        ("[{match: {type: aws_s3_*}, mode: off}, {match: {type: aws_*}, mode: warn}]", None),
        ("[{match: {type: gcp_*}, mode: off}, {match: {type: aws_*}, mode: warn}]", "warn"),
        ("[{match: {type: gcp_*}, mode: off}]", "warn"),
        ("[{match: {type: aws_*}, mode: block}]", "block"),
        ("[{match: {type: aws_*}, from: 2026-01-01}]", "block"),
        ("[{match: {type: aws_*}, from: 2028-01-01}]", "warn"),
        ("[{match: {type: aws_*}, unknown: block}]", "warn"),
    ],
)
def test_the_first_scope_that_matches_decides(tmp_path: Path, scopes: str, expected: str | None) -> None:
    policy = TENANT + f"    from: 2027-01-01\n    scopes: {scopes}\n"
    found = judged(ruleset(tmp_path, policy), bucket()).findings
    assert [each.mode for each in found] == ([expected] if expected else [])


EXEMPT = (
    TENANT
    + """exemptions:
  - match: {type: aws_iam_*}
    keys: [Tenant]
    reason: identity is not a cost
    owner: platform
    until: 2026-12-31
"""
)


def role(name: str) -> Any:
    return bucket(type="aws_iam_role", address=f"aws_iam_role.{name}")


@pytest.mark.parametrize(
    ("today", "verdict", "note"),
    [
        (date(2026, 11, 1), "exempt", None),
        (date(2026, 12, 17), "exempt", "expires on 2026-12-31: 2 findings will count again (owner platform)"),
        (date(2026, 12, 31), "exempt", "expires on 2026-12-31: 2 findings will count again (owner platform)"),
        (date(2027, 1, 1), "violation", "expired on 2026-12-31: 2 findings count again (owner platform)"),
    ],
)
def test_an_exemption_ends_after_its_day_and_says_so(
    tmp_path: Path, today: date, verdict: str, note: str | None
) -> None:
    report = judged(ruleset(tmp_path, EXEMPT), role("a"), role("b"), bucket({"tenant": "acme"}), today=today)
    assert [each.verdict for each in report.findings] == [verdict] * 2
    assert report.notes == ((f"exemption of line 7 {note}",) if note else ())


def test_an_exempt_finding_says_why_by_whom_and_until_when(tmp_path: Path) -> None:
    found = only(judged(ruleset(tmp_path, EXEMPT), role("a")))
    assert (found.reason, found.owner, found.until, found.fix) == (
        "identity is not a cost", "platform", "2026-12-31", "",
    )  # fmt: skip


def test_an_exemption_is_for_its_keys_alone(tmp_path: Path) -> None:
    policy = EXEMPT.replace("exemptions:", "  - {key: env, mode: warn}\nexemptions:")
    report = judged(ruleset(tmp_path, policy), role("a"))
    assert [(each.key, each.verdict) for each in report.findings] == [("env", "violation"), ("tenant", "exempt")]


def test_an_exemption_that_holds_wins_over_one_that_expired(tmp_path: Path) -> None:
    item = EXEMPT.partition("exemptions:\n")[2]
    report = judged(
        ruleset(tmp_path, EXEMPT + item.replace("2026-12-31", "2030-12-31")), role("a"), today=date(2027, 1, 1)
    )
    assert (only(report).verdict, only(report).until, report.notes) == ("exempt", "2030-12-31", ())


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("tags: [{key: tenant, match: {}}]", 2, "an empty match takes everything"),
        ("tags: [{key: tenant, match: {type: []}}]", 2, "an empty list matches nothing"),
        ("tags: [{key: tenant, match: {typ: x}}]", 2, "unknown key 'typ' in tags[0].match; did you mean 'type'?"),
        ("tags: [{key: tenant, from: 2027-1-1}]", 2, "'2027-1-1' is not a date; write it as YYYY-MM-DD"),
        ("tags:\n  - key: t\n    mode: warn\n    from: 2027-01-01", 5, "it goes with mode: block"),
        (
            "tags:\n  - key: t\n    scopes:\n      - {match: {type: x}, mode: off, from: 2027-01-01}",
            5,
            "from is the day a block begins; it goes with mode: block",
        ),
        ("tags:\n  - key: t\n    scopes:\n      - {match: {type: x}}", 5, "a scope says what differs"),
        ("tags: [{key: ' tenant'}]", 2, "' tenant' is no tag key"),
        ("tags: [{key: ''}]", 2, "'' is no tag key"),
        ("tags: [{key: t, values: {one_of: []}}]", 2, "an empty list allows no value at all"),
        ("tags: [{key: t, values: {pattern: '('}}]", 2, "not a regular expression"),
        ("tags: [{key: t, mode: blok}]", 2, "did you mean 'block'?"),
        ("unknown: off", 2, "expected 'block', 'warn' or 'ignore', found 'off'"),
        ("rules: {untaged-volume: warn}", 2, "did you mean 'untagged-volume'?"),
        ("rules: {untagged_volume: warn}", 2, "did you mean 'untagged-volume'?"),
        ("exemptions: [{match: {type: x}, keys: [t], reason: r, owner: o}]", 2, "until is missing"),
        ("exemptions: [{match: {type: x}, keys: [], reason: r, owner: o, until: 2027-01-01}]", 2, "exempts nothing"),
    ],
)  # fmt: skip
def test_a_mistake_in_policy_yaml_is_told_with_its_line(tmp_path: Path, text: str, line: int, message: str) -> None:
    with pytest.raises(FaultsError) as caught:
        ruleset(tmp_path, f"version: 1\n{text}\n")
    (fault,) = caught.value.faults
    assert (fault.line, message in fault.message) == (line, True), fault.message


@pytest.mark.parametrize(
    ("tag", "mode"),
    [
        ("", "block"),
        ("    mode: warn\n", "warn"),
        ("    from: 2027-01-01\n", "warn"),
        ("    from: 2026-01-01\n", "block"),
    ],
)
def test_a_remark_never_blocks_where_no_key_that_it_is_about_does(tmp_path: Path, tag: str, mode: str) -> None:
    rules = ruleset(tmp_path, TENANT + tag + "rules: {ignored-changes: block}\n")
    remark = Remark("ignored-changes", "aws_s3_bucket.logs ignores changes of its tags", 7)
    found = only(judged(rules, bucket({"tenant": "acme"}, remarks=(remark,))))
    assert (found.rule, found.mode) == ("ignored-changes", mode)
