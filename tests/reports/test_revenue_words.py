"""What is said of revenue that is not known, not configured, zero or negative: never a sum of nothing."""

from dataclasses import replace
from decimal import Decimal

import pytest

from agent.margins.records import Mover
from agent.money import UNITS_PER_ONE
from reports import digest, html, opening
from reports.customers import customers_table
from tests.reports.example_report import example_report
from tests.reports.test_digest import said

REPORT = example_report()


def with_revenue(units: int | None, *, known: bool = True):
    """The company's revenue is ``units``; no paying customer's is known unless ``known``."""
    lines = tuple(line if known or line.kind != "paying" else replace(line, revenue=None) for line in REPORT.customers)
    margin = None if units is None else units - REPORT.summary.cost_to_serve
    summary = replace(REPORT.summary, revenue=units, margin=margin, margin_pct=None)
    return replace(REPORT, summary=summary, customers=lines)


@pytest.mark.parametrize(("units", "amount"), [(0, "$0.00"), (-5 * UNITS_PER_ONE, "-$5.00")])
def test_revenue_of_nothing_or_less_is_said_with_a_dash_for_the_percentage(units, amount):
    margin = digest.blocks(with_revenue(units)).blocks[1]["fields"][2]["text"]
    assert margin.startswith("*Margin on allocated COGS*\n–\n-$137,5")
    assert margin.endswith(f" of {amount} recognised revenue")


@pytest.mark.parametrize("report", [with_revenue(None, known=False), with_revenue(0, known=False)])
def test_revenue_nobody_knows_is_called_so_in_digest_and_page(report):
    assert digest.blocks(report).blocks[1]["fields"][2]["text"].endswith("–\nno revenue known")
    figure = opening.key_figures(report)[2]
    assert figure.beside == ("no revenue known",)
    assert "of 0.00 USD" not in html.render(report)


def test_a_company_without_paying_customers_has_a_revenue_of_zero():
    lines = tuple(replace(line, kind="free", revenue=0) for line in REPORT.customers if not line.reserved)
    report = replace(with_revenue(0), customers=lines)
    assert "of 0.00 USD" in opening.key_figures(report)[2].beside[0]


def test_without_revenue_configured_no_basis_is_named():
    report = with_revenue(None, known=False)
    report = replace(report, summary=replace(report.summary, revenue_basis=""))
    heading = next(block for block in digest.blocks(report).blocks if "Top customers" in said(block))
    assert heading["text"]["text"] == "*Top customers by cost* (10 of 12)"
    page = html.render(report)
    for nothing in ("()", "(  ", "on  revenue", "( revenue)", "is ."):
        assert nothing not in page.partition("<script")[0].partition("</style>")[2]
    assert "Revenue" in [column.heading for column in customers_table(report).columns]


def test_digest_and_table_show_the_same_cents_for_every_customer():
    cost = UNITS_PER_ONE * 27175 // 1000
    lines = tuple(replace(line, cost=cost, revenue=cost) for line in REPORT.customers if not line.reserved)
    movers = tuple(Mover(line.customer, line.name, cost, 1, None) for line in lines[:5])
    report = replace(REPORT, customers=lines, movers=movers)
    table = customers_table(report)
    cells = zip(table.column("customer"), table.column("cost"), table.column("revenue"), strict=True)
    shown = {customer.text: (f"${cost.text}", f"${revenue.text}") for customer, cost, revenue in cells}
    names = {line.name or line.customer: line.customer for line in lines}
    rows = next(block["rows"] for block in digest.blocks(report).blocks if block["type"] == "table")[1:]
    assert {cents for cents, _ in shown.values()} == {"$27.17", "$27.18"}
    for name, _, costs, revenue, _ in ([cell["text"] for cell in row] for row in rows):
        assert (costs, revenue) == shown[names[name]]
    moved = next(text for text in map(said, digest.blocks(report).blocks) if "What changed" in text)
    assert [line.rpartition(" to ")[2] for line in moved.strip().split("\n")[1:]] == [
        shown[mover.customer][0] for mover in movers
    ]


def test_a_share_of_revenue_is_still_said_where_there_is_one():
    assert opening.key_figures(REPORT)[2].cell.number == REPORT.summary.margin_pct
    assert isinstance(REPORT.summary.margin_pct, Decimal)
