"""Values of Terraform expressions in Python, and what is not known of them.

string ``str`` · bool ``bool`` · number ``Decimal`` (a whole number too) · null ``None`` · list and tuple ``list`` ·
set :class:`ValueSet` · map and object ``dict`` with ``str`` keys. Any of them may be, or hold, an :class:`Unknown`;
a map of which only some keys are known is an :class:`OpenMap`. Values are never changed in place.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias, Union


@dataclass(frozen=True, slots=True)
class Unknown:
    """A value that cannot be known from source. ``reason`` is a clause for people: "var.tenant has no default".

    ``external``: it comes from a module that is not there to be read.
    """

    reason: str
    external: bool = False


@dataclass(frozen=True, slots=True)
class OpenMap:
    """A map that certainly has ``known`` (whose values may be unknown) and possibly other keys, because of ``rest``."""

    known: "Mapping[str, Value]"
    rest: Unknown


UNSHOWN = "what is wrong there is not shown, since it comes from a sensitive value"


@dataclass(frozen=True, slots=True)
class Sensitive:
    """``sensitive(x)`` or a sensitive variable: used, never printed. Functions look through it and stay sensitive."""

    value: "Value"


class ValueSet(list["Value"]):
    """A set: a list that is sorted and holds nothing twice. A ``for`` over it has the element as its key too."""


Value: TypeAlias = Union[
    bool, str, Decimal, "list[Value]", "dict[str, Value]", Unknown, OpenMap, Sensitive, None
]  # fmt: skip


class EvaluationError(Exception):
    """The expression is wrong whatever its unknowns are: ``tonumber("x")``, a list indexed by a word."""
