"""Where a plan's resources are written: a plan knows addresses, a person needs a file and a line."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace

from policies.resource import Gathered, Resource

_KEY = re.compile(r'\[(?:\d+|"(?:[^"\\]|\\.)*")\]')
"""An instance key as Terraform prints it."""
_MOST_NAMED = 5


def without_keys(address: str) -> str:
    """The address of the block that declares a resource: no instance keys, of modules or of the resource."""
    return _KEY.sub("", address) if "[" in address else address


def place(gathered: Gathered, source: Gathered) -> None:
    """Gives planned resources file, line and inline comments of the block that declares them, where it is known.

    What will be is the plan's to say: tags stay the plan's. Several root modules may declare the same addresses; each
    plan is of one of them, and a plan that could be of several gets no places but a note.
    """
    roots: dict[str, dict[str, Resource]] = {}
    for resource in source.resources:
        roots.setdefault(resource.path, {}).setdefault(without_keys(resource.address), resource)
    plans: dict[str, list[Resource]] = {}
    for resource in gathered.resources:
        plans.setdefault(resource.file, []).append(resource)
    placed: list[Resource] = []
    for name, planned in plans.items():
        candidates = _roots_of(planned, roots)
        blocks = roots[candidates[0]] if len(candidates) == 1 else {}
        placed += [_at(resource, blocks.get(without_keys(resource.address))) for resource in planned]
        if len(candidates) > 1:
            named = ", ".join(candidates[:_MOST_NAMED]) + (", …" if len(candidates) > _MOST_NAMED else "")
            gathered.notes.append(
                f"{name}: it may be the plan of any of {named}, so lines and comments of none are taken; "
                "name one with --source"
            )
    gathered.resources = placed


def _roots_of(planned: Iterable[Resource], roots: Mapping[str, Mapping[str, Resource]]) -> list[str]:
    """The root modules that a plan may be of: the one it lies in, else those that declare the most of it."""
    declared: Counter[str] = Counter()
    path = ""
    for resource in planned:
        path, address = resource.path, without_keys(resource.address)
        declared.update(root for root, blocks in roots.items() if address in blocks)
    if declared[path]:
        return [path]
    most = max(declared.values(), default=0)
    return sorted(root for root, count in declared.items() if count == most and most)


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
