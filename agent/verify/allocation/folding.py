"""Text as rules compare it: values, and tag keys in every spelling that a provider's export may give them."""

import re
import unicodedata
from collections.abc import Iterable, Sequence

_BEFORE = ("resourcetags/user:", "resource_tags_user_", "resourcetags/", "user:", "user_")
"""What providers write before a key, the longer first."""
_WORN = ("resource_tags_user_", "user_")
"""Where an export writes these, punctuation was lost: it holds ``_`` for anything but letters and digits."""


def folded(text: str) -> str:
    """Composed, without space around it, without case."""
    composed = unicodedata.normalize("NFC", text).strip().casefold()
    return unicodedata.normalize("NFC", composed)


def _bare(key: str) -> str:
    text = folded(key)
    found = next((before for before in _BEFORE if text.startswith(before) and len(text) > len(before)), "")
    return text.removeprefix(found).strip() if found else text


def _worn(text: str) -> str:
    return re.sub(r"\W", "_", text)


class Key:
    """A tag key with its spellings."""

    def __init__(self, spellings: Sequence[str]) -> None:
        self._forms = {form for text in spellings for form in (folded(text), _bare(text))}
        self._worn = {_worn(form) for form in self._forms}
        self._asked: dict[str, bool] = {}

    def holds(self, raw: str) -> bool:
        """Whether a key as delivered is this one."""
        known = self._asked.get(raw)
        if known is None:
            known = self._asked[raw] = self._tell(raw)
        return known

    def _tell(self, raw: str) -> bool:
        text = folded(raw)
        if text in self._forms:
            return True
        return _worn(_bare(raw)) in self._worn if text.startswith(_WORN) else _bare(raw) in self._forms


class Wanted:
    """Any of some texts; ``*`` stands for any characters, also for none."""

    def __init__(self, texts: Iterable[str]) -> None:
        parts = [[re.escape(part) for part in folded(text).split("*")] for text in texts]
        self._pattern = re.compile("|".join(f"(?:{'.*'.join(part)})" for part in parts) or "(?!)", re.DOTALL)
        self._asked: dict[str, bool] = {}

    def holds(self, text: str) -> bool:
        """Whether the text is one of them."""
        known = self._asked.get(text)
        if known is None:
            known = self._asked[text] = self._pattern.fullmatch(folded(text)) is not None
        return known
