"""The report as Markdown: a comment on a pull request, or the summary page of a CI step."""

from collections.abc import Sequence
from itertools import islice

from policies.finding import Finding, Report, Unread
from policies.formats import wording
from policies.formats.markdown_text import code, fenced, prose, prose_naming
from policies.formats.page import Page
from policies.formats.shared_fixes import grouped

MARKER = "<!-- apportion:lint -->"
"""The first line of a comment: who posts it looks for this line and updates the comment that has it."""

COMMENT_LIMIT = 65_536
SUMMARY_LIMIT = 1 << 20
_OPEN_FIXES = 3
_TABLE = ["| Resource | What | Where |", "| --- | --- | --- |"]
_CLOSED = ["", "</details>", ""]


def as_comment(report: Report) -> str:
    """At most 65,536 characters. Its first line is ``MARKER``."""
    return _page(report, Page(COMMENT_LIMIT), [MARKER])


def as_summary(report: Report) -> str:
    """At most 1 MiB."""
    return _page(report, Page(SUMMARY_LIMIT), [])


def _page(report: Report, page: Page, first: Sequence[str]) -> str:
    page.add([*first, f"### {_verdict(report)}", "", prose(wording.summary_line(report)) + ".", ""])
    blocking = [finding for finding in report.findings if finding.blocks]
    left = _unread(report, page)
    left += _blocking(page, blocking)
    left += _fixes(page, blocking)
    for title, found in _sections(report):
        left += _folded(page, title, found)
    notes = [f"- {prose(note)}" for note in report.notes]
    left += len(notes) - page.section([], notes)
    if not left:
        return page.ended()
    return page.ended("", f"**{wording.counted(left, 'entry', 'entries')} left out:** the page is full. "
                          "The log of the run, or its JSON output, has them all.")  # fmt: skip


def _verdict(report: Report) -> str:
    stops = report.summary.blocking
    if report.unread:
        return f"❌ Not checked in full: {wording.counted(len(report.unread), 'input')} could not be read"
    if stops:
        cost = wording.cost(finding for finding in report.findings if finding.blocks)
        worth = f", worth {prose(cost)}" if cost else ""
        return f"⛔ {wording.counted(stops, 'finding blocks', 'findings block')} this change{worth}"
    open_ones = sum(finding.verdict in wording.COUNTED for finding in report.findings)
    if open_ones:
        return f"⚠️ Nothing blocks this change; {wording.counted(open_ones, 'finding')} to look at"
    if not report.summary.checked:
        return "✅ Nothing to check: no resource here can carry tags"
    return "✅ Nothing to fix in this change"


def _unread(report: Report, page: Page) -> int:
    rows = [_input(unread) for unread in report.unread]
    return len(rows) - page.section(["**Not read**", ""], rows, [""])


def _input(unread: Unread) -> str:
    where = code(wording.place(unread.file, unread.line))
    said = unread.message.removeprefix(unread.file).lstrip(" :") if where else wording.unread_headline(unread)
    mend = f" – {prose(unread.mend)}" if unread.mend else ""
    return f"- {where} {prose(said)}{mend}"


def _blocking(page: Page, findings: Sequence[Finding]) -> int:
    return len(findings) - page.section(_TABLE, map(_row, findings), [""])


def _row(finding: Finding) -> str:
    said = [prose_naming(wording.without_address(finding), finding.address)]
    if why := wording.reason(finding):
        said.append(prose(why))
    if cost := wording.cost([finding]):
        said.append(prose(cost))
    resource = code(finding.address) or prose(finding.type)
    return f"| {resource} | {'<br>'.join(said)} | {code(wording.place(finding.file, finding.line))} |"


def _fixes(page: Page, findings: Sequence[Finding]) -> int:
    """Each fix once, those that mend the most first; all but a few are folded."""
    groups = _with_fix(findings)
    if not groups:
        return 0
    every = iter([_fix(group, len(findings)) for group in groups])
    written = page.section([], islice(every, _OPEN_FIXES))
    if len(groups) > _OPEN_FIXES:
        rest = wording.counted(len(groups) - _OPEN_FIXES, "more fix", "more fixes")
        written += page.section([f"<details><summary>{rest}</summary>", ""], every, _CLOSED)
    return len(groups) - written


def _with_fix(findings: Sequence[Finding]) -> list[list[Finding]]:
    return sorted((group for group in grouped(findings) if group[0].fix), key=len, reverse=True)


def _fix(group: Sequence[Finding], of: int) -> str:
    first = group[0]
    if len(group) == 1:
        mends = code(first.address) or "the finding"
    else:
        mends = f"all {len(group):,}" if len(group) == of else f"{len(group):,} of them, {code(first.address)} first"
    return "\n".join([f"**Fix** for {mends}:", "", *fenced(first.fix, "hcl" if "=" in first.fix else ""), ""])


def _sections(report: Report) -> list[tuple[str, list[Finding]]]:
    """What does not block, by verdict."""
    titles = {
        "violation": ("warning", "warnings"),
        "unknown": ("value not known yet", "values not known yet"),
        "external": ("module not there to be read", "modules not there to be read"),
        "existing": ("finding this change does not touch", "findings this change does not touch"),
        "exempt": ("exempt by the policy", "exempt by the policy"),
        "ignored": ("ignored by a comment in the source", "ignored by a comment in the source"),
    }
    found: dict[str, list[Finding]] = {verdict: [] for verdict in titles}
    for finding in report.findings:
        if not finding.blocks:
            found[finding.verdict].append(finding)
    return [(wording.counted(len(found[name]), *titles[name]), found[name]) for name in titles if found[name]]


def _folded(page: Page, title: str, findings: Sequence[Finding]) -> int:
    """A table behind a triangle, with the fixes of what still counts."""
    rows = [_row(finding) for finding in findings]
    if findings[0].verdict in wording.COUNTED:
        rows += [f"\n{_fix(group, len(findings))}".rstrip("\n") for group in _with_fix(findings)]
    head = [f"<details><summary>{title}</summary>", "", *_TABLE]
    return len(rows) - page.section(head, rows, _CLOSED)
