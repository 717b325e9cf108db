"""The cost-per-customer table: every customer of the registry, then the reserved rows, then a total that foots.

Takes the lines of a ``PeriodReport`` in their own order; the total of Cost is the sources plus adjustments.
"""

from typing import Literal

from agent.margins.records import CustomerLine, PeriodReport
from reports.cells import Cell, Column, Mark, Series, Table, money, percent, table, text
from reports.figures import footing, one_line, signed_percent
from reports.opening import MARGIN, basis, revenue_heading, target_mark

PARTS = (
    ("direct", "Direct", "Cost a customer rule placed on this customer."),
    ("shared", "Shared", "Shares of the pools, split by their drivers."),
    ("untagged", "Untagged", "Share of the cost without a known customer."),
    ("idle", "Idle", "Share of idle capacity and unused commitments."),
    ("charges", "Charges", "Tax, support, credits, refunds and fees that follow the cost they relate to."),
    ("third_party", "Third party", "Vendors outside the cloud bill."),
    ("support", "Support", "Support that is cost of revenue."),
    ("prior_period", "Prior period", "Adjustments of closed months."),
)
"""The parts that sum to Cost: field of ``CustomerLine``, heading, meaning."""

BESIDE = (
    (
        "nonproduction",
        "Own non-production",
        "The customer's development and staging, booked as operating expense: not part of Cost.",
    ),
    ("outside_dates", "Outside dates", "The part of Cost dated before the customer's start or after its end."),
)
"""Amounts beside Cost, not in it."""


def customers_table(report: PeriodReport) -> Table:
    """The table all renderers print; ``reserved`` counts its last rows, whose ids start with ``@``."""
    lines, summary = report.customers, report.summary
    return table(
        "customers",
        "Cost per customer",
        (
            text("customer", "Customer", [line.customer for line in lines], total="Total"),
            _words("name", lines),
            _words("tier", lines),
            money("cost", f"Cost, {summary.currency}", [line.cost for line in lines], "Sum of the parts."),
            *_margin_columns(report),
            Series(
                Column("change", "Change", "percent", "Run cost per active day against the month before."),
                tuple(_change(line) for line in lines),
            ),
            *(money(key, heading, [getattr(line, key) for line in lines], means) for key, heading, means in PARTS),
            money("cost_before_credits", "Before credits", [line.cost_before_credits for line in lines]),
            *(_words(key, lines) for key in ("kind", "plan", "segment", "cohort")),
            *(money(key, heading, _own(lines, key), means) for key, heading, means in BESIDE),
        ),
        total=True,
        reserved=sum(line.reserved for line in lines),
        empty="No customer in the registry, and no cost.",
    )


def shown_cents(report: PeriodReport, key: Literal["cost", "revenue"]) -> dict[str, str]:
    """Plain cents by customer id as the table's column shows them; customers with none in it are left out."""
    shown = footing([getattr(line, key) for line in report.customers])
    pairs = zip((line.customer for line in report.customers), shown, strict=True)
    return {customer: cents for customer, cents in pairs if cents is not None}


def _margin_columns(report: PeriodReport) -> tuple[Series, ...]:
    lines, summary = report.customers, report.summary
    missing = [_unknown(line) for line in lines]
    marks: list[Mark] = [target_mark(line.infra_margin_pct, summary) for line in lines]
    how = f"Revenue is {basis(summary)}." if basis(summary) else "No revenue is configured."
    return (
        money("revenue", revenue_heading(summary), [line.revenue for line in lines], how, missing=missing),
        money("margin", MARGIN, [line.margin for line in lines], f"Revenue less Cost. {how}", missing=missing),
        _blank_reserved(percent("margin_pct", "Margin %", [line.margin_pct for line in lines], how), lines),
        _blank_reserved(
            percent(
                "infra_margin_pct",
                "Infrastructure margin %",
                [line.infra_margin_pct for line in lines],
                f"Before vendors and adjustments; targets {summary.target_pct:f} % and {summary.good_pct:f} %. {how}",
                marks=marks,
            ),
            lines,
        ),
    )


def _words(key: str, lines: tuple[CustomerLine, ...]) -> Series:
    return text(key, key.capitalize(), [one_line(getattr(line, key)) for line in lines])


def _own(lines: tuple[CustomerLine, ...], key: str) -> list[int | None]:
    return [None if line.reserved else getattr(line, key) for line in lines]


def _unknown(line: CustomerLine) -> str:
    return "" if line.reserved else "unknown"


def _blank_reserved(series: Series, lines: tuple[CustomerLine, ...]) -> Series:
    """Margins do not apply to reserved rows: an empty cell there, not a dash."""
    cells = zip(series.cells, lines, strict=True)
    return Series(series.column, tuple(Cell("") if line.reserved else cell for cell, line in cells))


def _change(line: CustomerLine) -> Cell:
    if line.cost_change_pct is None:
        return Cell("")
    mark: Mark = "grows" if line.grows_faster else ""
    said = signed_percent(line.cost_change_pct)
    return Cell(said, f"{line.cost_change_pct:f}", line.cost_change_pct, mark)
