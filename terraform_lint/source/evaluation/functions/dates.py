"""Functions over timestamps (RFC 3339). Those that ask the clock are in ``outside.py``."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

from terraform_lint.source.evaluation.conversion import shown
from terraform_lint.source.evaluation.functions.registry import Family
from terraform_lint.source.evaluation.values import EvaluationError, Unknown, Value

DATES = Family()
_STAMP = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9})\d*)?(?:Z|([-+])(\d\d):(\d\d))", re.ASCII)
_DURATION = re.compile(r"(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)", re.ASCII)
_NANOSECONDS = {
    "ns": 1, "us": 1_000, "µs": 1_000, "μs": 1_000, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9,
}  # fmt: skip
_PIECE = re.compile(r"''|'(?:[^']|'')*'|([A-Za-z])\1*|[^A-Za-z']+|'")
_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def _moment(text: str) -> tuple[datetime, int]:
    """(To the second, nanoseconds beyond it)."""
    found = _STAMP.fullmatch(text)
    if found is None:
        raise EvaluationError(f"{shown(text)} is no timestamp such as 2026-01-31T10:00:00Z")
    *numbers, fraction, sign, hours, minutes = found.groups()
    zone = UTC
    try:
        if sign is not None:
            zone = timezone(int(f"{sign}1") * timedelta(hours=int(hours), minutes=int(minutes)))
        year, month, day, hour, minute, second = map(int, numbers)
        moment = datetime(year, month, day, hour, minute, second, tzinfo=zone)
    except ValueError as error:
        raise EvaluationError(f"{shown(text)} is no timestamp: {error}") from None
    return moment, int((fraction or "").ljust(9, "0"))


@DATES("timecmp", "text", "text")
def timecmp(one: str, other: str) -> Value:
    """-1 where the first is earlier, 0 where they are the same instant, else 1."""
    mine, yours = _moment(one), _moment(other)
    return Decimal((mine > yours) - (mine < yours))


@DATES("timeadd", "text", "text")
def timeadd(stamp: str, duration: str) -> Value:
    """A timestamp some time later, such as ``1h30m`` or ``-10m``."""
    moment, beyond = _moment(stamp)
    seconds = (beyond + _duration(duration)) // 10**9
    try:
        return _written(moment + timedelta(seconds=seconds))
    except OverflowError:
        return Unknown("timeadd() leaves the years 1 to 9999")


def _duration(text: str) -> int:
    plain = text.removeprefix("-") if text.startswith("-") else text.removeprefix("+")
    parts = _DURATION.findall(plain)
    if plain != "0" and (not parts or "".join(map("".join, parts)) != plain):
        raise EvaluationError(f"{shown(text)} is no duration such as 1h30m")
    nanoseconds = sum(int(Decimal(number) * _NANOSECONDS[unit]) for number, unit in parts)
    return -nanoseconds if text.startswith("-") else nanoseconds


def _written(moment: datetime) -> str:
    return f"{moment.year:04d}-{moment:%m-%dT%H:%M:%S}{_zone(moment, ':', 'Z')}"


def _zone(moment: datetime, colon: str, utc: str) -> str:
    offset = moment.utcoffset() or timedelta()
    if utc and not offset:
        return utc
    minutes = abs(int(offset.total_seconds())) // 60
    return f"{'-' if offset < timedelta() else '+'}{minutes // 60:02d}{colon}{minutes % 60:02d}"


@DATES("formatdate", "text", "text")
def formatdate(pattern: str, stamp: str) -> Value:
    """A timestamp written by a pattern such as ``DD MMM YYYY hh:mm ZZZ``."""
    moment = _moment(stamp)[0]
    return "".join(_piece(piece.group(), moment) for piece in _PIECE.finditer(pattern))


def _piece(piece: str, moment: datetime) -> str:
    if piece == "''":
        return "'"
    if piece.startswith("'"):
        if len(piece) == 1:
            raise EvaluationError("formatdate() finds a quote that is not closed")
        return piece[1:-1].replace("''", "'")
    if not (piece[0].isascii() and piece[0].isalpha()):
        return piece
    write = _VERBS.get(piece)
    if write is None:
        raise EvaluationError(f"formatdate() knows no {shown(piece)}")
    return write(moment)


_VERBS: dict[str, Callable[[datetime], str]] = {
    "YY": lambda moment: f"{moment.year % 100:02d}",
    "YYYY": lambda moment: f"{moment.year:04d}",
    "M": lambda moment: f"{moment.month}",
    "MM": lambda moment: f"{moment.month:02d}",
    "MMM": lambda moment: _MONTHS[moment.month - 1][:3],
    "MMMM": lambda moment: _MONTHS[moment.month - 1],
    "D": lambda moment: f"{moment.day}",
    "DD": lambda moment: f"{moment.day:02d}",
    "EEE": lambda moment: _DAYS[moment.weekday()][:3],
    "EEEE": lambda moment: _DAYS[moment.weekday()],
    "h": lambda moment: f"{moment.hour}",
    "hh": lambda moment: f"{moment.hour:02d}",
    "H": lambda moment: f"{moment.hour % 12 or 12}",
    "HH": lambda moment: f"{moment.hour % 12 or 12:02d}",
    "AA": lambda moment: "PM" if moment.hour >= 12 else "AM",
    "aa": lambda moment: "pm" if moment.hour >= 12 else "am",
    "m": lambda moment: f"{moment.minute}",
    "mm": lambda moment: f"{moment.minute:02d}",
    "s": lambda moment: f"{moment.second}",
    "ss": lambda moment: f"{moment.second:02d}",
    "Z": lambda moment: _zone(moment, ":", "Z"),
    "ZZZ": lambda moment: _zone(moment, "", "UTC"),
    "ZZZZ": lambda moment: _zone(moment, "", ""),
    "ZZZZZ": lambda moment: _zone(moment, ":", ""),
}
