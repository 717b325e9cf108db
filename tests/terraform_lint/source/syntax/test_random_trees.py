"""Random trees, printed: both parsers must give back the tree, and agree on every line and offset."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terraform_lint.source.syntax import fast, reference
from terraform_lint.source.syntax.faults import UnsureError
from terraform_lint.source.syntax.parse import parse, parse_template
from terraform_lint.source.syntax.tree import Body, Expression, Literal
from tests.terraform_lint.source.syntax.printer import Printer, bare, bodies, escaped, expressions, texts


def read_fast(text: str) -> Body | None:
    try:
        return fast.parse(text.encode())
    except UnsureError:
        return None


@given(expressions(), st.booleans())
def test_an_expression_comes_back_from_both_parsers(expression: Expression, broken: bool) -> None:
    text = f"x = {Printer(broken=broken).expression(expression)}\n"
    by_reference = reference.parse(text)
    assert bare(by_reference.attributes[0].value) == expression
    assert read_fast(text) in (by_reference, None)


@given(bodies(), st.booleans())
def test_a_body_comes_back_from_both_parsers(body: Body, broken: bool) -> None:
    text = Printer(broken=broken).body(body)
    by_reference = reference.parse(text)
    assert bare(by_reference) == body
    assert read_fast(text) in (by_reference, None)


@given(bodies(), st.sampled_from(["\n", "\r\n"]), st.sampled_from([b"", b"\xef\xbb\xbf"]))
def test_line_ends_and_a_byte_order_mark_change_nothing(body: Body, line_end: str, mark: bytes) -> None:
    text = Printer(broken=True).body(body).replace("\n", line_end)
    parsed = parse(mark + text.encode(), "main.tf")
    assert parsed.problem is None
    assert bare(parsed.body) == body


@given(texts())
def test_any_text_survives_its_escapes(text: str) -> None:
    parsed = parse(f'x = "{escaped(text)}"'.encode(), "main.tf")
    assert parsed.body.attributes[0].value == Literal(1, text)


@given(texts(' a/#"\\~.é😀\n\t'))
def test_a_template_file_of_plain_text_is_that_text(text: str) -> None:
    assert parse_template(text) == Literal(1, text)


@given(st.text('${}%~"\n ifendor<E-[]().*=,a1#/\\', max_size=40))
def test_no_text_is_too_odd_for_an_answer(text: str) -> None:
    parsed = parse(text.encode(), "main.tf")
    lines = text.count("\n") + 2
    assert parsed.problem is None or (1 <= parsed.problem.line <= lines and parsed.problem.message)


@pytest.mark.parametrize("broken", [False, True])
def test_most_random_bodies_take_the_fast_way(broken: bool) -> None:
    taken = [0, 0]

    @given(bodies())
    def count(body: Body) -> None:
        taken[read_fast(Printer(broken=broken).body(body)) is None] += 1

    count()
    assert taken[0] > 4 * taken[1]
