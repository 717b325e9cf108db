"""How figures come about: the dearest customers' cost by class and pool, with what each amount is a share of.

Cents are those of the customers' table: classes sum to a customer's Cost there, pools to its shared cost. Bounded: the
dearest customers, all of their pools. ``apportion explain`` walks every figure on, to the lines of the bill.
"""

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal

from agent.margins.records import CustomerLine, PeriodReport, PoolLine
from reports.breakdown import fallback
from reports.cells import Cell, amount
from reports.customers import PARTS
from reports.figures import continued, percent
from reports.opening import money_cell

SHOWN = 20
"""Customers whose cost is walked through in the page."""
_HOW = {
    "direct": "placed on the customer by a rule: its tag, account or name",
    "idle": "share of capacity and commitments that nobody used",
    "charges": "tax, support, credits, refunds and fees, by the cost they relate to",
    "third_party": "vendors outside the cloud bill",
    "support": "support that is cost of revenue",
    "prior_period": "adjustments of closed months",
}
_METHODS = {"even": "equal parts", "fixed": "fixed percentages", "cost": "by direct cost", "sampled": "sampled ratios"}


@dataclass(frozen=True, slots=True)
class Step:
    """One amount and how it comes about; pools stand below the shared cost that they sum to."""

    name: str
    cell: Cell
    share: str
    """Of the whole it was split from: ``13.1 % of 19,731.08``; empty where it is no share."""
    how: str
    below: bool = False


@dataclass(frozen=True, slots=True)
class Walk:
    """One customer's cost, step by step."""

    customer: str
    name: str
    cell: Cell
    steps: tuple[Step, ...]


def walks(report: PeriodReport) -> tuple[Walk, ...]:
    """The dearest customers, dearest first; those without cost are left out."""
    before: dict[str, int] = {}
    running = 0
    for line in report.customers:
        before[line.customer] = running
        running += line.cost
    dear = [line for line in report.customers if not line.reserved and line.cost]
    dear.sort(key=lambda line: (-abs(line.cost), line.customer))
    pools = _pools(report)
    return tuple(_walk(report, line, before[line.customer], pools[line.customer]) for line in dear[:SHOWN])


def _pools(report: PeriodReport) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for row in report.drill:
        if row.cls == "shared":
            found[row.customer][row.pool] += row.effective
    return found


def _walk(report: PeriodReport, line: CustomerLine, before: int, pools: dict[str, int]) -> Walk:
    parts = [int(getattr(line, key)) for key, _, _ in PARTS]
    steps: list[Step] = []
    running = before
    for (key, heading, _), units, cents in zip(PARTS, parts, continued(before, parts), strict=True):
        if units:
            share = _share(units, report.summary.untagged) if key == "untagged" else ""
            steps.append(Step(heading, amount(units, cents), share, _how(key)))
        if key == "shared":
            steps += _pool_steps(report, pools, running)
        running += units
    cost = continued(before, [line.cost])[0]
    return Walk(line.customer, line.name, amount(line.cost, cost), tuple(steps))


def _how(key: str) -> str:
    if key == "shared":
        return "shares of pools"
    return _HOW.get(key, "share of cost without a known customer")


def _pool_steps(report: PeriodReport, pools: dict[str, int], before: int) -> list[Step]:
    # NOTE: in the order of the drill-down, so that both show the same cents
    names = sorted(pools)
    known = {pool.pool: pool for pool in report.pools}
    cents = continued(before, [pools[name] for name in names])
    return [
        Step(
            name,
            amount(pools[name], cut),
            _share(pools[name], known[name].effective) if name in known else "",
            _method(known[name]) if name in known else "",
            below=True,
        )
        for name, cut in zip(names, cents, strict=True)
    ]


def _share(units: int, whole: int) -> str:
    return f"{percent(Decimal(100 * units) / whole)} of {money_cell(whole).text}" if whole else ""


def _method(pool: PoolLine) -> str:
    how = f"usage by {pool.driver}" if pool.method == "usage" else _METHODS.get(pool.method, pool.method)
    fell = fallback(pool)
    return f"{how}; fallback {fell}" if fell else how
