"""Terraform's JSON syntax (``.tf.json``, ``.tofu.json``, ``.tfvars.json``) to the same tree as its native syntax.

In JSON an object may be a block or the value of an attribute, and only a schema tells which. Terraform's own are
known here: what stands at the top, and the meta blocks (``lifecycle``, ``dynamic``, ``provisioner``, …), are blocks.
A provider's are not known. So every other member of a body is an :class:`Attribute`; and where its name is one of
:data:`EITHER` and its value an object or a list of objects, it is **also** a :class:`Block` for each of them. A reader
of resources asks for the attribute or for the blocks, whichever it knows the name to be, and finds it.

Strings are templates. Where Terraform takes a string as a reference (``depends_on``, ``ignore_changes``, ``from``,
``provider``, the type of a variable) it is that reference here too, as in native syntax; where it takes it literally
(the rest of a variable, ``source``, ``version``, ``.tfvars.json``) it is a :class:`Literal`. Spans are ``(0, 0)``.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from terraform_lint.source.syntax import native
from terraform_lint.source.syntax.faults import WrongTextError
from terraform_lint.source.syntax.json_reader import JsonMember, JsonNumber, JsonObject, JsonValue, read
from terraform_lint.source.syntax.traversals import object_key
from terraform_lint.source.syntax.tree import (
    Attribute,
    Block,
    Body,
    Expression,
    Literal,
    Number,
    Object,
    Template,
    Tuple,
    Unary,
)

EITHER = frozenset(
    (
        "assume_role",
        "block_device_mappings",
        "boot_disk",
        "content",
        "default_labels",
        "default_node_pool",
        "default_tags",
        "ebs",
        "ebs_block_device",
        "ephemeral_block_device",
        "features",
        "ignore_tags",
        "initialize_params",
        "launch_template",
        "metadata",
        "network_interface",
        "node_config",
        "node_pool",
        "root_block_device",
        "settings",
        "spec",
        "tag",
        "tag_specifications",
        "template",
    )
)
"""Names under which a provider may ask for blocks that bear tags, or hold others that do."""

_NO_SPAN = (0, 0)


class _Kind(NamedTuple):
    """How the body of a type of block is read."""

    labels: int = 0
    blocks: Mapping[str, "_Kind"] = {}
    literal: frozenset[str] = frozenset()  # attributes whose strings are no templates; "*" is all
    references: frozenset[str] = frozenset()  # attributes whose strings are references
    either: bool = False  # whether names of EITHER are blocks too


_PLAIN = _Kind()
_CONDITIONS = {"precondition": _PLAIN, "postcondition": _PLAIN}
_LIFECYCLE = _Kind(blocks=_CONDITIONS, references=frozenset(("ignore_changes", "replace_triggered_by")))
_CONNECTION = _Kind()
_PROVISIONER = _Kind(labels=1, blocks={"connection": _CONNECTION}, references=frozenset(("when", "on_failure")))
_DYNAMIC = _Kind(labels=1, references=frozenset(("iterator",)), either=True)
_RESOURCE = _Kind(
    labels=2,
    blocks={"lifecycle": _LIFECYCLE, "connection": _CONNECTION, "provisioner": _PROVISIONER, "dynamic": _DYNAMIC},
    references=frozenset(("depends_on", "provider")),
    either=True,
)
_TOP = {
    "resource": _RESOURCE,
    "data": _RESOURCE,
    "ephemeral": _RESOURCE,
    "provider": _Kind(labels=1, blocks={"dynamic": _DYNAMIC}, either=True),
    "module": _Kind(
        labels=1, literal=frozenset(("source", "version")), references=frozenset(("depends_on", "providers"))
    ),
    "variable": _Kind(
        labels=1, blocks={"validation": _PLAIN}, literal=frozenset(("*",)), references=frozenset(("type",))
    ),
    "output": _Kind(labels=1, blocks=_CONDITIONS, references=frozenset(("depends_on",))),
    "locals": _PLAIN,
    "terraform": _Kind(
        blocks={
            "backend": _Kind(labels=1, literal=frozenset(("*",))),
            "cloud": _Kind(blocks={"workspaces": _Kind(literal=frozenset(("*",)))}, literal=frozenset(("*",))),
            "provider_meta": _Kind(labels=1),
            "required_providers": _Kind(literal=frozenset(("*",))),
        },
        literal=frozenset(("*",)),
    ),
    "moved": _Kind(references=frozenset(("from", "to"))),
    "import": _Kind(references=frozenset(("to", "provider"))),
    "removed": _Kind(blocks={"lifecycle": _LIFECYCLE, "provisioner": _PROVISIONER}, references=frozenset(("from",))),
    "check": _Kind(labels=1, blocks={"assert": _PLAIN, "data": _RESOURCE}),
}
_FILE = _Kind(blocks=_TOP)
_VALUES = _Kind(literal=frozenset(("*",)))


def parse(text: str, *, values: bool) -> Body:
    """The body of a ``.tf.json`` file, or of a ``.tfvars.json`` where ``values``. Raises :class:`WrongTextError`."""
    return _body(read(text), _VALUES if values else _FILE)


def _body(value: JsonValue, kind: _Kind) -> Body:
    attributes: dict[str, Attribute] = {}
    blocks: list[Block] = []
    for member in _members(value):
        name = member.name
        if name == "//":
            continue
        block = kind.blocks.get(name)
        if block is not None:
            blocks += _blocks(name, member, block, ())
            continue
        either = kind.either and name in EITHER and _is_bodies(member.value)
        if either:
            blocks += _blocks(name, member, _Kind(blocks={"dynamic": _DYNAMIC}, either=True), ())
        if name not in attributes:
            attributes[name] = Attribute(name, _value(member, kind), member.line, _NO_SPAN)
        elif not either:
            raise WrongTextError(member.line, f"`{name}` is already set in this block: each may be set once only")
    return Body(tuple(attributes.values()), tuple(blocks))


def _members(value: JsonValue) -> Iterator[JsonMember]:
    """The members of an object, or of all objects in a list: as a body they mean the same."""
    if isinstance(value.content, JsonObject):
        yield from value.content.members
    elif isinstance(value.content, list):
        for item in value.content:
            if not isinstance(item.content, JsonObject):
                raise WrongTextError(item.line, "an object was expected here")
            yield from item.content.members
    elif value.content is not None:
        raise WrongTextError(value.line, "an object, or a list of objects, was expected here")


def _is_bodies(value: JsonValue) -> bool:
    content = value.content
    if isinstance(content, list):
        return bool(content) and all(isinstance(item.content, JsonObject) for item in content)
    return isinstance(content, JsonObject)


def _blocks(name: str, member: JsonMember, kind: _Kind, labels: Sequence[str]) -> Iterator[Block]:
    if len(labels) < kind.labels:
        for inner in _members(member.value):
            if inner.name != "//":
                yield from _blocks(name, inner, kind, (*labels, inner.name))
        return
    value = member.value
    several = value.content if isinstance(value.content, list) else [value]
    for item in several:
        if item.content is None and not isinstance(value.content, list):
            continue
        if not isinstance(item.content, JsonObject):
            raise WrongTextError(item.line, "an object was expected here")
        line = item.line if isinstance(value.content, list) else member.line
        yield Block(name, tuple(labels), _body(item, kind), line, item.content.end_line, _NO_SPAN)


def _value(member: JsonMember, kind: _Kind) -> Expression:
    if member.name in kind.references:
        return _reference(member.value)
    return _expression(member.value, literal="*" in kind.literal or member.name in kind.literal)


def _expression(value: JsonValue, *, literal: bool) -> Expression:
    line, content = value
    if isinstance(content, str):
        return _text(content, line, literal=literal)
    if isinstance(content, JsonNumber):
        text = content.text
        return Unary(line, "-", Number(line, text[1:])) if text.startswith("-") else Number(line, text)
    if isinstance(content, list):
        return Tuple(line, tuple([_expression(item, literal=literal) for item in content]))
    if isinstance(content, JsonObject):
        items = [
            (_text(member.name, member.line, literal=literal), _expression(member.value, literal=literal))
            for member in content.members
        ]
        return Object(line, tuple(items), _NO_SPAN)
    return Literal(line, content)


def _text(text: str, line: int, *, literal: bool) -> Expression:
    if literal or ("${" not in text and "%{" not in text):
        return Literal(line, text)
    return native.parse_template(text, line=line, one_line=True)


def _reference(value: JsonValue) -> Expression:
    """Strings as the references that they name, in lists and maps too; what is none stays a string."""
    line, content = value
    if isinstance(content, list):
        return Tuple(line, tuple([_reference(item) for item in content]))
    if isinstance(content, JsonObject):
        items = [
            (object_key(_named(member.name, member.line), in_parentheses=False), _reference(member.value))
            for member in content.members
        ]
        return Object(line, tuple(items), _NO_SPAN)
    return _named(content, line) if isinstance(content, str) else _expression(value, literal=True)


def _named(text: str, line: int) -> Expression:
    written = text if text.startswith("${") and text.endswith("}") else f"${{{text}}}"
    try:
        found = native.parse_template(written, line=line, one_line=True)
    except WrongTextError:
        return Literal(line, text)
    if isinstance(found, Template) and len(found.parts) == 1:
        return found.parts[0]
    return Literal(line, text)
