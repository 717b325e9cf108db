"""Terraform's functions, by name. What they would ask the machine, the network or the clock for stays unknown."""

from collections.abc import Callable, Sequence
from typing import TypeAlias

from terraform_lint.source.functions.collections import COLLECTIONS
from terraform_lint.source.functions.registry import Function
from terraform_lint.source.functions.types import TYPES
from terraform_lint.source.scope import Files
from terraform_lint.source.values import EvaluationError, OpenMap, Unknown, Value

Template: TypeAlias = Callable[[str, "dict[str, Value] | OpenMap"], Value]
"""Renders a template's text with names; raises ``EvaluationError`` where it cannot be right."""


class Functions:
    """Every function a configuration of one root may call."""

    def __init__(self, files: Files, template: Template | None = None) -> None:
        self._known: dict[str, Function] = {**COLLECTIONS, **TYPES}

    def call(self, name: str, arguments: Sequence[Value]) -> Value:
        """The function's result. Raises ``EvaluationError`` for a name or for arguments that cannot be right."""
        function = self._known.get(name.removeprefix("core::"))
        if function is not None:
            return function.call(arguments)
        if name.startswith("provider::"):
            return Unknown(f"{name}() is a function of a provider")
        raise EvaluationError(f"there is no function {name}()")
