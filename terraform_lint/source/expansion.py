"""``count`` and ``for_each``: which instances a block has."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias

from terraform_lint.source.addresses import Key
from terraform_lint.source.bodies import attribute, blocks
from terraform_lint.source.evaluation.conversion import as_bool, as_number, as_text
from terraform_lint.source.evaluation.expressions import Nested
from terraform_lint.source.evaluation.scope import Scope
from terraform_lint.source.evaluation.values import EvaluationError, OpenMap, Sensitive, Unknown, Value, ValueSet
from terraform_lint.source.syntax.tree import Body, Expression

_TOO_MANY = "there are too many instances to look at each"
Evaluate: TypeAlias = Callable[[Expression, Scope], Value]


@dataclass(frozen=True, slots=True)
class Expansion:
    """The names of each instance, by its key. ``doubt``: why there may be others; those stand under the key None.

    ``repeated``: the block has ``count`` or ``for_each``, so that an instance has a key. ``too_many``: there are more
    instances than are looked at one by one.
    """

    scopes: Mapping[Key, Scope]
    doubt: Unknown | None = None
    repeated: bool = False
    too_many: bool = False


def expand(body: Body, scope: Scope, evaluate: Evaluate, most: int) -> Expansion:
    """The instances of a resource or a module call, at most ``most`` of them.

    ``evaluate`` gives an ``Unknown`` for what is wrong.
    """
    if not _is_enabled(body, scope, evaluate):
        return Expansion({})
    count, for_each = attribute(body, "count"), attribute(body, "for_each")
    try:
        if count is not None:
            return _counted(_shown(evaluate(count.value, scope)), scope, most)
        if for_each is not None:
            return _for_each(_shown(evaluate(for_each.value, scope)), scope, most)
    except EvaluationError as error:
        return _unclear("for_each" if count is None else "count", str(error), scope)
    return Expansion({None: scope})


def _shown(value: Value) -> Value:
    """As Terraform refuses what is sensitive, since it would show in addresses."""
    return Unknown("it is sensitive, which Terraform refuses") if isinstance(value, Sensitive) else value


def entries(collection: Value) -> Iterable[tuple[Value, Value]]:
    """Keys and values in the order of iteration; a set's element is its own key. Nothing for what is no collection."""
    if isinstance(collection, OpenMap):
        return sorted(collection.known.items())
    if isinstance(collection, dict):
        return sorted(collection.items())
    if isinstance(collection, ValueSet):
        return [(each, each) for each in collection]
    if isinstance(collection, list):
        return [(Decimal(number), each) for number, each in enumerate(collection)]
    return ()


def _is_enabled(body: Body, scope: Scope, evaluate: Evaluate) -> bool:
    """OpenTofu's ``lifecycle { enabled = false }``; what is not known counts as there."""
    for lifecycle in blocks(body, "lifecycle"):
        enabled = attribute(lifecycle.body, "enabled")
        if enabled is not None:
            try:
                return as_bool(evaluate(enabled.value, scope)) is not False
            except EvaluationError:
                return True
    return True


def _counted(value: Value, scope: Scope, most: int) -> Expansion:
    count = as_number(value)
    if isinstance(count, Unknown):
        return _unclear("count", count.reason, scope)
    if count is None or count < 0 or count != int(count):
        return _unclear("count", "it is no whole number", scope)
    if count > most:
        return _unclear("count", _TOO_MANY, scope, too_many=True)
    scopes: dict[Key, Scope] = {
        number: Nested(scope, {"count": {"index": Decimal(number)}}) for number in range(int(count))
    }
    return Expansion(scopes, repeated=True)


def _for_each(value: Value, scope: Scope, most: int) -> Expansion:
    if isinstance(value, Unknown):
        return _unclear("for_each", value.reason, scope)
    if not isinstance(value, dict | list | OpenMap):
        return _unclear("for_each", "it is neither a map nor a set", scope)
    pairs = _keyed(value)
    if len(pairs) > most:
        return _unclear("for_each", _TOO_MANY, scope, too_many=True)
    scopes: dict[Key, Scope] = {}
    doubt = value.rest if isinstance(value, OpenMap) else None
    for key, each in pairs:
        text = as_text(_shown(key))
        if isinstance(text, str):
            scopes[text] = Nested(scope, {"each": {"key": text, "value": each}})
        else:
            doubt = text if isinstance(text, Unknown) else Unknown("a key is null")
    if doubt is None:
        return Expansion(scopes, repeated=True)
    others = _unclear("for_each", doubt.reason, scope)
    return Expansion({**scopes, **others.scopes}, others.doubt, repeated=True)


def _keyed(value: Value) -> list[tuple[Value, Value]]:
    """As ``entries``; the elements of a list are taken for those of a set, which is what Terraform asks for."""
    if isinstance(value, list):
        return [(each, each) for each in value]
    return list(entries(value))


def _unclear(argument: str, reason: str, scope: Scope, *, too_many: bool = False) -> Expansion:
    doubt = Unknown(f"{argument} is not known: {reason}" if not too_many else reason)
    names: dict[str, Value] = {"key": doubt, "value": doubt} if argument == "for_each" else {"index": doubt}
    name = "each" if argument == "for_each" else "count"
    return Expansion({None: Nested(scope, {name: names})}, doubt, repeated=True, too_many=too_many)
