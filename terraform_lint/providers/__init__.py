"""Which Terraform resource types take tags, in which attribute, and whether the provider's defaults reach them.

A plan shows this by itself, for the provider version really in use; source does not, so the tables here say it. They
are made by ``generate.py`` and read on first use, one provider at a time.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

_TABLES = frozenset({"aws", "google", "azurerm"})
TagKind = Literal["map", "list"]


@dataclass(frozen=True, slots=True)
class TypeTags:
    """Where a type's tags are written.

    ``attribute``: ``tags``, ``labels``, ``resource_labels``, ``settings.user_labels`` (an attribute of a block).
    ``kind``: ``map`` holds keys and values, as a policy means them. ``list`` holds strings, filters or blocks (network
    tags, ``tag`` blocks): no policy key can stand there as such, so the type is not judged by this attribute.
    ``inherits``: the provider's ``default_tags`` / ``default_labels`` reach it.
    """

    attribute: str
    kind: TagKind
    inherits: bool


@dataclass(frozen=True, slots=True)
class Unlisted:
    """A type that no table holds: newer than the table, or of a provider without one.

    Nothing tells whether it takes tags, so it counts as taggable if, and only if, its body sets one of
    ``attributes`` to a map. ``reason``: why it is unlisted, as a clause. ``inherits``: what the provider's other
    types do.
    """

    attributes: tuple[str, ...]
    inherits: bool
    reason: str


_WITHOUT_TABLE: Mapping[str, TypeTags | None] = {
    "azapi_resource": TypeTags("tags", "map", inherits=True),  # where it has no tags at all, of its own or in body
    "azapi_data_plane_resource": None,
    "azapi_resource_action": None,
    "azapi_update_resource": None,
}
"""Types of providers that have too few for a table."""


_UNLISTED: Mapping[str, tuple[str, ...]] = {
    "aws": ("tags",),
    "azurerm": ("tags",),
    "google": ("labels",),
    "oci": ("freeform_tags",),
}
"""Where types of these providers keep their tags; those of all others in one of ``_ANYWHERE``."""
_ANYWHERE = ("tags", "labels")


def provider_of(type_name: str) -> str:
    """The provider's short name, as in the type: ``aws`` of ``aws_s3_bucket``; ``google`` for google-beta too."""
    return type_name.partition("_")[0]


def tag_attribute(type_name: str) -> TypeTags | Unlisted | None:
    """Where the tags of a resource type are written; None: the type is known and takes none."""
    provider = provider_of(type_name)
    if type_name in _WITHOUT_TABLE:
        return _WITHOUT_TABLE[type_name]
    attributes = _UNLISTED.get(provider, _ANYWHERE)
    if provider not in _TABLES:
        return Unlisted(attributes, inherits=False, reason=f"no table of {provider}")
    version, types = _table(provider)
    name = type_name.removeprefix(f"{provider}_")
    if name in types:
        return types[name]
    return Unlisted(attributes, provider != "azurerm", f"{provider} {version} does not have the type")


@cache
def _table(provider: str) -> tuple[str, dict[str, TypeTags | None]]:
    import msgspec

    from terraform_lint.providers.table import Table

    content = Path(__file__).with_name(f"{provider}.json").read_bytes()
    table = msgspec.json.decode(content, type=Table)
    types: dict[str, TypeTags | None] = dict.fromkeys(table.without)
    for group in table.tagged:
        types |= dict.fromkeys(group.types, TypeTags(group.attribute, group.kind, group.inherits))
    return table.versions[-1], types
