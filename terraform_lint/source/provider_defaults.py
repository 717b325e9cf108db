"""Provider configurations: which one a resource uses, and the tags that it gives to all its resources."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from policies.resource import Inheritance, TagSet
from terraform_lint.default_tags import SETTINGS
from terraform_lint.source.attributes import BodyAttributes
from terraform_lint.source.bodies import attribute, reference
from terraform_lint.source.evaluation.expressions import Nested
from terraform_lint.source.evaluation.scope import Scope
from terraform_lint.source.evaluation.values import Unknown
from terraform_lint.source.syntax.tree import Expression, Literal, Name, Object

if TYPE_CHECKING:
    from terraform_lint.source.declarations import Declared
    from terraform_lint.source.instance import Instance


@dataclass(frozen=True, slots=True)
class Provider:
    """A provider configuration. ``name``: ``aws``, ``aws.west``; ``defaults``: its default tags or labels.

    ``constraint``: which versions of the provider may be in use. ``declared``: the block, None where there is none.
    """

    name: str
    defaults: TagSet = field(default_factory=TagSet)
    constraint: str = ""
    declared: "Declared | None" = None

    def inheritance(self, kind: str) -> Inheritance | None:
        """What gives tags to the resources of a kind of provider (``aws``, whatever its local name)."""
        setting = SETTINGS.get(kind)
        if setting is None:
            return None
        local, _, alias = self.name.partition(".")
        if self.declared is None:
            return Inheritance(local, alias, setting.name)
        file, line = self.declared.place_of(setting.name)
        written = self.declared.line_of(setting.name) is not None
        return Inheritance(local, alias, setting.name, written, file, line)


class Providers:
    """The provider configurations that a module instance sees, by local name: ``aws``, ``aws.west``."""

    def __init__(self, instance: "Instance", passed: Expression | None, outer: "Providers | None") -> None:
        self._instance = instance
        self._passed = passed
        self._outer = outer
        self._found: dict[str, Provider] = {}

    def find(self, name: str) -> Provider:
        """The configuration of that name: passed by the caller, the module's own, or else inherited."""
        if name not in self._found:
            self._found[name] = self._look_up(name)
        return self._found[name]

    def _look_up(self, name: str) -> Provider:
        if self._outer is not None and name in self._renamed:
            return self._outer.find(self._renamed[name])
        module = self._instance.module
        declared = module.providers.get(name)
        if declared is not None:
            return self._configured(name, declared)
        if self._outer is not None and "." not in name:
            return self._outer.find(name)
        return Provider(name, TagSet(rest=self._why_not_there(name)), self._instance.run.constraint(name))

    def _why_not_there(self, name: str) -> str | None:
        """None: a provider that no block configures gives no tags, for certain."""
        module = self._instance.module
        if "." in name and name in module.expected_providers:
            return f"provider {name} is passed by whoever calls the module"
        missing = module.missing(f"provider {name}")
        if missing or "." not in name:
            return missing or None
        return f"provider {name} is not declared"

    @cached_property
    def _renamed(self) -> dict[str, str]:
        """``providers = { aws = aws.bare }`` of the call: names inside to names outside."""
        if not isinstance(self._passed, Object):
            return {}
        return {_key(key): reference(value) for key, value in self._passed.items}

    def _configured(self, name: str, declared: "Declared") -> Provider:
        instance = self._instance
        scope: Scope = instance
        if attribute(declared.body, "for_each") is not None:
            each = Unknown(f"provider {name} has for_each")
            scope = Nested(instance, {"each": {"key": each, "value": each}})
        body = BodyAttributes(declared.body, declared.first.line, scope, instance.run.evaluate)
        constraint = body.text("version")
        written = constraint if isinstance(constraint, str) else ""
        return Provider(name, _defaults(name, body), written or instance.run.constraint(name), declared)


def _defaults(name: str, body: BodyAttributes) -> TagSet:
    # NOTE: a provider may have a local name that no table knows
    setting = SETTINGS.get(name.partition(".")[0])
    if setting is not None and not setting.block:
        return body.tags(setting.name) or TagSet()
    labels = body.tags("default_labels")
    if labels is not None:
        return labels
    blocks = body.blocks("default_tags")
    tags = (blocks.found[0].tags("tags") if blocks.found else None) or TagSet()
    return TagSet(tags.known, tags.unknown, tags.rest or blocks.rest, tags.sensitive)


def _key(key: Expression) -> str:
    if isinstance(key, Literal):
        return str(key.value)
    return key.name if isinstance(key, Name) else reference(key)
