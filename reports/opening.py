"""The figures every report and digest opens with, and the words that go with them: each figure once, in one place."""

from dataclasses import dataclass, replace
from decimal import Decimal

from agent.margins.records import GroupLine, Note, PeriodReport, Summary
from reports.cells import Cell, Column, Mark, Series, Table, amount, count, money, percent, share, table, text
from reports.figures import DASH, cents, change_pct, footing, long_day, month_name, signed_percent, undirected
from reports.figures import percent as percent_text

MARGIN = "Margin on allocated COGS"
"""Never "gross margin": that takes the ledger's other cost of revenue."""
LEAVES_SHOWN = 20
"""Of a parent's customers; the sum is over all of them."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A key figure: what it is called, its value, its unit, and what must stand beside it."""

    key: str
    label: str
    cell: Cell
    unit: str = ""
    beside: tuple[str, ...] = ()


def title(report: PeriodReport) -> str:
    """``Example SaaS: cost per customer, October 2026``."""
    company = undirected(report.summary.company)
    return f"{company}: cost per customer, {month(report)}" if company else f"Cost per customer, {month(report)}"


def month(report: PeriodReport) -> str:
    """``October 2026``."""
    return month_name(report.summary.period)


def standing(summary: Summary) -> str:
    """Whether the figures are a whole month's, through which day they run, and when they usually are settled."""
    day = long_day(summary.as_of)
    run = f"open month, figures through {day} (UTC)" if summary.is_open else f"complete month, through {day} (UTC)"
    if summary.estimated_until is None:
        return run
    # NOTE: no word of this depends on the day it is read: a report of the same bill is the same on any day
    return f"{run}, estimated, usually settled by {long_day(summary.estimated_until)}"


def key_figures(report: PeriodReport) -> tuple[Figure, ...]:
    """Total cost to serve, average per active customer, margin on allocated COGS, untagged share: in this order."""
    summary = report.summary
    return (_cost_to_serve(report), _average(summary), _margin(report), _untagged(summary))


def further_figures(report: PeriodReport) -> tuple[Figure, ...]:
    """The rest of the summary: what the bill came to and where it ended."""
    summary = report.summary
    rows: tuple[tuple[str, str, int], ...] = (
        ("source_total", "Total of the sources", summary.source_total),
        ("fully_loaded", "Fully loaded: cost to serve and unallocated cost", summary.fully_loaded),
        ("unallocated", "Unallocated cost", summary.unallocated),
        ("opex", "Operating expense", summary.opex),
        ("balance_sheet", "Balance sheet (recoverable tax)", summary.balance_sheet),
        ("untagged", "Untagged spend, before it is spread", summary.untagged),
        ("environment_by_default", "Cost whose environment the default decided", summary.environment_by_default),
        ("tax_unconfirmed", "Tax treated as cost: unconfirmed", summary.tax_unconfirmed),
    )
    if summary.prior_period:
        rows = (*rows, ("prior_period", "Adjustments of closed months, beside the sources", summary.prior_period))
    amounts = tuple(Figure(key, label, money_cell(units), summary.currency) for key, label, units in rows)
    return (*amounts, Figure("coverage_pct", "Tag coverage by spend", share(summary.coverage_pct)))


def money_cell(units: int | None) -> Cell:
    """One amount outside a column: cents rounded half up, a dash when the definition leaves it empty."""
    return amount(units, None if units is None else footing([units])[0], missing=DASH)


def groups_table(report: PeriodReport, dimension: str) -> Table:
    """Customers, cost, average, revenue and margin by the values of one dimension."""
    lines = [line for line in report.groups if line.dimension == dimension]
    summary = report.summary
    return table(
        f"by-{dimension}",
        f"By {dimension}",
        (
            text(dimension, dimension.capitalize(), [line.value or "(none)" for line in lines], total="Total"),
            *([text("leaves", "Sum of", list(map(_leaves, lines)))] if dimension == "parent" else []),
            count("customers", "Customers", [line.customers for line in lines]),
            count("active", "Active", [line.active for line in lines]),
            money("cost", f"Cost, {summary.currency}", [line.cost for line in lines]),
            _averages([line.average_cost for line in lines]),
            money("revenue", revenue_heading(summary), [line.revenue for line in lines], missing=_dashes(lines)),
            money("margin", MARGIN, [line.margin for line in lines], missing=_dashes(lines)),
            percent("margin_pct", "Margin %", [line.margin_pct for line in lines]),
            percent(
                "infra_margin_pct",
                "Infrastructure margin %",
                [line.infra_margin_pct for line in lines],
                marks=[target_mark(line.infra_margin_pct, summary) for line in lines],
            ),
        ),
        total=True,
        empty=f"No customer has a {dimension}.",
    )


def _leaves(line: GroupLine) -> str:
    """Whom a parent sums up; its own cost, where it has any, is a part of it."""
    more = len(line.members) - LEAVES_SHOWN
    return ", ".join(line.members[:LEAVES_SHOWN]) + (f" and {more} more" if more > 0 else "")


def _averages(units: list[int | None]) -> Series:
    """Averages are no parts of a sum: each is rounded on its own, and there is no total."""
    cells = tuple(money_cell(value) for value in units)
    return Series(Column("average_cost", "Average per active customer", "money"), cells)


def _dashes(lines: list[GroupLine]) -> list[str]:
    return [DASH] * len(lines)


def target_mark(pct: Decimal | None, summary: Summary) -> Mark:
    """Where an infrastructure margin stands against the two targets."""
    if pct is None:
        return ""
    if pct < summary.target_pct:
        return "below"
    return "fair" if pct < summary.good_pct else "good"


def basis(summary: Summary) -> str:
    """The revenue basis in words, printed beside every margin; empty where no revenue is configured."""
    return summary.revenue_basis.replace("_", " ")


def revenue_heading(summary: Summary) -> str:
    """``Revenue (recognised)``."""
    return f"Revenue ({basis(summary)})" if basis(summary) else "Revenue"


def revenue_known(report: PeriodReport) -> bool:
    """Whether there is a revenue to speak of: not while every paying customer's is unknown."""
    if report.summary.revenue is None or report.summary.margin is None:
        return False
    paying = [line for line in report.customers if line.kind == "paying"]
    return bool(report.summary.revenue) or not paying or any(line.revenue is not None for line in paying)


def notes(report: PeriodReport) -> tuple[Note, ...]:
    """What was missing first, then what was estimated, then the rest, each in the report's own order."""
    order = {"missing": 0, "estimated": 1, "info": 2}
    said = (replace(note, text=undirected(note.text)) for note in report.notes)
    return tuple(sorted(said, key=lambda note: order[note.level]))


def _cost_to_serve(report: PeriodReport) -> Figure:
    summary, before = report.summary, report.previous_cost_to_serve
    beside = []
    if before:
        change = change_pct(summary.cost_to_serve, before)
        beside.append(f"{signed_percent(change)} against {cents(before)} in as many days of the month before")
    if summary.fully_loaded != summary.cost_to_serve:
        beside.append(f"{cents(summary.fully_loaded)} with unallocated cost")
    cell = money_cell(summary.cost_to_serve)
    return Figure("cost_to_serve", "Total cost to serve", cell, summary.currency, tuple(beside))


def _average(summary: Summary) -> Figure:
    label = "Average cost per active customer"
    active = summary.active_customers
    beside = f"{active:,} active customer{'' if active == 1 else 's'}"
    return Figure("average_cost", label, money_cell(summary.average_cost), summary.currency, (beside,))


def _margin(report: PeriodReport) -> Figure:
    summary = report.summary
    beside: tuple[str, ...] = ("no revenue known",)
    if revenue_known(report) and summary.margin is not None and summary.revenue is not None:
        amounts = f"{cents(summary.margin)} of {cents(summary.revenue)} {summary.currency}"
        beside = (amounts, f"{basis(summary)} revenue".lstrip())
    return Figure("margin_pct", MARGIN, share(summary.margin_pct), "", beside)


def _untagged(summary: Summary) -> Figure:
    beside = [f"{cents(summary.untagged)} {summary.currency} before it is spread"]
    if summary.untagged_share_of_bill_pct is not None:
        beside.append(f"{percent_text(summary.untagged_share_of_bill_pct)} of the whole bill")
    label = "Untagged share of infrastructure spend"
    return Figure("untagged_share_pct", label, share(summary.untagged_share_pct), "", tuple(beside))
