"""Each construct of the native syntax, read by both parsers, to the tree it means."""

from contextlib import suppress

import pytest

from terraform_lint.source.syntax import fast, reference
from terraform_lint.source.syntax.faults import UnsureError
from terraform_lint.source.syntax.parse import parse
from terraform_lint.source.syntax.tree import (
    Attr,
    Attribute,
    Binary,
    Block,
    Body,
    Call,
    Comment,
    Conditional,
    Expression,
    ForObject,
    ForTuple,
    Index,
    Literal,
    Name,
    Number,
    Object,
    ParsedFile,
    Splat,
    Template,
    TemplateFor,
    TemplateIf,
    Tuple,
    Unary,
)

A, B, C, D, E = (Name(1, name) for name in "abcde")
EACH = Name(1, "")
ONE = Number(1, "1")


def text(value: str, line: int = 1) -> Literal:
    return Literal(line, value)


def read(source: str) -> ParsedFile:
    return parse(source.encode(), "main.tf")


def value(source: str) -> Expression:
    """The value of ``x = source``, on which both parsers agree where the fast one is sure."""
    written = f"x = {source}\n"
    parsed = read(written)
    assert parsed.problem is None
    by_reference = reference.parse(written)
    assert by_reference == parsed.body
    with suppress(UnsureError):
        assert fast.parse(written.encode()) == by_reference
    return parsed.body.attributes[0].value


@pytest.mark.parametrize(
    ("source", "tree"),
    [
        ("true", Literal(1, value=True)),
        ("false", Literal(1, value=False)),
        ("null", Literal(1, None)),
        ("12", Number(1, "12")),
        ("1.50", Number(1, "1.50")),
        ("1e3", Number(1, "1e3")),
        ("1.5E-3", Number(1, "1.5E-3")),
        ("-12", Unary(1, "-", Number(1, "12"))),
        ('""', text("")),
        ('"  a  "', text("  a  ")),
        (r'"\n\r\t\"\\"', text('\n\r\t"\\')),
        (r'"\u00e9\U0001F600"', text("é😀")),
        (r'"\ud800"', text("\ufffd")),
        ('"$${a} %%{if}"', text("${a} %{if}")),
        ('"$$ $ % 100%"', text("$$ $ % 100%")),
        ('"# no // comment /* here */"', text("# no // comment /* here */")),
        ("a", A),
        ("a-b", Name(1, "a-b")),
        ("a.b", Attr(1, A, "b")),
        ("a.0.b", Attr(1, Index(1, A, Number(1, "0")), "b")),
        ('a["b"]', Index(1, A, text("b"))),
        ("a[b.c]", Index(1, A, Attr(1, B, "c"))),
        ("(a).b", Attr(1, A, "b")),
        ("a[*]", Splat(1, A, EACH, full=True)),
        ("a[*].b.c", Splat(1, A, Attr(1, Attr(1, EACH, "b"), "c"), full=True)),
        ("a[*].b[1]", Splat(1, A, Index(1, Attr(1, EACH, "b"), ONE), full=True)),
        ("a[*].b[*].c", Splat(1, A, Splat(1, Attr(1, EACH, "b"), Attr(1, EACH, "c"), full=True), full=True)),
        ("a.*.b", Splat(1, A, Attr(1, EACH, "b"), full=False)),
        ("a.*.b[1]", Index(1, Splat(1, A, Attr(1, EACH, "b"), full=False), ONE)),
        ("a.*.b.1.c", Splat(1, A, Attr(1, Index(1, Attr(1, EACH, "b"), ONE), "c"), full=False)),
        ("f()", Call(1, "f", (), expand=False)),
        ("f(a, b,)", Call(1, "f", (A, B), expand=False)),
        ("f(a, b...)", Call(1, "f", (A, B), expand=True)),
        ("provider::ns::f(a)", Call(1, "provider::ns::f", (A,), expand=False)),
        ("a ? b : c", Conditional(1, A, B, C)),
        ("a ? b : c ? d : e", Conditional(1, A, B, Conditional(1, C, D, E))),
        ("a ? b ? c : d : e", Conditional(1, A, Conditional(1, B, C, D), E)),
        ("(a ? b : c) ? d : e", Conditional(1, Conditional(1, A, B, C), D, E)),
        ("a + b * c", Binary(1, "+", A, Binary(1, "*", B, C))),
        ("(a + b) * c", Binary(1, "*", Binary(1, "+", A, B), C)),
        ("a - b - c", Binary(1, "-", Binary(1, "-", A, B), C)),
        ("a || b && c", Binary(1, "||", A, Binary(1, "&&", B, C))),
        ("a == b && c != d", Binary(1, "&&", Binary(1, "==", A, B), Binary(1, "!=", C, D))),
        ("a == b < c", Binary(1, "==", A, Binary(1, "<", B, C))),
        ("a % b >= c", Binary(1, ">=", Binary(1, "%", A, B), C)),
        ("!a.b", Unary(1, "!", Attr(1, A, "b"))),
        ("!a == b", Binary(1, "==", Unary(1, "!", A), B)),
        ("a - -b", Binary(1, "-", A, Unary(1, "-", B))),
        ("a /* so */ + /* so */ b", Binary(1, "+", A, B)),
        ("[]", Tuple(1, ())),
        ("[a, b,]", Tuple(1, (A, B))),
        ("{}", Object(1, (), (4, 6))),
        ("{ a = b, c : d }", Object(1, ((text("a"), B), (text("c"), D)), (4, 20))),
        ('{ "a-b" = b }', Object(1, ((text("a-b"), B),), (4, 17))),
        ("{ (a) = b }", Object(1, ((A, B),), (4, 15))),
        ("{ 1 = a, 1.50 = b }", Object(1, ((text("1"), A), (text("1.5"), B)), (4, 23))),
        ("{ true = a, null = b }", Object(1, ((text("true"), A), (text("null"), B)), (4, 26))),
        ('{ "${a}-b" = c }', Object(1, ((Template(1, (A, text("-b"))), C),), (4, 20))),
        ("{ aws.a = b }", Object(1, ((Attr(1, Name(1, "aws"), "a"), B),), (4, 17))),
        ("[for a in b : c]", ForTuple(1, None, "a", B, C, None)),
        ("[for a, b in c : d if e]", ForTuple(1, "a", "b", C, D, E)),
        ("{for a in b : c => d}", ForObject(1, None, "a", B, C, D, group=False, condition=None)),
        ("{for a, b in c : d => e... if a}", ForObject(1, "a", "b", C, D, E, group=True, condition=A)),
        ('"${a}"', Template(1, (A,))),
        ('" ${a} "', Template(1, (text(" "), A, text(" ")))),
        ('"${"${a}"}"', Template(1, (Template(1, (A,)),))),
        ('"${{ a = "}" }}"', Template(1, (Object(1, ((text("a"), text("}")),), (7, 18)),))),
        ('"%{ if a }b%{ endif }"', Template(1, (TemplateIf(1, A, text("b"), text("")),))),
        ('"%{ if a ~} b %{~ else } c%{ endif }"', Template(1, (TemplateIf(1, A, text("b"), text(" c")),))),
        ('"%{ for a, b in c }${b}%{ endfor }"', Template(1, (TemplateFor(1, "a", "b", C, Template(1, (B,))),))),
    ],
)  # fmt: skip
def test_an_expression_means(source: str, tree: Expression) -> None:
    assert value(source) == tree


@pytest.mark.parametrize(
    ("source", "parts"),
    [
        ('"a  ${~ b ~}  c"', (text("a"), B, text("c"))),
        ('"a \\n${~ b}"', (text("a"), B)),
        ('"${a ~} ${~ b}"', (A, B)),
    ],
)
def test_strip_markers_eat_the_white_space_beside_them(source: str, parts: tuple[Expression, ...]) -> None:
    written = read(f"x = {source}")
    assert written.body.attributes[0].value == Template(1, tuple(part for part in parts if part != text("")))


def heredoc(*lines: str, start: str = "<<EOT") -> Expression:
    return value("\n".join([start, *lines, "EOT"]))


def test_a_heredoc_keeps_its_text_and_its_last_line_end() -> None:
    assert heredoc('  "a" \\n # b', "", "c") == text('  "a" \\n # b\n\nc\n')
    assert heredoc() == text("")
    assert heredoc(start="<<-EOT") == text("")


def test_a_heredoc_ends_at_its_marker_alone_on_a_line() -> None:
    assert value("<<EOT\nEOTX\nX EOT\n   EOT") == text("EOTX\nX EOT\n")
    assert read("x = <<EOT\na\nEOT  \n").body.attributes[0].value == text("a\n")


def test_an_indented_heredoc_loses_the_smallest_indentation_of_its_lines() -> None:
    assert heredoc("    a", "      b", "    c", start="<<-EOT") == text("a\n  b\nc\n")


def test_blank_lines_do_not_count_as_indentation_and_keep_their_blanks() -> None:
    assert heredoc("    a", "", "  ", "    b", start="<<-EOT") == text("a\n\n  \nb\n")


def test_a_line_that_starts_with_an_interpolation_has_the_blanks_before_it() -> None:
    assert heredoc("    a", "  ${b}", start="<<-EOT") == Template(1, (text("  a\n"), Name(3, "b"), text("\n")))
    assert heredoc("  a", "${b}", start="<<-EOT") == Template(1, (text("  a\n"), Name(3, "b"), text("\n")))


def test_strip_markers_in_a_heredoc_reach_no_further_than_their_line() -> None:
    tree = heredoc("%{ for a in b ~}", "  ${a}", "%{ endfor ~}", "end")
    loop = TemplateFor(2, None, "a", Name(2, "b"), Template(1, (text("  "), Name(3, "a"), text("\n"))))
    assert tree == Template(1, (loop, text("end\n")))


def test_directives_nest() -> None:
    inner = TemplateIf(1, B, text("x"), text("y"))
    source = '"%{ if a }%{ if b }x%{ else }y%{ endif }%{ endif }"'
    assert value(source) == Template(1, (TemplateIf(1, A, Template(1, (inner,)), text("")),))


def test_objects_are_divided_by_lines_or_commas() -> None:
    tree = value('{\n  a = b\n  (c) = d # so\n\n  "e" = a,\n}')
    assert isinstance(tree, Object)
    assert tree.items == (
        (text("a", 2), Name(2, "b")),
        (Name(3, "c"), Name(3, "d")),
        (text("e", 5), Name(5, "a")),
    )


def test_blocks_have_labels_lines_and_spans() -> None:
    source = 'a = 1\nresource "aws_vpc" "é" {\n  b = 2\n\n  c {}\n  d x { e = 3 }\n}\n'
    parsed = read(source)
    c = Block("c", (), Body((), ()), 5, 5, (43, 47))
    d = Block("d", ("x",), Body((Attribute("e", Number(6, "3"), 6, (56, 61)),), ()), 6, 6, (50, 63))
    resource = Block(
        "resource", ("aws_vpc", "é"), Body((Attribute("b", Number(3, "2"), 3, (34, 39)),), (c, d)), 2, 7, (6, 65)
    )
    assert parsed == ParsedFile(Body((Attribute("a", ONE, 1, (0, 5)),), (resource,)), (), None)
    assert reference.parse(source) == parsed.body
    assert source.encode()[slice(*d.span)] == b"d x { e = 3 }"


def test_names_may_be_of_any_script() -> None:
    assert read("größe = 1").body.attributes[0].name == "größe"


def test_line_ends_of_other_systems_are_line_ends() -> None:
    parsed = read("a = [\r\n  b,\r\n]\r\nc = <<EOT\r\n  d\r\nEOT\r\n")
    assert [(item.name, item.line) for item in parsed.body.attributes] == [("a", 1), ("c", 4)]
    assert parsed.body.attributes[1].value == text("  d\r\n", 4)


@pytest.mark.parametrize("source", ["", "\n", "# nothing\n", "/* nothing */"])
def test_a_file_may_hold_nothing(source: str) -> None:
    assert read(source) == ParsedFile(Body((), ()), (), None)


@pytest.mark.parametrize("odd", ["", 'z = "$$${a}"\n'])
def test_comments_that_speak_to_apportion_are_kept(odd: str) -> None:
    """``odd`` is what only the reference reads."""
    parsed = read(
        "# é apportion:ignore[a] why\n"
        "a = 1 // apportion:ignore[b]\n"
        'b = "# apportion:no"\n'
        "c = <<EOT\n# apportion:no\nEOT\n"
        "# something else\n"
        "d = [\n  1, # apportion:deep\n]\n"
        "/* apportion:block\n */\n" + odd
    )
    assert parsed.problem is None
    assert parsed.comments == (
        Comment(1, "é apportion:ignore[a] why", own_line=True),
        Comment(2, "apportion:ignore[b]", own_line=False),
        Comment(9, "apportion:deep", own_line=False),
        Comment(11, "apportion:block", own_line=True),
    )
