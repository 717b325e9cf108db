"""AWS account ids that may have lost their leading zeros: an id has 12 digits, a spreadsheet makes it a number.

FOCUS prescribes no form of ids, and samples that hide real ones have shorter ones, so a short id alone is told, not
refused. Beside its own full form it is refused: one account would stand as two.
"""

import re
from collections.abc import Iterator, Mapping

import numpy as np

from agent.billing.reading.batch import Words
from agent.billing.reading.columns import Columns

_COLUMNS = ("BillingAccountId", "SubAccountId")
_DIGITS = 12
_SHORT = re.compile(rf"\d{{1,{_DIGITS - 1}}}")
_FULL = re.compile(rf"0\d{{{_DIGITS - 1}}}")
_AWS = ("aws", "amazon")
_NAMED = 3


class AccountIds:
    """The accounts of one ingest."""

    def __init__(self) -> None:
        self._short: dict[str, None] = {}
        self._full: dict[str, None] = {}

    def look_at(self, columns: Columns, words: Mapping[str, Words]) -> None:
        """Raises ``ReadFault`` when an account stands with and without its leading zeros."""
        if not any((name or "").casefold().startswith(_AWS) for name in words["ProviderName"].values):
            return
        aws = np.asarray(words["ProviderName"].flags(lambda name: (name or "").casefold().startswith(_AWS))) == 1
        for name in _COLUMNS:
            for code, value in enumerate(words[name].values):
                if value is not None and (_SHORT.fullmatch(value) or _FULL.fullmatch(value)):
                    self._note(columns, name, value, _rows(words[name], code, columns.rows) & aws)

    def _note(self, columns: Columns, name: str, value: str, rows: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> None:
        if not rows.any():
            return
        (self._short if len(value) < _DIGITS else self._full)[value] = None
        other = value.zfill(_DIGITS) if len(value) < _DIGITS else value.lstrip("0")
        if other in self._full or other in self._short:
            raise columns.fault(
                f"{name} holds {value!r}, and {other!r} is the same account: one of them has lost its leading zeros",
                int(np.argmax(rows)),
                "AWS account ids as text, 12 digits",
                "deliver the export itself, not a copy saved by a spreadsheet",
            )

    def notes(self) -> Iterator[str]:
        """What is told of short ids: at most one sentence."""
        if self._short:
            first = ", ".join(sorted(self._short)[:_NAMED])
            yield (
                f"AWS account ids with fewer than 12 digits: {len(self._short)}, such as {first}; if a spreadsheet "
                "took their leading zeros, rules by account do not match: deliver the export itself"
            )


def _rows(words: Words, code: int, rows: int) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    return np.ones(rows, np.bool_) if words.codes is None else words.codes == code
