"""Cells of a file of usage -> rows of a driver; shared by the kinds that hold one row for each customer and moment."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import ROUND_DOWN, Context, Decimal
from typing import Literal, TypeVar

import pyarrow as pa
import pyarrow.compute as pc

from agent.usage.interface import ROWS
from policies.table import iso_date

_QUANTITY = ROWS.field("quantity").type
PLACES = int(_QUANTITY.scale)
"""Decimals of a quantity that are kept."""
MOST = Decimal(10) ** (_QUANTITY.precision - PLACES)
"""Quantities are below this, either side of zero."""
_CUT = Decimal(1).scaleb(-PLACES)
_NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?$"
_SHORT = r"^[+-]?\d{1,20}(\.\d{0,12})?$"
_LONG = r"^([+-]?\d{1,20}\.\d{12})\d+$"
_FINER = r"^[+-]?\d{1,20}\.\d{12}\d*[1-9]\d*$"
_ENOUGH = Context(prec=2_000)
Moment = tuple[date, int | None]
"""A UTC day, and its hour of an hourly driver."""
Parsed = TypeVar("Parsed")


class BadRow(Exception):
    """Row ``at`` of a driver (from 0, headers not counted, files in order) is wrong."""

    def __init__(self, at: int, message: str, expected: str = "", mend: str = "") -> None:
        super().__init__(message)
        self.at, self.message, self.expected, self.mend = at, message, expected, mend


def each(column: pa.ChunkedArray, parse: Callable[[str], Parsed]) -> tuple[list[Parsed], pa.Array]:
    """The distinct texts of a column, parsed, and each row's place among them."""
    coded = column.combine_chunks().dictionary_encode()
    parsed: list[Parsed] = []
    for code, text in enumerate(coded.dictionary.to_pylist()):
        try:
            parsed.append(parse(text.strip()))
        except BadRow as bad:
            # NOTE: texts are numbered as they first appear, so this is the first wrong row of the column
            at = pc.index(coded.indices, code).as_py()
            raise BadRow(at, bad.message, bad.expected) from bad
    return parsed, coded.indices


def moments(column: pa.ChunkedArray, interval: Literal["day", "hour"]) -> tuple[pa.Array, pa.Array]:
    """Texts as UTC days and hours (null of a daily driver). Raises :class:`BadRow`."""
    found, places = each(column, _hour if interval == "hour" else _day)
    days = pa.array([day for day, _ in found], pa.date32())
    hours = pa.array([hour for _, hour in found], pa.int8())
    return days.take(places), hours.take(places)


def _day(text: str) -> Moment:
    if (day := iso_date(text)) is not None:
        return day, None
    if iso_date(text[:10]) is not None:
        raise BadRow(0, f"date {text!r} has a time of day", "YYYY-MM-DD, a UTC day; `interval: hour` takes times")
    raise BadRow(0, f"date {text!r} is not a date", "YYYY-MM-DD, for example 2026-10-01")


def _hour(text: str) -> Moment:
    expected = "a date and time, for example 2026-10-01T05:00:00Z; without an offset it is UTC"
    if iso_date(text) is not None:
        raise BadRow(0, f"date {text!r} has no time of day", expected)
    try:
        moment = datetime.fromisoformat(text)
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise BadRow(0, f"date {text!r} is not a date and time", expected) from error
    return moment.date(), moment.hour


def customers(column: pa.ChunkedArray) -> pa.Array:
    """Texts, trimmed; an empty one is a :class:`BadRow`."""
    names, places = each(column, _customer)
    return pa.array(names, pa.string()).take(places)


def _customer(text: str) -> str:
    if not text:
        raise BadRow(0, "customer is empty", "an id of customers.csv")
    return text


def keys(column: pa.ChunkedArray) -> pa.Array:
    """Texts, trimmed; an empty one is null."""
    trimmed = pc.utf8_trim_whitespace(column.combine_chunks())
    return pc.if_else(pc.equal(trimmed, ""), pa.scalar(None, pa.string()), trimmed)


def exact_quantities(column: pa.ChunkedArray) -> pa.Array:
    """Texts as exact decimals of scale 12; :class:`BadRow` for one that is finer. One may be negative."""
    return _quantities(column, cutting=False)[0]


def cut_quantities(column: pa.ChunkedArray) -> tuple[pa.Array, int]:
    """Texts as decimals of scale 12, cut towards zero, and how many of them were cut."""
    return _quantities(column, cutting=True)


def _quantities(column: pa.ChunkedArray, *, cutting: bool) -> tuple[pa.Array, int]:
    texts = pc.utf8_trim_whitespace(column.combine_chunks())
    wrong = pc.index(pc.match_substring_regex(texts, _NUMBER), value=False).as_py()
    if wrong >= 0:
        raise BadRow(wrong, f"quantity {texts[wrong].as_py()!r} is not a number", "a plain decimal, such as 1200.5")
    finer = 0
    if cutting:
        finer = pc.sum(pc.match_substring_regex(texts, _FINER)).as_py() or 0
        texts = pc.replace_substring_regex(texts, _LONG, r"\1")
    # NOTE: Arrow's cast is exact for these shapes only; of others it may be silent: '9e-115' becomes zero (pyarrow 26)
    short = pc.match_substring_regex(texts, _SHORT)
    if pc.all(short).as_py():
        return pc.cast(texts, _QUANTITY), finer
    read: list[Decimal] = []
    others = texts.filter(pc.invert(short)).to_pylist()
    rows = pc.indices_nonzero(pc.invert(short))
    for row, text in zip(rows.to_pylist(), others, strict=True):
        whole = Decimal(text)
        kept = cut(whole)
        if kept is None or (kept != whole and not cutting):
            raise BadRow(row, f"quantity {text!r} does not fit", "at most 26 digits before and 12 after the point")
        read.append(kept)
        finer += kept != whole
    plain = pc.cast(pc.if_else(short, texts, pa.scalar("0")), _QUANTITY)
    return pc.replace_with_mask(plain, pc.invert(short), pa.array(read, _QUANTITY)), finer


def cut(quantity: Decimal) -> Decimal | None:
    """A quantity cut towards zero to the decimals that are kept; None for NaN, infinities and more than 26 digits."""
    if not quantity.is_finite() or abs(quantity) >= MOST:
        return None
    return quantity.quantize(_CUT, ROUND_DOWN, _ENOUGH)


def refuse_doubles(rows: pa.Table, mend: str = "is the file, or a part of it, doubled?") -> None:
    """Raises :class:`BadRow` at the second row of a (date, hour, customer, key)."""
    key = ["date", "hour", "customer", "key"]
    if len(rows.group_by(key).aggregate([])) == len(rows):
        return
    found = list(zip(*(rows[name].to_pylist() for name in key), strict=True))
    first: dict[tuple[object, ...], int] = {}
    at = next(at for at, row in enumerate(found) if first.setdefault(row, at) != at)
    day, hour, customer, part = found[at]
    moment = day if hour is None else f"{day} {hour:02d}:00 UTC"
    problem = f"a second row for {customer!r} on {moment}" + (f" in {part!r}" if part is not None else "")
    raise BadRow(at, problem, mend=mend)
