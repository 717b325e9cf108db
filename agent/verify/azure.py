"""Azure cost details, by Microsoft's rule for FOCUS: all amortised lines, and the payments for commitments of actual.

A line is committed when its PricingModel is Reservation or SavingsPlan, or when it is an unused part of one.

| file read as | ChargeType, committed | BilledCost | EffectiveCost |
|---|---|---|---|
| amortized | Usage, UnusedReservation, UnusedSavingsPlan | 0 | cost |
| amortized | anything else | cost | cost |
| payments | Purchase, Refund | cost | 0 |
| payments | anything else | left out: the amortised file states it | |
| actual (alone) | any | cost | cost |

In actual costs, usage that a commitment covers costs 0, and nothing states its unused part.
"""

from decimal import Decimal
from pathlib import Path

from agent.verify.exact import ZERO, FileSums, Month, number
from agent.verify.rawfile import Columns, columns, rows

ACTUAL = "actual"
AMORTIZED = "amortized"
PAYMENTS = "payments for commitments, of actual"
"""As the ledger's manifest says how a file was read."""
COSTS = ("CostInBillingCurrency", "Cost", "PreTaxCost")
CURRENCIES = ("BillingCurrency", "BillingCurrencyCode", "Currency")
DATES = ("Date", "UsageDateTime", "UsageDate")
COMMITMENTS = frozenset({"reservation", "savingsplan"})
UNUSED = frozenset({"unusedreservation", "unusedsavingsplan"})
PAYS = frozenset({"purchase", "refund"})

Money = tuple[Decimal, Decimal] | None
"""BilledCost and EffectiveCost; None where the line is left out."""


def read_azure(path: Path, period: str, dataset: str) -> FileSums:
    """Rows and sums of ``period``; ``ValueError`` for a missing column and for lines that contradict the dataset."""
    header = columns(path)
    split = {ACTUAL: _actual, AMORTIZED: _amortized, PAYMENTS: _payments}[dataset]
    wanted, count, left_rows = Month(period), 0, 0
    sums: dict[str, tuple[Decimal, Decimal]] = {}
    left: dict[str, Decimal] = {}
    for start, named, written, kind, pricing in rows(path, _places(header)):
        if not wanted.holds(start):
            continue
        count += 1
        currency, cost = str(named).strip(), number(written)
        if (money := split(_folded(kind), _folded(pricing), cost)) is None:
            left_rows += 1
            left[currency] = left.get(currency, ZERO) + cost
        else:
            before = sums.get(currency, (ZERO, ZERO))
            sums[currency] = (before[0] + money[0], before[1] + money[1])
    return FileSums(count, sums, left_rows, left)


def _places(header: Columns) -> tuple[int, ...]:
    """Start of the billing period (of the charge, in files without), currency, cost, charge type and pricing model."""
    charged = header.needed(*DATES)
    old = header.place(*COSTS[:2]) is None
    given = [header.place(name) if old else header.needed(name) for name in ("ChargeType", "PricingModel")]
    period = header.place("BillingPeriodStartDate")
    # NOTE: a file of before 2019 has usage only; its currency, no charge type or model, stands in for both
    currency = header.needed(*CURRENCIES)
    types = [currency if place is None else place for place in given]
    return (charged if period is None else period, currency, header.needed(*COSTS), *types)


def _folded(value: object) -> str:
    return "" if value is None else str(value).replace(" ", "").casefold()


def _committed(kind: str, pricing: str) -> bool:
    return pricing in COMMITMENTS or kind in UNUSED


def _actual(kind: str, pricing: str, cost: Decimal) -> Money:
    if kind in UNUSED:
        raise ValueError("actual costs with an unused part of a commitment")
    if kind == "usage" and pricing in COMMITMENTS and cost:
        raise ValueError("actual costs with a charge for usage that a commitment covers")
    return cost, cost


def _amortized(kind: str, pricing: str, cost: Decimal) -> Money:
    if not _committed(kind, pricing):
        return cost, cost
    if kind in PAYS and cost:
        raise ValueError("amortised costs with a payment for a commitment")
    return (ZERO if kind == "usage" or kind in UNUSED else cost), cost


def _payments(kind: str, pricing: str, cost: Decimal) -> Money:
    _actual(kind, pricing, cost)
    return (cost, ZERO) if kind in PAYS and pricing in COMMITMENTS else None
