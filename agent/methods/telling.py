"""A comparison as text for a terminal."""

from agent import terminal
from agent.methods.records import Comparison
from agent.methods.sections import Section, headline, sections


def told(found: Comparison) -> str:
    """Tables ranked by what moved, then margins, crossings, the change itself, the lock and the proof."""
    return "\n\n".join([headline(found), *map(_section, sections(found))])


def _section(section: Section) -> str:
    parts = [section.title] if section.title else []
    if section.headers:
        right = range(section.right, len(section.headers))
        parts.append(terminal.table(section.headers, section.rows, right=list(right)))
    parts += [f"  {line}" if section.title else line for line in section.lines]
    return "\n".join(parts)
