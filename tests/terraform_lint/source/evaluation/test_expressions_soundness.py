"""What is said for certain of partly unknown values holds for whatever they turn out to be."""

import re
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from terraform_lint.source.evaluation.functions import Functions
from terraform_lint.source.evaluation.values import EvaluationError, OpenMap, Unknown, Value, ValueSet
from tests.terraform_lint.source.evaluation.expression_text import Names, SomeFiles, evaluator, expression, problems

HIDDEN = Unknown("var.x has no default and no value is given")
FUNCTIONS = Functions(SomeFiles(), lambda text, _names: text)
KEYS = st.sampled_from(["tenant", "env", "a", "b"])
TEXTS = st.sampled_from(
    ["", "a", "b", "tenant", "acme", "1", "true", "a-b", "10.0.0.0/8", "2026-01-01T00:00:00Z", "notes.txt"]
)
NUMBERS = st.sampled_from([Decimal(0), Decimal(1), Decimal(2), Decimal(-1), Decimal("1.5")])
PRIMITIVES = TEXTS | NUMBERS | st.booleans() | st.none()
SIMPLE: st.SearchStrategy[Value] = (
    PRIMITIVES | st.lists(PRIMITIVES, max_size=2) | st.dictionaries(KEYS, PRIMITIVES, max_size=2)
)
VALUES: st.SearchStrategy[Value] = SIMPLE | st.lists(SIMPLE, max_size=2) | st.dictionaries(KEYS, SIMPLE, max_size=2)
LISTS = st.lists(SIMPLE, max_size=3)
MAPS = st.dictionaries(KEYS, SIMPLE, max_size=3)
OF_TYPE: dict[str, st.SearchStrategy[Value]] = {
    "text": TEXTS,
    "number": NUMBERS,
    "whole": st.sampled_from([Decimal(0), Decimal(1), Decimal(2), Decimal(8)]),
    "bool": st.booleans(),
    "list": LISTS | st.lists(PRIMITIVES, max_size=4),
    "texts": st.lists(TEXTS, max_size=4),
    "set": st.lists(TEXTS, max_size=4).map(lambda items: ValueSet(sorted(set(items)))),
    "map": MAPS | st.dictionaries(KEYS, st.lists(TEXTS, max_size=2), max_size=3),
    "any": VALUES | LISTS | MAPS,
}


OF_NAME: dict[str, st.SearchStrategy[Value]] = {
    "a": MAPS,
    "b": MAPS,
    "c": st.booleans(),
    "t": KEYS | TEXTS | st.none() | NUMBERS,
    "l": LISTS,
}


def hide(data: st.DataObject, value: Value) -> Value:
    """The value with parts unknown: whole values, items, keys that may or may not be there."""
    if data.draw(st.integers(0, 3)) == 0:
        return HIDDEN
    if isinstance(value, dict):
        known = {key: hide(data, inner) for key, inner in value.items()}
        if data.draw(st.booleans()):
            return known
        return OpenMap({key: inner for key, inner in known.items() if data.draw(st.booleans())}, HIDDEN)
    if isinstance(value, list) and not isinstance(value, ValueSet):
        return [hide(data, item) for item in value]
    return value


def fill(data: st.DataObject, partial: Value, like: st.SearchStrategy[Value]) -> Value:
    """One of the values that a partly unknown one stands for."""
    if isinstance(partial, Unknown):
        return data.draw(like | like | VALUES)
    if isinstance(partial, OpenMap):
        more = data.draw(MAPS)
        return {**more, **{key: fill(data, inner, like) for key, inner in partial.known.items()}}
    if isinstance(partial, dict):
        return {key: fill(data, inner, like) for key, inner in partial.items()}
    if isinstance(partial, list) and not isinstance(partial, ValueSet):
        return [fill(data, item, like) for item in partial]
    return partial


def call(name: str, arguments: list[Value]) -> tuple[Value, bool]:
    try:
        return FUNCTIONS.call(name, arguments), True
    except EvaluationError:
        return None, False


def names_of_functions() -> list[str]:
    return sorted(FUNCTIONS.names)


@pytest.mark.parametrize("name", names_of_functions())
@settings(max_examples=15, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_function_is_certain_only_of_what_holds_for_every_value(name: str, data: st.DataObject) -> None:
    function = FUNCTIONS.function(name)
    types = list(function.parameters)[: len(function.parameters) - data.draw(st.integers(0, function.optional))]
    types += [function.more] * data.draw(st.integers(0, 3)) if function.more is not None else []
    likes = [OF_TYPE[kind.removesuffix("?")] | (st.none() if kind.endswith("?") else st.nothing()) for kind in types]
    concrete = [data.draw(like) for like in likes]
    partial = [hide(data, value) for value in concrete]
    answer, holds = call(name, partial)
    for arguments in (concrete, *([fill(data, *pair) for pair in zip(partial, likes, strict=True)] for _ in range(3))):
        result, fine = call(name, arguments)
        assert holds or not fine, f"wrong for {partial}, but not for {arguments}"
        if fine:
            assert not list(problems(answer, result)), (partial, arguments)


EXPRESSIONS = (
    "c ? a : b",
    "c ? {tenant = t, a = a} : {tenant = t}",
    "merge(a, b, {tenant = t})",
    'merge({tenant = "x"}, c ? a : b)',
    "merge([a, b]...)",
    "merge(l...)",
    "{for k, v in a : k => v}",
    "{for k, v in a : upper(k) => v if v != t}",
    "{for k, v in a : v => k...}",
    "{for v in l : v => t...}",
    "[for v in l : v if v != t]",
    "[for k, v in a : k]",
    "{(t) = a, tenant = l}",
    "{tenant = l, (t) = a}",
    '"${t}-x"',
    '"%{ if c }${t}%{ else }none%{ endif }"',
    '"%{ for v in l }${v},%{ endfor }"',
    "a.tenant",
    "a[t]",
    "l[0]",
    "l[*]",
    "a[*].tenant",
    "l.*.tenant",
    "t == a",
    "a == b",
    "l != a",
    "c && t",
    "c || t",
    "!c",
    "t + 1",
    "t < 2",
    "-t",
    "can(a.tenant)",
    "contains(keys(a), t)",
    'contains(keys(a), "tenant")',
    "length(a) > 0",
    'lookup(a, "tenant", t)',
    "lookup(a, t, b)",
    "coalesce(t, a, b)",
    'try(a.tenant, b["tenant"], t)',
    "try(merge(a, {tenant = t}), b)",
    "try(a[t], l[0], null)",
    "try(c ? a.tenant : t, b)",
    "can(c ? a.tenant : t)",
    "one(l)",
    "tomap(a)",
    "toset(l)",
    "tolist(l)",
    "jsonencode(a)",
    "jsondecode(jsonencode(a))",
    "zipmap(l, l)",
    "merge(a, null, c ? b : {})",
    "length(l) == 0 ? a : l[0]",
    "t == null ? a : merge(a, {tenant = t})",
    "alltrue([c, t])",
    "anytrue([c, t])",
    "a == null",
    "[for k, v in a : merge(b, {(k) = v})]",
    "flatten([l, [t]])",
    "concat(l, [t])",
    "element(l, 1)",
    "compact([t, null])",
    "distinct(concat(l, l))",
    "{for k in setunion(l, [t]) : k => c}",
)


@pytest.mark.parametrize("text", EXPRESSIONS)
@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_an_expression_is_certain_only_of_what_holds_for_every_value(text: str, data: st.DataObject) -> None:
    tree = expression(text)
    likes = {name: like for name, like in OF_NAME.items() if re.search(rf"\b{name}\b", text)}
    concrete = {name: data.draw(like) for name, like in likes.items()}
    partial = {name: hide(data, value) for name, value in concrete.items()}
    judged = evaluator()

    def value(names: dict[str, Value]) -> tuple[Value, bool]:
        try:
            return judged.value(tree, Names(dict(names))), True
        except EvaluationError:
            return None, False

    answer, holds = value(partial)
    fills = [{name: fill(data, part, likes[name]) for name, part in partial.items()} for _ in range(3)]
    for names in (concrete, *fills):
        result, fine = value(names)
        assert holds or not fine, f"wrong for {partial}, but not for {names}"
        if fine:
            assert not list(problems(answer, result)), (partial, names)
