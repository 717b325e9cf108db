"""Lines that stand in two files of one month: LineItemId and TimeInterval name a line of an account in a delivery.

Without a manifest a folder may hold two deliveries of a month. The ids of lines that both have need not be the same in
both, but where they are, the line is one.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from agent.billing.aws.header import LINE_ID
from agent.billing.aws.report_file import ReportFile
from agent.billing.reading.batch import Mask, Words
from agent.errors import SourceError

Prints = npt.NDArray[np.uint64]
_MONTH, _ACCOUNT = "bill_billing_period_start_date", "line_item_usage_account_id"
_ODD = tuple(map(np.uint64, (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0xD6E8FEB86659FD93)))
_STIR = np.uint64(0xFF51AFD7ED558CCD)
_HALF = np.uint64(32)
_MOST = 2**23
"""Prints kept: 64 MB. Of more lines only those with the lowest prints are, in every file alike."""


@dataclass(slots=True)
class _Seen:
    """Prints of the lines of each file, and the highest that is kept of all."""

    files: list[Prints]
    highest: int = 2**64 - 1

    def add(self, prints: Prints) -> None:
        self.files.append(prints[prints <= np.uint64(self.highest)])
        while sum(map(len, self.files)) > _MOST:
            self.highest //= 2
            self.files = [held[held <= np.uint64(self.highest)] for held in self.files]


def refuse_repeated_lines(files: Sequence[ReportFile]) -> None:
    """Raises ``SourceError`` when a line that each of two files holds once has the same name in both.

    Nothing to do for files without both columns, which a CUR 2.0 may leave out.
    """
    named = [file for file in files if all(name in file.header.places for name in LINE_ID)]
    if len(named) <= 1:
        return
    seen = _Seen([])
    for file in named:
        seen.add(np.concatenate([np.zeros(0, np.uint64), *_prints(file)]))
    alone = [_alone(prints) for prints in seen.files]
    places = np.repeat(np.arange(len(alone)), [len(prints) for prints in alone])
    prints = np.concatenate(alone)
    order = np.argsort(prints, kind="stable")
    again = np.flatnonzero(prints[order][1:] == prints[order][:-1])
    if len(again):
        first, second = places[order[again]], places[order[again + 1]]
        one, other = int(first[0]), int(second[0])
        count = int(((first == one) & (second == other)).sum())
        raise _twice(named[one].file.shown, named[other].file.shown, count)


def _prints(file: ReportFile) -> Iterator[Prints]:
    for block in file.blocks([*LINE_ID, _ACCOUNT, _MONTH]):
        columns = block.columns
        with file.located():
            period = columns.moments(_MONTH)
        names = [columns.words(name) for name in (*LINE_ID, _ACCOUNT)]
        known: Mask = names[0].filled(columns.rows)
        prints = period.view(np.uint64) * _ODD[-1]
        for odd, words in zip(_ODD, names, strict=False):
            prints = prints + _hashes(words, columns.rows) * odd
        prints = (prints ^ (prints >> _HALF)) * _STIR
        yield (prints ^ (prints >> _HALF))[known]


def _hashes(words: Words, rows: int) -> Prints:
    table = np.fromiter(map(hash, words.values), np.int64, len(words.values)).view(np.uint64)
    return np.asarray(table[words.coded(rows)])


def _alone(prints: Prints) -> Prints:
    """Those that occur once: a name that a file gives to two lines is none."""
    found, counts = np.unique(prints, return_counts=True)
    return np.asarray(found[counts == 1])


def _twice(one: str, other: str, count: int) -> SourceError:
    first, second = sorted((one, other))
    return SourceError(
        f"{first} and {second} hold the same lines: {count:,} have one LineItemId and TimeInterval in both",
        where=second,
        expected="each line once",
        mend="keep the newer download and remove the other; if both are parts of one delivery, put the report's "
        "manifest beside them",
    )
