"""A resource as expressions and the policy see it: what is configured is known, what the provider fills in is not."""

from typing import TYPE_CHECKING

from policies.resource import TagSet
from terraform_lint.providers import TypeTags, tag_attribute
from terraform_lint.source.attributes import BodyAttributes
from terraform_lint.source.bodies import attribute, blocks, dynamic_blocks, reference
from terraform_lint.source.evaluation.scope import Found, Scope
from terraform_lint.source.evaluation.steps import whole
from terraform_lint.source.evaluation.values import OpenMap, Unknown, Value
from terraform_lint.source.namespaces import Steps
from terraform_lint.source.tag_values import as_value, without_nulls
from terraform_lint.special import overlay

if TYPE_CHECKING:
    from terraform_lint.source.declarations import Declared
    from terraform_lint.source.instance import Instance

_MERGED = frozenset({"tags_all", "effective_labels", "terraform_labels"})
"""Attributes in which a provider shows a resource's tags together with its defaults."""


def effective(instance: "Instance", type_name: str, body: BodyAttributes, attribute_name: str) -> TagSet:
    """A resource's plain map of tags, with its provider's defaults where they reach it."""
    own = body.tags(attribute_name) or TagSet()
    described = tag_attribute(type_name)
    if described is None or not described.inherits:
        return own
    provider = instance.providers.find(provider_name(type_name, body))
    origin = "the provider's default labels" if "labels" in attribute_name else "the provider's default tags"
    return overlay(provider.defaults, without_nulls(own), origin=origin) if provider.defaults != TagSet() else own


def provider_name(type_name: str, body: BodyAttributes) -> str:
    """The local name of the provider configuration that a resource uses."""
    written = attribute(body.body, "provider")
    return (reference(written.value) if written else "") or type_name.partition("_")[0]


class ResourceInstance(Steps):
    """One instance of a resource: what is configured is known, what the provider fills in is not."""

    def __init__(self, instance: "Instance", declared: "Declared", address: str, scope: Scope) -> None:
        self._instance = instance
        self._declared = declared
        self._address = address
        self._type = declared.first.labels[0]
        self._body = BodyAttributes(declared.body, declared.first.line, scope, instance.run.evaluate)

    def attribute(self, name: str) -> Found:
        return self._instance.once(f"{self._address}.{name}", lambda: self._value(name))

    def whole(self) -> Value:
        written = {each.name: whole(self.attribute(each.name)) for each in self._declared.body.attributes}
        return OpenMap(written, Unknown(f"{self._address} is known only after apply"))

    def _value(self, name: str) -> Value:
        if self._body.is_set(name):
            return self._body.value(name)
        described = tag_attribute(self._type)
        if name in _MERGED and described is not None and described.inherits:
            main = described.attribute if isinstance(described, TypeTags) else described.attributes[0]
            return as_value(effective(self._instance, self._type, self._body, main))
        if isinstance(described, TypeTags) and name == described.attribute:
            return None
        body = self._declared.body
        if blocks(body, name) or dynamic_blocks(body, name):
            return Unknown(f"{self._address}.{name} is a block, which is not looked into")
        return Unknown(f"{self._address}.{name} is known only after apply")
