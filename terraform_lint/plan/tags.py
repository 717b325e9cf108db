"""The tags that an ordinary resource will bear: one map of its own, and what its provider adds.

No table of types is needed: a type takes tags if the plan shows the attribute for it, as the provider version in use
has it.
"""

from collections.abc import Mapping

from msgspec import UNSET

from policies.resource import Carrier, Inheritance, TagSet
from terraform_lint.plan.attributes import LATER, later, tags_of, text_of
from terraform_lint.plan.configuration import Configuration
from terraform_lint.plan.shape import Fields, ResourceChange
from terraform_lint.special import overlay

_OWN: Mapping[str, tuple[str, ...]] = {
    "aws": ("tags",),
    "azapi": ("tags",),
    "azurerm": ("tags",),
    "google": ("resource_labels", "user_labels", "labels"),
    "oci": ("freeform_tags",),
}
_OWN_ELSEWHERE = ("tags", "labels")
_WHOLE: Mapping[str, tuple[str, ...]] = {
    "aws": ("tags_all",),
    "google": ("effective_labels", "terraform_labels"),
}
_PAIR = frozenset({"key", "value"})
_EMPTY = TagSet()
_NO_CONFIGURATION = "default tags may add it, and the plan has no configuration section that would tell"


def own_carrier(change: ResourceChange, provider: str, configuration: Configuration) -> Carrier | None:
    """The resource's map of tags as it will stand; None: it takes none."""
    after = change.change.after
    if after is None:
        return None
    marks = change.change.after_unknown
    unknown = marks if isinstance(marks, Fields) else None
    name = _own_name(after, unknown, provider)
    if name is None:
        return None
    hidden = change.change.after_sensitive
    sensitive = hidden if isinstance(hidden, Fields) else None
    for whole in _WHOLE.get(provider, ()):
        value = getattr(after, whole)
        if isinstance(value, dict):
            waiting = getattr(unknown, whole, None)
            secret = getattr(sensitive, whole, None) or getattr(sensitive, name, None)
            if hidden is True:
                secret = True
            reason = _reason(change, name, configuration) if waiting and _any(waiting) else LATER
            tags = tags_of(value, waiting if waiting is not UNSET else None, secret, reason)
            return Carrier(tags, name, written=_written(after, unknown, name))
    own = _own_tags(change, name, unknown, configuration, secret=hidden is True or getattr(sensitive, name, None))
    if not configuration.is_there and any(_any(getattr(unknown, whole, None)) for whole in _WHOLE.get(provider, ())):
        own = TagSet(own.known, own.unknown, own.rest or _NO_CONFIGURATION, own.sensitive)
    origin = "the provider's default labels" if provider == "google" else "the provider's default tags"
    tags = overlay(configuration.defaults(change), own, origin=origin)
    return Carrier(tags, name, written=_written(after, unknown, name))


def inherits(change: ResourceChange, provider: str, configuration: Configuration) -> Inheritance | None:
    """What would give tags to all such resources at once, where this one shows that it takes part."""
    after, unknown = change.change.after, change.change.after_unknown
    for whole in _WHOLE.get(provider, ()):
        if getattr(after, whole, UNSET) is not UNSET or getattr(unknown, whole, UNSET) is not UNSET:
            return configuration.inheritance(change)
    return None


def _written(after: Fields, unknown: Fields | None, name: str) -> str:
    return name if getattr(after, name) or _any(getattr(unknown, name, None)) else ""


def _own_name(after: Fields, unknown: Fields | None, provider: str) -> str | None:
    """The attribute that holds the tags: present, and a map, pairs, null or unknown. Words are no tags."""
    for name in _OWN.get(provider, _OWN_ELSEWHERE):
        value = getattr(after, name)
        if value is None or isinstance(value, dict) or _pairs(value):
            return name
        if value is UNSET and unknown is not None and _map_or_true(getattr(unknown, name)):
            return name
    return None


def _pairs(value: object) -> bool:
    """Whether a list holds tags as objects with key and value, as AWS Cloud Control has them."""
    return isinstance(value, list) and bool(value) and all(isinstance(e, dict) and e.keys() >= _PAIR for e in value)


def _map_or_true(mark: object) -> bool:
    return mark is True or isinstance(mark, dict)


def _own_tags(
    change: ResourceChange, name: str, unknown: Fields | None, configuration: Configuration, *, secret: object
) -> TagSet:
    value, waiting = getattr(change.change.after, name), getattr(unknown, name, None)
    if _pairs(value):
        value = {text_of(pair["key"]): pair["value"] for pair in value}
        waiting = True if isinstance(waiting, list) and any(map(_any, waiting)) else UNSET
    if isinstance(value, dict):
        reason = _reason(change, name, configuration) if waiting and _any(waiting) else LATER
        return tags_of(value, waiting if waiting is not UNSET else None, secret, reason)
    if waiting is not True and change.change.after_unknown is not True:
        return _EMPTY
    expression = (configuration.expressions(change) or {}).get(name)
    constant = expression.get("constant_value") if isinstance(expression, dict) else None
    if isinstance(constant, dict):
        return tags_of(constant, None, secret)
    return TagSet(rest=later(expression), sensitive=secret is True)


def _any(marks: object) -> bool:
    return marks is True or (isinstance(marks, dict) and any(marks.values()))


def _reason(change: ResourceChange, name: str, configuration: Configuration) -> str:
    return later((configuration.expressions(change) or {}).get(name))
