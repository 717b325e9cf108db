"""Trees as HCL text, and random trees: what a parser must give back."""

import re
from collections.abc import Callable
from typing import Any

import msgspec
from hypothesis import strategies as st

from terraform_lint.source.syntax.tree import (
    Attr,
    Attribute,
    Binary,
    Block,
    Body,
    Call,
    Conditional,
    Expression,
    ForObject,
    ForTuple,
    Index,
    Literal,
    Name,
    Number,
    Object,
    Splat,
    Template,
    TemplateFor,
    TemplateIf,
    Tuple,
    Unary,
)

LEVELS = [("||",), ("&&",), ("==", "!="), ("<", "<=", ">", ">="), ("+", "-"), ("*", "/", "%")]
LEVEL = {operator: level for level, operators in enumerate(LEVELS) for operator in operators}
TERMS = (Name, Attr, Index, Call, Tuple, Object, ForTuple, ForObject)


def bare(node: Any) -> Any:
    """A tree without its places."""
    if isinstance(node, tuple):
        return tuple(bare(item) for item in node)
    if not isinstance(node, msgspec.Struct):
        return node
    places = {"line": 0, "end_line": 0, "span": (0, 0)}
    fields = {name: places.get(name, bare(getattr(node, name))) for name in node.__struct_fields__}
    return type(node)(**fields)


def escaped(text: str) -> str:
    for character, escape in (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"), ("\r", "\\r"), ("\t", "\\t")):
        text = text.replace(character, escape)
    # NOTE: a mark right before an escaped one would not be read as two marks, so it is written by its number
    text = re.sub(r"([$%])(?=\1+\{)", lambda mark: f"\\u{ord(mark[1]):04x}", text)
    return text.replace("${", "$${").replace("%{", "%%{")


class Printer:
    """``broken``: lists, objects and calls over several lines, with comments."""

    def __init__(self, *, broken: bool) -> None:
        self.broken = broken
        self.printers: dict[type, Callable[[Any], str]] = {
            Literal: self.literal,
            Number: lambda node: node.text,
            Name: lambda node: node.name,
            Template: lambda node: f'"{self.parts(node)}"',
            Attr: self.traversal,
            Index: self.traversal,
            Splat: self.traversal,
            Call: self.call,
            Conditional: self.conditional,
            Binary: self.binary,
            Unary: lambda node: f"{node.operator}{self.term(node.operand)}",
            Tuple: lambda node: f"[{self.items([self.expression(item) for item in node.items])}]",
            Object: lambda node: (
                "{" + self.items([f"{self.key(k)} = {self.expression(v)}" for k, v in node.items]) + "}"
            ),
            ForTuple: self.loop,
            ForObject: self.loop,
        }

    def body(self, body: Body) -> str:
        lines = [f"{item.name} = {self.expression(item.value)}\n" for item in body.attributes]
        for block in body.blocks:
            labels = "".join(f' "{escaped(label)}"' for label in block.labels)
            lines.append(f"{block.type}{labels} {{\n{self.body(block.body)}}}\n")
        return ("# a comment\n\n" if self.broken else "").join(lines)

    def expression(self, node: Expression) -> str:
        return self.printers[type(node)](node)

    def literal(self, node: Literal) -> str:
        if isinstance(node.value, str):
            return f'"{escaped(node.value)}"'
        return {True: "true", False: "false", None: "null"}[node.value]

    def call(self, node: Call) -> str:
        given = [self.expression(item) for item in node.arguments]
        return f"{node.name}({self.items([*given[:-1], given[-1] + '...'] if node.expand else given)})"

    def conditional(self, node: Conditional) -> str:
        return f"{self.above(node.condition)} ? {self.expression(node.then)} : {self.expression(node.otherwise)}"

    def items(self, texts: list[str]) -> str:
        if self.broken and texts:
            return "\n  " + ",  # so\n  ".join(texts) + "\n"
        return ", ".join(texts)

    def key(self, key: Expression) -> str:
        if isinstance(key, Literal) and isinstance(key.value, str):
            return key.value if re.fullmatch("[a-z]+", key.value) and not self.broken else self.expression(key)
        return self.expression(key) if isinstance(key, Template) else f"({self.expression(key)})"

    def above(self, node: Expression) -> str:
        text = self.expression(node)
        return f"({text})" if isinstance(node, Conditional) else text

    def term(self, node: Expression) -> str:
        text = self.expression(node)
        return text if isinstance(node, TERMS) else f"({text})"

    def binary(self, node: Binary) -> str:
        level = LEVEL[node.operator]

        def side(operand: Expression, least: int) -> str:
            text = self.expression(operand)
            needs = isinstance(operand, Conditional) or (
                isinstance(operand, Binary) and LEVEL[operand.operator] < least
            )
            return f"({text})" if needs else text

        return f"{side(node.left, level)} {node.operator} {side(node.right, level + 1)}"

    def traversal(self, node: Expression) -> str:
        match node:
            case Name(name=""):
                return ""
            case Attr():
                return f"{self.base(node.of)}.{node.name}"
            case Index():
                return f"{self.base(node.of)}[{self.expression(node.key)}]"
            case Splat():
                return f"{self.base(node.of)}{'[*]' if node.full else '.*'}{self.traversal(node.each)}"
        raise AssertionError(node)

    def base(self, node: Expression) -> str:
        return "" if node == Name(0, "") else self.term(node)

    def loop(self, node: ForTuple | ForObject) -> str:
        names = f"{node.key}, {node.name}" if node.key else node.name
        condition = f" if {self.expression(node.condition)}" if node.condition else ""
        space = "\n" if self.broken else ""
        head = f"for {names} in {self.above(node.collection)} : "
        if isinstance(node, ForTuple):
            return f"[{space}{head}{self.expression(node.value)}{condition}{space}]"
        value = self.expression(node.value) + ("..." if node.group else "")
        return f"{{{space}{head}{self.above(node.new_key)} => {value}{condition}{space}}}"

    def parts(self, node: Expression) -> str:
        match node:
            case Literal(value=str() as text):
                return escaped(text)
            case Template():
                return "".join(self.part(part) for part in node.parts)
        raise AssertionError(node)

    def part(self, node: Expression) -> str:
        match node:
            case Literal(value=str() as text):
                return escaped(text)
            case TemplateIf():
                otherwise = "" if node.otherwise == Literal(0, "") else f"%{{ else }}{self.parts(node.otherwise)}"
                return f"%{{ if {self.expression(node.condition)} }}{self.parts(node.then)}{otherwise}%{{ endif }}"
            case TemplateFor():
                names = f"{node.key}, {node.value}" if node.key else node.value
                head = f"%{{ for {names} in {self.expression(node.collection)} }}"
                return f"{head}{self.parts(node.body)}%{{ endfor }}"
        return f"${{{self.expression(node)}}}"


def names() -> st.SearchStrategy[str]:
    return st.sampled_from(["var", "local", "a", "b_c", "d-e", "iffy", "format", "nullable", "trueish", "x1"])


def texts(alphabet: str = ' a/#"\\$%{}~.é😀\n\t') -> st.SearchStrategy[str]:
    return st.text(alphabet, max_size=8)


def leaves() -> st.SearchStrategy[Expression]:
    return st.one_of(
        st.builds(Literal, st.just(0), st.one_of(texts(' a/#"\\$%~.é\n'), st.sampled_from([True, False, None]))),
        st.builds(Number, st.just(0), st.sampled_from(["0", "1", "42", "1.5", "0.25", "2.5e3", "1.0E-2"])),
        st.builds(Name, st.just(0), names()),
    )


def expressions() -> st.SearchStrategy[Expression]:
    return st.recursive(leaves(), _grown, max_leaves=12)


def _grown(inner: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    zero = st.just(0)
    several = st.lists(inner, max_size=3).map(tuple)
    maybe = st.one_of(st.none(), inner)
    key = st.one_of(st.none(), names())
    place = st.just((0, 0))
    item = st.tuples(inner, inner)
    return st.one_of(
        st.builds(Attr, zero, inner, names()),
        st.builds(Index, zero, inner, inner),
        st.builds(Splat, zero, inner, _each(inner), st.just(value=True)),
        st.builds(Splat, zero, inner, _each(None), st.just(value=False)),
        st.builds(Call, zero, st.sampled_from(["f", "tostring", "provider::ns::f"]), several, st.just(value=False)),
        st.builds(
            lambda given: Call(0, "merge", given, expand=True), st.lists(inner, min_size=1, max_size=2).map(tuple)
        ),
        st.builds(Conditional, zero, inner, inner, inner),
        st.builds(Binary, zero, st.sampled_from(sorted(LEVEL)), inner, inner),
        st.builds(Unary, zero, st.sampled_from("-!"), inner),
        st.builds(Tuple, zero, several),
        st.builds(Object, zero, st.lists(item, max_size=3).map(tuple), place),
        st.builds(ForTuple, zero, key, names(), inner, inner, maybe),
        st.builds(ForObject, zero, key, names(), inner, inner, inner, st.booleans(), maybe),
        _templates(inner),
    )


def _each(inner: st.SearchStrategy[Expression] | None) -> st.SearchStrategy[Expression]:
    """What a splat applies to its elements: names, and indexes where ``inner`` gives their keys."""
    step: st.SearchStrategy[Any] = names() if inner is None else st.one_of(names(), inner)

    def steps(row: list[Any]) -> Expression:
        each: Expression = Name(0, "")
        for drawn in row:
            each = Attr(0, each, drawn) if isinstance(drawn, str) else Index(0, each, drawn)
        return each

    return st.lists(step, max_size=3).map(steps)


def _templates(inner: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    text = texts(' a/#"\\$%~.é\n').filter(lambda drawn: drawn and drawn[-1] not in "$%")
    directive = st.one_of(
        st.builds(TemplateIf, st.just(0), inner, text.map(_literal), st.just(Literal(0, ""))),
        st.builds(TemplateIf, st.just(0), inner, text.map(_literal), text.map(_literal)),
        st.builds(TemplateFor, st.just(0), st.one_of(st.none(), names()), names(), inner, text.map(_literal)),
    )
    sequence: st.SearchStrategy[Expression] = st.one_of(inner.filter(_is_no_text), directive)
    build: Callable[..., Template] = lambda *parts: Template(0, tuple(parts))  # noqa: E731  a strategy wants a callable
    return st.one_of(
        st.builds(build, sequence),
        st.builds(build, text.map(_literal), sequence),
        st.builds(build, sequence, sequence, text.map(_literal)),
    )


def _is_no_text(node: Expression) -> bool:
    return not (isinstance(node, Literal) and isinstance(node.value, str))


def _literal(text: str) -> Literal:
    return Literal(0, text)


def bodies(depth: int = 2) -> st.SearchStrategy[Body]:
    place = st.just((0, 0))
    attributes = st.lists(
        st.builds(Attribute, names(), expressions(), st.just(0), place), max_size=3, unique_by=lambda item: item.name
    )
    if not depth:
        return st.builds(lambda items: Body(tuple(items), ()), attributes)
    labels = st.lists(texts(' a.é"'), max_size=2).map(tuple)
    blocks = st.lists(st.builds(Block, names(), labels, bodies(depth - 1), st.just(0), st.just(0), place), max_size=2)
    return st.builds(lambda items, nested: Body(tuple(items), tuple(nested)), attributes, blocks)
