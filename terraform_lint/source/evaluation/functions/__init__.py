"""Terraform's functions, by name. What they would ask the machine, the network or the clock for stays unknown."""

from collections.abc import Sequence

from terraform_lint.source.evaluation.functions.collections import COLLECTIONS
from terraform_lint.source.evaluation.functions.dates import DATES
from terraform_lint.source.evaluation.functions.encodings import ENCODINGS
from terraform_lint.source.evaluation.functions.files import PATHS, Template, file_functions
from terraform_lint.source.evaluation.functions.formats import FORMATS
from terraform_lint.source.evaluation.functions.hashes import HASHES
from terraform_lint.source.evaluation.functions.json_text import JSON
from terraform_lint.source.evaluation.functions.lists import LISTS
from terraform_lint.source.evaluation.functions.networks import NETWORKS
from terraform_lint.source.evaluation.functions.numeric import NUMERIC
from terraform_lint.source.evaluation.functions.outside import OUTSIDE
from terraform_lint.source.evaluation.functions.patterns import PATTERNS
from terraform_lint.source.evaluation.functions.registry import Function, Spend
from terraform_lint.source.evaluation.functions.strings import STRINGS
from terraform_lint.source.evaluation.functions.types import TYPES
from terraform_lint.source.evaluation.functions.yaml_text import YAML
from terraform_lint.source.evaluation.knowledge import Map
from terraform_lint.source.evaluation.scope import Files
from terraform_lint.source.evaluation.values import EvaluationError, Unknown, Value

__all__ = ["Functions", "Template"]

_PURE = (
    COLLECTIONS,
    DATES,
    ENCODINGS,
    FORMATS,
    HASHES,
    JSON,
    LISTS,
    NETWORKS,
    NUMERIC,
    OUTSIDE,
    PATHS,
    PATTERNS,
    STRINGS,
    TYPES,
    YAML,
)


def _unlimited(_steps: int) -> None:
    """For a caller that bounds its work otherwise."""


def _no_template(_text: str, _names: Map) -> Value:
    return Unknown("templates of their own files are not rendered here")


class Functions:
    """Every function that a configuration may call. ``template`` renders for ``templatefile``."""

    def __init__(self, files: Files, template: Template = _no_template) -> None:
        self._known: dict[str, Function] = {}
        for family in (*_PURE, file_functions(files, template)):
            self._known.update(family)

    @property
    def names(self) -> frozenset[str]:
        """Of all functions but ``try`` and ``can``."""
        return frozenset(self._known)

    def function(self, name: str) -> Function:
        """The function itself, ``name`` being one of ``names``."""
        return self._known[name]

    def call(self, name: str, arguments: Sequence[Value], spend: Spend = _unlimited) -> Value:
        """The function's result. Raises ``EvaluationError`` for a name or for arguments that cannot be right."""
        function = self._known.get(name.removeprefix("core::"))
        if function is not None:
            return function.call(arguments, spend)
        if name.startswith("provider::"):
            return Unknown(f"{name}() is a function of a provider")
        raise EvaluationError(f"there is no function {name}()")
