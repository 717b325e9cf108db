"""What expressions of wholly known values mean."""

from decimal import Decimal

import pytest

from terraform_lint.source.evaluation.scope import Namespace
from terraform_lint.source.evaluation.values import EvaluationError, Sensitive, Unknown, Value, ValueSet
from tests.terraform_lint.source.evaluation.expression_text import Names, evaluator, expression, plain, value_of

NAMES: dict[str, Value] = {
    "s": "acme",
    "n": Decimal(3),
    "b": True,
    "l": ["x", "y"],
    "m": {"b": "2", "a": "1"},
    "o": {"tags": {"tenant": "acme"}, "list": [{"id": "i0"}, {"id": "i1"}]},
    "u": ValueSet(["p", "q"]),
    "nil": None,
    "z": Sensitive("secret"),
}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('"1" + 1', 2),
        ("7 % 3 - -2 * 2", 5),
        ("-7 % 3", -1),
        ("1 / 3 * 3", 1),
        ("0.1 + 0.2", 0.3),
        ("10 / 4", 2.5),
        ('"10" > 9', True),
        ('1 == "1"', False),
        ('true == "true"', False),
        ("nil == null", True),
        ("s != null", True),
        ('!"false"', True),
        ("b && n == 3 || false", True),
        ("true || nil.x", True),
        ("[1] == [2]", False),
        ("{a = 1} == {a = 1, b = 2}", False),
        ('b ? 1 : "x"', "1"),
        ('b ? [1, 2] : ["x", 3]', ["1", 2]),
        ('b ? {a = 1} : {c = "x"}', {"a": "1"}),
        ("b ? 1 : null", 1),
        ("b ? 1 : nil.x", 1),
        ('"${s}"', "acme"),
        ('"${n}"', 3),
        ('"${s}-${n}-${b}"', "acme-3-true"),
        ('"${1.50}x"', "1.5x"),
        ('"a $${b} %%{c}"', "a ${b} %{c}"),
        ('"%{ if b }yes%{ else }no%{ endif }!"', "yes!"),
        ('"%{ if !b }yes%{ endif }"', ""),
        ('"%{ for k, v in m }${k}=${v};%{ endfor }"', "a=1;b=2;"),
        ('"%{ if b }${n}%{ endif }"', "3"),
        ("o.tags.tenant", "acme"),
        ('o["tags"]["tenant"]', "acme"),
        ("l[1]", "y"),
        ('l["1"]', "y"),
        ("l.0", "x"),
        ("o.list[*].id", ["i0", "i1"]),
        ("o.list.*.id", ["i0", "i1"]),
        ("nil[*].id", []),
        ("o[*].tags.tenant", ["acme"]),
        ("[for v in l : upper(v)]", ["X", "Y"]),
        ("[for i, v in l : i]", [0, 1]),
        ("[for k, v in m : k]", ["a", "b"]),
        ("[for k, v in u : k]", ["p", "q"]),
        ('[for v in l : v if v != "x"]', ["y"]),
        ("{for k, v in m : v => k}", {"1": "a", "2": "b"}),
        ("{for i, v in l : v => i}", {"x": 0, "y": 1}),
        ("{for v in concat(l, l) : v => n...}", {"x": [3, 3], "y": [3, 3]}),
        ('[for v in l : [for w in l : "${v}${w}"]]', [["xx", "xy"], ["yx", "yy"]]),
        ('{(s) = 1, "b" = 2, c = 3, 4 = 5}', {"acme": 1, "b": 2, "c": 3, "4": 5}),
        ("{a = 1, a = 2}", {"a": 2}),
        ('max(l[0] == "x" ? 1 : 0, [2, 5]...)', 5),
        ("<<EOT\n%{ for v in l ~}\n${v}\n%{ endfor ~}\nEOT", "x\ny\n"),
    ],
)  # fmt: skip
def test_an_expression_means_what_terraform_means(text: str, value: object) -> None:
    assert plain(value_of(text, **NAMES)) == value


@pytest.mark.parametrize(
    "text",
    [
        "nothing",
        "s.x",
        "m.zzz",
        'm["zzz"]',
        "nil.x",
        "nil[0]",
        "l[2]",
        "l[-1]",
        "l[0.5]",
        'l["x"]',
        "u[0]",
        "s[0]",
        's + "x"',
        "nil + 1",
        "1 / 0",
        "!s",
        "s ? 1 : 2",
        "nil ? 1 : 2",
        '"a${nil}"',
        '"a${l}"',
        "{(nil) = 1}",
        "[for v in s : v]",
        "[for v in nil : v]",
        "{for v in concat(l, l) : v => 1}",
        "{for v in l : null => v}",
        "[for v in l : v if nil]",
        "max(s...)",
        "try(nil.x, l[9])",
        "try()",
        "can()",
    ],
)
def test_what_is_wrong_whatever_else_is_unknown_is_an_error(text: str) -> None:
    with pytest.raises(EvaluationError):
        value_of(text, **NAMES)


@pytest.mark.parametrize(
    "text",
    [
        "z",
        '"${z}-x"',
        "upper(z)",
        "[z][0]",
        'z == "secret"',
        "b ? z : s",
        'z == "secret" ? "a" : "b"',
        "jsonencode({a = z})",
        "{(z) = 1}",
        "[for v in [1] : v if z != s]",
        "{for v in [1] : z => v}",
        'contains([z], "secret")',
        "sensitive(s)",
        'merge(sensitive({a = 1}), {b = 2})["b"]',
        'm[sensitive("a")]',
        "sensitive(l)[*]",
        "z != s && b",
        "!(z == s)",
    ],
)  # fmt: skip
def test_what_is_made_of_something_sensitive_is_sensitive(text: str) -> None:
    assert isinstance(value_of(text, **NAMES), Sensitive)


def test_a_sensitive_part_does_not_spread_over_a_map() -> None:
    assert value_of('merge({tenant = z}, {env = "prod"})', **NAMES) == {"tenant": Sensitive("secret"), "env": "prod"}


def test_nonsensitive_takes_the_mark_away() -> None:
    assert value_of("nonsensitive(z)", **NAMES) == "secret"


class Recorder:
    """A namespace that says which way it was asked."""

    def attribute(self, name: str) -> Value | Namespace:
        return self if name == "deeper" else f"attribute {name}"

    def index(self, key: Value) -> Value | Namespace:
        return f"index {key}"

    def whole(self) -> Value:
        return [{"id": "w0"}, {"id": "w1"}]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("ns.deeper.deeper.x", "attribute x"),
        ("ns[2]", "index 2"),
        ('ns.deeper["k"]', "index k"),
        ("ns[*].id", ["w0", "w1"]),
        ("length(ns.deeper)", 2),
        ("[for v in ns : v.id]", ["w0", "w1"]),
    ],
)  # fmt: skip
def test_a_namespace_is_asked_step_by_step_and_as_a_whole_only_where_needed(text: str, value: object) -> None:
    assert plain(value_of(text, ns=Recorder())) == value


def test_found_ends_at_a_namespace() -> None:
    space = Recorder()
    assert evaluator().found(expression("ns.deeper"), Names({"ns": space})) is space


def test_letters_are_composed() -> None:
    assert value_of('"e\\u0301" == "é"') is True


def test_equal_collections_may_differ_in_type() -> None:
    assert isinstance(value_of('m == {a = "1", b = "2"}', **NAMES), Unknown)  # fmt: skip
