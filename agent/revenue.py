"""Revenue by customer and month, from CSV: ``period,customer,amount,currency``, exact decimals."""

from collections.abc import Mapping
from dataclasses import dataclass

from agent.errors import InputError
from agent.money import MoneyFormatError, units_from_text
from agent.period import Period
from policies.faults import Fault, FaultsError
from policies.registry import Registry
from policies.table import Row, read_table

COLUMNS = ("period", "customer", "amount", "currency")


@dataclass(frozen=True, slots=True)
class Revenue:
    """Units of 1e-24 of ``currency``; several lines of one month and customer are summed."""

    currency: str
    rows: int
    """Lines of the file."""
    _known: Mapping[tuple[Period, str], int]
    _unknown: Mapping[tuple[Period, str], int]

    @property
    def periods(self) -> list[Period]:
        """Every month the file has a line of, in order of time."""
        return sorted({month for month, _ in (*self._known, *self._unknown)})

    def units(self, period: Period, customer: str) -> int | None:
        """The revenue of a registry id in a month; None where the file has no line of it."""
        return self._known.get((period, customer))

    def unknown_customers(self, period: Period) -> dict[str, int]:
        """Units by customer as written, of those that are no registry id; in bytewise order."""
        return {name: self._unknown[month, name] for month, name in sorted(self._unknown) if month == period}


def read_revenue(content: bytes, registry: Registry, currency: str, name: str = "revenue.csv") -> Revenue:
    """Reads the file; ``currency`` is the company's, and every line must be in it.

    Raises ``InputError`` naming the first line that is wrong. A negative amount (a credit note) is fine.
    """
    try:
        table = read_table(content, name, required=COLUMNS, allowed=COLUMNS)
    except FaultsError as error:
        raise InputError.of(error.faults) from error
    faults = list(table.faults)
    known: dict[tuple[Period, str], int] = {}
    unknown: dict[tuple[Period, str], int] = {}
    for row in table.rows:
        try:
            period, units = _period(row), _units(row, currency)
        except ValueError as error:
            faults.append(Fault(name, row.line, str(error)))
            continue
        customer = registry.fold(row["customer"])
        sums, key = (unknown, row["customer"]) if customer is None else (known, customer)
        sums[period, key] = sums.get((period, key), 0) + units
    if faults:
        raise InputError.of(sorted(faults, key=lambda fault: fault.line))
    return Revenue(currency, len(table.rows), known, unknown)


def _period(row: Row) -> Period:
    if not row["customer"]:
        raise ValueError("customer is empty")
    return Period.parse(row["period"])


def _units(row: Row, currency: str) -> int:
    if row["currency"] != currency:
        raise ValueError(f"currency {row['currency']!r} is not the company's, {currency}; currencies never mix")
    try:
        return units_from_text(row["amount"])
    except MoneyFormatError as error:
        raise ValueError(f"amount: {error}") from error
