"""Where a plan's resources are written: a plan knows addresses, a person needs a file and a line."""

import re
from collections.abc import Iterable
from dataclasses import replace

from policies.resource import Gathered, Resource

_KEY = re.compile(r'\[(?:\d+|"(?:[^"\\]|\\.)*")\]')
"""An instance key as Terraform prints it."""


def without_keys(address: str) -> str:
    """The address of the block that declares a resource: no instance keys, of modules or of the resource."""
    return _KEY.sub("", address) if "[" in address else address


def placed(planned: Iterable[Resource], source: Gathered) -> list[Resource]:
    """The planned resources with file, line and inline comments of the block that declares them, where it is known.

    What will be is the plan's to say: tags stay the plan's.
    """
    blocks: dict[str, Resource] = {}
    for resource in source.resources:
        blocks.setdefault(without_keys(resource.address), resource)
    return [_at(resource, blocks.get(without_keys(resource.address))) for resource in planned]


def _at(resource: Resource, block: Resource | None) -> Resource:
    if block is None:
        return resource
    lines = {carrier.part: carrier.line for carrier in block.carriers}
    return replace(
        resource,
        file=block.file,
        line=block.line,
        ignores=block.ignores,
        inherits=block.inherits or resource.inherits,
        remarks=resource.remarks or block.remarks,
        carriers=tuple(replace(carrier, line=lines.get(carrier.part)) for carrier in resource.carriers),
    )
