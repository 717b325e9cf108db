"""The shape of a provider's table file."""

from typing import Literal

import msgspec


class Group(msgspec.Struct, frozen=True):
    """Types that take tags in one way; fields as in ``TypeTags``. ``types`` stand without the provider's prefix."""

    attribute: str
    kind: Literal["map", "list"]
    inherits: bool
    types: list[str]


class Table(msgspec.Struct, frozen=True):
    """All types of a provider. ``versions`` are the provider versions it was made from, oldest first.

    ``without``: types that take no tags, or whose ``tags`` are something else.
    """

    provider: str
    versions: list[str]
    tagged: list[Group]
    without: list[str]
