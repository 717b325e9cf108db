"""Two canonical documents of a method compared: what only adds a mapping, and what changes the method.

Additions by their form: a rule or pool at the end of its list, an entry more in a rule's map, a value more in a pool's
match, an alias more, a source or driver more. Everything else is a change. Whether an addition touches nothing but rows
that were untagged so far, only the bill says: ``agent.closing.mapping``.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Form = Literal["addition", "change"]
Found = Iterator[tuple[Form, str]]
_RULE_MAPS = ("account", "service", "values")
"""The keys of a rule that map one thing to another, and so may grow without changing what they said before."""
_WIDEST = 60


@dataclass(frozen=True, slots=True)
class Difference:
    """What differs, in words."""

    additions: tuple[str, ...]
    changes: tuple[str, ...]


def compare(before: Mapping[str, Any], now: Mapping[str, Any]) -> Difference:
    """``now`` against ``before``, both canonical documents of one version of this format."""
    found = [*_top(before, now)]
    return Difference(
        tuple(text for form, text in found if form == "addition"),
        tuple(text for form, text in found if form == "change"),
    )


def _top(before: Mapping[str, Any], now: Mapping[str, Any]) -> Found:
    for key in ("semantics", "metric", "fx", "currency"):
        yield from _same(key, before.get(key), now.get(key))
    for key in ("keys", "drivers", "sources"):
        inside = _grown if key == "keys" else _same
        yield from _map(key, before.get(key, {}), now.get(key, {}), inside)
    yield from _allocation(before.get("allocation", {}), now.get("allocation", {}))


def _allocation(before: Mapping[str, Any], now: Mapping[str, Any]) -> Found:
    for key in sorted({*before, *now}):
        old, new = before.get(key), now.get(key)
        match key:
            case "customer":
                yield from _appended(key, old or [], new or [], _rule)
            case "pools":
                yield from _appended(key, old or [], new or [], _pool)
            case "environment":
                yield from _environment(old or {}, new or {})
            case "shared_values":
                yield from _grown(key, old or [], new or [])
            case _:
                yield from _same(key, old, new)


def _environment(before: Mapping[str, Any], now: Mapping[str, Any]) -> Found:
    yield from _appended("environment.rules", before.get("rules", []), now.get("rules", []), _rule)
    yield from _grown("environment.cogs", before.get("cogs", []), now.get("cogs", []))
    yield from _map("environment.opex", before.get("opex", {}), now.get("opex", {}), _same)
    yield from _same("environment.default", before.get("default"), now.get("default"))


def _appended(where: str, before: Sequence[Any], now: Sequence[Any], inside: Callable[[str, Any, Any], Found]) -> Found:
    """A list in which the first match wins: what stood in it stays in its place, what is new comes last."""
    for at, old in enumerate(before):
        if at >= len(now):
            yield "change", f"{where}[{at}] is gone: {_short(old)}"
        elif now[at] != old:
            yield from inside(f"{where}[{at}]", old, now[at])
    for at, new in enumerate(now[len(before) :], start=len(before)):
        yield "addition", f"{where}[{at}] is new: {_short(new)}"


def _rule(where: str, before: Mapping[str, Any], now: Mapping[str, Any]) -> Found:
    for key in sorted({*before, *now}):
        old, new = before.get(key), now.get(key)
        if key in _RULE_MAPS and (old is not None or key == "values"):
            yield from _map(f"{where}.{key}", old or {}, new or {}, _same)
        else:
            yield from _same(f"{where}.{key}", old, new)


def _pool(where: str, before: Mapping[str, Any], now: Mapping[str, Any]) -> Found:
    for key in sorted({*before, *now}):
        if key == "match":
            yield from _match(f"{where}.match", before[key], now[key])
        else:
            yield from _same(f"{where}.{key}", before.get(key), now.get(key))


def _match(where: str, before: Mapping[str, Any], now: Mapping[str, Any]) -> Found:
    """A condition may take a value more; a condition more or less is another match."""
    for key in sorted({*before, *now}):
        old, new = before.get(key), now.get(key)
        if key == "tags" and old and new and set(old) == set(new):
            for tag in sorted(old):
                yield from _grown(f"{where}.tags.{tag}", old[tag], new[tag])
        elif key in ("tags", "resource", "from", "until") or old is None or new is None:
            yield from _same(f"{where}.{key}", old, new)
        else:
            yield from _grown(f"{where}.{key}", old, new)


def _map(
    where: str, before: Mapping[str, Any], now: Mapping[str, Any], inside: Callable[[str, Any, Any], Found]
) -> Found:
    for key in sorted({*before, *now}):
        if key not in now:
            yield "change", f"{where}.{key} is gone: {_short(before[key])}"
        elif key not in before:
            yield "addition", f"{where}.{key} is new: {_short(now[key])}"
        else:
            yield from inside(f"{where}.{key}", before[key], now[key])


def _grown(where: str, before: Sequence[str], now: Sequence[str]) -> Found:
    """A list that means "any of"."""
    lost, more = sorted(set(before) - set(now)), sorted(set(now) - set(before))
    if lost:
        yield "change", f"{where} has lost {', '.join(lost)}"
    if more:
        yield "addition", f"{where} has got {', '.join(more)}"


def _same(where: str, before: object, now: object) -> Found:
    if before != now:
        yield "change", f"{where}: {_short(before)} became {_short(now)}"


def _short(value: object) -> str:
    if value is None:
        return "the default"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)
    return text if len(text) <= _WIDEST else f"{text[:_WIDEST]}…"
