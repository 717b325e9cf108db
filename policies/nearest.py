"""Did you mean …? For a handful of allowed words, and for registries of many thousand ids."""

from collections.abc import Iterable
from difflib import get_close_matches
from itertools import takewhile
from operator import eq

_MIN_LIKENESS = 0.6
_LONGEST_INDEXED = 64


def nearest_word(word: str, words: Iterable[str]) -> str | None:
    """The one of a few ``words`` that looks most like ``word``, or None when nothing does."""
    folded = {known.casefold(): known for known in words}
    close = get_close_matches(word.casefold(), sorted(folded), n=1, cutoff=_MIN_LIKENESS)
    return folded[close[0]] if close else None


def did_you_mean(word: str, words: Iterable[str]) -> str:
    """``; did you mean 'x'?`` or nothing: made to stand at the end of a message."""
    found = nearest_word(word, words)
    return f"; did you mean {found!r}?" if found is not None and found != word else ""


class NearestIndex:
    """Finds the id at most about one letter off (wrong, missing, extra or swapped), punctuation aside.

    Every id is listed under itself and under itself less one letter, so a look-up costs the length of the value,
    not the size of the registry.
    """

    def __init__(self, ids: Iterable[str]) -> None:
        self._listed: dict[str, list[str]] = {}
        for known in ids:
            for trace in _traces(known):
                self._listed.setdefault(trace, []).append(known)

    def find(self, value: str) -> str | None:
        """The most similar id; between equals the bytewise first."""
        near = {known for trace in _traces(value) for known in self._listed.get(trace, ())}
        ranked = sorted((-_shared_ends(value.casefold(), known.casefold()), known) for known in near)
        return ranked[0][1] if ranked else None


def _shared_ends(one: str, other: str) -> int:
    return _shared_start(one, other) + _shared_start(one[::-1], other[::-1])


def _shared_start(one: str, other: str) -> int:
    return sum(takewhile(bool, map(eq, one, other)))


def _traces(text: str) -> set[str]:
    # NOTE: of two letters one left out says nothing: every short id would be near every other
    letters = "".join(char for char in text.casefold() if char.isalnum())[:_LONGEST_INDEXED]
    return {letters or text} | {letters[:at] + letters[at + 1 :] for at in range(len(letters)) if len(letters) > 2}
