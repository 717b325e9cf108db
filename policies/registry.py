"""The customer registry: who can be charged, from when to when, and under which names they are known."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Literal, cast

from policies.faults import Fault, FaultsError
from policies.nearest import NearestIndex, did_you_mean
from policies.table import Row, iso_date, read_table
from policies.tags import fold_value

COLUMNS = ("id", "name", "kind", "tier", "plan", "segment", "cohort", "parent", "start", "end", "successor")
Kind = Literal["paying", "free", "trial", "internal"]
KINDS: tuple[Kind, ...] = ("paying", "free", "trial", "internal")
_EXCEL = re.compile(r"\d\.\d+E\+\d+")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029]")
"""Control characters other than the line feed, which a quoted id may hold."""


@dataclass(frozen=True, slots=True)
class Customer:
    """One dated row of customers.csv; an id may have several, which do not overlap.

    ``start`` and ``end`` are inclusive; None is open. Empty text is unknown, but ``name`` falls back to the id and
    ``cohort`` to the month of the customer's first start.
    """

    id: str
    name: str
    kind: Kind
    tier: str
    plan: str
    segment: str
    cohort: str
    parent: str
    start: date | None
    end: date | None
    successor: str = ""
    """The customer that this one merged into: what names it on days after ``end`` is the successor's."""

    def covers(self, day: date) -> bool:
        """Whether ``day`` lies inside the dates, both ends included."""
        return (self.start is None or self.start <= day) and (self.end is None or day <= self.end)

    def days_away(self, day: date) -> int:
        """Days between ``day`` and this row's dates; 0 inside."""
        if self.start is not None and day < self.start:
            return (self.start - day).days
        return (day - self.end).days if self.end is not None and day > self.end else 0


class Registry:
    """All customers. Built from rows that hold no contradictions: see :func:`read_registry`."""

    def __init__(self, customers: Iterable[Customer]) -> None:
        by_id: dict[str, list[Customer]] = {}
        for customer in customers:
            by_id.setdefault(customer.id, []).append(customer)
        self.ids: tuple[str, ...] = tuple(sorted(by_id))
        """Every id once, in bytewise order (code points sort as their UTF-8 does)."""
        self._rows = {known: tuple(sorted(by_id[known], key=_first_day)) for known in self.ids}
        self.customers: tuple[Customer, ...] = tuple(row for known in self.ids for row in self._rows[known])
        """Every dated row, by id, then by start."""
        self._folded = {fold_value(known): known for known in self.ids}

    def rows(self, customer: str) -> tuple[Customer, ...]:
        """The dated rows of an id, oldest first; ``KeyError`` for an unknown id."""
        return self._rows[customer]

    @cached_property
    def mergers(self) -> tuple[tuple[str, date, str], ...]:
        """(id, its last day, its successor) of every customer that merged into another, by id."""
        return tuple((row.id, row.end, row.successor) for row in self.customers if row.successor and row.end)

    def heir(self, customer: str, day: date) -> str:
        """The customer that ``customer`` has become by ``day``: itself, unless it merged into another before."""
        if not self.mergers:
            return customer
        return next((heir for old, ended, heir in self.mergers if old == customer and ended < day), customer)

    def valid_on(self, customer: str, day: date) -> Customer:
        """The row valid on ``day``, else the one nearest in time (of two equally near, the earlier)."""
        return min(self._rows[customer], key=lambda row: row.days_away(day))

    def shown(self, customer: str, day: date) -> Customer:
        """The row of the last active day up to ``day``; the first row of a customer that has yet to start."""
        begun = [row for row in self._rows[customer] if row.start is None or row.start <= day]
        return begun[-1] if begun else self._rows[customer][0]

    def active(self, customer: str, day: date) -> bool:
        """Whether ``day`` lies inside the dates of one of the rows."""
        return any(row.covers(day) for row in self._rows[customer])

    def fold(self, value: str) -> str | None:
        """The id that ``value`` spells, case and outer space aside; None for no id."""
        return self._folded.get(fold_value(value))

    def nearest(self, value: str) -> str | None:
        """The id a mistyped ``value`` was probably meant to be."""
        return self._index.find(value)

    @cached_property
    def _index(self) -> NearestIndex:
        return NearestIndex(self.ids)


def _first_day(row: Customer) -> date:
    return row.start or date.min


def read_registry(source: Path | bytes, name: str = "customers.csv") -> Registry:
    """Reads customers.csv; only the column ``id`` is required. Raises ``FaultsError`` with every fault and its line.

    ``name`` stands in the messages. RFC 4180 quoting: an id may hold quotes, commas and line feeds.
    """
    content = source.read_bytes() if isinstance(source, Path) else source
    table = read_table(content, name, required=("id",), allowed=COLUMNS)
    faults = list(table.faults)
    read = [_customer(row, name, faults) for row in table.rows]
    rows = [(row.line, customer) for row, customer in zip(table.rows, read, strict=True) if customer.id]
    faults += [*_folded_twice(rows, name), *_overlaps(rows, name), *_parents(rows, name), *_successors(rows, name)]
    if not table.rows and not faults:
        faults.append(Fault(name, 0, "no customer is listed"))
    if faults:
        raise FaultsError(sorted(faults, key=lambda fault: fault.line))
    return Registry(_with_cohorts([customer for _, customer in rows]))


def _customer(row: Row, name: str, faults: list[Fault]) -> Customer:
    def fault(message: str) -> None:
        faults.append(Fault(name, row.line, message))

    identity, kind = row["id"], row["kind"].casefold() or "paying"
    if problem := _wrong_id(identity):
        fault(problem)
    if kind not in KINDS:
        fault(f"kind {row['kind']!r} is not one of {', '.join(KINDS)}{did_you_mean(kind, KINDS)}")
    start, end = (_date(row[column], column, fault) for column in ("start", "end"))
    if start and end and end < start:
        fault(f"end {end} lies before start {start}")
    if row["successor"] and not end:
        fault(f"successor {row['successor']!r} needs end, the last day on which {identity!r} was a customer of its own")
    texts = {column: row[column] for column in ("tier", "plan", "segment", "cohort", "parent", "successor")}
    known = cast("Kind", kind)
    return Customer(id=identity, name=row["name"] or identity, kind=known, start=start, end=end, **texts)


def _wrong_id(identity: str) -> str:
    if not identity:
        return "id is empty"
    if identity.startswith("@"):
        return f"id {identity!r} starts with '@', which is reserved for rows such as @unallocated"
    if _CONTROL.search(identity):
        return f"id {identity!r} holds a control character"
    if _EXCEL.fullmatch(identity):
        return f"id {identity!r} looks like a number a spreadsheet has shortened; write the id in full, as text"
    return ""


def _date(text: str, column: str, fault: Callable[[str], None]) -> date | None:
    if not text:
        return None
    found = iso_date(text)
    if found is None:
        fault(f"{column} {text!r} is not a date; write it as YYYY-MM-DD")
    return found


Numbered = Sequence[tuple[int, Customer]]


def _folded_twice(rows: Numbered, name: str) -> list[Fault]:
    first: dict[str, tuple[int, str]] = {}
    faults = []
    for line, customer in rows:
        seen, known = first.setdefault(fold_value(customer.id), (line, customer.id))
        if known != customer.id:
            faults.append(Fault(name, line, f"id {customer.id!r} and {known!r} (line {seen}) are the same id in bills"))
    return faults


def _overlaps(rows: Numbered, name: str) -> list[Fault]:
    by_id: dict[str, list[tuple[int, Customer]]] = {}
    for line, customer in rows:
        by_id.setdefault(customer.id, []).append((line, customer))
    faults = []
    for known, dated in by_id.items():
        dated.sort(key=lambda item: _first_day(item[1]))
        for (line, before), (later, after) in pairwise(dated):
            if before.end is None or _first_day(after) <= before.end:
                message = f"id {known!r} is listed on line {min(line, later)} too, and the dates overlap"
                faults.append(Fault(name, max(line, later), message))
    return faults


def _parents(rows: Numbered, name: str) -> list[Fault]:
    ids = {customer.id for _, customer in rows}
    above: dict[str, set[str]] = {}
    faults = []
    for line, customer in rows:
        if customer.parent and customer.parent not in ids:
            faults.append(Fault(name, line, f"parent {customer.parent!r} is not an id of this file"))
        elif customer.parent:
            above.setdefault(customer.id, set()).add(customer.parent)
    for line, customer in rows:
        if customer.parent and customer.id in _ancestors(customer.parent, above):
            faults.append(Fault(name, line, f"{customer.id!r} is its own ancestor, through parent {customer.parent!r}"))
    return faults


def _successors(rows: Numbered, name: str) -> list[Fault]:
    """A customer merges once, on the last of its rows, into one that is there the day after and merges into nobody."""
    merged = {customer.id: line for line, customer in rows if customer.successor}
    by_id: dict[str, list[Customer]] = {}
    for _, customer in rows:
        by_id.setdefault(customer.id, []).append(customer)
    faults = []
    for line, customer in rows:
        if customer.successor and customer.end:
            wrong = _wrong_successor(customer, customer.end, by_id, merged)
            faults += [Fault(name, line, f"successor {customer.successor!r} {wrong}")] if wrong else []
    return faults


def _wrong_successor(customer: Customer, end: date, by_id: dict[str, list[Customer]], merged: dict[str, int]) -> str:
    heir, after = customer.successor, end + timedelta(days=1) if end < date.max else end
    if heir not in by_id:
        return "is not an id of this file"
    if heir == customer.id:
        return "is the customer itself"
    if heir in merged:
        return f"has a successor itself (line {merged[heir]}): name the one that is left"
    if any(_first_day(row) > end for row in by_id[customer.id]):
        return f"stands on a row that is not the last one of {customer.id!r}"
    return "" if any(row.covers(after) for row in by_id[heir]) else f"is no customer on {after}, the day after end"


def _ancestors(start: str, above: dict[str, set[str]]) -> set[str]:
    found, open_ = {start}, [start]
    while open_:
        new = above.get(open_.pop(), set()) - found
        found |= new
        open_ += new
    return found


def _with_cohorts(rows: Sequence[Customer]) -> list[Customer]:
    starts: dict[str, date] = {}
    for row in rows:
        starts[row.id] = min(starts.get(row.id, date.max), _first_day(row))
    months = {known: "" if start == date.min else f"{start:%Y-%m}" for known, start in starts.items()}
    return [row if row.cohort else replace(row, cohort=months[row.id]) for row in rows]
