"""Where strings, heredocs, comments and brackets start and end: enough to say which of them is never closed.

One pass, in time linear to the text. It runs before the reference does, which can take very long on a string that is
not closed, and says in its own words only that some token came as a surprise.
"""

import re
from typing import NamedTuple

from terraform_lint.source.syntax.faults import MAX_DEPTH, WrongTextError, too_deep
from terraform_lint.source.syntax.tree import Span

_CODE = re.compile(
    r"""(?P<comment>\#[^\n]*|//[^\n]*|/\*)|<<-?(?P<heredoc>[^\W\d][\w.-]*)[ \t]*\r?\n|(?P<quote>")"""
    r"""|(?P<open>[\[({])|(?P<close>[\])}])""",
    re.VERBOSE,
)
_QUOTED = re.compile(r'\\[^\n]|\$\$\{|%%\{|(?P<sequence>[$%]\{)|(?P<quote>")|(?P<newline>\n)')
_HEREDOC = re.compile(r"\$\$\{|%%\{|(?P<sequence>[$%]\{)|(?P<newline>\n)")
_CLOSES = {")": "(", "]": "[", "}": "{"}


class _Open(NamedTuple):
    kind: str  # ( [ { ${ %{ " or <<
    start: int
    marker: str = ""


class Scan:
    """A pass over ``text`` from ``start``, to its end or, with ``in_sequence``, to the end of the ``${`` before it.

    Raises :class:`WrongTextError` where something is not closed, or closed that is not open. ``end`` is where the
    pass ended, behind the closing brace; ``comments`` are the spans of comments met, in characters. The text's
    first line is ``first_line``.
    """

    def __init__(self, text: str, start: int = 0, *, in_sequence: bool = False, first_line: int = 1) -> None:
        self._text = text
        self._first_line = first_line
        self._open: list[_Open] = [_Open("${", start)] if in_sequence else []
        self._at_line_start = False
        self.comments: list[Span] = []
        self.end = start
        self._in_sequence = in_sequence
        self._run()

    def _run(self) -> None:
        while self.end < len(self._text):
            kind = self._open[-1].kind if self._open else ""
            if kind == '"':
                self._quoted()
            elif kind == "<<":
                self._heredoc()
            else:
                self._code()
                if self._in_sequence and not self._open:
                    return
        if self._open:
            raise self._never_closed(self._open[-1])

    def _code(self) -> None:
        found = _CODE.search(self._text, self.end)
        if found is None:
            self.end = len(self._text)
            return
        self.end = found.end()
        if found["comment"]:
            self._comment(found)
        elif found["heredoc"]:
            self._push(_Open("<<", found.start(), found["heredoc"]))
            self._at_line_start = True
        elif found["close"]:
            self._close(found["close"], found.start())
        else:
            self._push(_Open(found[0], found.start()))

    def _comment(self, found: re.Match[str]) -> None:
        if found[0] == "/*":
            close = self._text.find("*/", self.end)
            if close < 0:
                raise WrongTextError(self._line(found.start()), "`/*` that starts here is never closed by `*/`")
            self.end = close + 2
        self.comments.append((found.start(), self.end))

    def _quoted(self) -> None:
        found = _QUOTED.search(self._text, self.end)
        if found is None or found["newline"]:
            raise self._never_closed(self._open[-1])
        self.end = found.end()
        if found["quote"]:
            self._open.pop()
        elif found["sequence"]:
            self._push(_Open(found[0], found.start()))

    def _heredoc(self) -> None:
        if self._at_line_start:
            marker = re.escape(self._open[-1].marker)
            close = re.compile(rf"[ \t]*{marker}[ \t\r]*(?=\n|\Z)").match(self._text, self.end)
            if close is not None:
                self.end = close.end()
                self._open.pop()
                self._at_line_start = False
                return
        found = _HEREDOC.search(self._text, self.end)
        if found is None:
            raise self._never_closed(self._open[-1])
        self.end = found.end()
        self._at_line_start = found["newline"] is not None
        if found["sequence"]:
            self._push(_Open(found[0], found.start()))

    def _push(self, opened: _Open) -> None:
        self._open.append(opened)
        if len(self._open) > 2 * MAX_DEPTH:
            raise too_deep(self._line(opened.start))

    def _close(self, bracket: str, start: int) -> None:
        top = self._open.pop() if self._open else None
        if top is None:
            raise WrongTextError(self._line(start), f"unexpected `{bracket}`: nothing is open that it could close")
        if top.kind == _CLOSES[bracket] or (bracket == "}" and top.kind in {"${", "%{"}):
            return
        message = f"unexpected `{bracket}`: the `{top.kind}` of line {self._line(top.start)} is not closed yet"
        raise WrongTextError(self._line(start), message)

    def _never_closed(self, opened: _Open) -> WrongTextError:
        line = self._line(opened.start)
        if opened.kind == '"':
            return WrongTextError(line, "a quoted string that starts here is not closed on its line")
        if opened.kind == "<<":
            name = opened.marker
            return WrongTextError(line, f"the heredoc that starts here is never closed by a line with `{name}` alone")
        return WrongTextError(line, f"`{opened.kind}` that starts here is never closed")

    def _line(self, position: int) -> int:
        return self._text.count("\n", 0, position) + self._first_line
