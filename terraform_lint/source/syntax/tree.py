"""The tree of a Terraform file, whatever it was parsed with. Small, typed, and cheap to keep on disk.

Terms are those of the HCL native syntax specification (hashicorp/hcl, hclsyntax/spec.md). Lines are 1-based; spans
are half-open byte offsets into the file as UTF-8 without a byte order mark, ``(0, 0)`` where the file is JSON.
"""

from typing import TypeAlias

import msgspec

Span: TypeAlias = tuple[int, int]


class _Node(msgspec.Struct, frozen=True, tag=True, array_like=True, gc=False):
    line: int


class Literal(_Node, frozen=True, gc=False):
    """A string without interpolation, a bool or null. Numbers are :class:`Number`."""

    value: str | bool | None


class Number(_Node, frozen=True, gc=False):
    """A number, as written: ``1.10``, ``1e3``. No sign."""

    text: str


class Template(_Node, frozen=True, gc=False):
    """A quoted string or heredoc with interpolations or directives. ``parts``: literal text and expressions in turn.

    Escapes are resolved, ``~`` has eaten its white space, ``<<-`` its indentation. A template of one interpolation
    alone yields that value itself, not its text (``"${var.x}"``).
    """

    parts: "tuple[Expression, ...]"


class TemplateIf(_Node, frozen=True, gc=False):
    """``%{ if c }…%{ else }…%{ endif }`` in a template; ``otherwise`` is an empty text where there is no else."""

    condition: "Expression"
    then: "Expression"
    otherwise: "Expression"


class TemplateFor(_Node, frozen=True, gc=False):
    """``%{ for k, v in c }…%{ endfor }`` in a template; ``key`` is None with one name only."""

    key: str | None
    value: str
    collection: "Expression"
    body: "Expression"


class Name(_Node, frozen=True, gc=False):
    """The first step of a traversal: ``var``, ``local``, ``aws_vpc``, ``each``."""

    name: str


class Attr(_Node, frozen=True, gc=False):
    """``of.name``."""

    of: "Expression"
    name: str


class Index(_Node, frozen=True, gc=False):
    """``of[key]``; the legacy ``of.0`` is an index too."""

    of: "Expression"
    key: "Expression"


class Splat(_Node, frozen=True, gc=False):
    """``of[*]…`` (``full``) or ``of.*…``. ``each`` is what is applied to every element, over the name ``""``.

    ``a[*].b.c`` is ``Splat(of=a, each=Attr(Attr(Name(""), "b"), "c"))``.
    """

    of: "Expression"
    each: "Expression"
    full: bool


class Call(_Node, frozen=True, gc=False):
    """``name(a, b, c...)``; ``expand``: the last argument is spread. ``name`` may hold ``::``."""

    name: str
    arguments: "tuple[Expression, ...]"
    expand: bool


class Conditional(_Node, frozen=True, gc=False):
    """``condition ? then : otherwise``."""

    condition: "Expression"
    then: "Expression"
    otherwise: "Expression"


class Binary(_Node, frozen=True, gc=False):
    """``left operator right``, with HCL's precedence."""

    operator: str
    left: "Expression"
    right: "Expression"


class Unary(_Node, frozen=True, gc=False):
    """``-operand`` or ``!operand``."""

    operator: str
    operand: "Expression"


class Tuple(_Node, frozen=True, gc=False):
    """``[a, b]``."""

    items: "tuple[Expression, ...]"


class Object(_Node, frozen=True, gc=False):
    """``{ key = value }`` in source order. A bare or quoted key is a :class:`Literal`, ``(key)`` its expression."""

    items: "tuple[tuple[Expression, Expression], ...]"
    span: Span


class ForTuple(_Node, frozen=True, gc=False):
    """``[for k, v in c : value if condition]``; ``key`` is None with one name only."""

    key: str | None
    name: str
    collection: "Expression"
    value: "Expression"
    condition: "Expression | None"


class ForObject(_Node, frozen=True, gc=False):
    """``{for k, v in c : new_key => value... if condition}``; ``group`` is the ``...``."""

    key: str | None
    name: str
    collection: "Expression"
    new_key: "Expression"
    value: "Expression"
    group: bool
    condition: "Expression | None"


Expression: TypeAlias = (
    Literal | Number | Template | TemplateIf | TemplateFor | Name | Attr | Index | Splat | Call | Conditional
    | Binary | Unary | Tuple | Object | ForTuple | ForObject
)  # fmt: skip
"""Parentheses leave no trace but in an object's key."""


class Attribute(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """``name = value``; ``span`` runs from the name to the end of the value."""

    name: str
    value: Expression
    line: int
    span: Span


class Block(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """``type "label" { … }``; ``span`` runs from the type to the closing brace. Labels carry no quotes."""

    type: str
    labels: tuple[str, ...]
    body: "Body"
    line: int
    end_line: int
    span: Span


class Body(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What stands between two braces, or in a file; each in source order."""

    attributes: tuple[Attribute, ...]
    blocks: tuple[Block, ...]


class Comment(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A comment that speaks to apportion: its text without the comment mark, trimmed.

    ``own_line``: nothing else stands on the line.
    """

    line: int
    text: str
    own_line: bool


class SyntaxProblem(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Where a text stops being HCL, in plain words."""

    line: int
    message: str


class ParsedFile(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One file. With a ``problem`` the body is empty: nothing of a broken file is judged by guess."""

    body: Body
    comments: tuple[Comment, ...]
    problem: SyntaxProblem | None
