"""Where a plan's resources are written: a plan knows addresses, a person needs a file and a line."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from policies.resource import Carrier, Gathered, Resource
from terraform_lint.addresses import without_keys

_MOST_NAMED = 5


def place(gathered: Gathered, source: Gathered, homes: Collection[str]) -> None:
    """Gives planned resources file, line and inline comments of the block that declares them, where it is known.

    What will be is the plan's to say: tags stay the plan's. Several root modules may declare the same addresses; each
    plan is of one of them, and a plan that could be of several gets no places but a note. ``homes``: the names of
    plans that lie in the folder that ``Resource.path`` says; others take that of their root module.
    """
    roots: dict[str, dict[str, Resource]] = {}
    for resource in source.resources:
        roots.setdefault(resource.path, {}).setdefault(without_keys(resource.address), resource)
    unseen: dict[str, tuple[str, ...]] = {}
    for external in source.externals:
        unseen[external.path] = (*unseen.get(external.path, ()), f"{without_keys(external.address)}.")
    plans: dict[str, list[Resource]] = {}
    for resource in gathered.resources:
        plans.setdefault(resource.file, []).append(resource)
    placed: list[Resource] = []
    for name, planned in plans.items():
        candidates = _roots_of(planned, roots, unseen, at_home=name in homes)
        blocks = roots[candidates[0]] if len(candidates) == 1 else {}
        found = [_at(resource, blocks.get(without_keys(resource.address))) for resource in planned]
        placed += found if not blocks or name in homes else [replace(each, path=candidates[0]) for each in found]
        if len(candidates) != 1:
            gathered.notes.append(_unplaced(name, candidates))
    gathered.resources = placed


def _unplaced(plan: str, candidates: Sequence[str]) -> str:
    if not candidates:
        return f"{plan}: no root module of --source declares all of it, so lines and comments of none are taken"
    named = ", ".join(candidates[:_MOST_NAMED]) + (", …" if len(candidates) > _MOST_NAMED else "")
    return (
        f"{plan}: it may be the plan of any of {named}, so lines and comments of none are taken; name one with --source"
    )


def _roots_of(
    planned: Sequence[Resource],
    roots: Mapping[str, Mapping[str, Resource]],
    unseen: Mapping[str, tuple[str, ...]],
    *,
    at_home: bool,
) -> list[str]:
    """The root modules that a plan may be of: the only one, the one it lies in, else those that declare all of it.

    What lies in a module that was not read is declared as far as one can know.
    """
    if len(roots) == 1:
        return [*roots]
    addresses = {without_keys(resource.address) for resource in planned}
    home = planned[0].path
    if at_home and not addresses.isdisjoint(roots.get(home, ())):
        return [home]
    return sorted(
        root
        for root, blocks in roots.items()
        if all(address in blocks or address.startswith(unseen.get(root, ())) for address in addresses)
    )


def _at(resource: Resource, block: Resource | None) -> Resource:
    if block is None:
        return resource
    written = {carrier.part: carrier for carrier in block.carriers}
    return replace(
        resource,
        file=block.file,
        line=block.line,
        ignores=block.ignores,
        inherits=block.inherits or resource.inherits,
        downloaded=block.downloaded,
        remarks=resource.remarks or block.remarks,
        carriers=tuple(_carrier_at(carrier, written.get(carrier.part)) for carrier in resource.carriers),
    )


def _carrier_at(carrier: Carrier, written: Carrier | None) -> Carrier:
    if written is None:
        return replace(carrier, line=None, file="")
    return replace(carrier, line=written.line, file=written.file, written=written.written)
