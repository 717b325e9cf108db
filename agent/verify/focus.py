"""FOCUS files: the cost columns as FOCUS 1.0 to 1.4 name them, with the names of its drafts."""

from decimal import Decimal
from pathlib import Path

from agent.verify.exact import ZERO, FileSums, Month, number
from agent.verify.rawfile import columns, rows


def read_focus(path: Path, period: str) -> FileSums:
    """Rows and sums of ``period``; ``ValueError`` names a column that is missing."""
    header = columns(path)
    places = (
        header.needed("BillingPeriodStart"),
        header.needed("BillingCurrency"),
        header.needed("BilledCost"),
        header.needed("EffectiveCost", "AmortizedCost"),
    )
    billed: dict[str, Decimal] = {}
    effective: dict[str, Decimal] = {}
    wanted, count = Month(period), 0
    for start, named, billed_cost, effective_cost in rows(path, places):
        if wanted.holds(start):
            count += 1
            currency = str(named).strip()
            billed[currency] = billed.get(currency, ZERO) + number(billed_cost)
            effective[currency] = effective.get(currency, ZERO) + number(effective_cost)
    return FileSums(count, {currency: (billed[currency], effective[currency]) for currency in billed})
