"""Drivers: the kept files of each, read to whole quantities by day and consumer."""

import csv
import io
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_DOWN, Decimal
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from agent.verify.allocation.folding import folded
from agent.verify.allocation.network import named_pool
from agent.verify.allocation.people import People
from agent.verify.allocation.reading import Tree, text

_LISTING = re.compile(r"(?:[0-9a-f]{64}  [^\n]+\n)+")
_FINEST = Decimal(1).scaleb(-12)
"""A quantity is kept to twelve decimals."""
_HOURS = 24
_LIVE = ("prometheus", "datadog", "cloudwatch", "performance-insights", "sql")
"""Kinds whose answers are kept as ``usage.csv`` with ``about.json`` beside it."""
OPEX = "@opex"
UNKNOWN = "@unknown"
Weights = dict[str, int]


class Quantity(NamedTuple):
    """One row of a driver."""

    day: date
    hour: int | None
    customer: str
    quantity: Decimal
    key: str


@dataclass(frozen=True, slots=True)
class Usage:
    """One driver's valid days: absent, empty, negative and thinly covered days are not among them.

    Quantities are whole numbers of 1e-12. ``part`` is what a pool is split by first; all parts together are ``''``.
    """

    parts: Mapping[str, Mapping[date, Weights]]

    @property
    def consumers(self) -> set[str]:
        """Everyone it names on a valid day."""
        return {who for used in self.parts.get("", {}).values() for who in used}

    def between(self, start: date, end: date, part: str = "") -> Weights:
        """Quantities of the valid days from ``start`` to before ``end``."""
        sums: Weights = {}
        for day, used in self.parts.get(part, {}).items():
            if start <= day < end:
                for consumer, quantity in used.items():
                    sums[consumer] = sums.get(consumer, 0) + quantity
        return sums

    def totals(self, start: date, end: date, part: str = "") -> dict[date, int]:
        """The sum of each valid day on which there is any row of the part."""
        days = self.parts.get(part, {}).items()
        return {day: sum(used.values()) for day, used in days if start <= day < end}


class Consumers:
    """Who a driver's customer is: a listed pool, an id, the company itself, or unknown."""

    def __init__(self, people: People, pools: Sequence[str]) -> None:
        self._people = people
        self._pools = pools
        self.heir = people.heir
        """What a customer has become by a day."""

    def __call__(self, name: str) -> str:
        known = named_pool(name, self._pools) or self._people.known(name)
        return known or (OPEX if name.strip().casefold() == OPEX else UNKNOWN)


def read_usage(config: Tree, content: bytes, who: Consumers, other: Callable[[str], bytes]) -> Usage | str:
    """The driver that a kept file, or a listing of several, holds; as text, why it is not read here.

    ``who`` says what a customer as delivered is, see :class:`Consumers`; ``other`` gives the bytes at an address that a
    listing names.
    """
    files = _files(content, other)
    kind = text(config, "kind")
    if kind == "csv":
        rows = [row for _, file in files for row in _csv(file, hourly=text(config, "interval") == "hour")]
        return _usage(rows, who, hourly=text(config, "interval") == "hour")
    if kind == "parquet":
        rows = [row for _, file in files for row in _parquet(file, config)]
        return _usage(rows, who, hourly=text(config, "interval") == "hour")
    if kind in _LIVE:
        return _answered(dict(files), who)
    return f"kind {kind} is not read"


def _files(content: bytes, other: Callable[[str], bytes]) -> list[tuple[str, bytes]]:
    """The files by name: those of a listing, else the one."""
    try:
        listing = content.decode()
    except UnicodeDecodeError:
        return [("", content)]
    if _LISTING.fullmatch(listing) is None:
        return [("", content)]
    named = [line.split("  ", 1) for line in listing.splitlines()]
    return [(name, other(address)) for address, name in named]


def _answered(files: Mapping[str, bytes], who: Consumers) -> Usage:
    """What a live source answered: its rows, and how much of each day it saw."""
    about: dict[str, Any] = json.loads(files["about.json"])
    hourly = about["question"]["interval"] == "hour"
    seen = {date.fromisoformat(day): (int(n), int(of)) for day, (n, of) in about["coverage"].items()}
    return _usage(list(_csv(files["usage.csv"], hourly=hourly)), who, hourly=hourly, seen=seen)


def _csv(content: bytes, *, hourly: bool) -> Iterator[Quantity]:
    reader = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True)
    records = (record for record in reader if any(cell.strip() for cell in record))
    columns = [cell.strip() for cell in next(records)]
    at = [columns.index(name) for name in ("date", "customer", "quantity")]
    key = columns.index("key") if "key" in columns else None
    moments: dict[str, tuple[date, int | None]] = {}
    for record in records:
        moment, customer, quantity = (record[column] for column in at)
        if moment not in moments:
            moments[moment] = _moment(moment.strip(), hourly=hourly)
        part = record[key].strip() if key is not None else ""
        yield Quantity(*moments[moment], customer.strip(), _kept(quantity.strip()), part)


def _parquet(content: bytes, config: Tree) -> Iterator[Quantity]:
    hourly = text(config, "interval") == "hour"
    names = [text(config, f"{name}_column", name) for name in ("date", "customer", "quantity")]
    key = text(config, "key_column")
    table = pq.read_table(pa.BufferReader(content))
    key = key or ("key" if "key" in table.column_names else "")
    columns = [table[name].to_pylist() for name in names]
    keys = table[key].to_pylist() if key else [""] * len(table)
    for moment, customer, quantity, part in zip(*columns, keys, strict=True):
        yield Quantity(
            *_moment(moment, hourly=hourly),
            str(customer).strip(),
            _kept(repr(quantity) if isinstance(quantity, float) else str(quantity).strip()),
            str(part or "").strip(),
        )


def _moment(value: object, *, hourly: bool) -> tuple[date, int | None]:
    """The UTC day, and of an hourly driver the hour."""
    if isinstance(value, str):
        value = datetime.fromisoformat(value) if hourly else date.fromisoformat(value)
    if isinstance(value, datetime):
        moment = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
        return moment.date(), moment.hour if hourly else None
    if isinstance(value, date) and not hourly:
        return value, None
    raise TypeError(f"{value!r} is no moment of a driver")


def _kept(written: str) -> Decimal:
    number = Decimal(written)
    return number if number.is_zero() else number.quantize(_FINEST, rounding=ROUND_DOWN)


def _usage(
    rows: Sequence[Quantity],
    who: Consumers,
    *,
    hourly: bool,
    seen: Mapping[date, tuple[int, int]] | None = None,
) -> Usage:
    consumers = {name: who(name) for name in {row.customer for row in rows}}
    valid = _valid(rows, hourly=hourly, seen=seen or {})
    parts: dict[str, dict[date, Weights]] = {}
    named = {key: folded(key) for key in {row.key for row in rows}}
    for row in rows:
        if row.day in valid:
            consumer, quantity = who.heir(consumers[row.customer], row.day), whole(row.quantity)
            for part in {"", named[row.key]}:
                used = parts.setdefault(part, {}).setdefault(row.day, {})
                used[consumer] = used.get(consumer, 0) + quantity
    return Usage(parts)


def whole(quantity: Decimal) -> int:
    """A quantity in 1e-12; one scale for all drivers, so that a capacity and its use compare."""
    found = quantity.scaleb(12)
    if found != int(found):
        raise TypeError(f"the quantity {quantity} is finer than 1e-12")
    return int(found)


def _valid(rows: Iterable[Quantity], *, hourly: bool, seen: Mapping[date, tuple[int, int]]) -> set[date]:
    """Days with a total above zero, nothing negative, and nine tenths of their intervals."""
    totals: dict[date, Decimal] = {}
    least: dict[date, Decimal] = {}
    hours: dict[date, set[int | None]] = {}
    for row in rows:
        totals[row.day] = totals.get(row.day, Decimal(0)) + row.quantity
        least[row.day] = min(least.get(row.day, row.quantity), row.quantity)
        hours.setdefault(row.day, set()).add(row.hour)
    found = set()
    for day, total in totals.items():
        got, of = seen.get(day, (len(hours[day]), _HOURS) if hourly else (1, 1))
        if total > 0 and least[day] >= 0 and got * 10 >= of * 9:
            found.add(day)
    return found


def day_after(day: date) -> date:
    """The next day; the last of the calendar stays."""
    return day + timedelta(days=1) if day < date.max else day
