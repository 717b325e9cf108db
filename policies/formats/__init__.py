"""A report in the formats that terminals, CI services and code hosts read: a report in, text out, nothing written."""

from policies.finding import Report
from policies.formats.source import SourceLines

FORMATS = ("text", "json", "sarif", "github", "github-summary", "gitlab", "junit", "markdown")
"""Names that :func:`render` knows. ``github`` is for the log of a step, ``github-summary`` for its summary page."""

VERSIONED = frozenset({"json", "sarif"})
"""Formats that say which version of the tool wrote them."""


def render(  # noqa: PLR0911  one line for each format reads best
    report: Report,
    name: str,
    *,
    source: SourceLines,
    tool_version: str,
    color: bool = False,
    all_findings: bool = False,
) -> str:
    """The report as one text that ends with a line feed; the same report gives the same text, always.

    ``name`` is one of ``FORMATS``; raises ``ValueError`` for another. ``source`` gives the lines that ``text`` shows;
    ``tool_version`` is looked at by ``VERSIONED`` formats. ``color`` and ``all_findings`` (findings that do not count,
    and every address of long lists) are for ``text``; what the other formats show is settled by who reads them.
    """
    # Imported where used: `apportion lint` prints text, and should not pay for the others at every start.
    match name:
        case "text":
            from policies.formats.text import as_text

            return as_text(report, source, color=color, all_findings=all_findings)
        case "json":
            from policies.formats.json_report import as_json

            return as_json(report, tool_version)
        case "sarif":
            from policies.formats.sarif import as_sarif

            return as_sarif(report, tool_version)
        case "github":
            from policies.formats.github import as_workflow_commands

            return as_workflow_commands(report)
        case "github-summary":
            from policies.formats.markdown import as_summary

            return as_summary(report)
        case "gitlab":
            from policies.formats.gitlab import as_code_quality

            return as_code_quality(report)
        case "junit":
            from policies.formats.junit import as_junit

            return as_junit(report)
        case "markdown":
            from policies.formats.markdown import as_comment

            return as_comment(report)
    raise ValueError(f"no format {name!r}; there are {', '.join(FORMATS)}")
