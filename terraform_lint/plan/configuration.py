"""What the configuration in a plan says beside the planned values: expressions, and the providers' default tags.

Decoded on first use: most plans say all in their values.
"""

from collections.abc import Iterable, Mapping
from functools import cached_property, lru_cache
from typing import Any

import msgspec
from msgspec import Raw

from policies.resource import Inheritance, TagSet
from terraform_lint.addresses import without_keys
from terraform_lint.default_tags import SETTINGS
from terraform_lint.plan.attributes import text_of
from terraform_lint.plan.shape import (
    ConfiguredModules,
    ConfiguredProviders,
    ConfiguredResource,
    Module,
    ProviderConfig,
    ResourceChange,
)

_NONE = TagSet()


class Configuration:
    """The section ``configuration`` of one plan, and what its other resources show of the providers' default tags."""

    def __init__(self, raw: Raw, changes: Iterable[ResourceChange]) -> None:
        self._raw = bytes(raw)
        self._changes = changes
        self._written: dict[str, Mapping[str, Any] | None] = {}
        self._inherited: dict[str, str] = {}
        self._defaults: dict[tuple[str, str], TagSet] = {}
        self._inheritances: dict[tuple[str, str], Inheritance] = {}

    @property
    def is_there(self) -> bool:
        """Whether the plan has the section at all; some tools cut it out."""
        return bool(self._raw)

    def expressions(self, change: ResourceChange) -> Mapping[str, Any] | None:
        """What is written for a resource, by attribute; None where the plan does not say."""
        declared = without_keys(change.address)
        if declared not in self._written:
            block = self._blocks.get(declared)
            self._written[declared] = _expressions(block.expressions) if block else None
        return self._written[declared]

    def defaults(self, change: ResourceChange) -> TagSet:
        """The default tags or labels that the provider of a resource adds, without regard to the resource's own."""
        name = local_name(change)
        if not self._have_defaults.get(name):
            return _NONE
        key = self._key(name, change.address)
        found = self._defaults.get((name, key))
        if found is None:
            found = self._defaults[name, key] = self._defaults_of(name, key)
        return found

    def inheritance(self, change: ResourceChange) -> Inheritance | None:
        """The provider configuration whose default tags would reach a resource; None where the plan does not say."""
        name = local_name(change)
        keys = self._keys.get(name, ())
        key = self._key(name, change.address) if len(keys) > 1 else name
        if not key:
            return None
        found = self._inheritances.get((name, key))
        if found is None:
            alias = key.rpartition(":")[2].partition(".")[2]
            written = key in self._providers and _default_expression(name, self._providers[key]) is not None
            found = self._inheritances[name, key] = Inheritance(name, alias, SETTINGS[name].name, written)
        return found

    def version_constraint(self, change: ResourceChange) -> str:
        """All version constraints on the provider of a resource, one after the other."""
        configs = (self._providers[key] for key in self._keys.get(local_name(change), ()))
        return ", ".join(config.version_constraint for config in configs if config.version_constraint)

    @cached_property
    def _providers(self) -> Mapping[str, ProviderConfig]:
        if not self._raw:
            return {}
        found = msgspec.json.decode(self._raw, type=ConfiguredProviders | None)
        return (found.provider_config if found else None) or {}

    @cached_property
    def _keys(self) -> Mapping[str, list[str]]:
        """The configurations of each provider."""
        keys: dict[str, list[str]] = {}
        for key, config in self._providers.items():
            keys.setdefault(short_name(config.full_name or config.name), []).append(key)
        return keys

    @cached_property
    def _have_defaults(self) -> Mapping[str, bool]:
        """Whether any configuration of a provider has default tags."""
        return {
            name: any(_default_expression(name, self._providers[key]) is not None for key in keys)
            for name, keys in self._keys.items()
        }

    def _key(self, name: str, address: str) -> str:
        """The provider configuration of a resource; an empty text where the plan does not say."""
        block = self._blocks.get(without_keys(address))
        key = block.provider_config_key if block else ""
        if key in self._providers and (":" not in key or self._providers[key].expressions):
            return key
        if name not in self._inherited:
            # A module inherits a configuration, and older plans do not say which.
            configs = ((key, self._providers[key]) for key in self._keys[name])
            roots = [key for key, config in configs if not config.module_address or config.expressions]
            self._inherited[name] = roots[0] if len(roots) == 1 else ""
        return self._inherited[name]

    def _defaults_of(self, name: str, key: str) -> TagSet:
        setting = SETTINGS[name].name
        if not key:
            reason = f"several {name} providers are configured, and the plan does not say whose {setting} count"
            return TagSet(rest=reason)
        expression = _default_expression(name, self._providers[key])
        if expression is None:
            return _NONE
        constant = expression.get("constant_value") if isinstance(expression, dict) else None
        if isinstance(constant, dict):
            return TagSet({tag: text_of(value) for tag, value in constant.items()})
        return self._seen(name, key, f"the {setting} of the provider are no constants")

    def _seen(self, name: str, key: str, reason: str) -> TagSet:
        """Default tags as other resources of the same provider configuration show them.

        A resource without tags of its own shows them all; any other shows those that are not its own.
        """
        shown: dict[str, str | None] = {}
        for change in self._changes:
            pair = _whole_and_own(change, name)
            if pair is None or self._key(name, change.address) != key:
                continue
            whole, own = pair
            shown.update({tag: text_of(value) for tag, value in whole.items() if tag not in own})
            if not own:
                return TagSet(shown)
        return TagSet(shown, rest=reason)

    @cached_property
    def _blocks(self) -> Mapping[str, ConfiguredResource]:
        """Resource blocks by address without instance keys."""
        index: dict[str, ConfiguredResource] = {}
        found = msgspec.json.decode(self._raw, type=ConfiguredModules | None) if self._raw else None
        waiting: list[tuple[str, Module | None]] = [("", found.root_module if found else None)]
        while waiting:
            prefix, module = waiting.pop()
            if module is None:
                continue
            index |= {prefix + resource.address: resource for resource in module.resources or ()}
            waiting += [(f"{prefix}module.{name}.", call.module) for name, call in (module.module_calls or {}).items()]
        return index


@lru_cache(maxsize=64)
def short_name(name: str) -> str:
    """``aws`` of ``registry.terraform.io/hashicorp/aws``."""
    return name.rpartition("/")[2] or name


def local_name(change: ResourceChange) -> str:
    """The short name of a resource's provider; of a trimmed plan, the type's first word."""
    return short_name(change.provider_name or change.type.partition("_")[0])


def _expressions(raw: Raw) -> Mapping[str, Any]:
    text = bytes(raw)
    found = msgspec.json.decode(text) if text else None
    return found if isinstance(found, dict) else {}


def _default_expression(name: str, config: ProviderConfig) -> object:
    """The expression of a provider block's default tags; None where it has none."""
    setting = SETTINGS.get(name)
    if setting is None or not isinstance(config.expressions, dict):
        return None
    found = config.expressions.get(setting.name)
    if not setting.block:
        return found
    block = found[0] if isinstance(found, list) and found else None
    return block.get("tags") if isinstance(block, dict) else None


def _whole_and_own(change: ResourceChange, name: str) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """All tags of a resource and its own among them, where both are wholly known and of that provider."""
    after, marks = change.change.after, change.change.after_unknown
    if after is None or isinstance(marks, bool) or local_name(change) != name:
        return None
    names = ("terraform_labels", "labels") if name.startswith("google") else ("tags_all", "tags")
    whole, own = (getattr(after, attribute) for attribute in names)
    if not isinstance(whole, dict) or any(_has_true(getattr(marks, attribute, None)) for attribute in names):
        return None
    return whole, own if isinstance(own, dict) else {}


def _has_true(marks: object) -> bool:
    return marks is True or (isinstance(marks, dict) and True in marks.values())
