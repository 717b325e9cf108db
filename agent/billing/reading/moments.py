"""The date forms billing exports use, read on distinct values. Times without a zone are UTC."""

import re
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from agent.billing.reading.batch import Ints, Words

DAY = 86_400_000_000
"""Microseconds in a day: moments are microseconds since 1970-01-01 UTC."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_YEAR, _LAST_YEAR = 1970, 2199
_BOUND = (datetime(_LAST_YEAR + 1, 1, 1, tzinfo=UTC) - _EPOCH).days * DAY
_MOST_HOURS = 14
"""The widest zone there is."""
_ISO = re.compile(
    r"(\d{4})-(\d{2})-(\d{2})"
    r"(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?)?"
    r"\s*(Z|UTC|[+-]\d{2}:?\d{2}|[+-]\d{2})?"
)
_AMERICAN = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})(?: (\d{1,2}):(\d{2})(?::(\d{2}))?)?")
FORMS = "2026-10-31, 2026-10-31T13:00:00Z or 10/31/2026"


class MomentFault(ValueError):
    """``row`` (0-based in the column) holds ``text``, which is ``found``: no date of a known form, or of no bill."""

    def __init__(self, row: int, text: str | None, found: str = "no date") -> None:
        super().__init__(f"{text!r} is {found}")
        self.row = row
        self.text = text
        self.found = found


@lru_cache(maxsize=65_536)
def moment(text: str) -> datetime:
    """The moment as written, with its zone (UTC where none is). Raises ``ValueError``."""
    text = text.strip()
    if match := _ISO.fullmatch(text):
        year, month, day, hour, minute, second = (int(match[group] or 0) for group in range(1, 7))
        micros = int((match[7] or "0").ljust(6, "0")[:6])
        return datetime(year, month, day, hour, minute, second, micros, tzinfo=UTC) - _offset(match[8])
    if match := _AMERICAN.fullmatch(text):
        month, day, year, hour, minute, second = (int(match[group] or 0) for group in range(1, 7))
        return datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    raise ValueError(f"{text!r} is not a date")


def _offset(zone: str | None) -> timedelta:
    if zone is None or zone[0] not in "+-":
        return timedelta()
    digits = zone[1:].replace(":", "").ljust(4, "0")
    if int(digits[:2]) > _MOST_HOURS:
        raise ValueError(f"{zone!r} is no zone")
    span = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return -span if zone[0] == "-" else span


def day_as_written(text: str) -> date:
    """The date a text begins with, whatever its zone: a billing period is the month its provider wrote."""
    zone = _ISO.fullmatch(text.strip())
    return (moment(text) + _offset(zone[8] if zone else None)).date()


def moments(column: pa.Array) -> Ints:
    """Microseconds (UTC) of a timestamp, date, text or dictionary column.

    Raises :class:`MomentFault` for a null, an unreadable value or a year no bill can have.
    """
    read = _read(column)
    outside = (read < 0) | (read >= _BOUND)
    if outside.any():
        row = int(np.argmax(outside))
        raise MomentFault(row, str(column[row]), f"outside {_FIRST_YEAR} to {_LAST_YEAR}")
    return read


def _read(column: pa.Array) -> Ints:
    if column.null_count:
        raise MomentFault(int(np.argmin(column.is_valid().to_numpy(zero_copy_only=False))), None)
    if pa.types.is_timestamp(column.type) or pa.types.is_date(column.type):
        return np.asarray(pc.cast(_in_utc(column), pa.timestamp("us"), safe=False).cast(pa.int64()))
    coded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
    codes = coded.indices.to_numpy(zero_copy_only=False)
    table = np.zeros(len(coded.dictionary), np.int64)
    for code, text in enumerate(coded.dictionary.to_pylist()):
        try:
            table[code] = (moment(text) - _EPOCH) // timedelta(microseconds=1)
        except (ValueError, OverflowError) as error:
            if (codes == code).any():
                raise MomentFault(int(np.argmax(codes == code)), text) from error
    return np.asarray(table[codes])


def _in_utc(column: pa.Array) -> pa.Array:
    """A zoned timestamp counts from 1970 UTC already; only its label is dropped."""
    if pa.types.is_timestamp(column.type) and column.type.tz is not None:
        return column.cast(pa.timestamp(column.type.unit))
    return column


def day_words(days: Ints) -> Words:
    """Days since 1970 as a column of ISO dates."""
    first = int(days.min(initial=0)) if len(days) == 0 else int(days.min())
    last = first if len(days) == 0 else int(days.max())
    if last - first > 200_000:
        distinct, codes = np.unique(days, return_inverse=True)
        return Words([str(date(1970, 1, 1) + timedelta(days=int(day))) for day in distinct], codes.astype(np.int32))
    values = [str(date(1970, 1, 1) + timedelta(days=first + step)) for step in range(last - first + 1)]
    return Words(values, (days - first).astype(np.int32))


def first_of_month(days: Words) -> Words:
    """The first day of each day's month, all as ISO dates: the billing period of a file that states none."""
    return days.mapped(lambda day: day and f"{day[:7]}-01")


def _following(day: str) -> str:
    return str(date.fromisoformat(day) + timedelta(days=1))


def charge_days(starts: Ints, ends: Ints) -> tuple[Words, Words]:
    """The day of each start, and the exclusive end cut up to the next day: always at least a day after the start.

    A line of up to 24 hours is of the day it starts on, also where it runs over midnight (ALLOCATION 1).
    """
    first = starts // DAY
    if (ends - starts <= DAY).all():
        # NOTE: of most bills every line is of one day, and then its end is told by its start
        start = day_words(first)
        return start, Words([day and _following(day) for day in start.values], start.codes)
    cut = np.where(ends - starts > DAY, -(-ends // DAY), first + 1)
    return day_words(first), day_words(np.maximum(cut, first + 1))
