"""Expressions made to take forever end in an unknown, and soon."""

import sys
import time

import pytest

from terraform_lint.source.evaluation.values import EvaluationError, Unknown, Value
from terraform_lint.source.syntax.tree import Call, Literal, Tuple, Unary
from tests.terraform_lint.source.evaluation.expression_text import Names, evaluator, value_of

LETTERS = "a" * 90
LONG = f'join("", [for i in range(1000) : "{LETTERS}"])'
BOMB = r"""a: &a [x,x,x,x,x,x,x,x,x]
b: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]
c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]
d: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]
e: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d]
f: [*e,*e,*e,*e,*e,*e,*e,*e,*e]""".replace("\n", "\\n")


@pytest.mark.parametrize(
    "text",
    [
        "[for a in range(1000) : [for b in range(1000) : [for c in range(1000) : a]]]",
        "setproduct(range(1000), range(1000), range(1000))",
        f'replace({LONG}, "a", {LONG})',
        'indent(100000000, "x")',
        'format("%999999999d", 1)',
        'format("%.999999999f", 1)',
        "pow(10, 1000000000)",
        "1e999999999 + 1",
        'tonumber("1e999999999") * 2',
        f'yamldecode("{BOMB}")',
        f'yamldecode("{"[" * 100_000}")',
        'jsonencode(jsondecode(format("[%s1]", join("", [for i in range(1000) : "1e3999,"]))))',
        f'[for i in range(1000) : regexall("(a|b|ab)*c", {LONG})]',
        f"[for i in range(1000) : [for j in range(1000) : sha512({LONG})]]",
    ],
)  # fmt: skip
def test_a_hostile_expression_ends_as_an_unknown(text: str) -> None:
    before = time.process_time()
    found = value_of(f"[{text}]")
    assert time.process_time() - before < 30
    value = found if isinstance(found, Unknown) else found[0]
    assert isinstance(value, Unknown)
    assert "evaluate" in value.reason


def test_a_doubled_value_is_not_walked_to_its_end() -> None:
    names: dict[str, Value] = {"v": ["x"]}
    for _ in range(40):
        names = {"v": value_of("[v, v]", **names)}
    for text in ("jsonencode(v)", "flatten(v)", "v == v", "try(v, 1)", "toset(v)"):
        assert isinstance(value_of(text, **names), Unknown)


def test_deep_nesting_is_unknown() -> None:
    node: Tuple | Call | Unary = Tuple(1, (Literal(1, "x"),))
    for _ in range(sys.getrecursionlimit()):
        node = Tuple(1, (node,))
    assert isinstance(evaluator().value(node, Names({})), Unknown)


def test_what_is_too_large_does_not_make_try_choose_another_value() -> None:
    assert isinstance(value_of('try(setproduct(range(1000), range(1000)), "small")'), Unknown)


def test_a_template_that_renders_itself_ends() -> None:
    text = "${templatestring(t, {t = t})}${templatestring(t, {t = t})}"
    assert isinstance(value_of("templatestring(t, {t = t})", t=text), Unknown)


@pytest.mark.parametrize("text", ['sha1("\\ud800")', 'jsondecode("\\"\\\\ud800\\"")', 'base64encode("\\udfff")'])
def test_halves_of_characters_are_no_crash(text: str) -> None:
    try:
        value = value_of(text)
    except EvaluationError:
        return
    assert isinstance(value, str)
    value.encode()
