"""HCL to write: tags as they stand in a map, a block or a provider. Blocks are lines, indented by themselves."""

import re
from collections.abc import Mapping, Sequence

from terraform_lint.default_tags import Setting

Tags = Mapping[str, str | None]
"""Values by key; None: only a person knows it, ``<key>`` stands for it."""

_BARE = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*\Z")


def quoted(text: str) -> str:
    """A text as a quoted HCL string without interpolation."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", "\\r")
    return '"' + escaped.replace("\t", "\\t").replace("${", "$${").replace("%{", "%%{") + '"'


def key_text(key: str) -> str:
    """A key as it stands in a map: bare where it can be."""
    return key if _BARE.match(key) else quoted(key)


def value_text(key: str, value: str | None) -> str:
    """The value of a key, or what stands for it."""
    return quoted(f"<{key}>" if value is None else value)


def assignment(key: str, value: str | None) -> str:
    """``key = "value"`` as HCL writes it in a map."""
    return f"{key_text(key)} = {value_text(key, value)}"


def tag_map(tags: Tags) -> str:
    """``{ key = "value", … }``."""
    return "{ " + ", ".join(assignment(key, value) for key, value in tags.items()) + " }"


def map_attribute(name: str, tags: Tags) -> str:
    """``tags = { key = "value" }``."""
    return f"{name} = {tag_map(tags)}"


def block(header: str, lines: Sequence[str]) -> list[str]:
    """A block around lines."""
    return [f"{header} {{", *(f"  {line}" for line in lines), "}"]


def tag_block(key: str, value: str | None) -> list[str]:
    """One tag of an auto scaling group that reaches its instances."""
    pairs = (f"key                 = {quoted(key)}", f"value               = {value_text(key, value)}")
    return block("tag", [*pairs, "propagate_at_launch = true"])


def tag_specification(kind: str, tags: Tags) -> list[str]:
    """The tags of what a launch template starts: ``volume``, ``instance``."""
    return block("tag_specifications", [f"resource_type = {quoted(kind)}", f"tags          = {tag_map(tags)}"])


def default_tags(setting: Setting, tags: Tags) -> list[str]:
    """The default tags of a provider, as they stand in its block."""
    return block(setting.name, [map_attribute("tags", tags)]) if setting.block else [map_attribute(setting.name, tags)]


def specified_kind(part: str) -> str:
    """``volume`` of ``tag_specifications[volume]``; also where no kind is named."""
    return part.partition("[")[2].rstrip("]") or "volume"
