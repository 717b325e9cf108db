"""What stays certain where something is unknown, and the reason that what is not certain keeps."""

import pytest

from terraform_lint.source.evaluation.values import EvaluationError, OpenMap, Sensitive, Unknown, Value
from tests.terraform_lint.source.evaluation.expression_text import value_of

NO_DEFAULT = Unknown("var.u has no default and no value is given")
DATA = Unknown("data.aws_ssm_parameter.t is read at plan time")
OVERRIDDEN = Unknown(f"it may be overridden, as {NO_DEFAULT.reason}")
NAMES: dict[str, Value] = {
    "u": NO_DEFAULT,
    "d": DATA,
    "m": {"tenant": "acme", "env": "prod"},
    "open": OpenMap({"tenant": "acme"}, DATA),
    "l": ["a", NO_DEFAULT],
    "far": Unknown("the module is not there", external=True),
}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("u", NO_DEFAULT),
        ("u.a.b[0]", NO_DEFAULT),
        ("far.x", Unknown("the module is not there", external=True)),
        ("upper(u)", NO_DEFAULT),
        ('"${u}-x-${d}"', NO_DEFAULT),
        ('"${u}"', NO_DEFAULT),
        ('merge(m, u, {tenant = "x"})', OpenMap({"tenant": "x", "env": OVERRIDDEN}, NO_DEFAULT)),
        ("merge(m, u)", OpenMap({"tenant": OVERRIDDEN, "env": OVERRIDDEN}, NO_DEFAULT)),
        ("merge(u, m)", OpenMap({"tenant": "acme", "env": "prod"}, NO_DEFAULT)),
        ("merge(u)", OpenMap({}, NO_DEFAULT)),
        ("merge(u...)", OpenMap({}, NO_DEFAULT)),
        ("merge(open, {env = d})", OpenMap({"tenant": "acme", "env": DATA}, DATA)),
        ("merge(m, null)", {"tenant": "acme", "env": "prod"}),
        ("open.tenant", "acme"),
        ("open.env", DATA),
        ('open["tenant"]', "acme"),
        ('lookup(open, "tenant", "x")', "acme"),
        ('lookup(open, "env", "x")', DATA),
        ("keys(open)", DATA),
        ('contains(keys(open), "tenant")', True),
        ('contains(keys(open), "env")', DATA),
        ("length(open)", DATA),
        ("length(l)", 2),
        ('contains(l, "a")', True),
        ('contains(l, "b")', NO_DEFAULT),
        ("l[0]", "a"),
        ("l[1]", NO_DEFAULT),
        ('[for v in l : "${v}!"]', ["a!", NO_DEFAULT]),
        ("[for v in u : v]", NO_DEFAULT),
        ("{for v in u : v => 1}", OpenMap({}, NO_DEFAULT)),
        ("{for k, v in open : upper(k) => v}", OpenMap({"TENANT": "acme"}, DATA)),
        ("{for k, v in m : k => v if k != u}", OpenMap({}, NO_DEFAULT)),
        ("{for k, v in open : v => k...}", OpenMap({"acme": DATA}, DATA)),
        ('{(u) = 1, tenant = "x"}', OpenMap({"tenant": "x"}, NO_DEFAULT)),
        ('{tenant = "x", (u) = 1}', OpenMap({"tenant": OVERRIDDEN}, NO_DEFAULT)),
        ('u ? "x" : "x"', "x"),
        ('u ? "1" : 1', "1"),
        ('u ? "x" : "y"', NO_DEFAULT),
        ("u ? m : open", OpenMap({"tenant": "acme"}, NO_DEFAULT)),
        ('u ? {tenant = "x", a = "1"} : {tenant = "x", a = "2"}', {"tenant": "x", "a": NO_DEFAULT}),
        ('u ? ["a", "b"] : ["a", "c"]', ["a", NO_DEFAULT]),
        ('u ? {tenant = "x"} : null', NO_DEFAULT),
        ('u ? m.zzz : "x"', NO_DEFAULT),
        ("true || u", True),
        ("u || true", True),
        ("u && false", False),
        ("u && true", NO_DEFAULT),
        ("u || m.zzz", NO_DEFAULT),
        ("u == null", NO_DEFAULT),
        ("open == null", False),
        ('open == {tenant = "x"}', False),
        ('l == ["b", "c"]', False),
        ("u + 1", NO_DEFAULT),
        ("u[*].id", NO_DEFAULT),
        ("l[*]", ["a", NO_DEFAULT]),
        ('try(u, "x")', NO_DEFAULT),
        ('try(m.zzz, u, "x")', NO_DEFAULT),
        ('try(open.tenant, "x")', "acme"),
        ('try(u, {tenant = "x"})', NO_DEFAULT),
        ('try(merge(u, {tenant = "x"}), {tenant = "x", a = "b"})', OpenMap({"tenant": "x"}, NO_DEFAULT)),
        ("can(u.x)", NO_DEFAULT),
        ("can(m.tenant)", True),
        ('coalesce("x", u)', "x"),
        ('coalesce(null, u, "x")', NO_DEFAULT),
        ('anytrue([u, "true"])', True),
        ('alltrue([u, "false"])', False),
        ("concat(l, u)", NO_DEFAULT),
        ('concat(l, ["z"])', ["a", NO_DEFAULT, "z"]),
        ("flatten([l])", NO_DEFAULT),
        ('zipmap([u, "a"], [1, "x"])', OpenMap({"a": "x"}, NO_DEFAULT)),
        ("toset(l)", NO_DEFAULT),
        ("tomap(open)", OpenMap({"tenant": "acme"}, DATA)),
        ("jsonencode(open)", DATA),
        ("one([u])", NO_DEFAULT),
        ("element(l, 0)", "a"),
        ("sensitive(u)", Sensitive(NO_DEFAULT)),
        ("max(u...)", NO_DEFAULT),
        ('templatefile("greet.tftpl", {name = u})', NO_DEFAULT),
        ('templatefile("greet.tftpl", merge(u, {name = "Bo"}))', "Hi Bo!"),
        ('"%{ for v in l }${v}%{ endfor }"', NO_DEFAULT),
        ('"%{ if u }x%{ else }x%{ endif }"', "x"),
    ],
)  # fmt: skip
def test_what_is_certain_of_something_partly_unknown(text: str, value: object) -> None:
    assert value_of(text, **NAMES) == value


@pytest.mark.parametrize("text", ["u ? m.zzz : m.yyy", 'upper(u, "x")', 'merge(u, "x")', "open.tenant.x", "[u][3]"])
def test_an_error_that_no_value_can_mend_is_an_error(text: str) -> None:
    with pytest.raises(EvaluationError):
        value_of(text, **NAMES)
