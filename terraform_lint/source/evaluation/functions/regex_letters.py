"""Which characters one place of a regular expression takes."""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

Ranges = tuple[tuple[int, int], ...]
LAST = 0x10FFFF


@dataclass(frozen=True, slots=True)
class Letters:
    """The characters in ``ranges``, of a Unicode category in ``categories``, or in one of ``others``.

    ``negated``: all but these. ``folded``: in either case.
    """

    ranges: Ranges = ()
    categories: tuple[str, ...] = ()
    others: "tuple[Letters, ...]" = ()
    negated: bool = False
    folded: bool = False

    def takes(self, letter: str) -> bool:
        """Whether the one character is among them."""
        within = self._within(letter)
        if not within and self.folded:
            within = any(self._within(other) for other in _cases(letter))
        return within is not self.negated

    def _within(self, letter: str) -> bool:
        code = ord(letter)
        return (
            any(low <= code <= high for low, high in self.ranges)
            or (bool(self.categories) and unicodedata.category(letter).startswith(self.categories))
            or any(other.takes(letter) for other in self.others)
        )


def _cases(letter: str) -> Iterable[str]:
    return {other for other in (letter.lower(), letter.upper(), letter.casefold()) if len(other) == 1}


def _spans(*pairs: str) -> Ranges:
    return tuple((ord(pair[0]), ord(pair[-1])) for pair in pairs)


_DIGIT = _spans("09")
_WORD = _spans("09", "AZ", "__", "az")
_SPACE = _spans("\t\n", "\f\r", "  ")
PERL = {"d": Letters(_DIGIT), "w": Letters(_WORD), "s": Letters(_SPACE)}
"""After a backslash; the capital means all others."""
POSIX = {
    "alnum": _spans("09", "AZ", "az"),
    "alpha": _spans("AZ", "az"),
    "ascii": ((0, 0x7F),),
    "blank": _spans("\t\t", "  "),
    "cntrl": ((0, 0x1F), (0x7F, 0x7F)),
    "digit": _DIGIT,
    "graph": _spans("!~"),
    "lower": _spans("az"),
    "print": _spans(" ~"),
    "punct": _spans("!/", ":@", "[`", "{~"),
    "space": _spans("\t\r", "  "),
    "upper": _spans("AZ"),
    "word": _WORD,
    "xdigit": _spans("09", "AF", "af"),
}
"""Between ``[:`` and ``:]``."""
ANY = Letters(negated=True)
ANY_BUT_NEWLINE = Letters(((10, 10),), negated=True)


def is_word(letter: str) -> bool:
    """Whether a word boundary counts it as part of a word."""
    return PERL["w"].takes(letter)
