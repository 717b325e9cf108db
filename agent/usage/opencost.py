"""Drivers from OpenCost: what each customer's pods would cost, as weights. No money of it enters the ledger.

Read from the CSV that OpenCost exports daily, and from answers of its allocation API (JSON, one window a day or hour).
What belongs to no customer keeps its weight as ``@unknown``: idle nodes (``__idle__``), unallocated cost, system
namespaces. Only what ``without`` names is left out, so that its cost is spread over the others.
"""

import csv
import io
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_DOWN, Context, Decimal, Inexact, InvalidOperation
from typing import Any

import pyarrow as pa

from agent.config.usage import ClusterCustomer, OpencostUsage
from agent.errors import InputError
from agent.usage.interface import ROWS, Driver, NamedContent

UNKNOWN = "@unknown"
"""The weight of what belongs to no customer; no customer's id begins so."""
FIELDS = {
    "TotalCost": ("totalCost",),
    "CPUCost": ("cpuCost", "cpuCostAdjustment"),
    "RAMCost": ("ramCost", "ramCostAdjustment"),
    "GPUCost": ("gpuCost", "gpuCostAdjustment"),
    "PVCost": ("pvCost", "pvCostAdjustment"),
    "NetworkCost": ("networkCost", "networkCostAdjustment"),
    "CPUCoreHours": ("cpuCoreHours",),
    "RAMByteHours": ("ramByteHours",),
    "GPUHours": ("gpuHours",),
    "PVByteHours": ("pvByteHours",),
}
"""A quantity as the CSV names it -> the fields of the API whose sum it is: the CSV's costs hold the adjustments."""
_EXACT = Context(prec=400, traps=[Inexact, InvalidOperation])
_CUT = Decimal(1).scaleb(-ROWS.field("quantity").type.scale)
_MOST = Decimal(10) ** (ROWS.field("quantity").type.precision - ROWS.field("quantity").type.scale)
_LABEL = "Label_"
_OWN_NAME = re.compile("__[a-z]+__")
Moment = tuple[date, int | None]


@dataclass(frozen=True, slots=True)
class Weight:
    """One allocation: when, in which namespace, with which labels, and how much."""

    moment: Moment
    namespace: str
    labels: Mapping[str, str]
    quantity: Decimal


@dataclass(slots=True)
class _Sums:
    """Weights by moment and customer, and the file that each moment came from."""

    config: OpencostUsage
    customer: Callable[[Weight], str]
    by_customer: dict[tuple[date, int, str], Decimal] = field(default_factory=dict)
    files: dict[Moment, str] = field(default_factory=dict)

    def add(self, weight: Weight, file: str) -> None:
        first = self.files.setdefault(weight.moment, file)
        if first != file:
            raise InputError(
                f"{first} and {file} both hold {_shown(weight.moment)}",
                where=file,
                expected="each day in one file",
                mend="remove one of them; together they would double the weights",
            )
        if weight.namespace in self.config.without:
            return
        day, hour = weight.moment
        key = day, -1 if hour is None else hour, self.customer(weight)
        self.by_customer[key] = _EXACT.add(self.by_customer.get(key, Decimal(0)), weight.quantity)

    def rows(self) -> pa.Table:
        """The sums, cut to the scale of a driver."""
        keys = sorted(self.by_customer)
        columns = {
            "date": [day for day, _, _ in keys],
            "hour": [None if hour < 0 else hour for _, hour, _ in keys],
            "customer": [customer for *_, customer in keys],
            "quantity": [self._cut(key) for key in keys],
            "key": [None] * len(keys),
        }
        return pa.table(columns, schema=ROWS)

    def _cut(self, key: tuple[date, int, str]) -> Decimal:
        quantity = self.by_customer[key]
        if abs(quantity) >= _MOST:
            raise InputError(f"the {self.config.quantity} of {key[2]} on {key[0]} is too large", where=self.config.name)
        return quantity.quantize(_CUT, ROUND_DOWN, Context(prec=60))


def read_files(config: OpencostUsage, files: Sequence[NamedContent]) -> Driver:
    """The driver that exports of one cluster, as (name, content), make together. Raises ``InputError``."""
    sums = _Sums(config, _customer(config.customer))
    for name, content in files:
        read = _json if content.lstrip()[:1] in (b"{", b"[") else _csv
        for weight in read(config, name, content):
            sums.add(weight, name)
    return Driver(config.name, config.interval, sums.rows())


def _customer(rule: ClusterCustomer) -> Callable[[Weight], str]:
    """Whose an allocation is: the label or the namespace, or what the pattern takes of it."""
    written = rule.namespace if rule.namespace is not None else rule.pattern
    pattern = None if written is None else re.compile(written)
    keys = () if rule.label is None else (rule.label, re.sub("[^0-9A-Za-z_]", "_", rule.label))

    def customer(weight: Weight) -> str:
        text = weight.namespace
        if keys:
            text = next((value for key in keys if (value := weight.labels.get(key))), "")
        if pattern is not None:
            found = pattern.search(text)
            text = "" if found is None else found[_meant(pattern)] or ""
        # NOTE: OpenCost's own names, such as __idle__, are nobody's id
        return text.strip() if text.strip() and not text.startswith(("__", "@")) else UNKNOWN

    return customer


def _meant(pattern: re.Pattern[str]) -> str | int:
    return "customer" if "customer" in pattern.groupindex else min(pattern.groups, 1)


def _csv(config: OpencostUsage, name: str, content: bytes) -> Iterator[Weight]:
    """The rows of OpenCost's CSV; a row twice is refused, since exports that were joined by hand would double it."""
    if config.interval == "hour":
        raise InputError("OpenCost's CSV is by day", where=name, expected="`interval: day`, or answers of its API")
    reader, header = _opened(name, content)
    wanted = ("Date", "Namespace", str(config.quantity))
    missing = [column for column in wanted if column not in header]
    if missing:
        raise InputError(
            f"columns are missing: {', '.join(missing)}", where=f"{name}:1", expected="OpenCost's CSV export"
        )
    seen: dict[tuple[str, ...], int] = {}
    for cells in _lines(reader, name):
        place = f"{name}:{reader.line_num}"
        if len(cells) != len(header):
            raise InputError(f"a row has {len(cells)} cells, the header has {len(header)}", where=place)
        row = dict(zip(header, cells, strict=True))
        quantity = _number(row[wanted[2]], wanted[2], place)
        if quantity and seen.setdefault(tuple(cells), reader.line_num) != reader.line_num:
            raise InputError(
                f"the row stands in line {seen[tuple(cells)]}, too", where=place, mend="is the file doubled?"
            )
        yield Weight((_day(row["Date"], place), None), row["Namespace"].strip(), _csv_labels(row, place), quantity)


def _opened(name: str, content: bytes) -> tuple[Any, list[str]]:
    try:
        reader = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True)
        return reader, next(reader, [])
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError("this is no CSV in UTF-8", where=name, expected="OpenCost's CSV export") from error


def _lines(reader: Any, name: str) -> Iterator[list[str]]:
    try:
        yield from filter(None, reader)
    except csv.Error as error:
        raise InputError(f"the file cannot be read as CSV: {error}", where=f"{name}:{reader.line_num}") from error


def _csv_labels(row: Mapping[str, str], place: str) -> dict[str, str]:
    labels = {
        column.removeprefix(_LABEL): value for column, value in row.items() if column.startswith(_LABEL) and value
    }
    if row.get("Labels"):
        try:
            found = json.loads(row["Labels"])
            labels |= {str(key): str(value) for key, value in found.items()}
        except (ValueError, AttributeError) as error:
            raise InputError("Labels is no JSON object", where=place) from error
    return labels


def _json(config: OpencostUsage, name: str, content: bytes) -> Iterator[Weight]:
    """The allocations of an answer of ``/allocation`` or ``/allocation/compute``, one set for each window."""
    try:
        answer = json.loads(content, parse_float=str, parse_int=str)
        sets = answer["data"]
        if str(answer.get("code", "200")) != "200" or not isinstance(sets, list):
            raise ValueError(answer.get("message"))  # noqa: TRY301  # told below like all that is no answer
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(
            "this is no answer of OpenCost's allocation API", where=name, expected='{"code": 200, "data": [...]}'
        ) from error
    for number, allocations in enumerate(sets):
        for key, allocation in sorted((allocations or {}).items()):
            place = f"{name}, data[{number}] {key!r}"
            try:
                yield _allocation(config, key, allocation, place)
            except (KeyError, TypeError, AttributeError) as error:
                raise InputError(f"an allocation without {error}", where=place) from error


def _allocation(config: OpencostUsage, key: str, allocation: Mapping[str, Any], place: str) -> Weight:
    properties = allocation.get("properties") or {}
    first, *others = FIELDS[str(config.quantity)]
    parts = [_number(allocation[first], first, place)]
    parts += [_number(allocation.get(part) or "0", part, place) for part in others]
    total = parts[0] if len(parts) == 1 else _EXACT.add(*parts)
    labels = (properties.get("namespaceLabels") or {}) | (properties.get("labels") or {})
    own = _OWN_NAME.search(key)
    namespace = str(properties.get("namespace") or (own[0] if own else key))
    moment = _window(config, allocation["window"], place)
    return Weight(moment, namespace, {str(name): str(value) for name, value in labels.items()}, total)


def _window(config: OpencostUsage, window: Mapping[str, str], place: str) -> Moment:
    """The day or hour that an allocation is of; it must be one, as ``step=1d`` or ``step=1h`` asks for."""
    step, length = ("1h", timedelta(hours=1)) if config.interval == "hour" else ("1d", timedelta(days=1))
    try:
        start, end = (datetime.fromisoformat(window[name]).astimezone(UTC) for name in ("start", "end"))
    except ValueError as error:
        raise InputError("its window is no pair of times", where=place) from error
    if end - start != length or start != start.replace(minute=0, second=0, microsecond=0):
        raise InputError(
            f"its window is {window['start']} to {window['end']}",
            where=place,
            expected=f"one UTC {config.interval}",
            mend=f"ask the API with step={step} and accumulate=false",
        )
    if config.interval == "hour":
        return start.date(), start.hour
    if start.hour:
        raise InputError(
            f"its day begins at {start:%H:%M} UTC", where=place, expected="days in UTC", mend="ask for whole UTC days"
        )
    return start.date(), None


def _number(text: object, name: str, place: str) -> Decimal:
    try:
        number = _EXACT.create_decimal(str(text).strip())
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        raise InputError(f"{name} {text!r} is not a number", where=place, expected="a plain decimal, such as 1.25")
    return number


def _day(text: str, place: str) -> date:
    try:
        return date.fromisoformat(text.strip())
    except ValueError as error:
        raise InputError(f"Date {text!r} is not a date", where=place, expected="YYYY-MM-DD") from error


def _shown(moment: Moment) -> str:
    day, hour = moment
    return str(day) if hour is None else f"{day} {hour:02d}:00 UTC"
