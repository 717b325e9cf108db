"""What the configuration in a plan says beside the planned values: expressions, and the providers' default tags.

Decoded on first use: most plans say all in their values.
"""

import re
from collections.abc import Iterable, Mapping
from functools import cached_property, lru_cache
from typing import Any

import msgspec
from msgspec import Raw

from policies.resource import TagSet
from terraform_lint.plan.attributes import text_of
from terraform_lint.plan.shape import Configured, ConfiguredResource, Module, ProviderConfig, ResourceChange

_KEY = re.compile(r'\[(?:\d+|"(?:[^"\\]|\\.)*")\]')
_DEFAULTS = {"aws": "default_tags", "azapi": "default_tags", "google": "default_labels"}
_NONE = TagSet()


class Configuration:
    """The section ``configuration`` of one plan, and what its other resources show of the providers' default tags."""

    def __init__(self, raw: Raw, changes: Iterable[ResourceChange]) -> None:
        self._raw = bytes(raw)
        self._changes = changes
        self._written: dict[str, Mapping[str, Any] | None] = {}
        self._defaults: dict[str, TagSet] = {}

    @property
    def is_there(self) -> bool:
        """Whether the plan has the section at all; some tools cut it out."""
        return bool(self._raw)

    def expressions(self, address: str) -> Mapping[str, Any] | None:
        """What is written for a resource, by attribute; None where the plan does not say."""
        declared = _declared(address)
        if declared not in self._written:
            block = self._blocks.get(declared)
            self._written[declared] = _expressions(block.expressions) if block else None
        return self._written[declared]

    def defaults(self, provider: str, address: str) -> TagSet:
        """The default tags or labels that the provider of a resource adds, without regard to the resource's own."""
        if not self._with_defaults.get(provider):
            return _NONE
        key = self._provider_key(provider, address)
        found = self._defaults.get(key)
        if found is None:
            found = self._defaults[key] = self._defaults_of(provider, key)
        return found

    def version_constraint(self, provider: str) -> str:
        """All version constraints on a provider, one after the other."""
        configs = (config for config in self._providers.values() if _family(config) == provider)
        return ", ".join(config.version_constraint for config in configs if config.version_constraint)

    @cached_property
    def _decoded(self) -> Configured:
        if not self._raw:
            return Configured()
        return msgspec.json.decode(self._raw, type=Configured | None) or Configured()

    @property
    def _providers(self) -> Mapping[str, ProviderConfig]:
        return self._decoded.provider_config or {}

    @cached_property
    def _with_defaults(self) -> Mapping[str, list[str]]:
        """By provider, the keys of its configurations; only where one of them has default tags."""
        keys: dict[str, list[str]] = {}
        for key, config in self._providers.items():
            keys.setdefault(_family(config), []).append(key)
        return {
            provider: found
            for provider, found in keys.items()
            if any(_default_expression(provider, self._providers[key]) is not None for key in found)
        }

    def _provider_key(self, provider: str, address: str) -> str:
        """The provider configuration of a resource; an empty text where the plan does not say."""
        block = self._blocks.get(_declared(address))
        key = block.provider_config_key if block else ""
        if key in self._providers and (":" not in key or self._providers[key].expressions):
            return key
        # A module inherits a configuration, and older plans do not say which.
        roots = [
            key
            for key in self._with_defaults[provider]
            if not self._providers[key].module_address or self._providers[key].expressions
        ]
        return roots[0] if len(roots) == 1 else ""

    def _defaults_of(self, provider: str, key: str) -> TagSet:
        name = _DEFAULTS[provider]
        if not key:
            return TagSet(
                rest=f"several {provider} providers are configured, and the plan does not say whose {name} count"
            )
        expression = _default_expression(provider, self._providers[key])
        if expression is None:
            return _NONE
        constant = expression.get("constant_value") if isinstance(expression, dict) else None
        if isinstance(constant, dict):
            return TagSet({tag: text_of(value) for tag, value in constant.items()})
        return self._seen(provider, key, f"the {name} of the provider are no constants")

    def _seen(self, provider: str, key: str, reason: str) -> TagSet:
        """Default tags as other resources of the same provider configuration show them.

        A resource without tags of its own shows them all; any other shows those that are not its own.
        """
        shown: dict[str, str | None] = {}
        for change in self._changes:
            pair = _whole_and_own(change, provider)
            if pair is None or self._provider_key(provider, change.address) != key:
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
        waiting: list[tuple[str, Module | None]] = [("", self._decoded.root_module)]
        while waiting:
            prefix, module = waiting.pop()
            if module is None:
                continue
            index |= {prefix + resource.address: resource for resource in module.resources or ()}
            waiting += [(f"{prefix}module.{name}.", call.module) for name, call in (module.module_calls or {}).items()]
        return index


@lru_cache(maxsize=64)
def provider_family(name: str) -> str:
    """``aws`` of ``registry.terraform.io/hashicorp/aws``; the beta provider of Google is ``google`` too."""
    short = name.rpartition("/")[2].removesuffix("-beta")
    return short or name


def _declared(address: str) -> str:
    """The address of the block that declares a resource: no instance keys."""
    return _KEY.sub("", address) if "[" in address else address


def _family(config: ProviderConfig) -> str:
    return provider_family(config.full_name or config.name)


def _expressions(raw: Raw) -> Mapping[str, Any]:
    text = bytes(raw)
    found = msgspec.json.decode(text) if text else None
    return found if isinstance(found, dict) else {}


def _default_expression(provider: str, config: ProviderConfig) -> object:
    """The expression of a provider block's default tags; None where it has none."""
    name = _DEFAULTS.get(provider)
    if name is None or not isinstance(config.expressions, dict):
        return None
    found = config.expressions.get(name)
    if provider != "aws":
        return found
    block = found[0] if isinstance(found, list) and found else None
    return block.get("tags") if isinstance(block, dict) else None


def _whole_and_own(change: ResourceChange, provider: str) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """All tags of a resource and its own among them, where both are wholly known and of that provider."""
    after, marks = change.change.after, change.change.after_unknown
    if after is None or isinstance(marks, bool) or provider_family(change.provider_name or "") != provider:
        return None
    names = ("terraform_labels", "labels") if provider == "google" else ("tags_all", "tags")
    whole, own = (getattr(after, name) for name in names)
    if not isinstance(whole, dict) or any(_has_true(getattr(marks, name, None)) for name in names):
        return None
    return whole, own if isinstance(own, dict) else {}


def _has_true(marks: object) -> bool:
    return marks is True or (isinstance(marks, dict) and True in marks.values())
