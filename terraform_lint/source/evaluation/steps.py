"""One step of a traversal: ``.name``, ``[key]``, and the items a splat or an expansion walks over."""

from decimal import Decimal
from typing import TypeGuard

from terraform_lint.source.evaluation.conversion import as_number, as_text, kind, number_text, shown
from terraform_lint.source.evaluation.knowledge import bare, marked
from terraform_lint.source.evaluation.scope import Found, Namespace
from terraform_lint.source.evaluation.values import EvaluationError, OpenMap, Sensitive, Unknown, Value, ValueSet

_VALUES = (bool, str, Decimal, list, dict, Unknown, OpenMap, Sensitive, type(None))


def is_value(found: Found) -> TypeGuard[Value]:
    """Whether it is a value, not a namespace; much quicker than asking the protocol."""
    return isinstance(found, _VALUES)


def whole(found: Found) -> Value:
    """The value, where an expression takes what it found as one."""
    return found if is_value(found) else _namespace(found).whole()


def _namespace(found: Found) -> Namespace:
    if is_value(found):
        raise TypeError("a value is no namespace")
    return found  # type: ignore[return-value]  # what is no value is a namespace


def attribute_of(found: Found, name: str) -> Found:
    """``found.name``. Raises ``EvaluationError`` where there certainly is no such attribute."""
    if not is_value(found):
        return _namespace(found).attribute(name)
    if isinstance(found, dict):
        if name in found:
            return found[name]
        raise EvaluationError(f"there is no attribute {shown(name)}")
    if isinstance(found, OpenMap):
        return found.known.get(name, found.rest)
    if isinstance(found, Unknown):
        return found
    if isinstance(found, Sensitive):
        return marked(whole(attribute_of(found.value, name)), sensitive=True)
    raise EvaluationError(f"{kind(found)} has no attribute {shown(name)}")


def index_of(found: Found, key: Value) -> Found:
    """``found[key]``. Raises ``EvaluationError`` where there certainly is no such item."""
    if not is_value(found):
        return _namespace(found).index(key)
    if isinstance(found, Sensitive) or isinstance(key, Sensitive):
        return marked(whole(index_of(bare(found), bare(key))), sensitive=True)
    if isinstance(found, Unknown):
        return found
    if not isinstance(found, list | dict | OpenMap) or isinstance(found, ValueSet):
        raise EvaluationError(f"{kind(found)} has no items to take one by its key")
    if isinstance(key, Unknown):
        return key
    if key is None:
        raise EvaluationError("a key is null")
    return _item(found, key) if isinstance(found, list) else attribute_of(found, _key(key))


def _key(key: Value) -> str:
    text = as_text(key)
    if not isinstance(text, str):
        raise EvaluationError("a key of a map is a string")
    return text


def _item(items: list[Value], key: Value) -> Value:
    number = as_number(key)
    if not isinstance(number, Decimal):
        raise EvaluationError("a list is indexed by a number")
    if number != number.to_integral_value() or not 0 <= number < len(items):
        raise EvaluationError(f"a list of length {len(items)} has no item {number_text(number)}")
    return items[int(number)]


def splat_items(value: Value) -> list[Value] | Unknown:
    """What ``value[*]`` walks over: nothing for null, the items of a list or set, else the one value."""
    if value is None:
        return []
    if isinstance(value, list | Unknown):
        return value
    return [value]
