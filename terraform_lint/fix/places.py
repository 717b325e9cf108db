"""Where a tag is to be written, and the edit that writes it there."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Protocol

from policies.finding import Finding
from policies.resource import Resource
from terraform_lint.advice import assignment, quoted
from terraform_lint.fix.edits import Edit, appended, block_in, key_renamed, tags_in, value_replaced
from terraform_lint.fix.text import Node, SourceText

_PROVIDER = re.compile(r'^provider "(?P<name>[^"]+)"(?: \(alias (?P<alias>[^)]+)\))?')
_DEFAULTS = {"aws": "default_tags", "google": "default_labels", "google-beta": "default_labels"}
_LISTS = ("aws_autoscaling_group", "digitalocean")
"""A type and a provider whose attribute ``tags`` is a list."""
_NUMBER = re.compile(r"\[(\d+)\]$")
_NEW_PROVIDERS = "providers.tf"
_PARTS = ("untagged-volume", "untagged-launch")
_KINDS = {"missing-tag": "missing", "not-propagated": "propagate"} | dict.fromkeys(_PARTS, "missing")


class Cannot(Exception):
    """Why a finding cannot be mended by an edit, as a clause for people."""


class Files(Protocol):
    """The source files around."""

    def get(self, name: str) -> SourceText | None:
        """A file, if it is sound HCL."""

    def beside(self, folder: str) -> list[str]:
        """The HCL files of a folder."""


@dataclass(frozen=True, slots=True)
class Target:
    """One place. ``line`` is inside the block to change (None: a new provider block at the end of ``file``).

    ``kind``: ``pair`` corrects what stands there, ``missing`` adds, ``provider`` adds to the provider's defaults,
    ``propagate`` lets a tag block reach the instances. ``spelling`` is the key as it stands.
    """

    file: str
    line: int | None
    kind: str
    attribute: str = ""
    part: str = ""
    provider: str = ""
    key: str = ""
    spelling: str = ""


def target_of(finding: Finding, resource: Resource, files: Files) -> Target:
    """Where a finding is mended. :class:`Cannot` where the source is not there, or is no HCL."""
    if files.get(resource.file) is None or resource.line is None:
        raise Cannot(f"{resource.file} is no HCL source that can be edited")
    if finding.attribute == "tags" and (resource.type in _LISTS or resource.provider in _LISTS):
        raise Cannot("its tags are a list, which is for a person to edit")
    if finding.rule == "missing-tag" and not finding.part and resource.inherits:
        provider = _provider(resource, files)
        if provider is not None:
            return provider
    kind = _KINDS.get(finding.rule, "pair")
    own = finding.key if kind != "missing" else ""
    target = Target(resource.file, resource.line, kind, finding.attribute, finding.part, "", own, finding.spelling)
    return _written_at(target, resource, files) if kind == "pair" else target


def _written_at(target: Target, resource: Resource, files: Files) -> Target:
    """The same pair in the provider's defaults, where the resource itself does not write it."""
    source, provider = files.get(target.file), _provider(resource, files)
    block = source.block_at(target.line) if source and target.line else None
    if source and block and _pair(source, block, target) is None and provider is not None and provider.line:
        setting = {"aws": "default_tags.tags"}.get(provider.provider, "default_labels")
        return replace(target, file=provider.file, line=provider.line, attribute=setting)
    return target


def _provider(resource: Resource, files: Files) -> Target | None:
    """The provider block of the root module, or the file that gets a new one; None where it must not be guessed."""
    found = _PROVIDER.match(resource.inherits)
    if found is None or found["name"] not in _DEFAULTS:
        return None
    names = files.beside(resource.path)
    for name in names:
        source = files.get(name)
        for block in source.top_blocks("provider") if source else []:
            if source and source.labels(block) == [found["name"]] and _alias(source, block) == found["alias"]:
                return Target(name, block.start_point[0] + 1, "provider", provider=found["name"])
    if found["alias"] or not names:
        return None
    folder = names[0].rpartition("/")[0]
    return Target(f"{folder}/{_NEW_PROVIDERS}" if folder else _NEW_PROVIDERS, None, "provider", provider=found["name"])


def _alias(source: SourceText, block: Node) -> str | None:
    return source.literal(source.attribute(block, "alias"))


def edits_for(source: SourceText, target: Target, tags: Mapping[str, str]) -> list[Edit]:
    """The edits that write ``tags`` at the target. :class:`Cannot` where what stands there is not text to edit."""
    if target.line is None:
        pairs = _defaults_lines(target.provider, tags)
        return [appended(source, [f'provider "{target.provider}" {{', *(f"  {line}" for line in pairs), "}"])]
    block = source.block_at(target.line)
    if block is None:
        raise Cannot("its block is not where it was")
    if target.kind == "provider":
        return _into_provider(source, block, target.provider, tags)
    if target.kind == "propagate":
        return _propagated(source, block, target.key)
    if target.kind == "pair":
        return _corrected(source, block, target, tags[target.key])
    return _added(source, block, target, tags)


def _defaults_lines(provider: str, tags: Mapping[str, str]) -> list[str]:
    pairs = ", ".join(assignment(key, value) for key, value in tags.items())
    setting = _DEFAULTS[provider]
    return [f"{setting} {{", f"  tags = {{ {pairs} }}", "}"] if provider == "aws" else [f"{setting} = {{ {pairs} }}"]


def _into_provider(source: SourceText, block: Node, provider: str, tags: Mapping[str, str]) -> list[Edit]:
    setting = _DEFAULTS[provider]
    if provider != "aws":
        return tags_in(source, block, setting, tags)
    if defaults := source.blocks(block, setting):
        return tags_in(source, defaults[0], "tags", tags)
    return block_in(source, block, _defaults_lines(provider, tags))


def _added(source: SourceText, block: Node, target: Target, tags: Mapping[str, str]) -> list[Edit]:
    if target.attribute == "tag block":
        return [edit for key, value in tags.items() for edit in block_in(source, block, _tag_block(key, value))]
    name, dot, attribute = target.attribute.rpartition(".")
    if not dot:
        return tags_in(source, block, attribute, tags)
    if name == "tag_specifications":
        return _into_specification(source, block, target.part, tags)
    nested, number = source.blocks(block, name), _number(target.part)
    if number < len(nested):
        return tags_in(source, nested[number], attribute, tags)
    if number:
        raise Cannot(f"its {name} blocks are made by an expression")
    pairs = ", ".join(assignment(key, value) for key, value in tags.items())
    return block_in(source, block, [f"{name} {{", f"  {attribute} = {{ {pairs} }}", "}"])


def _number(part: str) -> int:
    found = _NUMBER.search(part)
    return int(found[1]) if found else 0


def _into_specification(source: SourceText, block: Node, part: str, tags: Mapping[str, str]) -> list[Edit]:
    kind = part.partition("[")[2].rstrip("]")
    for nested in source.blocks(block, "tag_specifications"):
        if source.literal(source.attribute(nested, "resource_type")) == kind:
            return tags_in(source, nested, "tags", tags)
    pairs = ", ".join(assignment(key, value) for key, value in tags.items())
    lines = [f"  resource_type = {quoted(kind)}", f"  tags          = {{ {pairs} }}"]
    return block_in(source, block, ["tag_specifications {", *lines, "}"])


def _tag_block(key: str, value: str) -> list[str]:
    pairs = (f"key                 = {quoted(key)}", f"value               = {quoted(value)}")
    return ["tag {", *(f"  {pair}" for pair in pairs), "  propagate_at_launch = true", "}"]


def _propagated(source: SourceText, block: Node, key: str) -> list[Edit]:
    for tag in source.blocks(block, "tag"):
        if source.literal(source.attribute(tag, "key")) == key:
            value = source.attribute(tag, "propagate_at_launch")
            if value is not None and source.text(value) == "false":
                return [Edit(value.start_byte, value.end_byte, "true")]
    raise Cannot("where propagate_at_launch is set could not be found")


def _corrected(source: SourceText, block: Node, target: Target, value: str) -> list[Edit]:
    """Key and value of the one pair that is written wrongly."""
    spelling, pair = target.spelling or target.key, _pair(source, block, target)
    if pair is None:
        raise Cannot(f"{spelling!r} is not written in {target.attribute} itself")
    key, written = pair
    edits = [key_renamed(source, key, target.key)] if spelling != target.key else []
    quoted_text = source.text(written).startswith('"') and source.literal(written) is not None
    if quoted_text and source.literal(written) != value:
        return [*edits, value_replaced(written, value)]
    if not edits:
        raise Cannot(f"its value comes from {source.text(written)}")
    return edits


def _pair(source: SourceText, block: Node, target: Target) -> tuple[Node, Node] | None:
    """Key and value as the target's attribute writes them."""
    expressions = _expressions(source, block, target.attribute)
    pairs = (pair for expression in expressions for pair in source.pairs(expression))
    return next((pair for pair in pairs if source.literal(pair[0]) == (target.spelling or target.key)), None)


def _expressions(source: SourceText, block: Node, attribute: str) -> list[Node]:
    name, dot, last = attribute.rpartition(".")
    parents = source.blocks(block, name) if dot else [block]
    return [found for parent in parents if (found := source.attribute(parent, last)) is not None]
