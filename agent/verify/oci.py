"""OCI cost reports: BilledCost = EffectiveCost = the sum of ``cost/myCost``, corrections added as the rows they are.

Oracle says of ``cost/myCost`` that overage is included, so ``cost/myCostOverage`` is never added. A row is of the month
in which its usage began, in UTC as written.
"""

from decimal import Decimal
from pathlib import Path

from agent.verify.exact import ZERO, FileSums, Month, number
from agent.verify.rawfile import columns, rows


def read_oci(path: Path, period: str) -> FileSums:
    """Rows and sums of ``period``; ``ValueError`` names a column that is missing."""
    header = columns(path)
    places = tuple(map(header.needed, ("lineItem/intervalUsageStart", "cost/currencyCode", "cost/myCost")))
    sums: dict[str, Decimal] = {}
    wanted, count = Month(period), 0
    for start, currency, cost in rows(path, places):
        if wanted.holds(start):
            count += 1
            named = str(currency).strip()
            sums[named] = sums.get(named, ZERO) + number(cost)
    return FileSums(count, {currency: (cost, cost) for currency, cost in sums.items()})
