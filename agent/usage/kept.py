"""What a live driver answered, as it is kept: ``usage.csv``, canonical text, and ``about.json`` beside it.

The same answer gives the same bytes. A later answer is laid over the earlier one day by day: a day that was asked again
is replaced, unless less of it was seen than before; days that were not asked are carried over.
"""

import csv
import io
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from agent.config.usage import REACHED_BY, CsvUsage, LiveUsage
from agent.errors import InputError
from agent.period import Period
from agent.usage.csv import read_files
from agent.usage.interface import ROWS, Driver, NamedContent, Pulled

ROWS_FILE, ABOUT_FILE = "usage.csv", "about.json"
_ORDER = [("date", "ascending"), ("hour", "ascending"), ("customer", "ascending"), ("key", "ascending")]
_SHOWN = 5
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """Everything known of a live driver after it was asked. ``first`` and ``last``: the days ever asked, or None."""

    question: Json
    rows: pa.Table
    coverage: Mapping[date, tuple[int, int]] = field(default_factory=dict)
    method: str = ""
    notes: tuple[str, ...] = ()
    """Of the last answer alone."""
    first: date | None = None
    last: date | None = None
    replaced: Mapping[date, date] = field(default_factory=dict)
    """Day -> the last day of the question whose answer last changed it."""

    @property
    def last_day(self) -> date | None:
        """The last day with a row; None without any."""
        day: date | None = pc.max(self.rows["date"]).as_py()
        return day


def question(config: LiveUsage) -> Json:
    """What is asked, without how the server is reached: another question makes another driver, asked from the start."""
    said: Json = config.model_dump(mode="json", exclude_defaults=True)
    return {key: value for key, value in said.items() if key not in REACHED_BY} | {"interval": config.interval}


def nothing(config: LiveUsage) -> Answer:
    """What is known of a driver that never answered."""
    return Answer(question(config), ROWS.empty_table())


def days_to_ask(
    config: LiveUsage, before: Answer | None, start: date, today: date, closed: Callable[[Period], bool]
) -> tuple[date, date] | None:
    """The first and last day to ask; None where nothing is to be asked.

    ``start`` is where a driver without ``since`` begins; ``closed`` says of a month whether it is closed: its days are
    never asked again.
    """
    begin = config.since or start
    first = _again(config, before, begin) if before is not None and before.question == question(config) else begin
    while closed(Period.of(first)):
        first = Period.of(first).next.first_day
    last = today - timedelta(days=1)
    return (first, last) if first <= last else None


def _again(config: LiveUsage, before: Answer, begin: date) -> date:
    if before.last_day is None or (config.since is not None and before.first and config.since < before.first):
        return begin
    return max(before.last_day - timedelta(days=config.again_days), begin)


def laid_over(config: LiveUsage, before: Answer | None, pulled: Pulled, days: tuple[date, date]) -> Answer:
    """``before`` with the days of ``pulled`` in its place. What answered another question is left out."""
    first, last = days
    asked = question(config)
    earlier = before if before is not None and before.question == asked else nothing(config)
    _refuse_other_days(config, pulled, days)
    thinner = [day for day, seen in sorted(pulled.coverage.items()) if _less(seen, earlier.coverage.get(day))]
    taken = sorted(set(pulled.coverage) - set(thinner))
    old, new = _by_day(earlier.rows), _by_day(pulled.rows)
    changed = [day for day in taken if day in earlier.coverage and not _same(old.get(day), new.get(day))]
    rows = {day: held for day, held in old.items() if day not in set(taken)}
    rows |= {day: new[day] for day in taken if day in new}
    notes = [*pulled.notes, *_thinner(thinner, earlier, pulled)]
    return Answer(
        question=asked,
        rows=pa.concat_tables([ROWS.empty_table(), *(rows[day] for day in sorted(rows))]),
        coverage={**earlier.coverage, **{day: pulled.coverage[day] for day in taken}},
        method=pulled.method,
        notes=tuple(notes),
        first=min(first, earlier.first or first),
        last=max(last, earlier.last or last),
        replaced={**earlier.replaced, **dict.fromkeys(changed, last)},
    )


def _refuse_other_days(config: LiveUsage, pulled: Pulled, days: tuple[date, date]) -> None:
    first, last = days
    count = (last - first).days + 1
    wanted = {first + timedelta(days=offset) for offset in range(count)}
    if set(pulled.coverage) != wanted or not set(pulled.rows["date"].to_pylist()) <= wanted:
        raise InputError(
            f"usage {config.name!r}: the answer is about other days than were asked for", expected=f"{first} to {last}"
        )


def _less(seen: tuple[int, int], before: tuple[int, int] | None) -> bool:
    """Whether less of the day was seen than before: a server that has lost its samples does not unsay them."""
    return before is not None and seen[0] * before[1] < before[0] * seen[1]


def _by_day(rows: pa.Table) -> dict[date, pa.Table]:
    ordered = rows.sort_by(_ORDER)
    counts = ordered.group_by("date", use_threads=False).aggregate([([], "count_all")]).to_pylist()
    found, at = {}, 0
    for day in counts:
        found[day["date"]] = ordered.slice(at, day["count_all"])
        at += day["count_all"]
    return found


def _same(before: pa.Table | None, now: pa.Table | None) -> bool:
    if before is None or now is None:
        return before is now
    return bool(before.equals(now))


def _thinner(days: Sequence[date], earlier: Answer, pulled: Pulled) -> Iterable[str]:
    if days:
        day = days[0]
        seen, before = pulled.coverage[day], earlier.coverage[day]
        yield (
            f"{_listed(days)} {'is' if len(days) == 1 else 'are'} kept as answered before: less is seen now "
            f"({seen[0]} of {seen[1]} intervals of {day}, before {before[0]} of {before[1]})"
        )


def late(answer: Answer) -> Iterable[str]:
    """What to say of days that were answered differently when they were asked again."""
    if answer.replaced:
        days = sorted(answer.replaced)
        most = max((through - day).days for day, through in answer.replaced.items())
        count = f"{len(days)} day{'s' if len(days) != 1 else ''}"
        yield f"late samples: {count} changed when asked again, up to {most} days later: {_listed(days)}"


def _listed(days: Sequence[date]) -> str:
    more = f" and {len(days) - _SHOWN} more" if len(days) > _SHOWN else ""
    return ", ".join(map(str, days[:_SHOWN])) + more


def written(config: LiveUsage, answer: Answer) -> list[NamedContent]:
    """The two files of an answer. Raises ``InputError`` for rows that cannot be read back as they are."""
    files = [(ABOUT_FILE, _about(answer)), (ROWS_FILE, _text(config, answer.rows))]
    read_back(config, [(f"usage {config.name}/{name}", content) for name, content in files])
    return files


def _text(config: LiveUsage, rows: pa.Table) -> bytes:
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(("date", "customer", "quantity", "key"))
    hourly = config.interval == "hour"
    for row in rows.to_pylist():
        moment = f"{row['date']}T{row['hour']:02d}:00:00Z" if hourly else str(row["date"])
        quantity = f"{row['quantity']:f}"
        plain = quantity.rstrip("0").rstrip(".") if "." in quantity else quantity
        table.writerow((moment, row["customer"], plain, row["key"] or ""))
    return text.getvalue().encode()


def _about(answer: Answer) -> bytes:
    asked = {"first": str(answer.first), "last": str(answer.last)} if answer.last is not None else None
    content = {
        "version": 1,
        "question": answer.question,
        "asked": asked,
        "method": answer.method,
        "notes": list(answer.notes),
        "replaced": {str(day): str(through) for day, through in sorted(answer.replaced.items())},
        "coverage": {str(day): list(seen) for day, seen in sorted(answer.coverage.items())},
    }
    lines = [f"{json.dumps(key)}: {_json(value)}" for key, value in content.items()]
    return ("{\n" + ",\n".join(lines) + "\n}\n").encode()


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def read_back(config: LiveUsage, files: Sequence[NamedContent]) -> Answer:
    """The answer that :func:`written` wrote. Raises ``InputError``."""
    contents = {name.rsplit("/", 1)[-1]: (name, content) for name, content in files}
    try:
        about = json.loads(contents[ABOUT_FILE][1])
        asked = about["asked"] or {"first": None, "last": None}
        rows = read_files(_as_csv(config, about["question"]), [contents[ROWS_FILE]]).rows
        return Answer(
            question=about["question"],
            rows=rows,
            coverage={date.fromisoformat(day): (seen, of) for day, (seen, of) in about["coverage"].items()},
            method=about["method"],
            notes=tuple(about["notes"]),
            first=date.fromisoformat(asked["first"]) if asked["first"] else None,
            last=date.fromisoformat(asked["last"]) if asked["last"] else None,
            replaced={date.fromisoformat(day): date.fromisoformat(by) for day, by in about["replaced"].items()},
        )
    except (KeyError, TypeError, ValueError) as error:
        where = files[0][0] if files else ""
        raise InputError(
            f"usage {config.name!r}: what was kept of its answers cannot be read", where=where, mend="apportion ingest"
        ) from error


def _as_csv(config: LiveUsage, asked: Json) -> CsvUsage:
    """Read at the interval it was asked at, whatever is configured now."""
    return CsvUsage(name=config.name, kind="csv", location=ROWS_FILE, interval=asked["interval"])


def driver(config: LiveUsage, files: Sequence[NamedContent]) -> Driver:
    """The kept answer as a driver. Raises ``InputError``, also for one that answers another question than is asked now.

    NOTE: a changed question is asked at the next ingest; until then its weights would be of another thing.
    """
    answer = read_back(config, files)
    if answer.question != question(config):
        raise InputError(f"the driver {config.name!r} was asked something else before", mend="run apportion ingest")
    notes = (*answer.notes, *late(answer))
    return Driver(config.name, config.interval, answer.rows, answer.coverage, answer.method, notes)
