"""Quoted strings, heredocs and template files: escapes, ``~``, ``<<-``, nested ``%{ if }`` and ``%{ for }``.

A parser hands over the pieces in a row: text as it is written, and sequences (``${…}``, ``%{…}``). What is done with
them follows Terraform token by token, which shows in two places. A ``~`` eats white space of the neighbouring text
*of the same line* only, where the text is a heredoc or a file, because there each line is a token. And ``<<-`` counts
the white space that is left after that.
"""

import re
from collections.abc import Sequence
from enum import Enum
from typing import NamedTuple, TypeAlias

from terraform_lint.source.syntax.faults import MAX_DIRECTIVES, WrongTextError, too_deep
from terraform_lint.source.syntax.tree import Expression, Literal, Template, TemplateFor, TemplateIf


class Form(Enum):
    """How text in a template is written."""

    QUOTED = 1  # "…"
    LINES = 2  # <<EOT, and template files
    INDENTED = 3  # <<-EOT


class TemplateSequence(NamedTuple):
    """``${…}`` or ``%{…}``. ``kind``: value, if, else, endif, for, endfor."""

    kind: str
    line: int
    strip_before: bool
    strip_after: bool
    expression: Expression | None = None
    key: str | None = None
    name: str = ""


Piece: TypeAlias = str | TemplateSequence

_QUOTED_ESCAPE = re.compile(r"\\(u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|.|\Z)|\$\$\{|%%\{|[\r\n]", re.DOTALL)
_MARKER_ESCAPE = re.compile(r"\$\$\{|%%\{")
_NEEDS_CARE = re.compile(r"[\\$%\r\n]")
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}


def quoted_text(raw: str, line: int) -> str:
    r"""The text between two quotes with its escapes resolved: ``\n``, ``\u00e9``, ``$${``."""
    if _NEEDS_CARE.search(raw) is None:
        return raw

    def resolve(found: re.Match[str]) -> str:
        escape = found[1]
        if escape is None:
            if found[0] in "\r\n":
                raise WrongTextError(line, "a quoted string must end on the line where it starts")
            return found[0][1:]
        if escape in _ESCAPES:
            return _ESCAPES[escape]
        if len(escape) < 2:
            raise WrongTextError(line, f"`\\{escape}` is no escape that a quoted string knows")
        code = int(escape[1:], 16)
        return "\ufffd" if code > 0x10FFFF or 0xD800 <= code < 0xE000 else chr(code)

    return _QUOTED_ESCAPE.sub(resolve, raw)


def build(pieces: Sequence[Piece], line: int, form: Form) -> Expression:
    """The value of a template: a :class:`Literal` where it is text alone, else a :class:`Template`."""
    tokens: list[Piece] = []
    for piece in pieces:
        if not isinstance(piece, str):
            tokens.append(piece)
        elif form is Form.QUOTED:
            tokens.extend([quoted_text(piece, line)] if piece else [])
        else:
            tokens.extend(_MARKER_ESCAPE.sub(lambda found: found[0][1:], part) for part in _lines(piece))
    _strip(tokens)
    if form is Form.INDENTED:
        _remove_indentation(tokens)
    return _Nesting(tokens, line).whole()


def _lines(text: str) -> list[str]:
    """Lines with their ends. Only the newline ends one: ``splitlines`` knows others too."""
    return [part for part in re.split(r"(?<=\n)", text) if part]


def _strip(tokens: list[Piece]) -> None:
    for position, token in enumerate(tokens):
        if isinstance(token, str):
            continue
        if token.strip_before and position:
            before = tokens[position - 1]
            if isinstance(before, str):
                tokens[position - 1] = before.rstrip()
        if token.strip_after and position + 1 < len(tokens):
            after = tokens[position + 1]
            if isinstance(after, str):
                tokens[position + 1] = after.lstrip()


def _remove_indentation(tokens: list[Piece]) -> None:
    smallest: int | None = None
    starts: list[int] = []
    at_line_start = True
    for position, token in enumerate(tokens):
        if not isinstance(token, str):
            if at_line_start:
                smallest = 0
            at_line_start = False
            continue
        if at_line_start and not (token.isspace() and token.endswith("\n")):
            spaces = len(token) - len(token.lstrip())
            smallest = spaces if smallest is None else min(smallest, spaces)
            starts.append(position)
        at_line_start = token.endswith("\n")
    for position in starts:
        tokens[position] = str(tokens[position])[smallest or 0 :]


class _Nesting:
    """Puts what stands between ``%{ if }`` and ``%{ endif }`` inside it."""

    def __init__(self, tokens: Sequence[Piece], line: int) -> None:
        self._tokens = tokens
        self._line = line
        self._position = 0
        self._depth = 0

    def whole(self) -> Expression:
        found, end = self._until(())
        assert end is None  # noqa: S101  only an awaited end is ever returned
        return found

    def _until(self, ends: tuple[str, ...]) -> tuple[Expression, TemplateSequence | None]:
        """What stands before one of ``ends``, and that end, which is consumed; None where the template ends first."""
        parts: list[Expression] = []
        text: list[str] = []
        only_text = True
        end = None
        while self._position < len(self._tokens) and end is None:
            token = self._tokens[self._position]
            self._position += 1
            if isinstance(token, str):
                text.append(token)
                continue
            self._add_text(parts, text)
            if token.kind in ends:
                end = token
            else:
                only_text = False
                parts.append(self._sequence(token))
        self._add_text(parts, text)
        if only_text:
            return parts[0] if parts else Literal(self._line, ""), end
        return Template(self._line, tuple(parts)), end

    def _add_text(self, parts: list[Expression], text: list[str]) -> None:
        whole = "".join(text)
        if whole:
            parts.append(Literal(self._line, whole))
        text.clear()

    def _sequence(self, token: TemplateSequence) -> Expression:
        if token.kind in {"else", "endif", "endfor"}:
            raise WrongTextError(token.line, f"`%{{ {token.kind} }}` has no start that it belongs to")
        if token.expression is None:
            raise WrongTextError(token.line, "`${` and `}` have no expression between them")
        if token.kind == "value":
            return token.expression
        self._depth += 1
        if self._depth > MAX_DIRECTIVES:
            raise too_deep(token.line)
        found = self._if(token, token.expression) if token.kind == "if" else self._for(token, token.expression)
        self._depth -= 1
        return found

    def _if(self, start: TemplateSequence, condition: Expression) -> TemplateIf:
        then, end = self._until(("else", "endif"))
        otherwise: Expression = Literal(self._line, "")
        if end is not None and end.kind == "else":
            otherwise, end = self._until(("endif",))
        if end is None:
            raise WrongTextError(start.line, "`%{ if }` that starts here has no `%{ endif }`")
        return TemplateIf(start.line, condition, then, otherwise)

    def _for(self, start: TemplateSequence, collection: Expression) -> TemplateFor:
        body, end = self._until(("endfor",))
        if end is None:
            raise WrongTextError(start.line, "`%{ for }` that starts here has no `%{ endfor }`")
        return TemplateFor(start.line, start.key, start.name, collection, body)
