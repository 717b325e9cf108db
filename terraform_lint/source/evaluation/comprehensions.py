"""``for`` expressions over what is known of a collection, and the scopes they open."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias

from terraform_lint.source.evaluation.arithmetic import required_bool
from terraform_lint.source.evaluation.conversion import as_text, kind, shown
from terraform_lint.source.evaluation.knowledge import TooLargeError, bare, marked, with_rest
from terraform_lint.source.evaluation.scope import Found, Scope
from terraform_lint.source.evaluation.values import EvaluationError, OpenMap, Sensitive, Unknown, Value, ValueSet
from terraform_lint.source.syntax import tree

Evaluate: TypeAlias = Callable[[tree.Expression, Scope], Value]
_MOST_LETTERS = 4_000_000


class Nested:
    """A scope with more names: those of a ``for``, of a template, ``each``, ``count``."""

    def __init__(self, scope: Scope, names: Mapping[str, Found]) -> None:
        self._scope = scope
        self._names = names

    def find(self, name: str) -> Found:
        """The nearest meaning of the name."""
        return self._names[name] if name in self._names else self._scope.find(name)


@dataclass(slots=True)
class _Items:
    """What a ``for`` walks over; ``rest``: why there may be more. ``sensitive`` grows with keys and conditions."""

    pairs: list[tuple[Value, Value]]
    rest: Unknown | None
    sensitive: bool


def _items(collection: Value) -> _Items:
    sensitive = isinstance(collection, Sensitive)
    value = bare(collection)
    if isinstance(value, Unknown):
        return _Items([], value, sensitive)
    if isinstance(value, OpenMap):
        return _Items([(key, value.known[key]) for key in sorted(value.known)], value.rest, sensitive)
    if isinstance(value, dict):
        return _Items([(key, value[key]) for key in sorted(value)], None, sensitive)
    if isinstance(value, ValueSet):
        return _Items([(item, item) for item in value], None, sensitive)
    if isinstance(value, list):
        return _Items([(Decimal(at), item) for at, item in enumerate(value)], None, sensitive)
    raise EvaluationError(f"a for expression cannot walk over {kind(value)}")


def _scopes(key: str | None, name: str, items: _Items, scope: Scope) -> Iterator[Nested]:
    for at, item in items.pairs:
        yield Nested(scope, {name: item} if key is None else {key: at, name: item})


def _kept(condition: tree.Expression | None, items: _Items, evaluate: Evaluate, scope: Scope) -> bool | Unknown:
    if condition is None:
        return True
    value = evaluate(condition, scope)
    items.sensitive = items.sensitive or isinstance(value, Sensitive)
    return required_bool(value, "the condition of a for expression")


def tuple_from(node: tree.ForTuple, evaluate: Evaluate, scope: Scope) -> Value:
    """``[for …]``. Unknown where the number of items is."""
    items = _items(evaluate(node.collection, scope))
    found: list[Value] = []
    unknown = items.rest
    for inner in _scopes(node.key, node.name, items, scope):
        kept = _kept(node.condition, items, evaluate, inner)
        if isinstance(kept, Unknown):
            unknown = unknown or kept
        elif kept:
            found.append(evaluate(node.value, inner))
    return marked(found if unknown is None else unknown, items.sensitive)


def object_from(node: tree.ForObject, evaluate: Evaluate, scope: Scope) -> Value:
    """``{for …}``. Keys that come from known items are certain: an unknown item with the same key is an error."""
    items = _items(evaluate(node.collection, scope))
    found: dict[str, Value] = {}
    groups: dict[str, list[Value]] = {}
    rest = items.rest
    for inner in _scopes(node.key, node.name, items, scope):
        key = _key_of(node, items, evaluate, inner)
        if isinstance(key, Unknown):
            rest = rest or key
        elif key is not None and node.group:
            groups.setdefault(key, []).append(evaluate(node.value, inner))
        elif key in found:
            raise EvaluationError(f"two items of a for expression have the key {shown(key)}")
        elif key is not None:
            found[key] = evaluate(node.value, inner)
    if node.group:
        found = {key: group if rest is None else rest for key, group in groups.items()}
    return marked(with_rest(found, rest), items.sensitive)


def _key_of(node: tree.ForObject, items: _Items, evaluate: Evaluate, scope: Scope) -> str | Unknown | None:
    """The new key; None: the condition leaves the item out. Unknown where either is."""
    kept = _kept(node.condition, items, evaluate, scope)
    if kept is not True:
        return kept or None
    value = evaluate(node.new_key, scope)
    items.sensitive = items.sensitive or isinstance(value, Sensitive)
    key = as_text(value)
    if key is None:
        raise EvaluationError("a key of a for expression is null")
    return key


def text_from(node: tree.TemplateFor, text: Evaluate, evaluate: Evaluate, scope: Scope) -> Value:
    """``%{ for … }`` in a template; ``text`` evaluates its body to a string."""
    items = _items(evaluate(node.collection, scope))
    parts: list[str] = []
    letters = 0
    unknown = items.rest
    for inner in _scopes(node.key, node.value, items, scope):
        value = text(node.body, inner)
        items.sensitive = items.sensitive or isinstance(value, Sensitive)
        part = bare(value)
        if isinstance(part, str):
            parts.append(part)
            letters += len(part)
        else:
            unknown = unknown or (part if isinstance(part, Unknown) else None)
        if letters > _MOST_LETTERS:
            raise TooLargeError("a template grows too large to evaluate")
    return marked("".join(parts) if unknown is None else unknown, items.sensitive)
