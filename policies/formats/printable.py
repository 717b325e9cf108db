r"""Text from files a stranger wrote, made harmless to print: nothing that moves the cursor or turns the reading order.

What cannot be seen is written out (``\x1b``, ``\u202e``), so that a reader sees that it is there. So is the first
letter of what a CI service that shows the log would take for a command to itself: ``##vso[…]`` and ``##[…]`` anywhere,
``::…`` at the start of a line.
"""

import re

_COMMAND = re.compile(r"##(?=[\w-]*\[)")
_AT_START = re.compile(r"^(\s*):(?=:)")


def one_line(text: str) -> str:
    """``text`` on one line: line feeds, tabs and everything invisible but the plain space are written as escapes."""
    seen = text if text.isprintable() else "".join(map(_seen, text))
    if "##" in seen:
        seen = _COMMAND.sub(r"\\x23#", seen)
    return _AT_START.sub(r"\1\\x3a", seen) if "::" in seen else seen


def many_lines(text: str) -> list[str]:
    """The lines of ``text``, each harmless; tabs are four spaces wide. Only line feeds end a line."""
    return [one_line(line.rstrip("\r").expandtabs(4)) for line in text.strip("\n").split("\n")]


def json_spoken_to_nobody(text: str) -> str:
    """JSON that says the same, without what a CI service would take for a command to itself."""
    return _COMMAND.sub(r"\\u0023#", text) if "##" in text else text


def encodable(text: str) -> str:
    """``text`` with lone surrogates (bytes of a file name that are no UTF-8) replaced, so that it can be written."""
    return text.encode("utf-8", "replace").decode()


def _seen(char: str) -> str:
    return char if char.isprintable() else char.encode("unicode_escape").decode()
