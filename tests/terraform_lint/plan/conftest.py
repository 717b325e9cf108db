"""Small plans, built as Terraform writes them."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from policies.resource import Gathered, Resource
from terraform_lint.plan.read import read_plan


def _change(
    type_name: str = "aws_s3_bucket",
    after: dict[str, Any] | None = None,
    *,
    unknown: Any = None,
    sensitive: Any = None,
    actions: tuple[str, ...] = ("create",),
    name: str = "x",
    provider: str = "",
    module: str = "",
    **more: Any,
) -> dict[str, Any]:
    local = f"{type_name}.{name}"
    short = provider or type_name.partition("_")[0]
    return {
        "address": f"{module}.{local}" if module else local,
        **({"module_address": module} if module else {}),
        "mode": "managed",
        "type": type_name,
        "name": name,
        "provider_name": short if "/" in short else f"registry.terraform.io/hashicorp/{short}",
        "change": {
            "actions": list(actions),
            "before": None,
            "after": after,
            "after_unknown": unknown if unknown is not None else {},
            "before_sensitive": False,
            "after_sensitive": sensitive if sensitive is not None else {},
        },
        **more,
    }


def _plan(*changes: dict[str, Any], providers: dict[str, Any] | None = None, **sections: Any) -> bytes:
    """A plan of these changes; ``providers`` makes a configuration of each resource as its own module has it."""
    document: dict[str, Any] = {"format_version": "1.2", "terraform_version": "1.14.4", "planned_values": {}}
    document["resource_changes"] = list(changes)
    if providers is not None:
        resources = [
            {
                "address": f"{change['type']}.{change['name'].partition('[')[0]}",
                "mode": "managed",
                "type": change["type"],
                "name": change["name"],
                "provider_config_key": change.get("key", change["type"].partition("_")[0]),
                "expressions": change.get("written", {}),
            }
            for change in changes
        ]
        document["configuration"] = {"provider_config": providers, "root_module": {"resources": resources}}
    return json.dumps(document | sections).encode()


@pytest.fixture(scope="session")
def change() -> Callable[..., dict[str, Any]]:
    """An entry of ``resource_changes``. ``key`` and ``written`` are its provider key and expressions in the source."""
    return _change


@pytest.fixture(scope="session")
def plan() -> Callable[..., bytes]:
    return _plan


@pytest.fixture(scope="session")
def gathered() -> Callable[..., Gathered]:
    """What is read of a plan of these changes."""

    def read(*changes: dict[str, Any], **sections: Any) -> Gathered:
        found = read_plan(_plan(*changes, **sections), "plan.json")
        assert found.unread == []
        return found

    return read


@pytest.fixture(scope="session")
def only(gathered: Callable[..., Gathered]) -> Callable[..., Resource]:
    """The one resource of a plan with one change."""

    def read(*arguments: Any, providers: dict[str, Any] | None = None, **more: Any) -> Resource:
        (resource,) = gathered(_change(*arguments, **more), providers=providers).resources
        return resource

    return read
