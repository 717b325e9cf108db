"""Matches regular expressions as RE2 does: the leftmost match, the first choice, in time linear in the text.

Backtracking with a memory: no state is tried twice at the same place, so no pattern can take exponential time.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

from terraform_lint.source.evaluation.functions.regex_letters import Letters, is_word
from terraform_lint.source.evaluation.functions.regex_syntax import (
    Assertion,
    Choice,
    Group,
    Node,
    Repeat,
    Sequence,
    parse,
)
from terraform_lint.source.evaluation.knowledge import TooLargeError

_MOST_STEPS = 20_000
_MOST_STATES = 2_000_000
_CHARGED = 4
_TAKE, _SPLIT, _JUMP, _SAVE, _ASSERT, _MATCH = range(6)
_Step: TypeAlias = tuple[int, Letters | str | int, int]
Spend: TypeAlias = Callable[[int], None]
Match: TypeAlias = list[int]
"""Start and end of the whole match, then of each group; -1 where a group took no part."""


@dataclass(frozen=True, slots=True)
class Program:
    """A compiled pattern."""

    steps: tuple[_Step, ...]
    names: tuple[str | None, ...]


@lru_cache(maxsize=256)
def compiled(text: str) -> Program:
    """Raises ``EvaluationError`` for what is no pattern, ``TooLargeError`` for one of very many states."""
    pattern = parse(text)
    steps: list[_Step] = [(_SAVE, 0, 0)]
    _compile(pattern.root, steps)
    steps += [(_SAVE, 1, 0), (_MATCH, 0, 0)]
    return Program(tuple(steps), tuple(pattern.names))


def _compile(node: Node, steps: list[_Step]) -> None:
    if len(steps) > _MOST_STEPS:
        raise TooLargeError("a pattern is too large to evaluate")
    if isinstance(node, Letters):
        steps.append((_TAKE, node, 0))
    elif isinstance(node, Assertion):
        steps.append((_ASSERT, node.place, 0))
    elif isinstance(node, Sequence):
        for item in node.items:
            _compile(item, steps)
    elif isinstance(node, Group):
        steps.append((_SAVE, 2 * node.number, 0))
        _compile(node.item, steps)
        steps.append((_SAVE, 2 * node.number + 1, 0))
    elif isinstance(node, Choice):
        _compile_choice(node, steps)
    else:
        _compile_repeat(node, steps)


def _compile_choice(node: Choice, steps: list[_Step]) -> None:
    ends: list[int] = []
    for item in node.items[:-1]:
        split = len(steps)
        steps.append((_MATCH, 0, 0))
        _compile(item, steps)
        ends.append(len(steps))
        steps.append((_MATCH, 0, 0))
        steps[split] = (_SPLIT, split + 1, len(steps))
    _compile(node.items[-1], steps)
    for end in ends:
        steps[end] = (_JUMP, len(steps), 0)


def _compile_repeat(node: Repeat, steps: list[_Step]) -> None:
    if node.most is None:
        _compile_endless(node, steps)
        return
    for _ in range(node.least):
        _compile(node.item, steps)
    splits: list[int] = []
    for _ in range(node.most - node.least):
        splits.append(len(steps))
        steps.append((_MATCH, 0, 0))
        _compile(node.item, steps)
    for split in splits:
        steps[split] = _split(split + 1, len(steps), node.greedy)


def _compile_endless(node: Repeat, steps: list[_Step]) -> None:
    """Of the shape ``(x+)?`` where none will do: it tells how often an item that may be empty is tried."""
    for _ in range(node.least - 1):
        _compile(node.item, steps)
    skip = len(steps)
    if not node.least:
        steps.append((_MATCH, 0, 0))
    start = len(steps)
    _compile(node.item, steps)
    steps.append(_split(start, len(steps) + 1, node.greedy))
    if not node.least:
        steps[skip] = _split(start, len(steps), node.greedy)


def _split(inside: int, after: int, greedy: bool) -> _Step:
    return (_SPLIT, inside, after) if greedy else (_SPLIT, after, inside)


def search(program: Program, text: str, start: int, spend: Spend) -> Match | None:
    """The leftmost match from ``start`` on. ``spend`` is told of the work."""
    if len(program.steps) * (len(text) + 1 - start) > _MOST_STATES:
        raise TooLargeError("a text is too long for this pattern to evaluate")
    seen: set[tuple[int, int]] = set()
    try:
        for at in range(start, len(text) + 1):
            found = _match_at(program, text, at, seen)
            if found is not None:
                return found
    finally:
        spend(len(seen) // _CHARGED)
    return None


def _match_at(program: Program, text: str, start: int, seen: set[tuple[int, int]]) -> Match | None:
    marks = [-1] * (2 * len(program.names) + 2)
    waiting: list[tuple[int, int, int]] = [(0, start, -1)]
    while waiting:
        step, at, mark = waiting.pop()
        if mark >= 0:
            marks[mark] = at
        elif _follow(program, text, step, at, marks, waiting, seen):
            return marks
    return None


def _follow(
    program: Program,
    text: str,
    step: int,
    at: int,
    marks: Match,
    waiting: list[tuple[int, int, int]],
    seen: set[tuple[int, int]],
) -> bool:
    """Follows one path as far as it goes; what else there is to try goes to ``waiting``."""
    while (step, at) not in seen:
        seen.add((step, at))
        kind, first, second = program.steps[step]
        step += 1
        if isinstance(first, Letters):
            if at == len(text) or not first.takes(text[at]):
                return False
            at += 1
        elif isinstance(first, str):
            if not _holds(first, text, at):
                return False
        elif kind == _SAVE:
            waiting.append((0, marks[first], first))
            marks[first] = at
        elif kind == _MATCH:
            return True
        else:
            if kind == _SPLIT:
                waiting.append((second, at, -1))
            step = first
    return False


def _holds(place: str, text: str, at: int) -> bool:
    if place == "text start":
        return at == 0
    if place == "text end":
        return at == len(text)
    if place == "line start":
        return at == 0 or text[at - 1] == "\n"
    if place == "line end":
        return at == len(text) or text[at] == "\n"
    before = at > 0 and is_word(text[at - 1])
    after = at < len(text) and is_word(text[at])
    return (before is not after) is (place == "word")


def matches(program: Program, text: str, spend: Spend) -> Iterator[Match]:
    """All matches that do not overlap; an empty one right after another does not count."""
    at, end = 0, -1
    while at <= len(text):
        found = search(program, text, at, spend)
        if found is None:
            return
        if found[1] > found[0] or found[0] != end:
            yield found
        end = found[1]
        at = found[1] if found[1] > at else at + 1
