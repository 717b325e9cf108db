"""Functions over lists and sets that compare their items, so all of them must be known."""

from typing import cast

from terraform_lint.source.evaluation.conversion import as_bool, as_text, kind, one_type, to_set, unique
from terraform_lint.source.evaluation.functions.registry import Family
from terraform_lint.source.evaluation.knowledge import identity
from terraform_lint.source.evaluation.values import EvaluationError, Unknown, Value, ValueSet

LISTS = Family()


@LISTS("distinct", "list")
def distinct(items: list[Value]) -> Value:
    """Each item once, in order of first appearance."""
    return unique(one_type(items))


@LISTS("compact", "texts")
def compact(texts: list[str | None]) -> Value:
    """Without null and empty strings."""
    return [text for text in texts if text]


@LISTS("sort", "texts")
def sort(texts: list[str | None]) -> Value:
    """By their Unicode characters."""
    if None in texts:
        raise EvaluationError("sort() takes no null")
    return list[Value](sorted(cast("list[str]", texts)))


@LISTS("matchkeys", "list", "list", "list")
def matchkeys(items: list[Value], keys: list[Value], searched: list[Value]) -> Value:
    """The items whose key, at the same position, is searched for."""
    if len(items) != len(keys):
        raise EvaluationError(f"matchkeys() takes as many keys as values, not {len(keys)} and {len(items)}")
    items = one_type(items)
    common = one_type([*one_type(keys), *one_type(searched)])
    wanted = {identity(item) for item in common[len(keys) :]}
    return [item for item, key in zip(items, common, strict=False) if identity(key) in wanted]


@LISTS("transpose", "map")
def transpose(lists: dict[str, Value]) -> Value:
    """A map of lists of strings, keys and items swapped."""
    swapped: dict[str, set[str]] = {}
    for key, items in lists.items():
        if not isinstance(items, list):
            raise EvaluationError(f"transpose() takes a map of lists, not of {kind(items)}")
        for item in items:
            swapped.setdefault(_present(item), set()).add(key)
    return {item: list[Value](sorted(keys)) for item, keys in swapped.items()}


def _present(item: Value) -> str:
    text = as_text(item)
    if not isinstance(text, str):
        raise EvaluationError("transpose() takes no null")
    return text


@LISTS("setunion", "set", more="set")
def setunion(*sets: ValueSet) -> Value:
    """What is in any."""
    return to_set([item for items in sets for item in items])


@LISTS("setintersection", "set", more="set")
def setintersection(*sets: ValueSet) -> Value:
    """What is in all."""
    first, *others = _alike(sets)
    shared = [{identity(item) for item in items} for items in others]
    return ValueSet(item for item in first if all(identity(item) in items for items in shared))


@LISTS("setsubtract", "set", "set")
def setsubtract(items: ValueSet, without: ValueSet) -> Value:
    """What is in the first only."""
    first, other = _alike((items, without))
    gone = {identity(item) for item in other}
    return ValueSet(item for item in first if identity(item) not in gone)


def _alike(sets: tuple[ValueSet, ...]) -> list[list[Value]]:
    """The items of all sets in one type."""
    items = iter(one_type([item for each in sets for item in each]))
    return [[next(items) for _ in each] for each in sets]


@LISTS("alltrue", "list", unknown="inside")
def alltrue(items: list[Value]) -> Value:
    """Whether no item is false or null."""
    return _settled(items, by=False)


@LISTS("anytrue", "list", unknown="inside")
def anytrue(items: list[Value]) -> Value:
    """Whether an item is true."""
    return _settled(items, by=True)


def _settled(items: list[Value], *, by: bool) -> Value:
    doubt: Unknown | None = None
    for truth in [as_bool(item) for item in items]:
        if isinstance(truth, Unknown):
            doubt = doubt or truth
        elif bool(truth) is by:
            return by
    return doubt if doubt is not None else not by
