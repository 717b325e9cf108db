"""From the changes of a plan to resources that can be judged."""

from collections.abc import Iterable

from policies.resource import Action, Carrier, Gathered, Resource
from terraform_lint import special
from terraform_lint.plan.attributes import Planned, Written, field
from terraform_lint.plan.configuration import Configuration, local_name
from terraform_lint.plan.shape import Fields, Marks, ResourceChange
from terraform_lint.plan.tags import inherits, own_carrier
from terraform_lint.written import with_written

_ACTIONS: dict[tuple[str, ...], Action] = {
    ("create",): "create",
    ("update",): "update",
    ("delete", "create"): "replace",
    ("create", "delete"): "replace",
    ("create", "forget"): "replace",
    ("no-op",): "no-op",
    ("read",): "read",
    ("delete",): "delete",
    ("forget",): "forget",
}
_NEVER_JUDGED = frozenset({"read", "delete", "forget"})
_DISKS = ("root_block_device", "ebs_block_device", "volume_tags")


def gather(changes: Iterable[ResourceChange], configuration: Configuration, name: str, path: str) -> Gathered:
    """Resources in the order of the plan. A combination of actions that no Terraform has yet counts as an update."""
    gathered = Gathered()
    for change in changes:
        action = _ACTIONS.get(change.change.actions, "update")
        if change.mode != "managed" or action in _NEVER_JUDGED:
            gathered.skipped += 1
            continue
        name_of_provider = local_name(change)
        provider = "google" if name_of_provider == "google-beta" else name_of_provider
        carriers = _carriers(change, provider, configuration)
        if not carriers:
            gathered.not_taggable += 1
            continue
        resource = Resource(
            provider=provider,
            type=change.type,
            address=change.address,
            action=action,
            carriers=carriers,
            file=name,
            module=change.module_address or "",
            path=path,
            previous=(change.previous_address,) if change.previous_address else (),
            inherits=inherits(change, provider, configuration),
        )
        gathered.resources.append(resource)
    return gathered


def _carriers(change: ResourceChange, provider: str, configuration: Configuration) -> tuple[Carrier, ...]:
    own: tuple[Carrier, ...] | None = None
    if special.is_special(change.type):
        defaults = configuration.defaults(change)
        planned = _planned(change, configuration)
        own = special.carriers(change.type, planned, defaults)
        own = own and tuple(with_written(carrier, planned) for carrier in own)
    if own is None:
        carrier = own_carrier(change, provider, configuration)
        own = (carrier,) if carrier is not None else ()
    return own + _parts(change, configuration) if special.has_parts(change.type) else own


def _parts(change: ResourceChange, configuration: Configuration) -> tuple[Carrier, ...]:
    """Left out where neither the values nor the configuration say which volumes there will be."""
    after, unknown = change.change.after, _body(change.change.after_unknown)
    expressions = configuration.expressions(change)
    if after is None:
        return ()
    disks = change.type != "aws_launch_template"
    if expressions is None and disks and not _disks_are_known(after, unknown):
        return ()
    if expressions is None and not disks and field(after, "tag_specifications") is None:
        return ()
    defaults = None
    if disks and _defaults_reach_disks(after, unknown, configuration.version_constraint(change)):
        defaults = configuration.defaults(change)
    planned = _planned(change, configuration, expressions)
    parts = special.parts(change.type, planned, defaults)
    return tuple(with_written(carrier, planned) for carrier in parts)


def _disks_are_known(after: Fields, unknown: Fields | None) -> bool:
    if any(field(unknown, name) is True for name in _DISKS):
        return False
    return bool(after.volume_tags) or isinstance(after.root_block_device, list)


def _defaults_reach_disks(after: Fields, unknown: Fields | None, constraint: str) -> bool:
    """From a version of the provider on: disks show it by their ``tags_all``, known or not, else the constraint may."""
    listed = [field(body, name) for body in (after, unknown) for name in ("root_block_device", "ebs_block_device")]
    blocks = [block for found in listed if isinstance(found, list) for block in found if isinstance(block, dict)]
    if blocks:
        return any("tags_all" in block for block in blocks)
    return special.reaches_volumes(constraint)


def _planned(change: ResourceChange, configuration: Configuration, written: Written = None) -> Planned:
    expressions = written if written is not None else configuration.expressions(change)
    unknown, sensitive = _body(change.change.after_unknown), _body(change.change.after_sensitive)
    hidden = change.change.after_sensitive is True
    return Planned(change.change.after, unknown, sensitive, expressions, hidden=hidden)


def _body(marks: Marks) -> Fields | None:
    return marks if isinstance(marks, Fields) else None
