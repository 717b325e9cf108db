"""The tables around the cost-per-customer table: pools, commitments, untagged resources, days, sources."""

from collections import defaultdict
from datetime import date

from agent.margins.groups import external
from agent.margins.records import CLASSES, PeriodReport, PoolLine, SampleLine, SourceLine, UntaggedResource
from agent.money import shown
from reports.cells import Cell, Column, Series, Table, count, money, table, text
from reports.figures import grouped, one_line

CLASS_NAMES = {
    "direct": "Direct",
    "shared": "Shared",
    "untagged": "Untagged",
    "idle": "Idle",
    "charge": "Charges",
    "vendor": "Vendor",
}


_BRIDGE = "Used and unused less purchased: paid in other months or up front; below zero: paid ahead."
_POSTED = "Money that changed: part of Cost, in the column Prior period."
_CHANGED_HANDS = "Other tags for the same money: a memo until it is accepted."
_COMPARED = "Billed cost less the invoice amount without the parts that the export does not hold."


def pools_table(report: PeriodReport) -> Table:
    """What went into each pool, how it was split, and which days fell back."""
    lines = report.pools
    return table(
        "pools",
        "Pools",
        (
            text("pool", "Pool", [line.pool for line in lines], total="Total"),
            text("method", "Method", [line.method for line in lines]),
            text("driver", "Driver", [line.driver for line in lines]),
            count("days", "Days with cost", [line.days for line in lines], adds=False),
            money("effective", "Effective cost", [line.effective for line in lines], "Amortised: the cost to serve."),
            money("billed", "Billed cost", [line.billed for line in lines], "What the invoice says."),
            money("idle", "Idle", [line.idle for line in lines], "Capacity nobody used, a split's unused part too."),
            money("unallocated", "Unallocated", [line.unallocated for line in lines]),
            text("fallback", "Fallback days", [fallback(line) for line in lines], "Days the driver could not split."),
        ),
        total=True,
        empty="No pool took any cost.",
    )


def fallback(line: PoolLine) -> str:
    """``period: 2 days, 1,234.56``; empty when every day was split by the driver itself."""
    parts = (
        f"{name}: {days} day{'' if days == 1 else 's'}, {grouped(shown([units])[0])}"
        for name, days, units in line.fallback_days
    )
    return "; ".join(parts)


def sampled_table(report: PeriodReport) -> Table:
    """Pools that are split by sampled ratios: each customer's share, and how sure it is."""
    lines = [line for pool in report.sampled for line in pool.lines]
    sure = ", ".join(sorted({f"{pool.confidence_pct} %" for pool in report.sampled}))
    hint = f"What the share could as well be, by drawing the traced hours again: {sure} of the drawings lie inside."
    return table(
        "sampled",
        "Sampled shares",
        (
            text("pool", "Pool", [line.pool for line in lines], total="Total"),
            text("customer", "Customer", [one_line(line.customer) for line in lines]),
            text("share", "Share, %", [f"{line.share_pct:.2f}" for line in lines]),
            text("interval", "Interval, %", [f"{line.low_pct:.2f} to {line.high_pct:.2f}" for line in lines]),
            money("effective", "Effective cost", [line.effective for line in lines]),
            text("bounds", "Could as well be", [_bounds(line) for line in lines], hint),
            text("basis", "Basis", ["median of its tier" if line.tier_median else "sampled" for line in lines]),
        ),
        total=True,
        empty="No pool is split by sampled ratios.",
    )


def _bounds(line: SampleLine) -> str:
    low, high = (grouped(shown([units])[0]) for units in (line.low, line.high))
    return f"{low} to {high}"


def drivers_table(report: PeriodReport) -> Table:
    """How each driver that is asked of a server was measured."""
    lines = report.drivers
    return table(
        "drivers",
        "Drivers, as measured",
        (
            text("driver", "Driver", [line.name for line in lines]),
            text("kind", "Kind", [line.kind for line in lines]),
            text("interval", "By", [line.interval for line in lines]),
            count("days", "Days with rows", [line.days for line in lines], adds=False),
            text("measured", "How it was measured", [one_line(line.method) for line in lines]),
        ),
        empty="No pool is split by a driver that is asked of a server.",
    )


def commitments_table(report: PeriodReport) -> Table:
    """Per commitment: what was billed for it, and what of it was used and unused."""
    lines = report.commitments
    return table(
        "commitments",
        "Commitments",
        (
            text("commitment", "Commitment", [line.commitment for line in lines], total="Total"),
            money("billed_purchase", "Purchase billed", [line.billed_purchase for line in lines]),
            money("effective_used", "Used, effective", [line.effective_used for line in lines]),
            money("effective_unused", "Unused, effective", [line.effective_unused for line in lines]),
            money("difference", "Difference", [line.difference for line in lines], _BRIDGE),
        ),
        total=True,
        empty="No commitment in this period.",
    )


def invoices_table(report: PeriodReport) -> Table:
    """Each invoice held against the bill; amounts of different currencies have no total."""
    lines = report.invoices
    rest = [""] * len(lines)
    return table(
        "invoices",
        "Invoices",
        (
            text("source", "Source", [line.source for line in lines], total="Total"),
            text("invoice", "Invoice", [one_line(line.invoice) or "(no invoice id)" for line in lines]),
            text("currency", "Currency", [line.currency for line in lines]),
            money("billed", "Billed cost", [line.billed for line in lines], "The bill's lines that name this invoice."),
            money("amount", "Invoice amount", [line.amount for line in lines], "As received.", missing=rest),
            money("difference", "Difference", [line.difference for line in lines], _COMPARED, missing=rest),
            text("status", "Status", [one_line(line.told) for line in lines]),
        ),
        total=len({line.currency for line in lines}) == 1,
        empty="No source bills anything in this period.",
    )


def adjustments_table(report: PeriodReport) -> Table:
    """What later deliveries of closed months changed, by month and whom it concerns."""
    lines = report.adjustments
    return table(
        "adjustments",
        "Adjustments of closed months",
        (
            text("origin", "Closed month", [line.origin for line in lines], total="Total"),
            text("customer", "Customer", [line.customer for line in lines]),
            text("bucket", "Bucket", [line.bucket.replace("_", " ") for line in lines]),
            money("posted", f"Posted, {report.summary.currency}", [line.posted for line in lines], _POSTED),
            money("moved", "Changed hands, not posted", [line.moved for line in lines], _CHANGED_HANDS),
        ),
        total=True,
        empty="Nothing that was closed has changed since.",
    )


def untagged_table(report: PeriodReport) -> Table:
    """Resources whose cost found no customer, dearest first, with the account that must mend them."""
    lines = report.untagged
    return table(
        "untagged",
        "Untagged resources",
        (
            text("resource", "Resource", [_resource(line) for line in lines], total="Total"),
            money("effective", f"Cost, {report.summary.currency}", [line.effective for line in lines]),
            text("name", "Name", [one_line(line.name) for line in lines]),
            text("account", "Account", [f"{line.provider} {line.account}".strip() for line in lines]),
            text("service", "Service", [line.service for line in lines]),
            text("reason", "Reason", [one_line(line.reason) for line in lines]),
            text("hint", "Nearest customer", [line.hint for line in lines]),
        ),
        total=True,
        empty="Everything found its customer: no untagged spend.",
    )


def _resource(line: UntaggedResource) -> str:
    return one_line(line.resource) or "(service without resources)"


def daily_table(report: PeriodReport) -> Table:
    """Cost to serve by day, and by class where the drill-down knows it."""
    days = sorted({day for day, _ in report.daily} | {row.day for row in report.drill})
    totals = dict(report.daily)
    classes = day_classes(report)
    series: list[Series] = [_days(days)]
    series += [
        money(cls, CLASS_NAMES[cls], [classes.get((day, cls), 0) for day in days])
        for cls in CLASSES
        if any(of == cls for _, of in classes)
    ]
    series.append(money("cost", f"Cost to serve, {report.summary.currency}", [totals.get(day, 0) for day in days]))
    return table("daily", "By day and class", series, total=True, empty="No cost on any day.")


def day_classes(report: PeriodReport) -> dict[tuple[date, str], int]:
    """Units by (day, class) of the cost to serve; what an internal customer cost is opex and in no drill-down."""
    sums: dict[tuple[date, str], int] = defaultdict(int)
    for row in report.drill:
        sums[row.day, row.cls] += row.effective
    return dict(sums)


def class_mix(report: PeriodReport) -> tuple[tuple[str, int], ...]:
    """(class, units) of the cost to serve, in the order of the published columns, without empty classes."""
    lines = external(report.customers)
    sums = {
        "direct": sum(line.direct for line in lines),
        "shared": sum(line.shared for line in lines),
        "untagged": sum(line.untagged for line in lines),
        "idle": sum(line.idle for line in lines),
        "charge": sum(line.charges for line in lines),
        "vendor": sum(line.vendor for line in lines),
    }
    return tuple((cls, sums[cls]) for cls in CLASSES if sums[cls])


def sources_table(report: PeriodReport) -> Table:
    """Which version of which source the figures were made from."""
    lines = report.sources
    through = tuple(Cell(line.complete_through.isoformat() if line.complete_through else "") for line in lines)
    return table(
        "sources",
        "Sources",
        (
            text("name", "Source", [line.name for line in lines], total="Total"),
            text("kind", "Kind", [line.kind for line in lines]),
            text("version", "Version", [f"v{line.version}" for line in lines]),
            count("rows", "Rows", [line.rows for line in lines]),
            money("billed", "Billed cost", [line.billed for line in lines]),
            money("effective", "Effective cost", [line.effective for line in lines]),
            Series(Column("complete_through", "Complete through", "date"), through),
            text("completeness", "Completeness", [_completeness(line.completeness) for line in lines]),
            Series(Column("estimated_until", "Usually settled by", "date"), tuple(map(_until, lines))),
        ),
        total=True,
        empty="No source delivered anything for this period.",
    )


def _until(line: SourceLine) -> Cell:
    return Cell(line.estimated_until.isoformat() if line.estimated_until else "settled")


def _completeness(word: str) -> str:
    return "proven by its manifest" if word == "manifest" else "not proven"


def _days(days: list[date]) -> Series:
    return Series(Column("day", "Day", "date"), tuple(Cell(day.isoformat()) for day in days), Cell("Total"))
