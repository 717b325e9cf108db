"""Writes what customers used by day, and what they paid: drivers and revenue as plain CSV."""

from datetime import date
from pathlib import Path

from agent.demo.clock import PERIODS, noise
from agent.demo.tables import Customer

ZERO_DAY = date(2026, 10, 18)
"""The counter of API calls was down: every customer has 0."""
MISSING_DAY = date(2026, 10, 7)
"""No database statistics were kept."""
UNKNOWN = "legacy-batch"
"""A workload in the API statistics that belongs to no customer."""

_DATABASE_SHARE = {"enterprise": 150, "business": 110, "starter": 70, "free": 40, "": 60}
_WEEKEND = 780


def write_usage(folder: Path, customers: list[Customer], seed: int) -> list[Path]:
    """Writes ``api_calls.csv`` and ``db_seconds.csv`` (columns date, customer, quantity)."""
    folder.mkdir(parents=True, exist_ok=True)
    calls = [line for day in _days() for line in _calls(day, customers, seed)]
    seconds = [line for day in _days() if day != MISSING_DAY for line in _seconds(day, customers, seed)]
    return [_write(folder / "api_calls.csv", calls), _write(folder / "db_seconds.csv", seconds)]


def _days() -> list[date]:
    return [day for period in PERIODS for day in period.dates()]


def _write(path: Path, lines: list[str]) -> Path:
    path.write_text("".join(f"{line}\n" for line in ["date,customer,quantity", *lines]), encoding="utf-8")
    return path


def _level(customer: Customer, day: date, number: int, seed: int) -> int:
    """Use of one day in thousandths of the customer's weight."""
    factor = int(noise(seed, 500_000 + number * 97 + day.toordinal(), 1)[0])
    weekend = _WEEKEND if day.weekday() >= 5 else 1000
    growth = 1000 if day.month == 10 else 1_000_000 // customer.growth_permille
    return customer.weight * factor * weekend // 1000 * growth // 1000


def _calls(day: date, customers: list[Customer], seed: int) -> list[str]:
    down = day == ZERO_DAY
    lines = [
        f"{day},{customer.id},{0 if down else _level(customer, day, number, seed) * 3}"
        for number, customer in enumerate(customers)
        if customer.uses(day)
    ]
    return [*lines, f"{day},{UNKNOWN},{0 if down else 1_900_000}"]


def _seconds(day: date, customers: list[Customer], seed: int) -> list[str]:
    lines = []
    for number, customer in enumerate(customers):
        if customer.uses(day):
            hundredths = _level(customer, day, number + 1000, seed) * _DATABASE_SHARE[customer.tier] // 1000
            lines.append(f"{day},{customer.id},{hundredths // 100}.{hundredths % 100:02d}")
    return lines


def write_revenue(path: Path, customers: list[Customer]) -> Path:
    """Writes revenue by month and customer; one paying customer is missing in October."""
    lines = [
        f"{period},{customer.id},{customer.revenue[str(period)]},USD"
        for period in PERIODS
        for customer in customers
        if customer.revenue[str(period)]
    ]
    path.write_text("".join(f"{line}\n" for line in ["period,customer,amount,currency", *lines]), encoding="utf-8")
    return path
