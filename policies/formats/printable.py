r"""Text from files a stranger wrote, made harmless to print: nothing that moves the cursor or turns the reading order.

What cannot be seen is written out (``\x1b``, ``\u202e``), so that a reader sees that it is there.
"""


def one_line(text: str) -> str:
    """``text`` on one line: line feeds, tabs and everything invisible but the plain space are written as escapes."""
    return text if text.isprintable() else "".join(map(_seen, text))


def many_lines(text: str) -> list[str]:
    """The lines of ``text``, each harmless; tabs are four spaces wide. Only line feeds end a line."""
    return [one_line(line.rstrip("\r").expandtabs(4)) for line in text.strip("\n").split("\n")]


def encodable(text: str) -> str:
    """``text`` with lone surrogates (bytes of a file name that are no UTF-8) replaced, so that it can be written."""
    return text.encode("utf-8", "replace").decode()


def _seen(char: str) -> str:
    return char if char.isprintable() else char.encode("unicode_escape").decode()
