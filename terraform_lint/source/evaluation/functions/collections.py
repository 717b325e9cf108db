"""Functions over lists and maps that look at their shape: what is inside may stay unknown or sensitive."""

from decimal import Decimal
from itertools import product
from math import prod

from terraform_lint.source.evaluation.conversion import as_text, kind, one_type, shown, to_set, unified
from terraform_lint.source.evaluation.functions.registry import Family
from terraform_lint.source.evaluation.knowledge import (
    MOST_PARTS,
    Map,
    TooLargeError,
    bare,
    equal,
    known_part,
    marked,
    overridable,
    rest_of,
    with_rest,
)
from terraform_lint.source.evaluation.values import EvaluationError, OpenMap, Sensitive, Unknown, Value, ValueSet

COLLECTIONS = Family()


@COLLECTIONS("merge", more="map?", unknown="seen", marks="inside")
def merge(*maps: Map | Unknown | None) -> Value:
    """Later keys win. A map that is unknown may hold any key, so it makes the values before it uncertain."""
    known: dict[str, Value] = {}
    rest: Unknown | None = None
    for given in maps:
        if given is None:
            continue
        opened = OpenMap({}, given) if isinstance(given, Unknown) else given
        doubt = rest_of(opened)
        if doubt is not None:
            rest = rest or doubt
            known = {key: overridable(value, doubt) for key, value in known.items()}
        known = {**known, **known_part(opened)}
    return with_rest(known, rest)


@COLLECTIONS("keys", "map", unknown="inside", marks="inside")
def keys(of: Map) -> Value:
    """In order."""
    return of.rest if isinstance(of, OpenMap) else list[Value](sorted(of))


@COLLECTIONS("values", "map", unknown="inside", marks="inside")
def values(of: Map) -> Value:
    """In the order of their keys."""
    return of.rest if isinstance(of, OpenMap) else [of[key] for key in sorted(of)]


@COLLECTIONS("lookup", "map", "text", "any?", optional=1, unknown="seen", marks="inside")
def lookup(of: Map | Unknown, key: str | Unknown, *default: Value) -> Value:
    """The value of the key, else the default; without one the key must be there."""
    if isinstance(of, Unknown) or isinstance(key, Unknown):
        return of if isinstance(of, Unknown) else key
    if key in known_part(of):
        return known_part(of)[key]
    if isinstance(of, OpenMap):
        return of.rest
    if not default:
        raise EvaluationError(f"lookup() finds no key {shown(key)}")
    return default[0]


@COLLECTIONS("length", "any", unknown="inside", marks="inside")
def length(of: Value) -> Value:
    """How many items, keys or letters."""
    if isinstance(of, OpenMap):
        return of.rest
    if isinstance(of, list | dict):
        return Decimal(len(of))
    if isinstance(of, str):
        return letters(of)
    raise EvaluationError(f"{kind(of)} has no length")


def letters(text: str) -> Decimal | Unknown:
    """How many letters as a reader counts them; unknown where one may be made of several characters."""
    if text.isascii():
        return Decimal(len(text) - text.count("\r\n"))
    if all(character.isalnum() or character.isascii() for character in text) and "\r\n" not in text:
        return Decimal(len(text))
    return Unknown("the number of letters of a text with combined characters is not worked out here")


@COLLECTIONS("concat", "list", more="list", unknown="inside", marks="inside")
def concat(*lists: list[Value]) -> Value:
    """One after the other."""
    _no_sets("concat()", *lists)
    if sum(map(len, lists)) > MOST_PARTS:
        raise TooLargeError("a list is too large to evaluate")
    return [item for items in lists for item in items]


@COLLECTIONS("flatten", "list", unknown="inside", marks="inside")
def flatten(items: list[Value]) -> Value:
    """Lists inside lists become their items, however deep. Unknown items may be lists too."""
    flat: list[Value] = []
    sensitive = False
    waiting: list[Value] = [items]
    steps = 0
    while waiting:
        item = waiting.pop()
        steps += 1
        if steps > MOST_PARTS:
            raise TooLargeError("a list is too large to evaluate")
        inner = bare(item)
        if isinstance(inner, list):
            sensitive = sensitive or isinstance(item, Sensitive)
            waiting.extend(reversed(inner))
        elif isinstance(inner, Unknown):
            return inner
        else:
            flat.append(item)
    return marked(flat, sensitive)


@COLLECTIONS("contains", "list", "any?", unknown="inside")
def contains(items: list[Value], searched: Value) -> Value:
    """Whether an item is the same and of the same type."""
    doubt: Unknown | None = None
    for item in items:
        same = equal(item, searched)
        if same is True:
            return True
        doubt = doubt or (same if isinstance(same, Unknown) else None)
    return False if doubt is None else doubt


@COLLECTIONS("index", "list", "any", unknown="inside")
def index(items: list[Value], searched: Value) -> Value:
    """The position of the first equal item. Unknown where an item before it may be equal."""
    for at, item in enumerate(items):
        same = equal(item, searched)
        if isinstance(same, Unknown):
            return same
        if same:
            return Decimal(at)
    raise EvaluationError("index() does not find the item")


@COLLECTIONS("element", "list", "whole", unknown="inside", marks="inside")
def element(items: list[Value], at: Decimal) -> Value:
    """The item at a position that wraps around."""
    if not items or isinstance(items, ValueSet):
        raise EvaluationError("element() takes a list that is not empty")
    return items[int(at) % len(items)]


@COLLECTIONS("slice", "list", "whole", "whole", unknown="inside", marks="inside")
def slice_(items: list[Value], start: Decimal, end: Decimal) -> Value:
    """From ``start`` to before ``end``."""
    if not 0 <= start <= end <= len(items) or isinstance(items, ValueSet):
        raise EvaluationError(f"slice() from {start} to {end} is not inside a list of length {len(items)}")
    return items[int(start) : int(end)]


@COLLECTIONS("reverse", "list", unknown="inside", marks="inside")
def reverse(items: list[Value]) -> Value:
    """From the last to the first."""
    return list(reversed(items))


@COLLECTIONS("chunklist", "list", "whole", unknown="inside", marks="inside")
def chunklist(items: list[Value], size: Decimal) -> Value:
    """Lists of at most ``size`` items; 0: one list of all."""
    if size < 0:
        raise EvaluationError("chunklist() takes a size that is not negative")
    items = one_type(items)
    step = int(min(size, Decimal(len(items)))) or len(items) or 1
    return [items[at : at + step] for at in range(0, len(items), step)]


@COLLECTIONS("one", "list", unknown="inside", marks="inside")
def one(items: list[Value]) -> Value:
    """The only item; null where there is none."""
    if len(items) > 1:
        raise EvaluationError(f"one() takes a list of at most one item, not {len(items)}")
    return items[0] if items else None


@COLLECTIONS("zipmap", "list", "list", unknown="inside", marks="inside")
def zipmap(names: list[Value], items: list[Value]) -> Value:
    """A map from two lists of the same length."""
    _no_sets("zipmap()", items)
    if len(names) != len(items):
        raise EvaluationError(f"zipmap() takes two lists of the same length, not {len(names)} and {len(items)}")
    found: dict[str, Value] = {}
    rest: Unknown | None = None
    for name, item in zip(names, items, strict=True):
        key = as_text(name)
        if key is None:
            raise EvaluationError("a key of zipmap() is null")
        if isinstance(key, Unknown):
            rest = rest or key
            found = {known: overridable(value, key) for known, value in found.items()}
        else:
            found[key] = item
    return marked(with_rest(found, rest), any(isinstance(name, Sensitive) for name in names))


@COLLECTIONS("coalesce", more="any?", unknown="seen")
def coalesce(*candidates: Value) -> Value:
    """The first that is neither null nor an empty string."""
    for candidate in one_type(candidates, null_fits=True):
        if isinstance(candidate, Unknown) or (candidate is not None and candidate != ""):
            return candidate
    raise EvaluationError("coalesce() finds nothing but null and empty strings")


@COLLECTIONS("coalescelist", "list?", more="list?", unknown="seen", marks="inside")
def coalescelist(*lists: list[Value] | Unknown | None) -> Value:
    """The first list that is not empty."""
    _no_sets("coalescelist()", *lists)
    for items in lists:
        if isinstance(items, Unknown) or items:
            return items
    raise EvaluationError("coalescelist() finds no list that is not empty")


def _no_sets(name: str, *values: Value) -> None:
    if any(isinstance(value, ValueSet) for value in values):
        raise EvaluationError(f"{name} takes lists, not sets")


@COLLECTIONS("setproduct", "list", "list", more="list", unknown="inside", marks="inside")
def setproduct(*lists: list[Value]) -> Value:
    """Every combination, the last list varying fastest."""
    if prod(map(len, lists)) * len(lists) > MOST_PARTS:
        raise TooLargeError("setproduct() of lists this long is too large to evaluate")
    combinations: list[Value] = [
        list(combination) for combination in product(*(one_type(items, null_fits=True) for items in lists))
    ]
    return to_set(combinations) if any(isinstance(items, ValueSet) for items in lists) else combinations


@COLLECTIONS("list", more="any?", unknown="seen", marks="inside")
def list_(*items: Value) -> Value:
    """What Terraform before 0.15 had in place of ``tolist([…])``."""
    return unified(items)


@COLLECTIONS("map", more="any?", unknown="seen", marks="inside")
def map_(*pairs: Value) -> Value:
    """What Terraform before 0.15 had in place of ``tomap({…})``: keys and values in turn."""
    return zipmap(list(pairs[::2]), unified(pairs[1::2]))
