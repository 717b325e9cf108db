"""Parses regular expressions in RE2's syntax, which is Terraform's, into a small tree.

No look-around, no back references: such patterns are errors there, and what is left can be matched in linear time.
"""

from dataclasses import dataclass, field
from typing import TypeAlias

from terraform_lint.source.evaluation.conversion import shown
from terraform_lint.source.evaluation.functions.regex_letters import ANY, ANY_BUT_NEWLINE, LAST, PERL, POSIX, Letters
from terraform_lint.source.evaluation.knowledge import NotFollowedError
from terraform_lint.source.evaluation.values import EvaluationError

_MOST_REPEATS = 1_000
_SIMPLE_ESCAPES = {"a": 7, "f": 12, "t": 9, "n": 10, "r": 13, "v": 11}
_MAJOR = {"C": "cfos", "L": "lmotu", "M": "cen", "N": "dlo", "P": "cdefios", "S": "ckmo", "Z": "lps"}
_CATEGORIES = {*_MAJOR, *(major + minor for major, minors in _MAJOR.items() for minor in minors)}


@dataclass(frozen=True, slots=True)
class Assertion:
    """A place without a character: ``text start`` or ``end``, ``line start`` or ``end``, ``word`` or ``no word``."""

    place: str


@dataclass(frozen=True, slots=True)
class Sequence:
    """One after the other."""

    items: "tuple[Node, ...]"


@dataclass(frozen=True, slots=True)
class Choice:
    """The first that leads to a match."""

    items: "tuple[Node, ...]"


@dataclass(frozen=True, slots=True)
class Repeat:
    """``most`` None: any number of times. ``greedy``: rather more than fewer."""

    item: "Node"
    least: int
    most: int | None
    greedy: bool


@dataclass(frozen=True, slots=True)
class Group:
    """A group whose text is remembered under its number, from 1."""

    item: "Node"
    number: int


Node: TypeAlias = Letters | Assertion | Sequence | Choice | Repeat | Group


@dataclass(slots=True)
class Pattern:
    """A parsed pattern; ``names`` of its groups in order, None for one without."""

    root: Node
    names: list[str | None] = field(default_factory=list)


def parse(text: str) -> Pattern:
    """Raises ``EvaluationError`` for a pattern that Terraform would refuse too."""
    parser = _Parser(text)
    root = parser.choice(frozenset())
    if not parser.at_end:
        raise parser.wrong("a ) without its (")
    return Pattern(root, parser.names)


class _Parser:
    """Reads from left to right. ``flags`` holds ``i``, ``m``, ``s`` and ``U`` as they are in force."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self.names: list[str | None] = []

    @property
    def at_end(self) -> bool:
        return self._at >= len(self._text)

    def wrong(self, problem: str) -> EvaluationError:
        return EvaluationError(f"the pattern {shown(self._text)} has {problem}")

    def _take(self, start: str) -> bool:
        found = self._text.startswith(start, self._at)
        self._at += len(start) * found
        return found

    def _until(self, end: str) -> str:
        stop = self._text.find(end, self._at)
        if stop < 0:
            raise self.wrong(f"no {end} where one is needed")
        found = self._text[self._at : stop]
        self._at = stop + len(end)
        return found

    def _next(self) -> str:
        if self.at_end:
            raise self.wrong("an end where more is needed")
        self._at += 1
        return self._text[self._at - 1]

    def choice(self, flags: frozenset[str]) -> Node:
        """Up to a closing parenthesis or the end. Flags set inside hold up to there."""
        branches: list[tuple[Node, ...]] = []
        items: list[Node] = []
        while not self.at_end and self._text[self._at] != ")":
            if self._take("|"):
                branches.append(tuple(items))
                items = []
            elif (changed := self._flag_group(flags)) is not None:
                flags = changed
            elif self._take("\\Q"):
                items += self._quoted_letters(flags)
            else:
                items.append(self._repeated(self._atom(flags), flags))
        branches.append(tuple(items))
        nodes = tuple(items[0] if len(items) == 1 else Sequence(items) for items in branches)
        return nodes[0] if len(nodes) == 1 else Choice(nodes)

    def _quoted_letters(self, flags: frozenset[str]) -> list[Node]:
        stop = self._text.find("\\E", self._at)
        quoted = self._text[self._at :] if stop < 0 else self._text[self._at : stop]
        self._at += len(quoted) + (2 if stop >= 0 else 0)
        letters: list[Node] = [_letter(letter, flags) for letter in quoted]
        return [*letters[:-1], self._repeated(letters[-1], flags)] if letters else []

    def _flag_group(self, flags: frozenset[str]) -> frozenset[str] | None:
        """``(?i)``: the flags from here on; None where no such group stands here."""
        start = self._at
        if not self._take("(?"):
            return None
        changed = self._flags(flags)
        if changed is not None and self._take(")"):
            return changed
        self._at = start
        return None

    def _flags(self, flags: frozenset[str]) -> frozenset[str] | None:
        adding, found = True, set(flags)
        while not self.at_end and self._text[self._at] in "imsU-":
            letter = self._next()
            if letter == "-":
                if not adding:
                    return None
                adding = False
            elif adding:
                found.add(letter)
            else:
                found.discard(letter)
        return frozenset(found)

    def _atom(self, flags: frozenset[str]) -> Node:
        letter = self._next()
        if letter == "(":
            return self._group(flags)
        if letter == "[":
            return self._class(flags)
        if letter == "\\":
            return self._escape(flags)
        if letter in "*+?":
            raise self.wrong(f"nothing before {letter} to repeat")
        return _PLACES.get((letter, letter_flag(letter) in flags)) or _letter(letter, flags)

    def _group(self, flags: frozenset[str]) -> Node:
        number = None
        if self._take("?P<") or self._take("?<"):
            name = self._until(">")
            if name in self.names or not (name.isascii() and name.replace("_", "a").isalnum()):
                raise self.wrong(f"a group named {shown(name)}, which is taken or no name")
            number = self._number(name)
        elif self._take("?"):
            changed = self._flags(flags)
            if changed is None or not self._take(":"):
                raise self.wrong("a kind of group that RE2 does not know")
            flags = changed
        else:
            number = self._number(None)
        inner = self.choice(flags)
        if not self._take(")"):
            raise self.wrong("a ( without its )")
        return inner if number is None else Group(inner, number)

    def _number(self, name: str | None) -> int:
        self.names.append(name)
        return len(self.names)

    def _repeated(self, item: Node, flags: frozenset[str]) -> Node:
        counts = self._counts()
        if counts is None:
            return item
        least, most = counts
        if max(least, most or 0) > _MOST_REPEATS or (most is not None and most < least):
            raise self.wrong("a repetition out of bounds")
        greedy = self._take("?") is ("U" in flags)
        if self._counts() is not None:
            raise self.wrong("a repetition of a repetition")
        return Repeat(item, least, most, greedy)

    def _counts(self) -> tuple[int, int | None] | None:
        for sign, counts in (("*", (0, None)), ("+", (1, None)), ("?", (0, 1))):
            if self._take(sign):
                return counts
        start = self._at
        if self._take("{"):
            least, comma, most = self._text[self._at : self._at + 12].partition("}")[0].partition(",")
            self._at += len(least + comma + most)
            if _is_count(least) and (_is_count(most) or not most) and self._take("}"):
                return int(least), int(most) if most else (None if comma else int(least))
        self._at = start
        return None

    def _escape(self, flags: frozenset[str]) -> Node:
        start = self._at
        letter = self._next()
        if letter in _ESCAPED_PLACES:
            return _ESCAPED_PLACES[letter]
        self._at = start
        found = self._letters_of_escape()
        return found if found is not None else _letter(chr(self._code()), flags)

    def _letters_of_escape(self) -> Letters | None:
        """After a backslash: ``d``, ``W``, ``pL``, ``P{Lu}``; None for a single character."""
        letter = self._text[self._at : self._at + 1]
        if letter and letter.lower() in PERL and letter in "dDwWsS":
            self._at += 1
            return Letters(others=(PERL[letter.lower()],), negated=letter.isupper())
        if letter not in ("p", "P"):
            return None
        self._at += 1
        name = self._until("}") if self._take("{") else self._next()
        negated = (letter == "P") is not name.startswith("^")
        name = name.removeprefix("^")
        if name == "Any":
            return Letters(ANY.ranges, negated=not negated)
        if name not in _CATEGORIES:
            raise NotFollowedError(f"the class of characters {shown(name)} is not worked out here")
        return Letters(categories=(name,), negated=negated)

    def _code(self) -> int:
        """The character that an escape of one means."""
        letter = self._next()
        if letter in _SIMPLE_ESCAPES:
            return _SIMPLE_ESCAPES[letter]
        if letter == "x":
            return self._hexadecimal()
        if letter in "01234567":
            digits = letter
            while len(digits) < 3 and self._text[self._at : self._at + 1] in tuple("01234567"):
                digits += self._next()
            if letter == "0" or len(digits) > 1:
                return int(digits, 8)
        elif letter.isascii() and not letter.isalnum():
            return ord(letter)
        raise self.wrong(f"an escape \\{letter} that RE2 does not know")

    def _hexadecimal(self) -> int:
        digits = self._until("}") if self._take("{") else self._next() + self._next()
        if not digits or len(digits) > 6 or any(digit not in "0123456789abcdefABCDEF" for digit in digits):
            raise self.wrong("an escape \\x without hexadecimal digits")
        code = int(digits, 16)
        if code > LAST:
            raise self.wrong("a character beyond Unicode")
        return code

    def _class(self, flags: frozenset[str]) -> Letters:
        negated = self._take("^")
        ranges: list[tuple[int, int]] = []
        others: list[Letters] = []
        first = True
        while first or not self._take("]"):
            first = False
            found = self._class_of_letters()
            if found is not None:
                others.append(found)
                continue
            low = high = self._class_code()
            if self._text[self._at : self._at + 1] == "-" and self._text[self._at + 1 : self._at + 2] not in ("]", ""):
                self._at += 1
                high = self._class_code()
            if high < low:
                raise self.wrong("a range that runs backwards")
            ranges.append((low, high))
        return Letters(tuple(ranges), (), tuple(others), negated, "i" in flags)

    def _class_of_letters(self) -> Letters | None:
        if self._text.startswith("[:", self._at) and ":]" in self._text[self._at :]:
            self._at += 2
            name = self._until(":]")
            plain = name.removeprefix("^")
            if plain not in POSIX:
                raise self.wrong(f"a class [:{name}:] that RE2 does not know")
            return Letters(POSIX[plain], negated=plain != name)
        start = self._at
        if self._take("\\"):
            found = self._letters_of_escape()
            if found is not None:
                return found
        self._at = start
        return None

    def _class_code(self) -> int:
        letter = self._next()
        return self._code() if letter == "\\" else ord(letter)


def letter_flag(letter: str) -> str:
    """The flag that changes what the sign means."""
    return "s" if letter == "." else "m"


_PLACES: dict[tuple[str, bool], Node] = {
    (".", False): ANY_BUT_NEWLINE,
    (".", True): ANY,
    ("^", False): Assertion("text start"),
    ("^", True): Assertion("line start"),
    ("$", False): Assertion("text end"),
    ("$", True): Assertion("line end"),
}
_ESCAPED_PLACES: dict[str, Node] = {
    "A": Assertion("text start"),
    "z": Assertion("text end"),
    "b": Assertion("word"),
    "B": Assertion("no word"),
}


def _is_count(text: str) -> bool:
    return text.isascii() and text.isdigit() and (text == "0" or not text.startswith("0"))


def _letter(letter: str, flags: frozenset[str]) -> Letters:
    return Letters(((ord(letter), ord(letter)),), folded="i" in flags)
