"""A comparison as Markdown, for the pull request that changes the method."""

from collections.abc import Sequence

from agent.methods.records import Comparison
from agent.methods.sections import Section, headline, sections
from policies.formats.markdown_text import prose

_FOLDED = 12
"""Rows of a table that stand open; a longer one is folded behind its title."""


def markdown(found: Comparison) -> str:
    """The same sections as the text has."""
    return "\n\n".join([f"### {prose(headline(found))}", *map(_section, sections(found))])


def _section(section: Section) -> str:
    title = prose(section.title)
    if not section.headers:
        listed = "\n".join(f"- {prose(line)}" for line in section.lines)
        return f"**{title}**\n\n{listed}" if title else listed
    body = "\n".join([_row(section.headers), _rule(section), *(_row(_marked(row, section)) for row in section.rows)])
    if len(section.rows) > _FOLDED:
        return f"<details><summary>{title} ({len(section.rows)} rows)</summary>\n\n{body}\n\n</details>"
    return f"**{title}**\n\n{body}"


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _rule(section: Section) -> str:
    return _row(["---" if at < section.right else "---:" for at in range(len(section.headers))])


def _marked(row: Sequence[str], section: Section) -> list[str]:
    cells = [prose(cell) if at < section.right else cell for at, cell in enumerate(row)]
    if section.marked is not None and cells[section.marked]:
        cells[section.marked] = f"**{cells[section.marked]}**"
    return cells
