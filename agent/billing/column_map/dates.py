"""Dates as an invoice writes them -> moments in UTC and the month they are of."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from agent.billing.reading.batch import Ints, Words
from agent.billing.reading.columns import Columns
from agent.billing.reading.moments import day_as_written
from agent.config.columns import DateForm, pattern_of

_DAY_LENGTH = len("2026-10-31")
_ISO_DAY = re.compile(r"\d{4}-\d\d-\d\d")


@dataclass(frozen=True, slots=True)
class Written:
    """A date as read: the ``day`` that the invoice means, the moment it begins, and whether it is a date alone."""

    day: date
    moment: datetime
    alone: bool


class Dates:
    """Reads the dates of one column map. A date alone is that day in UTC, whatever the zone."""

    def __init__(self, form: DateForm) -> None:
        self.form = form
        # NOTE: UTC needs no time zone data, which a small image may lack
        self._zone = UTC if form.timezone == "UTC" else ZoneInfo(form.timezone)
        self.expected = f"a date like {form.format}" if form.format else "a date such as 2026-10-31"

    def starts(self, columns: Columns, name: str) -> Ints:
        """Where each row begins, in microseconds."""
        return self._moments(columns, name, lambda written: written.moment)

    def ends(self, columns: Columns, start: str, end: str | None) -> Ints:
        """Where each row ends (exclusive). Without a column for it, after the form's ``length``."""
        if end is None:
            return self._moments(columns, start, self._after_length)
        return self._moments(columns, end, self._exclusive)

    def months(self, columns: Columns, name: str, form: str | None = None) -> Words:
        """The first day of the month of each row, as ISO text, by the calendar of the invoice."""

        def first(text: str) -> str | None:
            written = self.read(text, form)
            return None if written is None else str(written.day.replace(day=1))

        return columns.rewritten(name, first, "no date", f"a date like {form}" if form else self.expected).words(name)

    def read(self, text: str, form: str | None = None) -> Written | None:
        """A date; None where the text is none in ``form``, by default that of the map."""
        try:
            return self._read(text.strip(), form or self.form.format)
        except (ValueError, OverflowError):
            return None

    def _read(self, text: str, form: str | None) -> Written | None:
        if form is None:
            # NOTE: fromisoformat takes weeks too, and digits without dashes
            if _ISO_DAY.match(text) is None:
                return None
            if len(text) == _DAY_LENGTH:
                return _alone(day_as_written(text))
            found = datetime.fromisoformat(text)
        else:
            match = pattern_of(form).fullmatch(text)
            if match is None:
                return None
            parts = {part: int(number) for part, number in match.groupdict().items()}
            if "hour" not in parts:
                return _alone(date(parts["year"], parts["month"], parts.get("day", 1)))
            given = {"day": 1, **parts}
            found = datetime(**given)  # type: ignore[arg-type]  # noqa: DTZ001  # integers only; the zone follows
        local = found.replace(tzinfo=self._zone) if found.tzinfo is None else found.astimezone(self._zone)
        return Written(local.date(), local.astimezone(UTC), alone=False)

    def _moments(self, columns: Columns, name: str, moment: Callable[[Written], datetime | None]) -> Ints:
        def text_of(text: str) -> str | None:
            written = self.read(text)
            found = None if written is None else moment(written)
            return None if found is None else found.isoformat()

        return columns.rewritten(name, text_of, "no date", self.expected).moments(name)

    def _exclusive(self, written: Written) -> datetime | None:
        if not self.form.inclusive_end:
            return written.moment
        return written.moment + timedelta(days=1) if written.alone else None

    def _after_length(self, written: Written) -> datetime:
        if self.form.length == "day":
            return written.moment + timedelta(days=1)
        return _alone((written.day.replace(day=1) + timedelta(days=31)).replace(day=1)).moment


def _alone(day: date) -> Written:
    return Written(day, datetime.combine(day, time(), UTC), alone=True)
