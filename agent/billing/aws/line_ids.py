"""Lines that stand in two files of one month: LineItemId and TimeInterval name a line of an account in a delivery.

Without a manifest a folder may hold two deliveries of a month. The ids of lines that both have need not be the same in
both, but where they are, the line is one.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from agent.billing.aws.header import LINE_ID
from agent.billing.aws.report_file import Block, ReportFile
from agent.billing.reading.batch import Mask, Words
from agent.billing.reading.csv_files import NULL_TOKENS
from agent.billing.reading.text_prints import text_prints
from agent.errors import SourceError

Prints = npt.NDArray[np.uint64]
_MONTH, _ACCOUNT = "bill_billing_period_start_date", "line_item_usage_account_id"
_ID, _INTERVAL = LINE_ID
_ODD = tuple(map(np.uint64, (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0xD6E8FEB86659FD93)))
_STIR = np.uint64(0xFF51AFD7ED558CCD)
_HALF = np.uint64(32)
_MOST = 2**21
"""Prints kept: 16 MB. Of more lines only those with the lowest prints are, in every file alike."""
_LONGEST_TOKEN = max(map(len, NULL_TOKENS))


def may_repeat(files: Sequence[ReportFile]) -> bool:
    """Whether more than one file names its lines; a CUR 2.0 may leave both columns out."""
    return sum(all(name in file.header.places for name in LINE_ID) for file in files) > 1


class LineIds:
    """Prints of the names of all lines, by file; those of another month or account are others."""

    def __init__(self) -> None:
        self._files: dict[str, list[Prints]] = {}
        self._highest = 2**64 - 1
        """The highest print that is kept."""
        self._kept = 0

    def add(self, block: Block, file: ReportFile) -> None:
        """Counts in the lines of one block of a file, read with the id as plain text."""
        columns = block.columns
        if any(name not in columns.arrays for name in LINE_ID):
            return
        ids = columns.texts(_ID)
        prints = text_prints(ids) * _ODD[0] + columns.moments(_MONTH).view(np.uint64) * _ODD[3]
        for odd, name in zip(_ODD[1:], (_INTERVAL, _ACCOUNT), strict=False):
            prints += _hashes(columns.words(name), columns.rows) * odd
        prints = (prints ^ (prints >> _HALF)) * _STIR
        prints ^= prints >> _HALF
        known: Mask = pc.fill_null(pc.greater(pc.binary_length(ids), _LONGEST_TOKEN), fill_value=False).to_numpy(
            zero_copy_only=False
        )
        if not known.all():
            known |= ~pc.is_in(ids.fill_null(""), pa.array(NULL_TOKENS)).to_numpy(zero_copy_only=False)
        self._keep(file.file.shown, prints[known])

    def _keep(self, shown: str, prints: Prints) -> None:
        held = self._files.setdefault(shown, [])
        held.append(prints[prints <= np.uint64(self._highest)])
        self._kept += len(held[-1])
        while self._kept > _MOST:
            self._highest //= 2
            for pieces in self._files.values():
                pieces[:] = [piece[piece <= np.uint64(self._highest)] for piece in pieces]
            self._kept = sum(len(piece) for pieces in self._files.values() for piece in pieces)

    def refuse_repeated(self) -> None:
        """Raises ``SourceError`` when a line that each of two files holds once has the same name in both."""
        names = sorted(self._files)
        alone = [_alone(np.concatenate(self._files[name])) for name in names]
        prints = np.sort(np.concatenate([np.zeros(0, np.uint64), *alone]))
        again = prints[1:][prints[1:] == prints[:-1]]
        if not len(again):
            return
        holding = [name for name, held in zip(names, alone, strict=True) if again[0] in held]
        first, second = holding[:2]
        both = np.intersect1d(alone[names.index(first)], alone[names.index(second)], assume_unique=True)
        raise _twice(first, second, len(both))


def _hashes(words: Words, rows: int) -> Prints:
    table = np.fromiter(map(hash, words.values), np.int64, len(words.values)).view(np.uint64)
    return np.asarray(table[words.coded(rows)])


def _alone(prints: Prints) -> Prints:
    """Those that occur once: a name that a file gives to two lines is none."""
    ordered = np.sort(prints)
    again = ordered[1:] == ordered[:-1]
    once = np.ones(len(ordered), np.bool_)
    once[1:] &= ~again
    once[:-1] &= ~again
    return np.asarray(ordered[once])


def _twice(first: str, second: str, count: int) -> SourceError:
    return SourceError(
        f"{first} and {second} hold the same lines: {count:,} have one LineItemId and TimeInterval in both",
        where=second,
        expected="each line once",
        mend="keep the newer download and remove the other; if both are parts of one delivery, put the report's "
        "manifest beside them",
    )
