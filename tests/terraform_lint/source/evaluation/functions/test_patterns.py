"""Regular expressions: RE2's syntax and choice of match, in linear time."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terraform_lint.source.evaluation.functions.regex_match import compiled, search
from tests.terraform_lint.source.evaluation.expression_text import value_of

ATOMS = st.sampled_from(["a", "b", "[ab]", "[^a]", ".", r"\b", "^", "$", r"\d", "(?:a|b)", "(a)"])
PATTERNS = st.recursive(
    ATOMS,
    lambda inner: (
        st.tuples(inner, inner).map("".join)
        | st.tuples(inner, inner).map(lambda pair: f"(?:{pair[0]}|{pair[1]})")
        | st.tuples(ATOMS, st.sampled_from(["*", "+", "?", "*?", "+?", "{2}", "{1,2}"])).map("".join)
    ),
    max_leaves=6,
)


@given(PATTERNS, st.text(alphabet="abc1", max_size=8))
def test_where_pythons_patterns_mean_the_same_they_match_the_same(pattern: str, text: str) -> None:
    try:
        expected = re.search(pattern.replace("$", r"\Z"), text)
    except re.error:
        return
    found = search(compiled(pattern), text, 0, lambda _steps: None)
    assert (None if found is None else found[:2]) == (None if expected is None else [*expected.span()])


@pytest.mark.parametrize(
    ("pattern", "text", "match"),
    [
        (r"\Aa\z", "a", "a"),
        ("a$", "a\n", None),
        ("(?m)^b$", "a\nb\nc", "b"),
        ("(?s)a.b", "a\nb", "a\nb"),
        ("(?i)HeLLo", "say hello", "hello"),
        ("(?i:A)b", "aB", None),
        ("(?U)a+", "aaa", "a"),
        ("[[:alpha:]_]+", "1ab_c2", "ab_c"),
        ("[^[:space:]]+", " ab ", "ab"),
        ("[]a-]+", "x]-a", "]-a"),
        (r"[\d.]+", "v1.2.3", "1.2.3"),
        (r"\pL+", "1é2", "é"),
        (r"\x41\x{42}\103", "xABCx", "ABC"),
        (r"\Qa.b\E+", "axb a.bbb", "a.bbb"),
        ("x{2,3}?", "xxxx", "xx"),
        ("a{,2}", "aa a{,2}", "a{,2}"),
        ("(?:a|ab)(?:c|bcd)?", "abcd", "abcd"),
        ("^[a-z0-9]+(?:-[a-z0-9]+)*$", "my-slug-1", "my-slug-1"),
    ],
)
def test_the_syntax_is_that_of_re2(pattern: str, text: str, match: str | None) -> None:
    found = search(compiled(pattern), text, 0, lambda _steps: None)
    assert (None if found is None else text[found[0] : found[1]]) == match


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a|a)*$", "(a*)*b", "a*a*a*a*a*b", "(?:(?:a?){20}){20}b"])
def test_no_pattern_takes_exponential_time(pattern: str) -> None:
    before = time.process_time()
    value_of(f'try(regex("{pattern}", join("", [for i in range(1000) : "a"])), "none")')
    assert time.process_time() - before < 20
