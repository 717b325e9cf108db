"""Hostile text in the Markdown of GitHub and GitLab: it shows as it is, and formats, links and calls nothing."""

import re

from policies.formats.printable import many_lines, one_line

_MARKUP = re.compile(r"[&<>|`*\[\]\\~$]|(?<![^\W_])_|_(?![^\W_])")
_STARTS = re.compile(r"^(\d*)([#+=.)-])")
_WAKES = re.compile(r"@|#(?=\w)|:(?=//)|(?<=\bwww)\.|(?<=\bgh)-(?=\d)", re.IGNORECASE)
_PLAIN_CODE = re.compile(r"[^`|\\]+")
_TICKS = re.compile(r"`+")
_ASLEEP = "\N{WORD JOINER}"


def prose(text: str) -> str:
    """``text`` as prose in a table cell, a list or a paragraph: markup as entities, mentions and links put to sleep."""
    asleep = _WAKES.sub(lambda found: f"{found[0]}{_ASLEEP}", one_line(text).strip())
    return _STARTS.sub(lambda found: f"{found[1]}&#{ord(found[2])};", _MARKUP.sub(_entity, asleep))


def prose_naming(text: str, name: str) -> str:
    """``text`` as prose in which ``name`` stands as code."""
    named = code(name)
    return named.join(prose(part) for part in text.split(one_line(name))) if named else prose(text)


def code(text: str) -> str:
    """``text`` as code on one line, in a table cell too; nothing for an empty text."""
    shown = one_line(text)
    if not shown.strip():
        return ""
    if _PLAIN_CODE.fullmatch(shown):
        return f"`{shown}`"
    # A table splits at | even inside backticks, and \| is no way out after another backslash: entities are.
    entities = re.sub(r"[^A-Za-z0-9 ]", _entity, shown)
    return f"<code>{entities}</code>"


def fenced(text: str, language: str) -> list[str]:
    """``text`` as a code block, its fence longer than any run of backticks inside."""
    lines = many_lines(text)
    longest = max((len(ticks) for line in lines for ticks in _TICKS.findall(line)), default=0)
    fence = "`" * max(3, longest + 1)
    return [f"{fence}{language}", *lines, fence]


def _entity(found: re.Match[str]) -> str:
    return f"&#{ord(found[0])};"
