"""``apportion:ignore`` in a comment."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.inline import covers, parse_ignore
from policies.resource import InlineIgnore


@pytest.mark.parametrize(
    ("text", "rules", "reason", "until"),
    [
        ("apportion:ignore[missing-tag] a test bucket", {"missing-tag"}, "a test bucket", None),
        (
            "# apportion:ignore[missing-tag] a test bucket until=2027-01-31",
            {"missing-tag"},
            "a test bucket",
            "2027-01-31",
        ),
        ("// apportion:ignore[missing-tag] until=2027-01-31 a test", {"missing-tag"}, "a test", "2027-01-31"),
        ("/* apportion:ignore[*] why not */", {"*"}, "why not", None),
        ("apportion:ignore[missing-tag, wrong-case]: legacy", {"missing-tag", "wrong-case"}, "legacy", None),
        ("apportion:ignore[missing-tag:Tenant] r", {"missing-tag:tenant"}, "r", None),
        ("apportion:ignore[*:tenant] r", {"*:tenant"}, "r", None),
        ("see below apportion:ignore[empty-tag] r (until=2027-01-31)", {"empty-tag"}, "r", "2027-01-31"),
        ("apportion:ignore[empty-tag] r, until: 2027-01-31", {"empty-tag"}, "r", "2027-01-31"),
    ],
)
def test_an_ignore_has_rules_a_reason_and_perhaps_a_day(
    text: str, rules: set[str], reason: str, until: str | None
) -> None:
    assert parse_ignore(text, 7) == InlineIgnore(frozenset(rules), reason, until, 7)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("apportion:ignore", "names no rule"),
        ("apportion:ignore a reason", "names no rule"),
        ("apportion:ignore[] a reason", "names no rule"),
        ("apportion:ignore[missing-tag", "names no rule"),
        (
            "apportion:ignore[mising-tag] a reason",
            "there is no rule 'mising-tag' to ignore; did you mean 'missing-tag'?",
        ),
        ("apportion:ignore[CKV_AWS_1] a reason", "there is no rule 'CKV_AWS_1' to ignore; known: missing-tag, "),
        ("apportion:ignore[bad-ignore] a reason", "there is no rule 'bad-ignore' to ignore"),
        ("apportion:ignore[missing-tag:] a reason", "a key is missing after missing-tag:"),
        ("apportion:ignore[missing-tag]", "gives no reason"),
        ("apportion:ignore[missing-tag] until=2027-01-31", "gives no reason"),
        ("/* apportion:ignore[missing-tag] */", "gives no reason"),
        ("apportion:ignore[missing-tag] r until=31.1.2027", "until=31.1.2027 is not a date"),
        ("apportion:ignore[missing-tag] r until=2027-02-30", "until=2027-02-30 is not a date"),
        ("apportion:ignore[missing-tag] r until=", "until= is not a date"),
        ("apportion:ignore[missing-tag] r until=2027-01-01 until=2028-01-01", "until= twice"),
    ],
)
def test_an_ignore_that_does_not_count_says_why(text: str, message: str) -> None:
    found = parse_ignore(text, 1)
    assert isinstance(found, str)
    assert message in found


@given(st.text())
def test_any_comment_is_understood_or_refused(rest: str) -> None:
    found = parse_ignore(f"apportion:ignore[missing-tag]{rest}", 1)
    assert isinstance(found, str) or (found.reason and covers(found, "missing-tag", "tenant"))


@pytest.mark.parametrize(
    ("listed", "rule", "key", "covered"),
    [
        ("missing-tag", "missing-tag", "tenant", True),
        ("missing-tag", "empty-tag", "tenant", False),
        ("missing-tag:tenant", "missing-tag", "Tenant", True),
        ("missing-tag:tenant", "missing-tag", "env", False),
        ("*:tenant", "empty-tag", "tenant", True),
        ("*", "ignored-changes", "", True),
        ("*:tenant", "ignored-changes", "", False),
    ],
)
def test_an_ignore_covers_its_rules_and_keys(listed: str, rule: str, key: str, covered: bool) -> None:
    ignore = parse_ignore(f"apportion:ignore[{listed}] r", 1)
    assert isinstance(ignore, InlineIgnore)
    assert covers(ignore, rule, key) is covered
