"""The report as JUnit XML, for CI services that show test results."""

import re
from collections.abc import Iterable
from xml.sax.saxutils import escape, quoteattr

from policies.finding import Finding, Report, Unread
from policies.formats import wording
from policies.formats.printable import many_lines, one_line

_ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def as_junit(report: Report) -> str:
    """One suite. Its first test case is the run: it passes, and its output has the counts and notes.

    A finding that blocks is a failure; one that does not, or does not count, is skipped, with its sentence as the
    message; an input that could not be read is an error. Resources in order are known by number only, and no test
    cases are made up for them. Times are 0, for readers that want one.
    """
    errors, failures = len(report.unread), sum(finding.blocks for finding in report.findings)
    skipped = len(report.findings) - failures
    tests = 1 + errors + len(report.findings)
    counts = f'tests="{tests}" failures="{failures}" errors="{errors}"'
    said = [wording.summary_line(report), *map(one_line, report.notes)]
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<testsuites name="apportion lint" {counts}>',
        f'  <testsuite name="apportion lint" {counts} skipped="{skipped}" time="0">',
        '    <testcase classname="apportion.run" name="run" time="0">',
        f"      <system-out>{_text(said)}</system-out>",
        "    </testcase>",
        *(_unread(unread) for unread in report.unread),
        *(_finding(finding) for finding in report.findings),
        "  </testsuite>",
        "</testsuites>",
    ]
    return "\n".join(lines) + "\n"


def _unread(unread: Unread) -> str:
    headline = wording.unread_headline(unread)
    details = _text([wording.place(unread.file, unread.line), *(many_lines(unread.mend) if unread.mend else [])])
    inner = f'<error type="unread" message={_attribute(headline)}>{details}</error>'
    return _case("unread", wording.place(unread.file, unread.line) or headline, inner)


def _finding(finding: Finding) -> str:
    named = [one_line(finding.address), one_line(finding.part), f"[{one_line(finding.key)}]" if finding.key else ""]
    return _case(finding.rule, " ".join(part for part in named if part), _outcome(finding))


def _outcome(finding: Finding) -> str:
    why, headline = wording.reason(finding), wording.headline(finding)
    if not finding.blocks:
        label = "warning" if finding.verdict == "violation" else finding.verdict
        told = "; ".join(part for part in (f"{label}: {headline}", why) if part)
        return f"<skipped message={_attribute(told)}/>"
    cost = wording.cost([finding])
    details = [
        wording.place(finding.file, finding.line),
        why,
        f"costs {cost} that nobody can be charged for" if cost else "",
        *(["Fix:", *many_lines(finding.fix)] if finding.fix else []),
    ]
    inner = _text(line for line in details if line)
    return f"<failure type={_attribute(finding.rule)} message={_attribute(headline)}>{inner}</failure>"


def _case(rule: str, name: str, inner: str) -> str:
    classname = _attribute(f"apportion.{one_line(rule)}")
    start = f'<testcase classname={classname} name={_attribute(name)} time="0">'
    return f"    {start}\n      {inner}\n    </testcase>"


def _text(lines: Iterable[str]) -> str:
    return _legal(escape("\n".join(lines)))


def _attribute(text: str) -> str:
    return _legal(quoteattr(one_line(text)))


def _legal(text: str) -> str:
    """Without the few characters that count as printable and that XML 1.0 cannot hold in any way."""
    return _ILLEGAL.sub("\N{REPLACEMENT CHARACTER}", text)
