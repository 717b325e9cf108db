"""What is no HCL is said with its first wrong line, in plain words, and soon."""

import time

import pytest

from terraform_lint.source.syntax.parse import TemplateError, parse, parse_template
from terraform_lint.source.syntax.tree import Body


@pytest.mark.parametrize(
    ("source", "line", "words"),
    [
        ("a = 1\nb = }", 2, "unexpected `}`: nothing is open that it could close"),
        ("a = 1\nb =\nc = 1", 2, "the line ends too early; a value was expected"),
        ("a = 1\nb = 'c'", 2, "unexpected `'c'` (a string stands in double quotes); a value was expected"),
        ("a: 1", 1, "unexpected `:`; `=` or `{` was expected"),
        ("a = f(b c)", 1, "unexpected `c`; `,` or `)` was expected"),
        ("a = [\n  1\n  2\n]", 3, "unexpected `2`; `,` or `]` was expected"),
        ("a = b ? c", 1, "the text ends too early; `:` was expected"),
        ('a "b" = 1', 1, "unexpected `=`; `{` was expected"),
        ('a = "b\nc = 1', 1, "a quoted string that starts here is not closed on its line"),
        ('a = "b\nc"', 1, "a quoted string must end on the line where it starts"),
        ('a = 1\nb = "\\d"', 2, "`\\d` is no escape that a quoted string knows"),
        ("a = 1\nb = <<EOT\nc\n", 2, "the heredoc that starts here is never closed by a line with `EOT` alone"),
        ("a = 1\n/* b", 2, "`/*` that starts here is never closed by `*/`"),
        ("a {\n  b = [\n}\n", 3, "unexpected `}`: the `[` of line 2 is not closed yet"),
        ("a {\n  b {\n}\n", 1, "`{` that starts here is never closed"),
        ('a = "${b"', 1, "a quoted string that starts here is not closed on its line"),
        ('a = "${}"', 1, "`${` and `}` have no expression between them"),
        ('a = 1\nb = "%{ if b }"', 2, "a `%{ if }` or `%{ for }` that starts here is not closed"),
        ("a = <<EOT\n%{ if b }\nEOT", 2, "`%{ if }` that starts here has no `%{ endif }`"),
        ("a = <<EOT\nb\n%{ endfor }\nEOT", 3, "`%{ endfor }` has no start that it belongs to"),
        ("a = 1\na = 2", 2, "`a` is already set in this block: each may be set once only"),
        ("b {\n  a = 1\n  a = 2\n}", 3, "`a` is already set in this block: each may be set once only"),
        ("a = 1 b = 2", 1, "`b` must start on a new line"),
        ("a = { b = 1 c = 2 }", 1, "a comma or a new line must stand between the items of an object"),
        ("a\n{}", 1, "the `{` of a block must stand on the line where the block starts"),
        ('a "${b}" {}', 1, "a block's label cannot hold `${…}`"),
        ("a = 0x10", 1, "`0x10` is no number that HCL knows"),
    ],
)
def test_a_broken_file_is_told_where_and_why(source: str, line: int, words: str) -> None:
    for text in (source, source.replace("\n", "\r\n")):
        parsed = parse(text.encode(), "main.tf")
        assert parsed.problem is not None
        assert (parsed.problem.line, parsed.problem.message) == (line, words)
        assert parsed.body == Body((), ())


def test_bytes_that_are_no_text_are_told_with_their_line() -> None:
    parsed = parse(b'a = 1\nb = "\xe9"\n', "main.tf")
    assert parsed.problem is not None
    assert (parsed.problem.line, parsed.problem.message) == (2, "not UTF-8 text: save the file as UTF-8")


DEEP = 10_000


@pytest.mark.parametrize(
    "source",
    [
        "a = " + "[" * DEEP + "]" * DEEP,
        "a = " + "(" * DEEP + "1" + ")" * DEEP,
        "a {\n" * DEEP + "}\n" * DEEP,
        "a = b" + ".c" * DEEP,
        "a = b[*]" + ".c" * DEEP,
        "a = b" + " + b" * DEEP,
        "a = " + "!" * DEEP + "b",
        "a = " + "b ? c : " * DEEP + "d",
        "a = " + '"${' * DEEP + "b" + '}"' * DEEP,
        'a = "' + "%{ if b }" * DEEP + "%{ endif }" * DEEP + '"',
    ],
    ids=["brackets", "parentheses", "blocks", "names", "splat", "sum", "not", "conditions", "strings", "directives"],
)
def test_deep_nesting_is_a_problem_and_no_crash(source: str) -> None:
    parsed = parse(source.encode(), "main.tf")
    assert parsed.problem is not None
    assert parsed.problem.message == "nested deeper than 128 levels: this is not followed"


@pytest.mark.parametrize(
    "source",
    [
        'a = "' + "$" * 100_000,
        'a = "' + "$${" * 30_000 + '"\nb c',
        "a = <<EOT\n" + "\n" * 300_000,
        'a = "' + " " * 300_000,
        "a = = \n" * 50_000,
        '}{)(="' * 50_000,
        "/* " * 100_000,
        "a = <<A\n" * 50_000,
    ],
    ids=["dollars", "escapes", "heredoc", "blanks", "equals", "brackets", "comments", "heredocs"],
)
def test_hostile_text_takes_no_long_time(source: str) -> None:
    start = time.process_time()
    parsed = parse(source.encode(), "main.tf")
    assert parsed.problem is not None
    assert time.process_time() - start < 10


@pytest.mark.parametrize(
    ("text", "line"),
    [("a\n${", 2), ("${}", 1), ("a\n%{ if b }", 2), ("\n\n%{ else }", 3), ("${a b}", 1), ("%{ c }", 1)],
)
def test_a_text_that_is_no_template_is_told_with_its_line(text: str, line: int) -> None:
    with pytest.raises(TemplateError) as caught:
        parse_template(text)
    assert caught.value.line == line
    assert caught.value.message
