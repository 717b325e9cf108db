"""The ledger's rows once more: BilledCost by invoice, and what each commitment was billed, used and left unused."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

from agent.verify.exact import ZERO
from agent.verify.recorded import LEDGER_SCALE, ledger_rows

COLUMNS = (
    "InvoiceId",
    "BillingCurrency",
    "x_Kind",
    "CommitmentDiscountId",
    "ChargePeriodStart",
    "x_BilledUnits",
    "x_EffectiveUnits",
)


class Bridge(NamedTuple):
    """One commitment: purchases at BilledCost; what was used of it and what was not, at EffectiveCost."""

    purchased: Decimal = ZERO
    used: Decimal = ZERO
    unused: Decimal = ZERO

    @property
    def difference(self) -> Decimal:
        """Used and unused less purchased: 0 where nothing is paid ahead, else what this month draws from it."""
        return self.used + self.unused - self.purchased

    def plus(self, kind: str, billed: Decimal, effective: Decimal) -> "Bridge":
        if kind == "commitment_purchase":
            return self._replace(purchased=self.purchased + billed)
        if kind == "commitment_unused":
            return self._replace(unused=self.unused + effective)
        return self._replace(used=self.used + effective)

    def scaled(self) -> "Bridge":
        return Bridge._make(part.scaleb(LEDGER_SCALE) for part in self)


@dataclass(slots=True)
class Charges:
    """One source's month in amounts of a currency."""

    invoices: dict[tuple[str, str], Decimal] = field(default_factory=dict)
    """(InvoiceId, currency) -> BilledCost; ``""`` for rows that name no invoice."""
    kinds: set[str] = field(default_factory=set)
    commitments: dict[tuple[str, str], Bridge] = field(default_factory=dict)
    """(CommitmentDiscountId, currency), charges through the as-of day only."""


def read_charges(files: Iterable[Path], as_of: date | None) -> Charges:
    """Adds up the ledger's parts; without ``as_of`` no day is left out of the commitments."""
    found = Charges()
    nothing = Bridge()
    for path in files:
        for invoice, currency, kind, commitment, day, billed, effective in ledger_rows(path, COLUMNS):
            key = (invoice or "", currency)
            found.invoices[key] = found.invoices.get(key, ZERO) + billed
            found.kinds.add(kind)
            if commitment is not None and (as_of is None or day <= as_of):
                held = found.commitments.get((commitment, currency), nothing)
                found.commitments[commitment, currency] = held.plus(kind, billed, effective)
    found.invoices = {key: amount.scaleb(LEDGER_SCALE) for key, amount in found.invoices.items()}
    found.commitments = {key: bridge.scaled() for key, bridge in found.commitments.items()}
    return found
