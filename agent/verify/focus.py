"""FOCUS Cost and Usage, releases 1.0 to 1.4 and the drafts before them, of any provider.

BilledCost and EffectiveCost are the columns of those names (``AmortizedCost`` in the first drafts), row by row. One
published fault is put right: a purchase of a commitment that Microsoft sells has EffectiveCost 0, because the usage it
covers carries the cost (microsoft/finops-toolkit#1092). A billing period is the month its provider wrote; whether its
end is meant inclusively does not matter, because the end is not read.
"""

from decimal import Decimal
from pathlib import Path

from agent.verify.exact import ZERO, FileSums, Month, number
from agent.verify.rawfile import Row, columns, rows

SELLERS = ("ProviderName", "ServiceProviderName", "Provider")
SOLD_BY_MICROSOFT = ("microsoft", "azure")
NO_COMMITMENT = frozenset({"", "null", "none", "-2", "unassigned"})


def read_focus(path: Path, period: str) -> FileSums:
    """Rows and sums of ``period``; ``ValueError`` names a column that is missing."""
    header = columns(path)
    places = (
        header.needed("BillingPeriodStart"),
        header.needed("BillingCurrency"),
        header.needed("BilledCost"),
        header.needed("EffectiveCost", "AmortizedCost"),
    )
    telling = [header.place("ChargeCategory", "ChargeType"), header.place("CommitmentDiscountId")]
    sellers = [header.place(name) for name in SELLERS]
    asked = [place for place in (*telling, *sellers) if place is not None]
    commitments = None not in telling
    billed: dict[str, Decimal] = {}
    effective: dict[str, Decimal] = {}
    wanted, count = Month(period), 0
    for start, named, billed_cost, effective_cost, *rest in rows(path, (*places, *asked)):
        if wanted.holds(start):
            count += 1
            currency = str(named).strip()
            billed[currency] = billed.get(currency, ZERO) + number(billed_cost)
            covers = commitments and _covers_usage(tuple(rest))
            effective[currency] = effective.get(currency, ZERO) + (ZERO if covers else number(effective_cost))
    return FileSums(count, {currency: (billed[currency], effective[currency]) for currency in billed})


def _covers_usage(row: Row) -> bool:
    """Whether a row (category, commitment, sellers) is a purchase of a commitment from Microsoft."""
    category, commitment, *sellers = (str(value or "").casefold() for value in row)
    seller = next((name for name in sellers if name not in NO_COMMITMENT), "")
    return category == "purchase" and commitment not in NO_COMMITMENT and seller.startswith(SOLD_BY_MICROSOFT)
