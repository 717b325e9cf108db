"""The report as workflow commands, which GitHub shows as annotations on the lines of a change."""

from collections.abc import Mapping, Sequence

from policies.finding import Finding, Report, Unread
from policies.formats import wording
from policies.formats.printable import many_lines, one_line

_SHOWN = 10
"""Annotations of one kind that GitHub shows for a step; more are only in its log."""

_IN_MESSAGES = "%\r\n"
_IN_PROPERTIES = "%\r\n:,"
"""Characters that GitHub gives a meaning."""


def as_workflow_commands(report: Report) -> str:
    """One command a line: inputs not read, all that blocks, the first warnings, then how many more there are.

    Everything that blocks has its command, as the log shows those that GitHub does not annotate.
    """
    blocking = [finding for finding in report.findings if finding.blocks]
    warnings = [finding for finding in report.findings if wording.severity(finding) == "warning"]
    lines = [_unread(unread) for unread in report.unread]
    lines += [_finding("error", finding) for finding in blocking]
    lines += [_finding("warning", finding) for finding in warnings[:_SHOWN]]
    closing = _closing(report, lines, warnings)
    # Where there is nothing to tell, a plain line in the log is enough: a notice would stand beside the change.
    lines.append(_command("notice", {"title": "apportion lint"}, closing) if lines or report.notes else closing)
    return "\n".join(lines) + "\n"


def _unread(unread: Unread) -> str:
    said = [wording.unread_headline(unread), *_fix(unread.mend)]
    return _command("error", _place("unread", unread.file, unread.line), "\n".join(said))


def _finding(level: str, finding: Finding) -> str:
    cost = wording.cost([finding])
    said = [
        wording.headline(finding),
        wording.reason(finding),
        f"costs {cost} that nobody can be charged for" if cost else "",
        *_fix(finding.fix),
    ]
    return _command(level, _place(finding.rule, finding.file, finding.line), "\n".join(filter(None, said)))


def _fix(text: str) -> list[str]:
    lines = many_lines(text) if text else []
    return ["Fix:", *lines] if len(lines) > 1 else [f"Fix: {line}" for line in lines]


def _closing(report: Report, lines: Sequence[str], warnings: Sequence[Finding]) -> str:
    said = [wording.summary_line(report)]
    errors = len(lines) - len(warnings[:_SHOWN])
    if errors > _SHOWN:
        said.append(f"{errors - _SHOWN:,} more that block are not shown as annotations; the log of this step has them")
    if len(warnings) > _SHOWN:
        said.append(f"{len(warnings) - _SHOWN:,} more warnings are left out here")
    return "\n".join((*said, *map(one_line, report.notes)))


def _place(rule: str, file: str, line: int | None) -> dict[str, str]:
    place = {"file": one_line(file), "line": "" if line is None or not file else str(line)}
    return {name: value for name, value in place.items() if value} | {"title": f"apportion {one_line(rule)}"}


def _command(name: str, properties: Mapping[str, str], message: str) -> str:
    """One workflow command."""
    given = ",".join(f"{key}={_escaped(value, _IN_PROPERTIES)}" for key, value in properties.items())
    return f"::{name} {given}::{_escaped(message, _IN_MESSAGES)}"


def _escaped(text: str, special: str) -> str:
    return "".join(f"%{ord(char):02X}" if char in special else char for char in text)
