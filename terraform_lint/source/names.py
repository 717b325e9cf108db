"""What a traversal's first steps mean in a module: ``var.x``, ``module.a["k"].out``, ``aws_vpc.main``."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING

from terraform_lint.source.addresses import Key, inside, with_key
from terraform_lint.source.attributes import BodyAttributes
from terraform_lint.source.calls import Absent
from terraform_lint.source.evaluation.scope import Found, Scope
from terraform_lint.source.evaluation.values import Unknown, Value
from terraform_lint.source.namespaces import Named
from terraform_lint.source.resource_values import ResourceInstance, provider_name
from terraform_lint.source.tag_values import as_value

if TYPE_CHECKING:
    from terraform_lint.source.declarations import Declared
    from terraform_lint.source.instance import Instance


def meaning(instance: "Instance", name: str) -> Found:
    """The first step of a traversal."""
    if name in _FIRST_STEPS:
        return _FIRST_STEPS[name](instance)
    if name in instance.module.resource_types:
        return Named(name, lambda label: _resource(instance, f"{name}.{label}"))
    return instance.undeclared(name)


def _resource(instance: "Instance", name: str) -> Found:
    declared = instance.module.resources.get(name)
    if declared is None:
        return instance.undeclared(name)
    address = inside(instance.address, name)

    def each(key: Key, scope: Scope) -> Found:
        return ResourceInstance(instance, declared, with_key(address, key), scope)

    return instance.instances(declared, address, each)


def _data(instance: "Instance", type_name: str) -> Found:
    return Named(f"data.{type_name}", lambda label: _data_source(instance, f"{type_name}.{label}"))


def _data_source(instance: "Instance", name: str) -> Found:
    declared = instance.module.data.get(name)
    if declared is None:
        return instance.undeclared(f"data.{name}")
    address = inside(instance.address, f"data.{name}")

    def each(_key: Key, scope: Scope) -> Found:
        return Named(address, partial(_read, instance, declared, scope))

    return instance.instances(declared, address, each)


def _read(instance: "Instance", declared: "Declared", scope: Scope, label: str) -> Value:
    """An attribute of a data source: only the provider's own default tags can be known."""
    type_name, name = declared.first.labels
    if (type_name, label) == ("aws_default_tags", "tags"):
        body = BodyAttributes(declared.body, declared.first.line, scope, instance.run.evaluate)
        return as_value(instance.providers.find(provider_name(type_name, body)).defaults)
    return Unknown(f"data.{type_name}.{name} is read at plan time")


def _module(instance: "Instance", name: str) -> Found:
    declared = instance.module.calls.get(name)
    if declared is None:
        return instance.undeclared(f"module.{name}")
    address = inside(instance.address, f"module.{name}")
    children = instance.children(name)
    if isinstance(children, Absent):
        return Unknown(f"{address} is not there to be read ({children.reason})", external=True)

    def each(key: Key, _scope: Scope) -> Found:
        child = children[key]
        return Named(child.address, child.output, child.module.outputs)

    return instance.instances(declared, address, each)


def _local_only(shown: str) -> Callable[["Instance"], Found]:
    return lambda _: Unknown(f"{shown} has no meaning here")


_FIRST_STEPS: Mapping[str, Callable[["Instance"], Found]] = {
    "var": lambda instance: Named("var", instance.variable, instance.module.variables),
    "local": lambda instance: Named("local", instance.local, instance.module.locals),
    "module": lambda instance: Named("module", lambda name: _module(instance, name)),
    "data": lambda instance: Named("data", lambda type_name: _data(instance, type_name)),
    "ephemeral": lambda _: Unknown("an ephemeral value is known only while Terraform runs"),
    "path": lambda instance: {
        "module": instance.run.module_path(instance.module.folder),
        "root": ".",
        "cwd": str(instance.run.root),
    },
    "terraform": lambda instance: {
        "workspace": instance.run.workspace,
        "env": instance.run.workspace,
        "applying": Unknown("terraform.applying is known only while Terraform runs"),
    },
    "tofu": lambda instance: {"workspace": instance.run.workspace},
    "each": _local_only("each"),
    "count": _local_only("count"),
    "self": _local_only("self"),
}
