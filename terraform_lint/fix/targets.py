"""Where a tag is to be written, and the edit that writes it there."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Protocol

from policies.finding import Finding
from policies.resource import Carrier, Resource
from terraform_lint import hcl_text
from terraform_lint.default_tags import SETTINGS, reaches
from terraform_lint.fix.edits import Edit, appended, block_in, key_renamed, tags_in, value_replaced
from terraform_lint.fix.text import Node, SourceText

_LISTS = ("aws_autoscaling_group", "awscc", "digitalocean")
"""Types and providers whose attribute ``tags`` is a list."""
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
    ``propagate`` lets a tag block reach the instances. ``spelling`` is the key as it stands. ``provider``: whose
    setting it is; ``local_name``: what the source calls it.
    """

    file: str
    line: int | None
    kind: str
    attribute: str = ""
    part: str = ""
    key: str = ""
    spelling: str = ""
    provider: str = ""
    local_name: str = ""


def target_of(finding: Finding, resource: Resource, files: Files) -> Target:
    """Where a finding is mended. :class:`Cannot` where the source is not there, is no HCL, or not ours to edit."""
    if finding.attribute == "tags" and (resource.type in _LISTS or resource.provider in _LISTS):
        raise Cannot("its tags are a list, which is for a person to edit")
    carrier = next((each for each in resource.carriers if each.part == finding.part), None)
    if carrier is None or resource.line is None:
        raise Cannot(f"{resource.file} is no HCL source that can be edited")
    provider = _provider(resource, files)
    if provider is not None and finding.rule == "missing-tag" and reaches(resource, carrier):
        return provider
    kind = _KINDS.get(finding.rule, "pair")
    own = key_to_write(finding) if kind != "missing" else ""
    target = Target(resource.file, resource.line, kind, finding.attribute, finding.part, own, finding.spelling)
    if kind == "pair" and provider is not None and provider.line and not _is_written(target, files):
        setting = SETTINGS[resource.provider]
        attribute = f"{setting.name}.tags" if setting.block else setting.name
        return replace(target, file=provider.file, line=provider.line, attribute=attribute)
    _refuse(resource, carrier, files)
    return target


def key_to_write(finding: Finding) -> str:
    """The key of a finding as its carrier spells it: Google's labels have no capitals."""
    label = finding.provider.startswith("google") and finding.attribute.endswith("labels")
    return finding.key.lower() if label else finding.key


def _refuse(resource: Resource, carrier: Carrier, files: Files) -> None:
    """:class:`Cannot` where the resource's own block is not the place to edit."""
    if resource.downloaded:
        raise Cannot(f"{resource.downloaded} is a downloaded module, which terraform init would write anew")
    if not _is_inside(resource.file):
        raise Cannot(f"{resource.file} lies outside the folder that the check runs in")
    if carrier.file:
        what = carrier.attribute.partition(".")[0]
        raise Cannot(f"{what} is overridden in {carrier.file}, which is for a person to edit")
    if files.get(resource.file) is None:
        raise Cannot(f"{resource.file} is no HCL source that can be edited")


def _is_inside(name: str) -> bool:
    parts = PurePosixPath(name).parts
    return not name.startswith("/") and ".." not in parts and ".terraform" not in parts


def _is_written(target: Target, files: Files) -> bool:
    """Whether the resource itself writes the pair."""
    source = files.get(target.file)
    block = source.block_at(target.line) if source and target.line else None
    return bool(source and block and _pair(source, block, target))


def _provider(resource: Resource, files: Files) -> Target | None:
    """The provider block, or the file of the root module that gets a new one; None where it must not be guessed."""
    inherits = resource.inherits
    if inherits is None or resource.provider not in SETTINGS:
        return None
    target = Target(inherits.file, inherits.line, "provider", provider=resource.provider, local_name=inherits.provider)
    if inherits.line is not None:
        return target if _is_inside(inherits.file) and files.get(inherits.file) is not None else None
    beside = files.beside(resource.path) if _is_inside(resource.path) and not inherits.alias else []
    if not beside:
        return None
    folder = beside[0].rpartition("/")[0]
    return replace(target, file=f"{folder}/{_NEW_PROVIDERS}" if folder else _NEW_PROVIDERS)


def edits_for(source: SourceText, target: Target, tags: Mapping[str, str]) -> list[Edit]:
    """The edits that write ``tags`` at the target. :class:`Cannot` where what stands there is not text to edit."""
    if target.line is None:
        lines = hcl_text.default_tags(SETTINGS[target.provider], tags)
        return [appended(source, hcl_text.block(f'provider "{target.local_name}"', lines))]
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


def _into_provider(source: SourceText, block: Node, provider: str, tags: Mapping[str, str]) -> list[Edit]:
    setting = SETTINGS[provider]
    if not setting.block:
        return _into_map(source, block, setting.name, tags)
    if defaults := source.blocks(block, setting.name):
        return _into_map(source, defaults[0], "tags", tags)
    _refuse_dynamic(source, block, setting.name)
    return block_in(source, block, hcl_text.default_tags(setting, tags))


def _into_map(source: SourceText, block: Node, attribute: str, tags: Mapping[str, str]) -> list[Edit]:
    """:class:`Cannot` where the map has the key: it counts for nothing there, and must not stand twice."""
    expression = source.attribute(block, attribute)
    there = {source.literal(key) for key, _ in source.pairs(expression)} if expression is not None else set()
    _refuse_twice(tags, there)
    return tags_in(source, block, attribute, tags)


def _refuse_twice(tags: Iterable[str], there: Iterable[str | None]) -> None:
    for key in tags:
        if key in there:
            raise Cannot(f"{key} is written there already, and still does not count")


def _refuse_dynamic(source: SourceText, block: Node, name: str) -> None:
    if any(source.labels(each) == [name] for each in source.blocks(block, "dynamic")):
        raise Cannot(f"its {name} blocks are made by an expression")


def _added(source: SourceText, block: Node, target: Target, tags: Mapping[str, str]) -> list[Edit]:
    if target.attribute == "tag block":
        _refuse_twice(tags, [source.literal(source.attribute(tag, "key")) for tag in source.blocks(block, "tag")])
        return [edit for pair in tags.items() for edit in block_in(source, block, hcl_text.tag_block(*pair))]
    name, dot, attribute = target.attribute.rpartition(".")
    if not dot:
        return _into_map(source, block, attribute, tags)
    if name == "tag_specifications":
        return _into_specification(source, block, target.part, tags)
    nested, number = source.blocks(block, name), _number(target.part)
    if number < len(nested):
        return _into_map(source, nested[number], attribute, tags)
    _refuse_dynamic(source, block, name)
    if number:
        raise Cannot(f"its {name} blocks could not be found")
    return block_in(source, block, hcl_text.block(name, [hcl_text.map_attribute(attribute, tags)]))


def _number(part: str) -> int:
    found = _NUMBER.search(part)
    return int(found[1]) if found else 0


def _into_specification(source: SourceText, block: Node, part: str, tags: Mapping[str, str]) -> list[Edit]:
    kind = hcl_text.specified_kind(part)
    for nested in source.blocks(block, "tag_specifications"):
        if source.literal(source.attribute(nested, "resource_type")) == kind:
            return _into_map(source, nested, "tags", tags)
    _refuse_dynamic(source, block, "tag_specifications")
    return block_in(source, block, hcl_text.tag_specification(kind, tags))


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
        where = "a tag block" if target.attribute == "tag block" else f"{target.attribute} itself"
        raise Cannot(f"{spelling!r} is not written in {where}")
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
    if target.attribute == "tag block":
        return _tag_block(source, block, target.spelling or target.key)
    expressions = _expressions(source, block, target.attribute)
    pairs = (pair for expression in expressions for pair in source.pairs(expression))
    return next((pair for pair in pairs if source.literal(pair[0]) == (target.spelling or target.key)), None)


def _tag_block(source: SourceText, block: Node, name: str) -> tuple[Node, Node] | None:
    for tag in source.blocks(block, "tag"):
        key, value = source.attribute(tag, "key"), source.attribute(tag, "value")
        if key is not None and value is not None and source.literal(key) == name:
            return key, value
    return None


def _expressions(source: SourceText, block: Node, attribute: str) -> list[Node]:
    name, dot, last = attribute.rpartition(".")
    parents = source.blocks(block, name) if dot else [block]
    return [found for parent in parents if (found := source.attribute(parent, last)) is not None]
