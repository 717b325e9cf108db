"""The drill-down's data: each customer's classes, pools and days, compact enough to stand inside the page.

Cents are whole numbers that foot: days sum to their class, classes to the cents of Cost in the customers' table, pools
to the shared class. Days are base-36 words in one string per class, which keeps 5,000 customers to a few megabytes.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from agent.margins.records import CLASSES, CustomerLine, PeriodReport
from agent.money import text_from_units
from reports.breakdown import CLASS_NAMES
from reports.customers import PARTS
from reports.figures import continued

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
Days = dict[str, dict[date, int]]


@dataclass(frozen=True, slots=True)
class Drill:
    """Units of one customer by class and day, and by pool."""

    days: Days
    pools: dict[str, int]


def page_data(report: PeriodReport) -> str:
    """JSON that is safe inside a ``script`` element of type ``application/json``."""
    days = sorted({row.day for row in report.drill})
    drills = _by_customer(report)
    customers: dict[str, object] = {}
    before = 0
    for line in report.customers:
        customers[line.customer] = _customer(line, drills.get(line.customer, Drill({}, {})), days, before)
        before += line.cost
    data = {
        "currency": report.summary.currency,
        "days": [day.isoformat() for day in days],
        "classes": [[cls, CLASS_NAMES[cls]] for cls in CLASSES],
        "parts": [heading for _, heading, _ in PARTS],
        "customers": customers,
    }
    return inert(json.dumps(data, ensure_ascii=False, separators=(",", ":")))


def inert(text: str) -> str:
    """JSON whose strings can end no element, open no comment and break no line."""
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text


def _by_customer(report: PeriodReport) -> dict[str, Drill]:
    drills: dict[str, Drill] = defaultdict(lambda: Drill(defaultdict(lambda: defaultdict(int)), defaultdict(int)))
    for row in report.drill:
        drill = drills[row.customer]
        drill.days[row.cls][row.day] += row.effective
        if row.cls == "shared":
            drill.pools[row.pool] += row.effective
    return drills


def _customer(line: CustomerLine, drill: Drill, days: Sequence[date], before: int) -> dict[str, object]:
    """``p``: parts as [cents, exact] or 0; ``o``: pools as [name, cents, exact]; ``d``: days by class."""
    parts = [int(getattr(line, key)) for key, _, _ in PARTS]
    cut = continued(before, parts)
    pools = sorted(drill.pools.items())
    pool_cents = continued(before + line.direct, [units for _, units in pools])
    return {
        "p": [[cents_of(text), text_from_units(units)] if units else 0 for text, units in zip(cut, parts, strict=True)],
        "o": [
            [name, cents_of(text), text_from_units(units)]
            for (name, units), text in zip(pools, pool_cents, strict=True)
        ],
        "d": _days(drill.days, days, before),
    }


def _days(by_class: Days, days: Sequence[date], before: int) -> dict[str, str]:
    found = {}
    for cls in CLASSES:
        if cls not in by_class:
            continue
        units = [by_class[cls].get(day, 0) for day in days]
        found[cls] = _words(cents_of(text) for text in continued(before, units))
        before += sum(units)
    return found


def cents_of(text: str) -> int:
    """Whole cents of a text with exactly two decimals."""
    return int(text.replace(".", ""))


def _words(numbers: Iterable[int]) -> str:
    return " ".join(base36(number) if number else "" for number in numbers)


def base36(number: int) -> str:
    """A whole number in base 36, as JavaScript's ``parseInt(text, 36)`` reads it."""
    digits = ""
    rest = abs(number)
    while rest:
        rest, digit = divmod(rest, 36)
        digits = _DIGITS[digit] + digits
    return ("-" if number < 0 else "") + (digits or "0")
