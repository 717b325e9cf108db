"""Tree-sitter's concrete tree to ours. The fast way, taken as long as it is sure.

Tree-sitter's grammar is laxer than HCL: it takes a line end for a blank, splits ``1e3``, groups ``a ? b : c ? d : e``
from the left, and loses white space around templates. Each of these is dealt with here; what cannot be is an
:class:`UnsureError`, and the reference reads the text.
"""

import re
from collections.abc import Callable, Iterator
from itertools import pairwise

from tree_sitter import Node

from terraform_lint.source.syntax import bodies, kinds, templates
from terraform_lint.source.syntax.faults import MAX_DEPTH, UnsureError, WrongTextError, too_deep
from terraform_lint.source.syntax.templates import Form, TemplateSequence
from terraform_lint.source.syntax.traversals import ATTRIBUTE_SPLAT, FULL_SPLAT, LegacyIndex, Step, object_key, traverse
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
    Tuple,
    Unary,
)

_NUMBER = re.compile(rb"[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_OPENERS = {"$": (b"${",), "%": (b"%{",)}
_BARE_SEQUENCE = re.compile(r"(?<!\$)\$\{|(?<!%)%\{")


def parse(source: bytes) -> Body:
    """The body of ``source``, which is UTF-8 that ends with a newline.

    Raises :class:`UnsureError`, or :class:`WrongTextError` where the text is certainly wrong.
    """
    return _Converter(source).file()


def parse_template(text: str, *, line: int, one_line: bool) -> Expression:
    """A template that stands in a file of its own or, with ``one_line``, in a JSON string on ``line``.

    Raises :class:`UnsureError` or :class:`WrongTextError`. Spans inside it count from the start of ``text``.
    """
    marker = "END"
    while marker in text:
        marker += "_"
    head = f"t = <<{marker}\n"
    source = f"{head}{text}\n{marker}\n".encode()
    converter = _Converter(source, first_line=line - (0 if one_line else 1), rows=0 if one_line else 1, shift=len(head))
    return converter.template_file(len(head), len(head) + len(text.encode()))


class _Converter:
    def __init__(self, source: bytes, *, first_line: int = 1, rows: int = 1, shift: int = 0) -> None:
        self._source = source
        self._first_line = first_line
        self._rows = rows
        self._shift = shift
        self._depth = 0
        self._converters: dict[int, Callable[[Node], Expression]] = {
            kinds.LITERAL: self._literal,
            kinds.VARIABLE: self._variable,
            kinds.TEMPLATE: self._template,
            kinds.COLLECTION: self._collection,
            kinds.CALL: self._call,
            kinds.OPERATION: self._operation,
            kinds.CONDITIONAL: self._conditional,
            kinds.FOR: self._for,
        }

    def file(self) -> Body:
        root = self._root()
        for child in root.children:
            if child.kind_id == kinds.BODY:
                return self._body(child)
            if child.kind_id != kinds.COMMENT:
                raise UnsureError
        return bodies.EMPTY

    def template_file(self, start: int, end: int) -> Expression:
        body = self._root().children[0]
        if len(body.children) != 1 or body.children[0].kind_id != kinds.ATTRIBUTE:
            raise UnsureError
        heredoc = body.children[0].children[-1].children[0].children[0]
        if heredoc.kind_id != kinds.HEREDOC:
            raise UnsureError
        return self._pieces(heredoc.children, start, end, self._line(heredoc) + self._rows, Form.LINES)

    def _root(self) -> Node:
        root = kinds.tree(self._source).root_node
        if root.has_error:
            raise UnsureError
        return root

    # Bodies

    def _body(self, node: Node) -> Body:
        items: list[Attribute | Block] = []
        end_lines: list[int] = []
        for child in node.children:
            kind = child.kind_id
            if kind == kinds.ATTRIBUTE:
                item: Attribute | Block = self._attribute(child)
            elif kind == kinds.BLOCK:
                item = self._block(child)
            elif kind == kinds.COMMENT:
                continue
            else:
                raise UnsureError
            items.append(item)
            end_lines.append(child.end_point[0] * self._rows + self._first_line)
        return bodies.build(items, end_lines, certain=False)

    def _attribute(self, node: Node) -> Attribute:
        children = node.children
        if len(children) != 3:
            children = _code(children)
        name, _, value = children
        start = node.start_byte
        row = node.start_point[0]
        text = self._source[start : name.end_byte].decode()
        if "::" in text or value.start_point[0] != row:
            raise UnsureError
        return Attribute(text, self._expression(value), row + 1, (start, node.end_byte))

    def _block(self, node: Node) -> Block:
        line = self._line(node)
        self._enter(line)
        labels: list[str] = []
        body = bodies.EMPTY
        for child in node.children:
            kind = child.kind_id
            if kind == kinds.IDENTIFIER:
                labels.append(self._text(child))
            elif kind == kinds.STRING:
                labels.append(self._string(child))
            elif kind == kinds.BODY:
                body = self._body(child)
            elif kind == kinds.BLOCK_START:
                if self._line(child) != line:
                    raise UnsureError
            elif kind not in {kinds.COMMENT, kinds.BLOCK_END}:
                raise UnsureError
        self._depth -= 1
        if "::" in labels[0]:
            raise UnsureError
        end_line = node.end_point[0] + 1
        return Block(labels[0], tuple(labels[1:]), body, line, end_line, (node.start_byte, node.end_byte))

    # Expressions

    def _expression(self, node: Node) -> Expression:
        children = node.children
        if len(children) == 1:
            first = children[0]
            kind = first.kind_id
            if kind == kinds.LITERAL:
                return self._literal(first)
            if kind == kinds.VARIABLE:
                return self._variable(first)
        else:
            children = _code(children)
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise too_deep(self._line(node))
        found = self._term(children, self._line(node))
        self._depth -= 1
        return found

    def _term(self, nodes: list[Node], line: int) -> Expression:
        """A term as it lies flat in its parent: what it starts with, and the steps from there."""
        first = nodes[0]
        steps = nodes[3:] if first.kind_id == kinds.PARENTHESIS else nodes[1:]
        if not steps:
            return self._expression(nodes[1]) if first.kind_id == kinds.PARENTHESIS else self._plain(first)
        depth = self._depth
        self._depth += len(steps)
        if self._depth > MAX_DEPTH:
            raise too_deep(line)
        base = self._expression(nodes[1]) if first.kind_id == kinds.PARENTHESIS else self._plain(first)
        row: list[Step] = []
        for step in steps:
            self._add_steps(step, row)
        self._depth = depth
        return traverse(base, row, line)

    def _plain(self, node: Node) -> Expression:
        converter = self._converters.get(node.kind_id)
        if converter is None:
            raise UnsureError
        return converter(node)

    def _add_steps(self, node: Node, row: list[Step]) -> None:
        kind = node.kind_id
        if kind == kinds.GET_ATTR:
            row.append(self._text(node.children[-1]))
        elif kind == kinds.INDEX:
            row.append(self._index(node.children[0]))
        elif kind == kinds.SPLAT:
            splat = node.children[0]
            row.append(ATTRIBUTE_SPLAT if splat.kind_id == kinds.ATTR_SPLAT else FULL_SPLAT)
            steps = _code(splat.children)[1:]
            self._depth += len(steps)
            if self._depth > MAX_DEPTH:
                raise too_deep(self._line(node))
            for step in steps:
                self._add_steps(step, row)
        else:
            raise UnsureError

    def _index(self, node: Node) -> Expression | LegacyIndex:
        if node.kind_id == kinds.NEW_INDEX:
            return self._expression(_code(node.children)[1])
        return LegacyIndex(Number(self._line(node), self._text(node)[1:].lstrip()))

    def _literal(self, node: Node) -> Expression:
        start = node.start_byte
        first = self._source[start]
        if first == 0x22:
            return Literal(self._line(node), self._string(node))
        text = self._source[start : node.end_byte]
        if first in b"0123456789":
            if _NUMBER.fullmatch(text) is None:
                raise WrongTextError(self._line(node), f"`{text.decode()}` is no number that HCL knows")
            return Number(self._line(node), text.decode())
        return Literal(self._line(node), {b"true": True, b"false": False, b"null": None}[text])

    def _variable(self, node: Node) -> Expression:
        text = self._text(node)
        if "::" in text:
            raise UnsureError
        return Name(self._line(node), text)

    def _call(self, node: Node) -> Expression:
        children = _code(node.children)
        name = self._text(children[0])
        if children[2].kind_id != kinds.FUNCTION_ARGUMENTS:
            return Call(self._line(node), name, (), expand=False)
        given = children[2].children
        arguments = tuple([self._expression(child) for child in given if child.kind_id == kinds.EXPRESSION])
        return Call(self._line(node), name, arguments, expand=given[-1].kind_id == kinds.ELLIPSIS)

    def _operation(self, node: Node) -> Expression:
        line = self._line(node)
        self._enter(line)
        children = _code(node.children[0].children)
        operator = next((at for at, child in enumerate(children) if child.kind_id in kinds.OPERATORS), -1)
        first = children[0].kind_id
        if first in kinds.UNARY:
            found: Expression = Unary(line, kinds.UNARY[first], self._term(children[1:], self._line(children[1])))
        elif operator > 0:
            left = self._term(children[:operator], line)
            right = children[operator + 1 :]
            found = Binary(
                line, kinds.OPERATORS[children[operator].kind_id], left, self._term(right, self._line(right[0]))
            )
        else:
            raise UnsureError
        self._depth -= 1
        return found

    def _conditional(self, node: Node) -> Expression:
        """``a ? b : c ? d : e`` lies here as ``(a ? b : c) ? d : e``; it means ``a ? b : (c ? d : e)``."""
        branches: list[tuple[Node, Node]] = []
        while True:
            condition, _, then, _, otherwise = _code(node.children)
            branches.append((then, otherwise))
            inner = _code(condition.children)
            if inner[0].kind_id != kinds.CONDITIONAL:
                break
            node = inner[0]
        depth = self._depth
        self._depth += len(branches)
        if self._depth > MAX_DEPTH:
            raise too_deep(self._line(node))
        found = self._expression(branches[0][1])
        for position, (then, _) in enumerate(branches):
            before = branches[position + 1][1] if position + 1 < len(branches) else condition
            found = Conditional(self._line(before), self._expression(before), self._expression(then), found)
        self._depth = depth
        return found

    def _collection(self, node: Node) -> Expression:
        inner = node.children[0]
        if inner.kind_id == kinds.OBJECT:
            return self._object(inner)
        items = tuple([self._expression(child) for child in inner.children if child.kind_id == kinds.EXPRESSION])
        return Tuple(self._line(inner), items)

    def _object(self, node: Node) -> Expression:
        items: list[tuple[Expression, Expression]] = []
        children = _code(node.children)
        for child, after in pairwise(children):
            if child.kind_id != kinds.OBJECT_ELEM:
                continue
            if after.kind_id == kinds.OBJECT_ELEM and after.start_point[0] == child.end_point[0]:
                raise UnsureError
            key, _, value = _code(child.children)
            if key.end_point[0] != value.start_point[0]:
                raise UnsureError
            in_parentheses = key.children[0].kind_id == kinds.PARENTHESIS
            name = object_key(self._expression(key), in_parentheses=in_parentheses)
            items.append((name, self._expression(value)))
        shift = self._shift
        return Object(self._line(node), tuple(items), (node.start_byte - shift, node.end_byte - shift))

    def _for(self, node: Node) -> Expression:
        inner = node.children[0]
        line = self._line(inner)
        children = [child for child in _code(inner.children) if child.is_named]
        intro = _code(children[1].children)
        names = [self._text(child) for child in intro if child.kind_id == kinds.IDENTIFIER]
        key = names[0] if len(names) == 2 else None
        collection = next(self._expression(child) for child in intro if child.kind_id == kinds.EXPRESSION)
        values = [self._expression(child) for child in children if child.kind_id == kinds.EXPRESSION]
        condition = None
        for child in children:
            if child.kind_id == kinds.FOR_COND:
                condition = self._expression(_code(child.children)[1])
        if len(values) == 1:
            return ForTuple(line, key, names[-1], collection, values[0], condition)
        group = any(child.kind_id == kinds.ELLIPSIS for child in children)
        return ForObject(line, key, names[-1], collection, values[0], values[1], group, condition)

    # Templates

    def _string(self, node: Node) -> str:
        """The text of a quoted string without sequences, whose node starts and ends with its quotes."""
        raw = self._source[node.start_byte + 1 : node.end_byte - 1].decode()
        if _BARE_SEQUENCE.search(raw):
            raise UnsureError
        return templates.quoted_text(raw, self._line(node))

    def _template(self, node: Node) -> Expression:
        inner = node.children[0]
        line = self._line(inner)
        if inner.kind_id == kinds.QUOTED:
            return self._pieces(inner.children, inner.start_byte + 1, inner.end_byte - 1, line, Form.QUOTED)
        children = inner.children
        identifiers = [child for child in children if child.kind_id == kinds.IDENTIFIER_OF_HEREDOC]
        if len(identifiers) != 2:
            raise UnsureError
        marker = identifiers[0].text or b""
        start = self._source.find(b"\n", identifiers[0].end_byte) + 1
        end = re.compile(rb"^[ \t\r]*" + re.escape(marker) + rb"[ \t\r]*$", re.MULTILINE).search(self._source, start)
        if end is None or end.end() < identifiers[1].end_byte or end.start() > identifiers[1].start_byte:
            raise UnsureError
        form = Form.INDENTED if self._source.startswith(b"<<-", inner.start_byte) else Form.LINES
        return self._pieces(children, start, end.start(), line, form)

    def _pieces(self, nodes: list[Node], start: int, end: int, line: int, form: Form) -> Expression:
        """The template between two offsets.

        Its text is what lies between the sequences: the nodes of text lack the white space at their ends.
        """
        pieces: list[str | TemplateSequence] = []
        for node in self._sequences(nodes):
            pieces.append(self._between(start, node.start_byte))
            pieces.append(self._sequence(node))
            start = node.end_byte
        pieces.append(self._between(start, end))
        return templates.build(pieces, line, form)

    def _between(self, start: int, end: int) -> str:
        """The text between two sequences.

        In ``$$${`` the parsers disagree on where the sequence starts.
        """
        text = self._source[start:end].decode()
        if _BARE_SEQUENCE.search(text) or (text and self._source[end : end + 2] in _OPENERS.get(text[-1], ())):
            raise UnsureError
        return text

    def _sequences(self, nodes: list[Node]) -> Iterator[Node]:
        for node in nodes:
            kind = node.kind_id
            if kind in kinds.SEQUENCES:
                yield node
            elif kind in kinds.DIRECTIVES:
                yield from self._sequences(node.children)
            elif kind not in kinds.TEMPLATE_TEXT:
                raise UnsureError

    def _sequence(self, node: Node) -> TemplateSequence:
        children = _code(node.children)
        kind = node.kind_id
        line = self._line(node)
        strip_before = children[1].kind_id == kinds.STRIP
        strip_after = children[-2].kind_id == kinds.STRIP
        if kind in kinds.MARKER_KINDS:
            return TemplateSequence(kinds.MARKER_KINDS[kind], line, strip_before, strip_after)
        expression = next((self._expression(child) for child in children if child.kind_id == kinds.EXPRESSION), None)
        names = [self._text(child) for child in children if child.kind_id == kinds.IDENTIFIER]
        return TemplateSequence(
            {kinds.INTERPOLATION: "value", kinds.IF_START: "if", kinds.FOR_START: "for"}[kind],
            line,
            strip_before,
            strip_after,
            expression,
            names[0] if len(names) == 2 else None,
            names[-1] if names else "",
        )

    # Places

    def _line(self, node: Node) -> int:
        return node.start_point[0] * self._rows + self._first_line

    def _text(self, node: Node) -> str:
        return self._source[node.start_byte : node.end_byte].decode()

    def _enter(self, line: int) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise too_deep(line)


def _code(nodes: list[Node]) -> list[Node]:
    """``nodes`` without comments, which may stand anywhere."""
    return [node for node in nodes if node.kind_id != kinds.COMMENT]
