"""Which resources a part of policy.yaml is about."""

from collections.abc import Callable
from typing import Self

from pydantic import model_validator

from policies.condition import Condition
from policies.resource import Resource
from policies.rules import Text
from policies.strict import Mistakes, Steps, Strict


class ResourceMatch(Strict):
    """Conditions on a resource that must all hold; a list means any of. ``*`` stands for any characters.

    Text is compared without regard to case, but for ``address`` and ``module``: Terraform's addresses have one.
    """

    provider: Text | None = None
    type: Text | None = None
    address: Text | None = None
    module: Text | None = None
    path: Text | None = None
    environment: Text | None = None
    workspace: Text | None = None
    account: Text | None = None

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not any(texts is not None for _, texts in self):
            raise ValueError("an empty match takes everything; write the condition that is meant")
        blank: list[tuple[Steps, str]] = [
            ((name,), "an empty list matches nothing") for name, texts in self if texts == []
        ]
        if blank:
            raise Mistakes(blank)
        return self

    @property
    def fields(self) -> frozenset[str]:
        """The names of the conditions."""
        return frozenset(name for name, texts in self if texts is not None)


_AS_WRITTEN = ("address", "module")
ENVIRONMENT = "environment"
"""The one condition that is no field of a resource: it comes from the command line or from a tag."""


def matcher(match: ResourceMatch) -> Callable[[Resource, str], bool]:
    """The match as a function of a resource and its environment (empty where it is not known)."""
    tests = [
        (name, Condition(texts, folded=name not in _AS_WRITTEN).holds) for name, texts in match if texts is not None
    ]

    def holds(resource: Resource, environment: str) -> bool:
        return all(test(environment if name == ENVIRONMENT else getattr(resource, name)) for name, test in tests)

    return holds
