"""JSON with the lines of its keys and values. Python's own reader keeps neither, nor a key that is there twice."""

import json
import re
from typing import NamedTuple, TypeAlias

from terraform_lint.source.syntax.faults import MAX_DEPTH, WrongTextError, too_deep

_SPACE = re.compile(r"[ \t\r\n]*")
_STRING = re.compile(r'"((?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*)"')
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_WORD = re.compile(r"true|false|null")
_WORDS = {"true": True, "false": False, "null": None}


class JsonNumber(NamedTuple):
    """A number as written."""

    text: str


class JsonMember(NamedTuple):
    """``"name": value``; ``line`` is that of the name."""

    name: str
    line: int
    value: "JsonValue"


class JsonObject(NamedTuple):
    """Members in source order, a name that is there twice included. ``end_line`` is that of the closing brace."""

    members: list[JsonMember]
    end_line: int


class JsonValue(NamedTuple):
    """A value and the line it starts on."""

    line: int
    content: "JsonContent"


JsonContent: TypeAlias = str | bool | JsonNumber | JsonObject | list[JsonValue] | None


def read(text: str) -> JsonValue:
    """The one value that ``text`` holds. Raises :class:`WrongTextError`."""
    return _Reader(text).whole()


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._position = 0
        self._line = 1
        self._depth = 0

    def whole(self) -> JsonValue:
        value = self._value()
        if self._next():
            raise self._wrong("unexpected text after the end of the JSON value")
        return value

    def _value(self) -> JsonValue:
        character = self._next()
        line = self._line
        if character == '"':
            return JsonValue(line, self._string())
        if character in "{[" and character:
            self._depth += 1
            if self._depth > MAX_DEPTH:
                raise too_deep(line)
            self._position += 1
            content = self._object() if character == "{" else self._array()
            self._depth -= 1
            return JsonValue(line, content)
        word = _WORD.match(self._text, self._position)
        number = word or _NUMBER.match(self._text, self._position)
        if number is None:
            raise self._wrong("a JSON value was expected")
        self._position = number.end()
        return JsonValue(line, _WORDS[word[0]] if word else JsonNumber(number[0]))

    def _object(self) -> JsonObject:
        members: list[JsonMember] = []
        while self._more("}", first=not members):
            if self._next() != '"':
                raise self._wrong("a key in quotes was expected")
            line = self._line
            name = self._string()
            if self._next() != ":":
                raise self._wrong("`:` was expected")
            self._position += 1
            members.append(JsonMember(name, line, self._value()))
        return JsonObject(members, self._line)

    def _array(self) -> list[JsonValue]:
        values: list[JsonValue] = []
        while self._more("]", first=not values):
            values.append(self._value())
        return values

    def _more(self, end: str, *, first: bool) -> bool:
        """Whether another item follows; what divides it from the one before, or the end, is consumed."""
        character = self._next()
        if character == end:
            self._position += 1
            return False
        if first:
            return True
        if character != ",":
            raise self._wrong(f"`,` or `{end}` was expected")
        self._position += 1
        return True

    def _string(self) -> str:
        found = _STRING.match(self._text, self._position)
        if found is None:
            raise WrongTextError(self._line, "the string that starts here is not closed, or holds what JSON forbids")
        self._position = found.end()
        text = found[1]
        if "\\" in text:
            text = json.loads(found[0])
            # Half of a pair of surrogates alone is no character.
            text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        return text

    def _next(self) -> str:
        """The next character that is no white space; empty at the end."""
        start = self._position
        found = _SPACE.match(self._text, start)
        end = found.end() if found else start
        self._line += self._text.count("\n", start, end)
        self._position = end
        return self._text[end : end + 1]

    def _wrong(self, message: str) -> WrongTextError:
        character = self._text[self._position : self._position + 1]
        if not character:
            last = self._text.rstrip().count("\n") + 1
            return WrongTextError(last, f"the text ends too early; {message}")
        return WrongTextError(self._line, f"unexpected `{character}`; {message}")
