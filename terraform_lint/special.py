"""What differs by resource type: where tags stand that are no plain ``tags`` or ``labels`` map, what else bears them.

Shared by plans and source. Both show a resource through :class:`Attributes`, each in its own terms, and get carriers
back. Two questions:

- :func:`carriers`: does this type bear its own tags somewhere unusual, or none at all?
- :func:`parts`: what will it start that bears tags of its own, beside the resource (volumes, instances)?

Choices that a reader may wonder about:

- An auto scaling group's tags are its ``tag`` blocks, or the old list ``tags``. Default tags of the provider reach
  neither it nor its instances. The part ``instances`` is there only where some tag is not propagated.
- A launch template tags the volumes it starts only through ``tag_specifications``: no specification, no tags. Its
  instances may get theirs from what uses the template, so they are judged only where a specification names them.
- An instance started from a launch template may get volume tags from there: only those written are judged.
- A GKE node pool inherits the labels of its cluster, which is judged itself: a pool is judged only where it has
  ``resource_labels``, and what it lacks may come from the cluster. ``node_config.labels`` are Kubernetes labels.
- DigitalOcean's tags are words; one of the form ``tenant:acme`` counts as key and value, a bare word as a key without
  a value.
- Labels of Kubernetes objects never reach a bill: they are no tags here.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from policies.resource import Carrier, TagSet

VOLUME_TAGS_SINCE = (5, 39, 0)
"""The version of the aws provider from which its default tags reach the volumes of an instance."""


@dataclass(frozen=True, slots=True)
class Unclear:
    """A value that cannot be known yet. ``reason`` is a clause for people."""

    reason: str


class Hidden(str):
    """A text that must not be printed."""

    __slots__ = ()


class Attributes(Protocol):
    """The body of a resource or of a block in it, as it will stand.

    What nobody wrote and the provider fills in is not set. A null is not set either.
    """

    def text(self, name: str) -> str | Unclear | None:
        """A single value, as text like Terraform's (``true`` → ``"true"``); ``Hidden`` where it is sensitive.

        None: not set, or no single value.
        """

    def texts(self, name: str) -> Sequence[str | Unclear] | Unclear | None:
        """A list or set of single values, nulls left out. None: not set, or no list."""

    def tags(self, name: str) -> TagSet | None:
        """A map as tags; of one that is wholly unknown, ``rest`` says why. None: not set, or no map."""

    def blocks(self, name: str) -> "Blocks":
        """The blocks of that name; or the elements of an attribute that is a list of objects, or one object."""

    def line(self, name: str) -> int | None:
        """The 1-based line of the attribute or first block ``name``, else of the body itself. None: no source."""


@dataclass(frozen=True, slots=True)
class Blocks:
    """Blocks of one name, dynamic ones expanded. ``rest``: why there may be others; None when these are all."""

    found: Sequence[Attributes] = ()
    rest: str | None = None


_Reader: TypeAlias = Callable[[Attributes, TagSet], tuple[Carrier, ...]]
_TRUE = ("true", "1")


def overlay(under: TagSet, over: TagSet, *, origin: str = "the provider's default tags") -> TagSet:
    """Tags of which ``over`` wins, key by key: a resource's own over its provider's defaults.

    Where ``over`` may have further keys, a key of ``under`` is certainly there, but its value is not known.
    ``origin`` says in the reason where ``under`` comes from.
    """
    if not under.known and not under.unknown and under.rest is None:
        return over
    inherited = [key for key in under.known if key not in over.known and key not in over.unknown]
    unknown = {key: reason for key, reason in under.unknown.items() if key not in over.known} | dict(over.unknown)
    known = dict(over.known)
    if over.rest is None:
        known |= {key: under.known[key] for key in inherited}
    else:
        unknown |= dict.fromkeys(inherited, f"{origin} give it, but the resource may override it: {over.rest}")
    return TagSet(known, unknown, over.rest or under.rest, over.sensitive or under.sensitive)


def carriers(type_name: str, attributes: Attributes, defaults: TagSet | None) -> tuple[Carrier, ...] | None:
    """All that a resource of an unusual type bears its own tags on; empty: it bears none, whatever it looks like.

    None: no special case, the type's plain map of tags counts. ``defaults``: the provider's default tags or labels,
    None where it has none.
    """
    if bears_none(type_name):
        return ()
    reader = _OWN.get(type_name)
    return reader(attributes, defaults or TagSet()) if reader else None


def parts(type_name: str, attributes: Attributes, defaults: TagSet | None) -> tuple[Carrier, ...]:
    """What the resource starts that bears tags of its own; mostly nothing. Comes after the resource's own carriers.

    ``defaults``: the provider's default tags as far as they reach volumes (:func:`reaches_volumes`), None for none.
    """
    reader = _PARTS.get(type_name)
    return reader(attributes, defaults or TagSet()) if reader else ()


def has_parts(type_name: str) -> bool:
    """Whether :func:`parts` may say something of the type."""
    return type_name in _PARTS


def is_special(type_name: str) -> bool:
    """Whether :func:`carriers` has an answer for the type."""
    return type_name in _OWN or bears_none(type_name)


def bears_none(type_name: str) -> bool:
    """Whether what looks like tags of this type is something else, or tags that no bill shows."""
    return type_name in _NOT_TAGS or type_name.split("_", 1)[0] in _PROVIDERS_WITHOUT_TAGS


def reaches_volumes(version_constraint: str) -> bool:
    """Whether an aws provider under this constraint may be one whose default tags reach volumes.

    False only where the constraint rules such versions out: ``~> 4.0``, ``< 5.0``, ``= 5.1.0``. Text that is no
    constraint rules nothing out.
    """
    return all(_may_be_since(part.strip()) for part in version_constraint.split(","))


def _may_be_since(constraint: str) -> bool:
    operator = constraint.rstrip("0123456789.-+abcdefghijklmnopqrstuvwxyz").strip()
    numbers = [int(part) for part in constraint[len(operator) :].strip().split(".") if part.isdecimal()]
    if not numbers:
        return True
    version = (*numbers, 0, 0, 0)[:3]
    if operator in ("", "="):
        return version >= VOLUME_TAGS_SINCE
    if operator == "<":
        return version > VOLUME_TAGS_SINCE
    if operator == "<=":
        return version >= VOLUME_TAGS_SINCE
    if operator == "~>":
        fixed = tuple(numbers[: max(len(numbers) - 1, 1)])
        return fixed >= VOLUME_TAGS_SINCE[: len(fixed)]
    return True


def _autoscaling_group(attributes: Attributes, _defaults: TagSet) -> tuple[Carrier, ...]:
    new, old = attributes.blocks("tag"), attributes.blocks("tags")
    rest = new.rest or old.rest
    own, launched, all_launched = _Tags(rest), _Tags(rest), True
    for block in (*old.found, *new.found):
        key, value, propagated = block.text("key"), block.text("value"), block.text("propagate_at_launch")
        own.add(key, value)
        all_launched &= propagated in _TRUE
        if isinstance(propagated, Unclear):
            launched.add(key, propagated)
        elif propagated in _TRUE:
            launched.add(key, value)
    by_list = bool(old.found) and not new.found
    line = attributes.line("tags" if by_list else "tag")
    group = Carrier(own.tags(), "tags" if by_list else "tag block", line=line)
    if all_launched:
        return (group,)
    return (group, Carrier(launched.tags(), "propagate_at_launch", "instances", "not-propagated", line))


class _Tags:
    """A tag set that grows by one key and value after the other; of two equal keys the later wins."""

    def __init__(self, rest: str | None = None) -> None:
        self._known: dict[str, str | None] = {}
        self._unknown: dict[str, str] = {}
        self._rest = rest
        self._sensitive = False

    def add(self, key: str | Unclear | None, value: str | Unclear | None) -> None:
        self._sensitive = self._sensitive or isinstance(key, Hidden) or isinstance(value, Hidden)
        if isinstance(key, Unclear):
            self._rest = self._rest or key.reason
        elif key is None:
            return
        elif isinstance(value, Unclear):
            self._known.pop(key, None)
            self._unknown[key] = value.reason
        else:
            self._unknown.pop(key, None)
            self._known[key] = value

    def tags(self) -> TagSet:
        return TagSet(self._known, self._unknown, self._rest, self._sensitive)


def _within(block_name: str, map_name: str) -> _Reader:
    """Tags are the map ``map_name`` of the first block ``block_name``; no defaults reach it."""

    def read(attributes: Attributes, _defaults: TagSet) -> tuple[Carrier, ...]:
        tags, line = _first(attributes, block_name, map_name)
        return (Carrier(tags, f"{block_name}.{map_name}", line=line),)

    return read


def _first(attributes: Attributes, block_name: str, map_name: str) -> tuple[TagSet, int | None]:
    blocks = attributes.blocks(block_name)
    if not blocks.found:
        return TagSet(rest=blocks.rest), attributes.line(block_name)
    block = blocks.found[0]
    return block.tags(map_name) or TagSet(), block.line(map_name)


def _metadata_labels(attributes: Attributes, defaults: TagSet) -> tuple[Carrier, ...]:
    """``metadata.labels`` of Cloud Run, which the provider's default labels reach."""
    effective, line = _first(attributes, "metadata", "effective_labels")
    labels, line = _first(attributes, "metadata", "labels")
    settled = effective.rest is None and (effective.known or effective.unknown)
    tags = effective if settled else overlay(defaults, labels, origin="the provider's default labels")
    return (Carrier(tags, "metadata.labels", line=line),)


def _node_pool(attributes: Attributes, _defaults: TagSet) -> tuple[Carrier, ...]:
    own, line = _first(attributes, "node_config", "resource_labels")
    if not own.known and not own.unknown:
        return ()
    rest = own.rest or "the labels of the cluster reach its nodes too"
    return (Carrier(TagSet(own.known, own.unknown, rest, own.sensitive), "node_config.resource_labels", line=line),)


def _azapi(attributes: Attributes, defaults: TagSet) -> tuple[Carrier, ...]:
    """``tags``, or what stands as ``tags`` in ``body``: an object, or JSON text that is not looked into."""
    own = attributes.tags("tags")
    body = attributes.text("body")
    if own is None:
        own = next((tags for block in attributes.blocks("body").found if (tags := block.tags("tags"))), None)
    if own is None and (isinstance(body, Unclear) or '"tags"' in (body or "")):
        own = TagSet(rest="they may stand in the text of body")
    # NOTE: the provider takes its default tags only where the resource has none at all; it does not merge them
    return (Carrier(defaults if own is None else own, line=attributes.line("tags")),)


def _words(attributes: Attributes, _defaults: TagSet) -> tuple[Carrier, ...]:
    """DigitalOcean: ``tags = ["tenant:acme", "production"]``."""
    words = attributes.texts("tags")
    tags = _Tags(words.reason if isinstance(words, Unclear) else None)
    for word in () if words is None or isinstance(words, Unclear) else words:
        if isinstance(word, Unclear):
            tags.add(word, None)
        else:
            key, _, value = word.partition(":")
            tags.add(key, Hidden(value) if isinstance(word, Hidden) else value)
    return (Carrier(tags.tags(), line=attributes.line("tags")),)


def _volumes(attributes: Attributes, defaults: TagSet) -> tuple[Carrier, ...]:
    """The disks an instance starts with: ``volume_tags`` for all of them, else the tags of each block."""
    everywhere = attributes.tags("volume_tags")
    if everywhere is not None:
        tags, line = overlay(defaults, everywhere), attributes.line("volume_tags")
        return (Carrier(tags, "volume_tags", "volume_tags", "untagged-volume", line),)
    template = attributes.blocks("launch_template")
    by_template = bool(template.found) or template.rest is not None
    root = attributes.blocks("root_block_device")
    found = [
        _volume("root_block_device", number, block, defaults)
        for number, block in enumerate(root.found)
        if not by_template or block.tags("tags") is not None
    ]
    if not root.found and not by_template:
        tags, line = overlay(defaults, TagSet(rest=root.rest)), attributes.line("root_block_device")
        found.append(Carrier(tags, "root_block_device.tags", "root_block_device[0]", "untagged-volume", line))
    found += [
        _volume("ebs_block_device", number, block, defaults)
        for number, block in enumerate(attributes.blocks("ebs_block_device").found)
        if not by_template or block.tags("tags") is not None
    ]
    return tuple(found)


def _volume(name: str, number: int, block: Attributes, defaults: TagSet) -> Carrier:
    settled = block.tags("tags_all")
    if settled is None or settled.rest is not None:
        settled = overlay(defaults, block.tags("tags") or TagSet())
    return Carrier(settled, f"{name}.tags", f"{name}[{number}]", "untagged-volume", block.line("tags"))


def _launched(attributes: Attributes, _defaults: TagSet) -> tuple[Carrier, ...]:
    specifications = attributes.blocks("tag_specifications")
    found = []
    for kind in ("instance", "volume"):
        named = [block for block in specifications.found if block.text("resource_type") == kind]
        if named:
            tags, line = named[0].tags("tags") or TagSet(), named[0].line("tags")
        elif kind == "volume":
            unclear = any(isinstance(block.text("resource_type"), Unclear) for block in specifications.found)
            rest = "a specification's resource_type is not known" if unclear else specifications.rest
            tags, line = TagSet(rest=rest), attributes.line("tag_specifications")
        else:
            continue
        found.append(Carrier(tags, "tag_specifications.tags", f"tag_specifications[{kind}]", "untagged-launch", line))
    return tuple(found)


def _plain(map_name: str) -> _Reader:
    """The map is a plain one, but not the one that the type's other attributes suggest."""

    def read(attributes: Attributes, _defaults: TagSet) -> tuple[Carrier, ...]:
        return (Carrier(attributes.tags(map_name) or TagSet(), map_name, line=attributes.line(map_name)),)

    return read


_OWN: Mapping[str, _Reader] = {
    "aws_autoscaling_group": _autoscaling_group,
    "azapi_resource": _azapi,
    "google_cloud_run_domain_mapping": _metadata_labels,
    "google_cloud_run_service": _metadata_labels,
    "google_container_node_pool": _node_pool,
    "google_monitoring_notification_channel": _plain("user_labels"),
    "google_sql_database_instance": _within("settings", "user_labels"),
} | dict.fromkeys(
    (
        "digitalocean_custom_image", "digitalocean_database_cluster", "digitalocean_database_replica",
        "digitalocean_droplet", "digitalocean_kubernetes_cluster", "digitalocean_kubernetes_node_pool",
        "digitalocean_volume", "digitalocean_volume_snapshot",
    ),
    _words,
)  # fmt: skip

_PARTS: Mapping[str, _Reader] = {
    "aws_instance": _volumes,
    "aws_spot_instance_request": _volumes,
    "aws_launch_template": _launched,
}

_NOT_TAGS = frozenset(
    {
        "aws_autoscaling_group_tag",  # a tag of a group that stands elsewhere, nothing that costs
        "aws_inspector_resource_group",  # a filter: which instances to look at
        "aws_devopsguru_resource_collection",  # a filter: which resources to look at
        "azurerm_api_management_named_value",  # a list of words
        "azurerm_api_management_workspace_named_value",
        "azurerm_sentinel_threat_intelligence_indicator",
        "digitalocean_firewall",  # which droplets it guards
        "google_cloud_identity_group",  # the kind of group
    }
)

_PROVIDERS_WITHOUT_TAGS = frozenset(
    {
        "azuread", "datadog", "fastly", "grafana", "helm", "ibm", "kubectl", "kubernetes", "linode", "newrelic",
        "openstack", "pagerduty", "scaleway", "vultr",
    }
)  # fmt: skip
"""Providers whose ``tags`` are lists of words or whose ``labels`` steer software: no key and value on a bill."""
