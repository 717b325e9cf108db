"""What to write so that a finding goes away: HCL to paste, in the least invasive place."""

import re
from collections.abc import Callable, Mapping

from policies.resource import Carrier, Resource

_ALIAS = re.compile(r'^provider "(?P<name>[^"]+)"(?: \(alias (?P<alias>[^)]+)\))?')
_MISSING = ("missing-tag", "empty-tag")
_BARE = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*\Z")
_DEFAULTS = {
    "aws": ("default_tags", True),
    "google": ("default_labels", False),
    "google-beta": ("default_labels", False),
}
"""The provider's own setting for all its resources, and whether it is a block with a map ``tags``."""


def advise(resource: Resource, carrier: Carrier, key: str, value: str | None, rule: str) -> str:
    """HCL that mends one finding. ``value`` None: only a person knows it, ``<key>`` stands for it.

    A tag that is missing goes to the provider's default tags where these reach the carrier; what is written wrongly
    is mended where it stands. Empty where there is nothing to paste (a remark).
    """
    if not key:
        return ""
    if rule == "not-propagated":
        return "propagate_at_launch = true"
    if resource.type == "aws_autoscaling_group":
        return _tag_block(carrier, key, value)
    if resource.provider == "digitalocean":
        word = f"{key}:{f'<{key}>' if value is None else value}"
        return f"tags = [{quoted(word)}]"
    default = _provider_default(resource, carrier, key, value) if rule in _MISSING else ""
    return default or _in_place(carrier, key, value)


def assignment(key: str, value: str | None) -> str:
    """``key = "value"`` as HCL writes it in a map."""
    name = key if _BARE.match(key) else quoted(key)
    return f"{name} = {quoted(f'<{key}>' if value is None else value)}"


def quoted(text: str) -> str:
    """A text as a quoted HCL string without interpolation."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", "\\r")
    return '"' + escaped.replace("\t", "\\t").replace("${", "$${").replace("%{", "%%{") + '"'


def _provider_default(resource: Resource, carrier: Carrier, key: str, value: str | None) -> str:
    found = _ALIAS.match(resource.inherits)
    if found is None or carrier.part or found["name"] not in _DEFAULTS:
        return ""
    setting, is_block = _DEFAULTS[found["name"]]
    alias = f"  alias = {quoted(found['alias'])}\n" if found["alias"] else ""
    pair = assignment(key, value)
    body = f"  {setting} {{\n    tags = {{ {pair} }}\n  }}" if is_block else f"  {setting} = {{ {pair} }}"
    return f'# once, for every resource of this provider\nprovider "{found["name"]}" {{\n{alias}{body}\n}}'


def _in_place(carrier: Carrier, key: str, value: str | None) -> str:
    pair = assignment(key, value)
    write = _PLACES.get(carrier.attribute)
    if write is not None:
        return write(carrier, key, value)
    block, dot, attribute = carrier.attribute.rpartition(".")
    return f"{block} {{\n  {attribute} = {{ {pair} }}\n}}" if dot else f"{attribute} = {{ {pair} }}"


def _tag_block(_carrier: Carrier, key: str, value: str | None) -> str:
    shown = quoted(f"<{key}>" if value is None else value)
    lines = (f"key                 = {quoted(key)}", f"value               = {shown}", "propagate_at_launch = true")
    return "tag {\n" + "".join(f"  {line}\n" for line in lines) + "}"


def _specification(carrier: Carrier, key: str, value: str | None) -> str:
    kind = carrier.part.partition("[")[2].rstrip("]") or "volume"
    pair = assignment(key, value)
    return f"tag_specifications {{\n  resource_type = {quoted(kind)}\n  tags = {{ {pair} }}\n}}"


_PLACES: Mapping[str, Callable[[Carrier, str, str | None], str]] = {
    "tag block": _tag_block,
    "tag_specifications.tags": _specification,
}
