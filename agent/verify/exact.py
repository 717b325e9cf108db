"""Exact decimal arithmetic: nothing is ever rounded, what cannot be exact raises ``decimal.Inexact``."""

import decimal
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

EXACT = decimal.Context(
    prec=2000,
    traps=[decimal.Inexact, decimal.InvalidOperation, decimal.Overflow, decimal.DivisionByZero],
)
"""Wide enough for the sum of any doubles; a sum that would still need rounding raises."""
UNIT = Decimal("1e-24")
NULLS = frozenset({"", "null", "none"})
ZERO = Decimal(0)

Costs = dict[str, tuple[Decimal, Decimal]]
"""Currency -> (BilledCost, EffectiveCost)."""


@dataclass(frozen=True, slots=True)
class FileSums:
    """Rows of the period in one file, and their sums by currency.

    ``left_out``: the cost as written of ``left_out_rows`` among them, which another file states too.
    """

    rows: int
    costs: Costs
    left_out_rows: int = 0
    left_out: dict[str, Decimal] = field(default_factory=dict)


def number(value: object) -> Decimal:
    """A cell of a raw file: text, double (by its shortest text), decimal or integer. Nulls are zero."""
    if value is None:
        return ZERO
    if isinstance(value, float):
        return Decimal(repr(value))
    if isinstance(value, str):
        text = value.strip()
        return ZERO if text.casefold() in NULLS else Decimal(text)
    if isinstance(value, int | Decimal):
        return Decimal(value)
    raise TypeError(f"not a number: {value!r}")


def plain(value: Decimal) -> str:
    """Exact text without exponent and without trailing zeros."""
    if not value:
        return "0"
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def brief(value: Decimal) -> str:
    """The same, but for what is below a unit, of which the first digits are enough: ``4.56789E-28``."""
    if not value or abs(value) >= UNIT:
        return plain(value)
    first = decimal.Context(prec=12, rounding=decimal.ROUND_DOWN).plus(value)
    mantissa = f"{first:E}".partition("E")[0]
    mantissa = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
    return f"{mantissa}{'…' if first != value else ''}E{value.adjusted()}"


def month(value: object) -> str:
    """``YYYY-MM`` of a date, a timestamp or one of the texts providers write; raises ``ValueError`` otherwise.

    A text counts as written, whatever its zone: midnight in the provider's zone begins the provider's month.
    """
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC) if value.tzinfo else value:%Y-%m}"
    if isinstance(value, date):
        return f"{value:%Y-%m}"
    text = str(value).strip().removesuffix("UTC").rstrip()
    if "/" in text:
        number_of_month, day, year = text.split()[0].split("/")
        return f"{date(int(year), int(number_of_month), int(day)):%Y-%m}"
    return f"{datetime.fromisoformat(text):%Y-%m}"


class Month:
    """Tells the rows of one billing period; each distinct start is read once."""

    def __init__(self, period: str) -> None:
        self._period = period
        self._known: dict[object, bool] = {}

    def holds(self, start: object) -> bool:
        """Whether a BillingPeriodStart lies in the period."""
        if start not in self._known:
            self._known[start] = month(start) == self._period
        return self._known[start]


def add(sums: Costs, other: Costs) -> Costs:
    """Both, currency by currency."""
    nothing = (ZERO, ZERO)
    pairs = {key: (sums.get(key, nothing), other.get(key, nothing)) for key in {**sums, **other}}
    return {key: (a[0] + b[0], a[1] + b[1]) for key, (a, b) in pairs.items()}


def total(parts: Iterable[Costs]) -> Costs:
    """The sum of all parts, currency by currency."""
    sums: Costs = {}
    for part in parts:
        sums = add(sums, part)
    return sums


def sha256(path: Path) -> str:
    """Of the file's bytes, as lower-case hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
