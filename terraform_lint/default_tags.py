"""The setting of a provider that gives tags to all its resources at once."""

from collections.abc import Mapping
from typing import NamedTuple

from policies.resource import Carrier, Resource


class Setting(NamedTuple):
    """``name`` in the provider block. ``block``: a block with a map ``tags``, else a map itself.

    ``merges``: a resource's own tags are added to these; else a resource with tags of its own gets none of them.
    """

    name: str
    block: bool = False
    merges: bool = True


SETTINGS: Mapping[str, Setting] = {
    "aws": Setting("default_tags", block=True),
    "azapi": Setting("default_tags", merges=False),
    "google": Setting("default_labels"),
    "google-beta": Setting("default_labels"),
}
"""By provider. One that is not here has no such thing."""


def reaches(resource: Resource, carrier: Carrier) -> bool:
    """Whether a tag that the carrier lacks would get there from the default tags of the resource's provider."""
    setting = SETTINGS.get(resource.provider)
    if resource.inherits is None or carrier.part or setting is None:
        return False
    return setting.merges or not carrier.written
