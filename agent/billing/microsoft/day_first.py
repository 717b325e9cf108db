"""Dates that a spreadsheet wrote with the day first: read month first they are dates too, of other months.

Days after the 12th betray such a file by themselves. Before them only the days that the file must be of do: those of
its billing period, and of the run of the export that its manifest states.
"""

import re
from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np
import pyarrow as pa

from agent.billing.delivery.azure import Span
from agent.billing.reading.batch import Words, numbered
from agent.billing.reading.columns import Columns, ReadFault
from agent.billing.reading.moments import day_as_written
from agent.period import Period

_COLUMNS = ("Date", "BillingPeriodStartDate", "BillingPeriodEndDate")
_SLASHES = re.compile(r"(\d{1,2})/(\d{1,2})(/\d{4}.*)")
_LONGEST_PERIOD = timedelta(days=31)
_SEVERAL = 3
_Days = tuple[date, date | None, date | None]
"""Of a line: its day, and first and last day of its billing period."""


def refuse_day_first(columns: Columns, span: Span | None) -> None:
    """Raises ``ReadFault`` where dates lie outside the days they must lie in, and inside with the day first.

    ``span``: the days of the export's run, None where no manifest tells.
    """
    if not all(map(_is_text, (columns.arrays[name] for name in _COLUMNS if name in columns.arrays))):
        return
    found, place = numbered([columns.words(name) for name in _COLUMNS], columns.rows)
    swapped = [_days([_turned(text) for text in line]) for line in found]
    if None in swapped:
        return
    read = [_days(line) for line in found]
    outside = [number for number, line in enumerate(read) if line and not _fits(line, span)]
    if outside and all(_fits(line, span) for line in swapped if line):
        raise _fault(columns, int(np.argmax(place == outside[0])), found[outside[0]][0])
    unbounded = span is None and "BillingPeriodStartDate" not in columns.arrays
    if unbounded and _scattered([line[0] for line in read if line]):
        raise _fault(columns, 0, found[int(place[0])][0])


def refuse_other_period(columns: Columns, period: Words, stated: Period | None) -> None:
    """Raises ``ReadFault`` where a line's billing period is not the one that the run of the export is of."""
    if stated is None:
        return
    other = period.first(lambda day: day is not None and day[:7] != str(stated), columns.rows)
    if other is not None:
        day, rows = other
        raise columns.fault(
            f"{len(rows)} lines are of the billing period {str(day)[:7]}, the run of the export is of {stated}",
            int(rows[0]),
            "charges of the run's month, dates written as 2026-10-31 or 10/31/2026, the month first",
            "deliver the export itself, not a copy saved by a spreadsheet, which may have put the day first",
        )


def _is_text(column: pa.Array) -> bool:
    kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _turned(text: str | None) -> str | None:
    """The text with day and month changed places; '' for one without slashes, which is no date of either."""
    if text is None:
        return None
    match = _SLASHES.fullmatch(text.strip())
    return f"{match[2]}/{match[1]}{match[3]}" if match else ""


def _days(line: Sequence[str | None]) -> _Days | None:
    day, first, last = line
    try:
        return day_as_written(day or ""), _day_or_none(first), _day_or_none(last)
    except ValueError:
        return None


def _day_or_none(text: str | None) -> date | None:
    return None if text is None else day_as_written(text)


def _fits(line: _Days, span: Span | None) -> bool:
    day, first, last = line
    if span is not None and not span[0] <= day <= span[1]:
        return False
    return first is None or first <= day <= (last or first + _LONGEST_PERIOD)


def _scattered(days: Sequence[date]) -> bool:
    """Whether several dates are one day of as many months: day first, they are days of one month."""
    distinct = set(days)
    return (
        len(distinct) >= _SEVERAL and len({day.day for day in distinct}) == 1 and len({day.year for day in days}) == 1
    )


def _fault(columns: Columns, row: int, text: str | None) -> ReadFault:
    return columns.fault(
        f"Date holds {text!r}, which month first is no day of its billing period, and day first is one",
        row,
        "a date such as 2026-10-31 or 10/31/2026, the month first",
        "this file has the day first: deliver the export itself, not a copy saved by a spreadsheet",
    )
