"""What names mean inside a module: the evaluator asks, the module answers, lazily."""

from typing import Protocol, TypeAlias, runtime_checkable

from terraform_lint.source.evaluation.values import Value


@runtime_checkable
class Namespace(Protocol):
    """Something a traversal passes through that is no value yet: ``var``, ``local``, ``module.a``, ``aws_vpc.main``."""

    def attribute(self, name: str) -> "Value | Namespace":
        """``this.name``. A name that is not there is an ``Unknown`` or an ``EvaluationError``."""

    def index(self, key: Value) -> "Value | Namespace":
        """``this[key]``."""

    def whole(self) -> Value:
        """The object itself, where an expression takes it as a value (``keys(aws_vpc.main.tags)``)."""


Found: TypeAlias = Value | Namespace


class Scope(Protocol):
    """The names of one module instance, one resource instance, or one iteration of a ``for``."""

    def find(self, name: str) -> Found:
        """What the first step of a traversal means."""


class Files(Protocol):
    """What ``file()`` and its kin may read."""

    def read(self, path: str) -> "bytes | str":
        """The file's bytes; or, as text, the reason why it is not read (outside the checked folders, not there)."""

    def matching(self, folder: str, pattern: str) -> "list[str] | str":
        """``fileset()``: sorted relative paths; or the reason why the folder is not read."""
