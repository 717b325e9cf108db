"""Lists and dicts as Python prints them, which dumps of tables and Azure's exports hold instead of JSON.

Nothing is evaluated: one text is one string (two side by side are none), and a number is the digits it is spelled with.
"""

import re
from collections.abc import Callable

from agent.billing.reading.tag_keys import kept_apart

_STRING = re.compile(r"'(?:[^'\\\n]|\\.)*'|\"(?:[^\"\\\n]|\\.)*\"")
_ESCAPE = re.compile(r"\\(?:x([0-9a-f]{2})|u([0-9a-f]{4})|U([0-9a-f]{8})|(.))", re.DOTALL)
_ESCAPED = {"\\": "\\", "'": "'", '"': '"', "n": "\n", "r": "\r", "t": "\t"}
_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?(?![\w.])")
_WORD = re.compile(r"(?:None|True|False|nan|inf|-inf)(?!\w)")
_WORDS = {"None": None, "True": True, "False": False, "nan": None, "inf": None, "-inf": None}
_SPACE = re.compile(r"\s*")
_LISTS = {"[": "]", "(": ")"}
Pairs = list[tuple[str, object]]


class PrintFault(ValueError):
    """A text that Python does not print for strings, numbers, None, True, False, lists and dicts."""


def printed(text: str, collected: Callable[[Pairs], object] = kept_apart) -> object:
    """What the text stands for, numbers as texts; ``collected`` makes an object of a dict's pairs.

    Raises :class:`PrintFault`, and ``RecursionError`` for what is nested too deep.
    """
    found, end = _value(text, _next(text, 0), collected)
    if _next(text, end) != len(text):
        raise PrintFault(text)
    return found


def _next(text: str, at: int) -> int:
    return _SPACE.match(text, at).end()  # type: ignore[union-attr]  # no space at all matches, too


def _value(text: str, at: int, collected: Callable[[Pairs], object]) -> tuple[object, int]:
    if text.startswith("{", at):
        return _dict(text, at, collected)
    if text[at : at + 1] in _LISTS:
        return _list(text, at, collected)
    if match := _STRING.match(text, at):
        return _ESCAPE.sub(_escaped, match[0][1:-1]), match.end()
    if match := _NUMBER.match(text, at):
        return match[0], match.end()
    if match := _WORD.match(text, at):
        return _WORDS[match[0]], match.end()
    raise PrintFault(text)


def _list(text: str, at: int, collected: Callable[[Pairs], object]) -> tuple[list[object], int]:
    close = _LISTS[text[at]]
    found: list[object] = []
    at = _next(text, at + 1)
    while not text.startswith(close, at):
        value, at = _value(text, at, collected)
        found.append(value)
        at = _after(text, at, close)
    return found, at + 1


def _dict(text: str, at: int, collected: Callable[[Pairs], object]) -> tuple[object, int]:
    found: Pairs = []
    at = _next(text, at + 1)
    while not text.startswith("}", at):
        key, at = _value(text, at, collected)
        at = _next(text, at)
        if not isinstance(key, str) or not text.startswith(":", at):
            raise PrintFault(text)
        value, at = _value(text, _next(text, at + 1), collected)
        found.append((key, value))
        at = _after(text, at, "}")
    return collected(found), at + 1


def _after(text: str, at: int, close: str) -> int:
    """Where the next entry begins, or the closing bracket stands. A comma before that is the sign of a cut text."""
    at = _next(text, at)
    if text.startswith(close, at):
        return at
    following = _next(text, at + 1)
    if not text.startswith(",", at) or text.startswith(close, following):
        raise PrintFault(text)
    return following


def _escaped(match: re.Match[str]) -> str:
    code = match[1] or match[2] or match[3]
    if code is not None:
        try:
            return chr(int(code, 16))
        except (ValueError, OverflowError) as error:
            raise PrintFault(match[0]) from error
    if match[4] not in _ESCAPED:
        raise PrintFault(match[0])
    return _ESCAPED[match[4]]
