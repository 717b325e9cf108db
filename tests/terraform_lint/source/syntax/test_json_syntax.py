"""JSON syntax gives the tree that the same thing in native syntax gives, as far as JSON can tell."""

import json
from typing import Any

import pytest

from terraform_lint.source.syntax.parse import parse
from terraform_lint.source.syntax.tree import Attribute, Block, Body, Literal, Number, Template, Tuple, Unary
from tests.terraform_lint.source.syntax.printer import bare


def read(content: Any, name: str = "main.tf.json") -> Body:
    parsed = parse(json.dumps(content).encode(), name)
    assert parsed.problem is None
    return parsed.body


def native(text: str) -> Body:
    parsed = parse(text.encode(), "main.tf")
    assert parsed.problem is None
    return parsed.body


def attribute(body: Body, name: str) -> Any:
    return bare(next(item.value for item in body.attributes if item.name == name))


SAME = {
    "a resource": (
        {"resource": {"t": {"n": {"a": "x", "b": [1, True, None]}}}},
        'resource "t" "n" {\n a = "x"\n b = [1, true, null]\n}',
    ),
    "lists of objects for labels": ({"resource": [{"t": [{"n": {"a": "x"}}]}]}, 'resource "t" "n" {\n a = "x"\n}'),
    "a list of bodies": (
        {"resource": {"t": {"n": [{"a": 1}, {"a": 2}]}}},
        'resource "t" "n" {\n a = 1\n}\nresource "t" "n" {\n a = 2\n}',
    ),
    "an empty body": ({"data": {"t": {"n": {}}}}, 'data "t" "n" {}'),
    "several providers": (
        {"provider": {"aws": [{"region": "x"}, {"alias": "y"}]}},
        'provider "aws" {\n region = "x"\n}\nprovider "aws" {\n alias = "y"\n}',
    ),
    "locals": (
        {"locals": {"a": "${var.b}", "c": {"d": "e-${f}"}}},
        'locals {\n a = "${var.b}"\n c = {\n d = "e-${f}"\n }\n}',
    ),
    "a variable": (
        {"variable": {"v": {"type": "map(string)", "default": {"a": "${b}"}}}},
        'variable "v" {\n type = map(string)\n default = {\n a = "$${b}"\n }\n}',
    ),
    "a module": (
        {"module": {"m": {"source": "./x", "providers": {"aws": "aws.y", "aws.z": "aws"}}}},
        'module "m" {\n source = "./x"\n providers = {\n aws = aws.y\n aws.z = aws\n }\n}',
    ),
    "an output": ({"output": {"o": {"value": "${a.b}"}}}, 'output "o" {\n value = "${a.b}"\n}'),
    "settings": (
        {"terraform": {"required_providers": {"aws": {"source": "a/b"}}, "backend": {"s3": {"key": "k"}}}},
        'terraform {\n required_providers {\n aws = {\n source = "a/b"\n }\n }\n backend "s3" {\n key = "k"\n }\n}',
    ),
    "moved": ({"moved": [{"from": "a.b", "to": 'c.d["e"]'}]}, 'moved {\n from = a.b\n to = c.d["e"]\n}'),
    "import": ({"import": {"to": "a.b", "id": "x"}}, 'import {\n to = a.b\n id = "x"\n}'),
    "removed": (
        {"removed": {"from": "a.b", "lifecycle": {"destroy": False}}},
        "removed {\n from = a.b\n lifecycle {\n destroy = false\n }\n}",
    ),
    "check": (
        {"check": {"c": {"assert": {"condition": "${a}"}, "data": {"t": {"n": {}}}}}},
        'check "c" {\n assert {\n condition = "${a}"\n }\n data "t" "n" {}\n}',
    ),
    "references": (
        {"resource": {"t": {"n": {"depends_on": ["a.b"], "provider": "aws.x"}}}},
        'resource "t" "n" {\n depends_on = [a.b]\n provider = aws.x\n}',
    ),
    "lifecycle": (
        {"resource": {"t": {"n": {"lifecycle": {"ignore_changes": ["tags", 'tags["a"]']}}}}},
        'resource "t" "n" {\n lifecycle {\n ignore_changes = [tags, tags["a"]]\n }\n}',
    ),
    "provisioner": (
        {"resource": {"t": {"n": {"provisioner": [{"local-exec": {"command": "x"}}]}}}},
        'resource "t" "n" {\n provisioner "local-exec" {\n command = "x"\n }\n}',
    ),
    "dynamic": (
        {"resource": {"t": {"n": {"dynamic": {"x": {"for_each": "${a}", "iterator": "i"}}}}}},
        'resource "t" "n" {\n dynamic "x" {\n for_each = "${a}"\n iterator = i\n }\n}',
    ),
    "comments": ({"//": "a comment", "locals": {"//": "another"}}, "locals {}"),
    "a list at the top": (
        [{"locals": {"a": 1}}, {"locals": {"b": 2}}],
        "locals {\n a = 1\n}\nlocals {\n b = 2\n}",
    ),
}


@pytest.mark.parametrize(("content", "same"), SAME.values(), ids=SAME)
def test_json_says_what_native_syntax_says(content: Any, same: str) -> None:
    assert bare(read(content)) == bare(native(same))


def test_numbers_keep_their_digits_and_signs() -> None:
    body = parse(b'{"locals": {"a": 1.50, "b": -2, "c": 1e3}}', "x.tf.json").body.blocks[0].body
    assert attribute(body, "a") == Number(0, "1.50")
    assert attribute(body, "b") == Unary(0, "-", Number(0, "2"))
    assert attribute(body, "c") == Number(0, "1e3")


def test_what_may_be_a_block_or_an_attribute_is_both() -> None:
    body = read({"resource": {"t": {"n": {"tag": [{"key": "a"}, {"key": "b"}], "tags": {"c": "d"}}}}}).blocks[0].body
    assert [item.name for item in body.attributes] == ["tag", "tags"]
    assert [(block.type, attribute(block.body, "key")) for block in body.blocks] == [
        ("tag", Literal(0, "a")),
        ("tag", Literal(0, "b")),
    ]
    assert isinstance(attribute(body, "tag"), Tuple)


def test_content_of_a_dynamic_block_is_a_block() -> None:
    source = {"resource": {"t": {"n": {"dynamic": {"tag": {"for_each": [], "content": {"key": "a"}}}}}}}
    dynamic = read(source).blocks[0].body.blocks[0]
    assert (dynamic.type, dynamic.labels) == ("dynamic", ("tag",))
    assert [block.type for block in dynamic.body.blocks] == ["content"]


def test_keys_of_a_map_are_templates_too() -> None:
    tree = attribute(read({"locals": {"a": {"${b}": 1}}}).blocks[0].body, "a")
    assert isinstance(tree.items[0][0], Template)


def test_lines_are_those_of_the_keys() -> None:
    text = '{\n  "resource": {\n    "t": {\n      "n": {\n        "a":\n          "${b\\n+c}"\n      }\n    }\n  }\n}\n'
    block = parse(text.encode(), "x.tf.json").body.blocks[0]
    assert (block.line, block.end_line) == (4, 7)
    (found,) = block.body.attributes
    assert (found.line, found.value.line, found.value.parts[0].right.line) == (5, 6, 6)


def test_a_key_that_is_there_twice_is_two_blocks() -> None:
    text = '{"resource": {"t": {"a": {}}}, "resource": {"t": {"b": {}}}}'
    assert [block.labels for block in parse(text.encode(), "x.tf.json").body.blocks] == [("t", "a"), ("t", "b")]


def test_values_files_hold_no_templates() -> None:
    body = read({"a": "${b}", "c": {"d": [1]}, "variable": {"e": "f"}}, "x.tfvars.json")
    assert body.attributes[0] == Attribute("a", Literal(1, "${b}"), 1, (0, 0))
    assert [item.name for item in body.attributes] == ["a", "c", "variable"]
    assert body.blocks == ()


def test_opentofu_has_its_own_ending() -> None:
    assert read({"locals": {}}, "x.tofu.json").blocks == (Block("locals", (), Body((), ()), 1, 1, (0, 0)),)


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("", 1, "the text ends too early; a JSON value was expected"),
        ('{"a": 1,\n}', 2, "unexpected `}`; a key in quotes was expected"),
        ('{"a": 1\n "b": 2}', 2, 'unexpected `"`; `,` or `}` was expected'),
        ('{"a" 1}', 1, "unexpected `1`; `:` was expected"),
        ('{"a": nul}', 1, "unexpected `n`; a JSON value was expected"),
        ('{"a": "b\n"}', 1, "the string that starts here is not closed, or holds what JSON forbids"),
        ("{} {}", 1, "unexpected `{`; unexpected text after the end of the JSON value"),
        ("[" * 100_000, 1, "nested deeper than 128 levels: this is not followed"),
        ('{"locals": {\n"a": 1,\n"a": 2}}', 3, "`a` is already set in this block: each may be set once only"),
        ('{"resource": {"t": "n"}}', 1, "an object, or a list of objects, was expected here"),
        ('{"locals": [1]}', 1, "an object was expected here"),
        ('{"locals": {\n"a": "${"}}', 2, "`${` that starts here is never closed"),
    ],
)
def test_broken_json_is_told_where_and_why(text: str, line: int, words: str) -> None:
    parsed = parse(text.encode(), "x.tf.json")
    assert parsed.problem is not None
    assert (parsed.problem.line, parsed.problem.message) == (line, words)
