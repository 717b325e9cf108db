"""A text compared with texts a person wrote, ``*`` standing for any characters."""

import re

from policies.rules import Text
from policies.tags import fold_value


class Condition:
    """Any of some texts; ``*`` stands for any characters, ``/`` included. A null never matches.

    Both sides are compared folded (NFC, trimmed, casefolded), or as they are with ``folded=False``.
    """

    def __init__(self, texts: Text, *, folded: bool = True) -> None:
        self._folded = folded
        written = [fold_value(text) if folded else text for text in ([texts] if isinstance(texts, str) else texts)]
        self._exact = frozenset(text for text in written if "*" not in text)
        wild = [".*".join(map(re.escape, re.split(r"\*+", text))) for text in written if "*" in text]
        self._wild = re.compile("|".join(wild), re.DOTALL) if wild else None

    def holds(self, value: str | None) -> bool:
        """Whether the value is one of the texts."""
        if value is None:
            return False
        text = fold_value(value) if self._folded else value
        return text in self._exact or (self._wild is not None and self._wild.fullmatch(text) is not None)
