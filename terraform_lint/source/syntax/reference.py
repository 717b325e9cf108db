"""python-hcl2's tree of rules to ours: the reading that counts, taken where the fast way is unsure.

python-hcl2 leaves heredocs as they are written; the expressions inside them are given to it one by one. It knows no
``~`` in ``${~ x ~}``.
"""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate, pairwise
from typing import Any

import hcl2
from hcl2.rules import base, containers, directives, expressions, for_expressions, functions, indexing, strings
from hcl2.rules import literal_rules as literals
from hcl2.rules.abstract import LarkToken
from hcl2.rules.whitespace import NewLineOrCommentRule
from lark.exceptions import UnexpectedInput, VisitError

from terraform_lint.source.syntax import bodies, templates
from terraform_lint.source.syntax.explain import explain
from terraform_lint.source.syntax.faults import MAX_DEPTH, WrongTextError, too_deep
from terraform_lint.source.syntax.scan import Scan
from terraform_lint.source.syntax.templates import Form, Piece, TemplateSequence
from terraform_lint.source.syntax.traversals import (
    ATTRIBUTE_SPLAT,
    FULL_SPLAT,
    LegacyIndex,
    Step,
    object_key,
    traverse,
)
from terraform_lint.source.syntax.tree import (
    Attribute,
    Binary,
    Block,
    Body,
    Call,
    Conditional,
    Expression,
    ForObject,
    ForTuple,
    Literal,
    Name,
    Number,
    Object,
    Span,
    Tuple,
    Unary,
)

_CHAIN = (
    indexing.IndexExprTermRule,
    indexing.GetAttrExprTermRule,
    indexing.AttrSplatExprTermRule,
    indexing.FullSplatExprTermRule,
)
_DIRECTIVES = frozenset((directives.TemplateIfRule, directives.TemplateForRule))
_ENDS = {
    directives.TemplateElseRule: "else",
    directives.TemplateEndifRule: "endif",
    directives.TemplateEndforRule: "endfor",
}
_HEREDOC_HEAD = re.compile(r"<<-?\S+[ \t]*\r?\n")
_SEQUENCE = re.compile(r"\$\$\{|%%\{|[$%]\{")
_DIRECTIVE = re.compile(r"\s*(if|else|endif|endfor|for)\b", re.DOTALL)
_FOR_NAMES = re.compile(r"\s*([^\W\d][\w-]*)\s*(?:,\s*([^\W\d][\w-]*)\s*)?\bin\b", re.DOTALL)
_HEAD = "x = ("


def parse(text: str) -> Body:
    """The body of ``text``, in which :class:`Scan` found nothing wrong. Raises :class:`WrongTextError`."""
    return _Reader(_Places(text, 1)).body(_rules(text, 0).body)


def parse_template(text: str, *, line: int) -> Expression:
    """The template that ``text`` is, whose first line is ``line``. Raises :class:`WrongTextError`."""
    return _Reader(_Places(text, line)).template(text, 0, line, Form.LINES)


def _rules(text: str, lines_before: int) -> Any:
    try:
        return hcl2.parses(text)
    except UnexpectedInput as error:
        at_end = error.line < 1 or getattr(getattr(error, "token", None), "type", "") == "$END"
        line = text.rstrip().count("\n") + 1 if at_end else error.line
        raise WrongTextError(line + lines_before, explain(error)) from error
    except VisitError as error:
        # The one thing that its transformer refuses is a directive that is not closed.
        line = getattr(getattr(error.obj, "meta", None), "line", 1)
        raise WrongTextError(line + lines_before, "a `%{ if }` or `%{ for }` that starts here is not closed") from error


class _Reader:
    """Reads rules of a text that starts ``shift`` characters into the whole, which ``places`` knows."""

    def __init__(self, places: "_Places", shift: int = 0, depth: int = 0) -> None:
        self._places = places
        self._shift = shift
        self._depth = depth
        self._readers: dict[type, Callable[[Any], Expression]] = {
            expressions.ExprTermRule: self._term,
            expressions.ConditionalRule: self._conditional,
            expressions.BinaryOpRule: self._binary,
            expressions.UnaryOpRule: self._unary,
            literals.IdentifierRule: lambda rule: Name(self._line(rule), _word(rule)),
            literals.LiteralValueRule: self._keyword,
            literals.IntLitRule: self._number,
            literals.FloatLitRule: self._number,
            strings.StringRule: self._string,
            strings.HeredocTemplateRule: self._heredoc,
            strings.HeredocTrimTemplateRule: self._heredoc,
            containers.TupleRule: self._tuple,
            containers.ObjectRule: self._object,
            functions.FunctionCallRule: self._call,
            for_expressions.ForTupleExprRule: self._for_tuple,
            for_expressions.ForObjectExprRule: self._for_object,
            **dict.fromkeys(_CHAIN, self._traversal),
        }

    # Bodies

    def body(self, rule: Any) -> Body:
        items: list[Attribute | Block] = []
        end_lines: list[int] = []
        for child in rule.children:
            if isinstance(child, base.AttributeRule):
                end = self._end(child.expression)
                value = self._expression(child.expression)
                span = (self._places.bytes(self._start(child)), self._places.bytes(end))
                items.append(Attribute(_word(child.identifier), value, self._line(child), span))
                end_lines.append(self._line_at(end))
            elif isinstance(child, base.BlockRule):
                block = self._block(child)
                items.append(block)
                end_lines.append(block.end_line)
        return bodies.build(items, end_lines, certain=True)

    def _block(self, rule: Any) -> Block:
        self._enter(rule)
        self._check_header(rule)
        labels = [self._label(label) for label in rule.labels if not isinstance(label, NewLineOrCommentRule)]
        body = self.body(rule.body)
        self._depth -= 1
        start, end = self._start(rule), self._end(rule)
        span = (self._places.bytes(start), self._places.bytes(end))
        return Block(labels[0], tuple(labels[1:]), body, self._line(rule), self._line_at(end), span)

    def _check_header(self, rule: Any) -> None:
        line = self._line(rule)
        before = rule.children[: rule.children.index(rule.body)]
        if any(isinstance(child, NewLineOrCommentRule) and "\n" in child.serialize() for child in before):
            raise WrongTextError(line, "the `{` of a block must stand on the line where the block starts")

    def _label(self, rule: Any) -> str:
        if isinstance(rule, literals.IdentifierRule):
            return _word(rule)
        label = self._string(rule)
        if isinstance(label, Literal) and isinstance(label.value, str):
            return label.value
        raise WrongTextError(self._line(rule), "a block's label cannot hold `${…}`")

    # Expressions

    def _expression(self, rule: Any) -> Expression:
        read = self._readers.get(type(rule))
        if read is None:
            raise WrongTextError(self._line(rule), "unexpected text here")
        self._enter(rule)
        found = read(rule)
        self._depth -= 1
        return found

    def _term(self, rule: Any) -> Expression:
        self._depth -= 1  # parentheses are no level of the tree
        found = self._expression(rule.expression)
        self._depth += 1
        return found

    def _traversal(self, rule: Any) -> Expression:
        line = self._line(rule)
        links: list[Any] = []
        while isinstance(rule, _CHAIN):
            links.append(rule.children[1])
            rule = rule.children[0]
            if isinstance(rule, expressions.ExprTermRule) and not rule.parentheses:
                rule = rule.expression
        steps = [step for link in reversed(links) for step in self._steps(link)]
        self._depth += len(steps)
        if self._depth > MAX_DEPTH:
            raise too_deep(line)
        row = [self._step(step) for step in steps]
        found = traverse(self._expression(rule), row, line)
        self._depth -= len(steps)
        return found

    def _steps(self, link: Any) -> list[Any]:
        if isinstance(link, indexing.FullSplatRule):
            return [FULL_SPLAT, *link.get_attrs]
        if isinstance(link, indexing.AttrSplatRule):
            return [ATTRIBUTE_SPLAT, *link.get_attrs]
        return [link]

    def _step(self, link: Any) -> Step:
        if isinstance(link, bool):
            return link
        if isinstance(link, indexing.GetAttrRule):
            return _word(link.identifier)
        if isinstance(link, indexing.ShortIndexRule):
            return LegacyIndex(Number(self._line(link), str(link.index.value)))
        return self._expression(link.index_expression)

    def _conditional(self, rule: Any) -> Expression:
        return Conditional(
            self._line(rule),
            self._expression(rule.condition),
            self._expression(rule.if_true),
            self._expression(rule.if_false),
        )

    def _binary(self, rule: Any) -> Expression:
        # A comment between operand and operator is kept in the operator's token.
        operator = re.split(r"[\s/]", str(rule.binary_term.binary_operator.token.value))[-1] or "/"
        left = self._expression(rule.expr_term)
        return Binary(self._line(rule), operator, left, self._expression(rule.binary_term.expr_term))

    def _unary(self, rule: Any) -> Expression:
        return Unary(self._line(rule), rule.operator.strip(), self._expression(rule.expr_term))

    def _keyword(self, rule: Any) -> Expression:
        return Literal(self._line(rule), {"true": True, "false": False, "null": None}[_word(rule)])

    def _number(self, rule: Any) -> Expression:
        line, text = self._line(rule), str(rule.token.value)
        return Unary(line, "-", Number(line, text[1:])) if text.startswith("-") else Number(line, text)

    def _tuple(self, rule: Any) -> Expression:
        return Tuple(self._line(rule), tuple([self._expression(element) for element in rule.elements]))

    def _object(self, rule: Any) -> Expression:
        items: list[tuple[Expression, Expression]] = []
        for element, after in pairwise([*rule.elements, None]):
            self._check_separator(element, after, rule.children)
            items.append((self._key(element.key), self._expression(element.expression)))
        return Object(self._line(rule), tuple(items), self._span(rule))

    def _check_separator(self, element: Any, after: Any, siblings: Sequence[Any]) -> None:
        if after is None or self._line(after) != self._line_at(self._end(element.expression)):
            return
        between = siblings[siblings.index(element) + 1 : siblings.index(after)]
        if not any(_is_token(token, "COMMA") for token in between):
            raise WrongTextError(self._line(after), "a comma or a new line must stand between the items of an object")

    def _key(self, rule: Any) -> Expression:
        inner = rule.children[0]
        in_parentheses = isinstance(inner, expressions.ExprTermRule) and inner.parentheses
        return object_key(self._expression(inner), in_parentheses=in_parentheses)

    def _call(self, rule: Any) -> Expression:
        name = "::".join(_word(part) for part in rule.identifiers)
        given = rule.arguments
        if given is None:
            return Call(self._line(rule), name, (), expand=False)
        arguments = tuple([self._expression(argument) for argument in given.arguments])
        expand = any(_is_token(child, "ELLIPSIS") for child in given.children)
        return Call(self._line(rule), name, arguments, expand=expand)

    def _for_tuple(self, rule: Any) -> Expression:
        key, name, collection = self._intro(rule.for_intro)
        return ForTuple(
            self._line(rule), key, name, collection, self._expression(rule.value_expr), self._condition(rule)
        )

    def _for_object(self, rule: Any) -> Expression:
        key, name, collection = self._intro(rule.for_intro)
        new_key, value = self._expression(rule.key_expr), self._expression(rule.value_expr)
        group = rule.ellipsis is not None
        return ForObject(self._line(rule), key, name, collection, new_key, value, group, self._condition(rule))

    def _intro(self, rule: Any) -> tuple[str | None, str, Expression]:
        first = _word(rule.first_iterator)
        second = rule.second_iterator
        collection = self._expression(rule.iterable)
        return (None, first, collection) if second is None else (first, _word(second), collection)

    def _condition(self, rule: Any) -> Expression | None:
        return None if rule.condition is None else self._expression(rule.condition.condition_expr)

    # Templates

    def _string(self, rule: Any) -> Expression:
        return templates.build(_merged(self._pieces(rule.string_parts)), self._line(rule), Form.QUOTED)

    def _pieces(self, parts: Sequence[Any]) -> Iterator[Piece]:
        for part in parts:
            content = part.content if isinstance(part, strings.StringPartRule) else part
            if type(content) in _DIRECTIVES:
                yield from self._pieces(content.children)
            elif isinstance(content, strings.InterpolationRule):
                yield TemplateSequence("value", self._line(content), False, False, self._expression(content.expression))
            elif isinstance(content, directives.TemplateIfStartRule):
                yield self._directive("if", content, self._expression(content.condition))
            elif isinstance(content, directives.TemplateForStartRule):
                names = [_word(child) for child in content.children if isinstance(child, literals.IdentifierRule)]
                yield self._directive("for", content, self._expression(content.children[7]), names)
            elif type(content) in _ENDS:
                yield self._directive(_ENDS[type(content)], content, None)
            else:
                yield str(content.value)

    def _directive(
        self, kind: str, rule: Any, expression: Expression | None, names: Sequence[str] = ()
    ) -> TemplateSequence:
        key = names[0] if len(names) == 2 else None
        line = self._line(rule)
        return TemplateSequence(
            kind, line, rule.strip_open, rule.strip_close, expression, key, names[-1] if names else ""
        )

    def _heredoc(self, rule: Any) -> Expression:
        raw = str(rule.heredoc.value)
        head = _HEREDOC_HEAD.match(raw)
        start = head.end() if head else 0
        end = raw.rstrip().rfind("\n") + 1
        form = Form.INDENTED if raw.startswith("<<-") else Form.LINES
        return self.template(raw[start:end], self._start(rule) + start, self._line(rule), form)

    def template(self, text: str, start: int, line: int, form: Form) -> Expression:
        """The template ``text``, ``start`` characters into the whole, whose own line is ``line``."""
        pieces: list[Piece] = []
        done = position = 0
        while (found := _SEQUENCE.search(text, position)) is not None:
            position = found.end()
            if len(found[0]) == 3:
                continue
            end = Scan(text, position, in_sequence=True, first_line=self._line_at(start)).end
            pieces += [text[done : found.start()], self._written_sequence(text, found, end, start)]
            done = position = end
        return templates.build([*pieces, text[done:]], line, form)

    def _written_sequence(self, text: str, opener: re.Match[str], end: int, start: int) -> TemplateSequence:
        first, last = opener.end(), end - 1
        strip_before = text.startswith("~", first)
        strip_after = text.endswith("~", first, last)
        first, last = first + strip_before, last - strip_after
        line = self._line_at(start + opener.start())
        kind, key, name = "value", None, ""
        if opener[0] == "%{":
            directive = _DIRECTIVE.match(text, first, last)
            if directive is None:
                raise WrongTextError(line, "`%{` must be followed by if, else, endif, for or endfor")
            kind, first = directive[1], directive.end()
        if kind == "for":
            names = _FOR_NAMES.match(text, first, last)
            if names is None:
                raise WrongTextError(line, "`%{ for` must be followed by one or two names and `in`")
            key, name = (names[1], names[2]) if names[2] else (None, names[1])
            first = names.end()
        code = text[first:last]
        expression = self._inner(code, start + first) if code.strip() else None
        return TemplateSequence(kind, line, strip_before, strip_after, expression, key, name)

    def _inner(self, code: str, start: int) -> Expression:
        """The expression ``code``, ``start`` characters into the whole. In parentheses its lines may break."""
        text = f"{_HEAD}{code}\n)\n"
        rules = _rules(text, self._line_at(start) - 1)
        return _Reader(self._places, start - len(_HEAD), self._depth).only(rules.body, start + len(code))

    def only(self, rule: Any, end: int) -> Expression:
        """The value of the one attribute in a body, which must reach to ``end``."""
        items = [child for child in rule.children if isinstance(child, base.AttributeRule | base.BlockRule)]
        if len(items) != 1 or not isinstance(items[0], base.AttributeRule) or self._end(items[0].expression) < end:
            raise WrongTextError(self._line_at(end), "`${` and `}` must have one expression between them")
        return self._expression(items[0].expression)

    # Places

    def _start(self, rule: Any) -> int:
        return int(rule._meta.start_pos) + self._shift  # noqa: SLF001  python-hcl2 has no public way to a position

    def _end(self, rule: Any) -> int:
        """Where a rule ends. The rules of operations take the line end behind them with them."""
        while True:
            if isinstance(rule, expressions.BinaryOpRule):
                rule = rule.binary_term.expr_term
            elif isinstance(rule, expressions.ConditionalRule):
                rule = rule.if_false
            elif isinstance(rule, expressions.UnaryOpRule) or (
                isinstance(rule, expressions.ExprTermRule) and not rule.parentheses
            ):
                rule = rule.children[-1] if isinstance(rule, expressions.UnaryOpRule) else rule.expression
            else:
                break
        end = int(rule._meta.end_pos) + self._shift  # noqa: SLF001  python-hcl2 has no public way to a position
        if isinstance(rule, strings.HeredocTemplateRule):
            raw = str(rule.heredoc.value)
            end -= len(raw) - len(raw.rstrip())
        return end

    def _span(self, rule: Any) -> Span:
        return self._places.bytes(self._start(rule)), self._places.bytes(self._end(rule))

    def _line(self, rule: Any) -> int:
        return self._line_at(self._start(rule))

    def _line_at(self, position: int) -> int:
        return self._places.line(position)

    def _enter(self, rule: Any) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise too_deep(self._line(rule))


def _is_token(child: Any, kind: str) -> bool:
    return isinstance(child, LarkToken) and child.lark_name() == kind


def _word(rule: Any) -> str:
    return str(rule.token.value)


def _merged(pieces: Iterable[Piece]) -> list[Piece]:
    """Neighbouring text as one piece: python-hcl2 cuts it at escapes."""
    merged: list[Piece] = []
    for piece in pieces:
        last = merged[-1] if merged else None
        if isinstance(piece, str) and isinstance(last, str):
            merged[-1] = last + piece
        else:
            merged.append(piece)
    return merged


class _Places:
    """Lines and bytes of a text by character."""

    def __init__(self, text: str, first_line: int) -> None:
        self._first_line = first_line
        self._line_starts = [found.end() for found in re.finditer("\n", text)]
        self._offsets = [] if text.isascii() else [0, *accumulate(len(character.encode()) for character in text)]

    def line(self, position: int) -> int:
        return bisect_right(self._line_starts, position) + self._first_line

    def bytes(self, position: int) -> int:
        return self._offsets[position] if self._offsets else position
