"""What a ledger file holds, read back from disk: sums by currency, by kind and by invoice."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from agent.billing.ledger.columns import COSTS, UNITS
from agent.billing.ledger.gathering import beyond_38_digits
from agent.billing.ledger.settling import Charges
from agent.billing.ledger.versions import KindSums
from agent.money import text_from_units
from agent.period import Period

_SUMS = ", ".join(f"sum({UNITS[cost]})::varchar" for cost in COSTS)
_CELLS = f"""
select x_Kind, BillingCurrency, ProviderName, InvoiceId, count(*), count(*) filter (x_BilledUnits <> 0), {_SUMS}
from read_parquet(?) group by all order by all
"""
Cell = tuple[str, str]
"""(kind or invoice id, currency)."""


@dataclass(frozen=True, slots=True)
class Contents:
    """Units of 1e-24. ``invoices`` holds BilledCost by invoice id, ``""`` for lines that name none."""

    totals: dict[str, dict[str, int]] = field(default_factory=dict)
    """Currency -> cost column -> units."""
    invoices: dict[str, dict[str, int]] = field(default_factory=dict)
    """Invoice id -> currency -> units."""
    charges: dict[str | None, Charges] = field(default_factory=dict)
    """ProviderName -> rows that cost something; the row of what rounding cut is nobody's charge."""
    _kinds: dict[Cell, tuple[int, int, int]] = field(default_factory=dict)

    def kinds(self) -> dict[str, KindSums]:
        """As the manifest has them: keyed ``usage``, or ``usage/EUR`` if currencies mix."""
        return {
            kind if len(self.totals) == 1 else f"{kind}/{currency}": KindSums(
                rows, text_from_units(billed), text_from_units(effective)
            )
            for (kind, currency), (rows, billed, effective) in sorted(self._kinds.items())
        }

    def invoice_texts(self) -> dict[str, dict[str, str]]:
        """``invoices`` as exact text, by id."""
        return {
            invoice: {currency: text_from_units(units) for currency, units in sorted(by_currency.items())}
            for invoice, by_currency in sorted(self.invoices.items())
        }

    def add(self, cell: tuple[Any, ...]) -> None:
        kind, currency, provider, invoice, rows, charged, *texts = cell
        units = dict(zip(COSTS, map(int, texts), strict=True))
        totals = self.totals.setdefault(currency, dict.fromkeys(COSTS, 0))
        for cost in COSTS:
            totals[cost] += units[cost]
        before = self._kinds.get((kind, currency), (0, 0, 0))
        more = (rows, units["BilledCost"], units["EffectiveCost"])
        self._kinds[kind, currency] = (before[0] + more[0], before[1] + more[1], before[2] + more[2])
        billed = self.invoices.setdefault(invoice or "", {})
        billed[currency] = billed.get(currency, 0) + units["BilledCost"]
        if kind != "rounding":
            known = self.charges.get(provider, Charges())
            told, open_ = (charged, 0) if invoice else (0, charged)
            self.charges[provider] = Charges(known.invoiced + told, known.open + open_)


def read_contents(files: Iterable[Path], period: Period) -> Contents:
    """Everything of the files as they stand on disk. Raises ``SourceError`` for sums beyond 38 digits."""
    found = Contents()
    with duckdb.connect() as connection:
        try:
            cells = connection.execute(_CELLS, [[str(path) for path in files]]).fetchall()
        except duckdb.OutOfRangeException as error:
            raise beyond_38_digits(period) from error
    for cell in cells:
        found.add(cell)
    return found
