"""Functions over strings. Letters are those a reader counts (grapheme clusters) where it matters."""

import unicodedata
from decimal import Decimal

from terraform_lint.source.evaluation.functions.registry import Family
from terraform_lint.source.evaluation.knowledge import MOST_LETTERS, TooLargeError
from terraform_lint.source.evaluation.values import EvaluationError, Unknown, Value

STRINGS = Family()
_SPACE = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)
_ALONE = ((0, 0x2FF), (0x370, 0x482), (0x3041, 0x3096), (0x4E00, 0x9FFF), (0xAC00, 0xD7A3))
_COMBINED = Unknown("letters made of several characters are not told apart here")


def letters_of(text: str) -> list[str] | Unknown:
    """The letters; unknown for scripts in which several characters may make one."""
    if not text.isascii() and not all(any(low <= ord(one) <= high for low, high in _ALONE) for one in text):
        return _COMBINED
    letters: list[str] = []
    for one in text:
        if one == "\n" and letters and letters[-1] == "\r":
            letters[-1] = "\r\n"
        else:
            letters.append(one)
    return letters


@STRINGS("upper", "text")
def upper(text: str) -> Value:
    """Letter by letter: ``ß`` stays."""
    return text.upper() if text.isascii() else "".join(map(_upper, text))


def _upper(letter: str) -> str:
    other = letter.upper()
    return other if len(other) == 1 else letter


@STRINGS("lower", "text")
def lower(text: str) -> Value:
    """Letter by letter: a sigma at the end is no other than elsewhere."""
    return text.lower() if text.isascii() else "".join(letter.lower()[0] for letter in text)


@STRINGS("title", "text")
def title(text: str) -> Value:
    """A capital after everything that is no letter, digit or underscore."""
    letters: list[str] = []
    before = " "
    for letter in text:
        capital = unicodedata.normalize("NFC", letter.title())
        letters.append(capital if _separates(before) and len(capital) == 1 else letter)
        before = letter
    return "".join(letters)


def _separates(letter: str) -> bool:
    if letter.isascii():
        return not (letter.isalnum() or letter == "_")
    return letter in _SPACE


@STRINGS("chomp", "text")
def chomp(text: str) -> Value:
    """Without line breaks at the end."""
    return text.rstrip("\r\n")


@STRINGS("trimspace", "text")
def trimspace(text: str) -> Value:
    """Without white space around it."""
    return text.strip(_SPACE)


@STRINGS("trim", "text", "text")
def trim(text: str, cut: str) -> Value:
    """Without any of these characters around it."""
    return text.strip(cut)


@STRINGS("trimprefix", "text", "text")
def trimprefix(text: str, start: str) -> Value:
    """Without this start."""
    return text.removeprefix(start)


@STRINGS("trimsuffix", "text", "text")
def trimsuffix(text: str, end: str) -> Value:
    """Without this end."""
    return text.removesuffix(end)


@STRINGS("startswith", "text", "text")
def startswith(text: str, start: str) -> Value:
    """Whether it starts so."""
    return text.startswith(start)


@STRINGS("endswith", "text", "text")
def endswith(text: str, end: str) -> Value:
    """Whether it ends so."""
    return text.endswith(end)


@STRINGS("strcontains", "text", "text")
def strcontains(text: str, part: str) -> Value:
    """Whether it holds this part."""
    return part in text


@STRINGS("strrev", "text")
def strrev(text: str) -> Value:
    """From the last letter to the first."""
    letters = letters_of(text)
    return letters if isinstance(letters, Unknown) else "".join(reversed(letters))


@STRINGS("substr", "text", "whole", "whole")
def substr(text: str, offset: Decimal, length: Decimal) -> Value:
    """From ``offset`` (from the end where negative) ``length`` letters; all that follow where that is negative."""
    letters = letters_of(text)
    if isinstance(letters, Unknown):
        return letters
    start = max(0, len(letters) + int(offset)) if offset < 0 else min(int(offset), len(letters))
    if length < 0 or (length == 0 and offset < 0):  # a length of 0 after a negative offset takes all there, too
        return "".join(letters[start:])
    return "".join(letters[start : start + int(length)])


@STRINGS("indent", "whole", "text")
def indent(spaces: Decimal, text: str) -> Value:
    """Spaces after every line break."""
    if spaces < 0:
        raise EvaluationError("indent() takes a number that is not negative")
    _bound(len(text) + int(spaces) * (text.count("\n") + 1))
    return text.replace("\n", "\n" + " " * int(spaces))


@STRINGS("join", "text", "texts", more="texts")
def join(separator: str, *lists: list[str | None]) -> Value:
    """All items, the separator between them."""
    texts = [text for texts in lists for text in texts]
    whole = [text for text in texts if text is not None]
    if len(whole) < len(texts):
        raise EvaluationError("join() takes no null")
    _bound(sum(map(len, whole)) + len(separator) * len(whole))
    return separator.join(whole)


@STRINGS("split", "text", "text")
def split(separator: str, text: str) -> Value:
    """The parts between the separators; single characters where there is none."""
    return list(text.split(separator)) if separator else list(text)


def replace_plainly(text: str, old: str, new: str) -> str:
    """Every occurrence. Raises ``TooLargeError`` before it grows too large."""
    _bound(len(text) + text.count(old) * len(new))
    return text.replace(old, new)


def _bound(letters: int) -> None:
    if letters > MOST_LETTERS:
        raise TooLargeError("a text is too large to evaluate")
