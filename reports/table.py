"""The cost-per-customer table as CSV: exact decimal text, line feeds, RFC 4180 quoting, the report's own order.

Two forms of the same rows. The published one (``cost_per_customer.csv``) is clean and exact. The report folder's copy
is made to be opened by people: it ends in ``@proof`` and ``@note`` rows, and text from outside that a spreadsheet
would run as a formula carries a leading apostrophe.
"""

from collections.abc import Iterator
from decimal import Decimal

from agent.margins.records import CustomerLine, PeriodReport
from agent.money import text_from_units
from reports.opening import notes

COLUMNS = (
    "Period", "Customer", "Name", "Kind", "Tier", "Plan", "Segment", "Cohort", "Currency", "Direct", "Shared",
    "Untagged", "Idle", "Charges", "ThirdParty", "Support", "Vendor", "PriorPeriod", "Cost", "CostBeforeCredits",
    "Revenue", "Margin", "MarginPct", "InfraMarginPct",
)  # fmt: skip
"""ALLOCATION, section 7."""
FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")
"""A spreadsheet takes a cell that begins with one of these for a formula."""


def render_csv(report: PeriodReport, *, annotated: bool = False) -> str:
    """The table as CSV; with ``annotated`` the copy for people, which carries the proof line and the notes."""
    rows = [COLUMNS, *(_row(report, line, guarded=annotated) for line in report.customers)]
    if annotated:
        rows += _remarks(report)
    return "".join(",".join(map(_field, row)) + "\n" for row in rows)


def render_notes(report: PeriodReport) -> str:
    """The proof line and what was missing or estimated, as plain text beside the tables."""
    lines = [f"{report.summary.period}, through {report.summary.as_of}", f"proof: {report.proof_line}"]
    lines += [f"{note.level}: {note.text}" for note in notes(report)]
    return "\n".join(lines) + "\n"


def _row(report: PeriodReport, line: CustomerLine, *, guarded: bool) -> tuple[str, ...]:
    words = [line.customer, line.name, line.kind, line.tier, line.plan, line.segment, line.cohort]
    if guarded:
        words = [_inert(word) if not (line.reserved and word == line.customer) else word for word in words]
    parts = (line.direct, line.shared, line.untagged, line.idle, line.charges, line.third_party, line.support,
             line.vendor, line.prior_period, line.cost, line.cost_before_credits)  # fmt: skip
    return (
        report.summary.period,
        *words,
        report.summary.currency,
        *(text_from_units(units) for units in parts),
        _exact(line.revenue),
        _exact(line.margin),
        _six(line.margin_pct),
        _six(line.infra_margin_pct),
    )


def _remarks(report: PeriodReport) -> Iterator[tuple[str, ...]]:
    rest = [""] * (len(COLUMNS) - 3)
    yield (report.summary.period, "@proof", report.proof_line, *rest)
    for note in notes(report):
        yield (report.summary.period, "@note", f"{note.level}: {note.text}", *rest)


def _field(word: str) -> str:
    """One field by RFC 4180. The standard writer leaves a lone carriage return bare, and readers then see two rows."""
    return '"' + word.replace('"', '""') + '"' if any(sign in word for sign in '",\r\n') else word


def _inert(word: str) -> str:
    return f"'{word}" if word.startswith(FORMULA_SIGNS) else word


def _exact(units: int | None) -> str:
    return "" if units is None else text_from_units(units)


def _six(pct: Decimal | None) -> str:
    return "" if pct is None else f"{pct:.6f}"
