"""The leads' digest: cost and margin per customer, what moved, what is untagged and whose it is.

Takes a ``PeriodReport``, gives Slack blocks within Slack's limits and the text of the notification. Everything speaks
of the month through day D, which is named; no figure is of "today".
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from agent.margins.records import CustomerLine, Mover, PeriodReport, UntaggedResource
from agent.money import units_from_text
from reports import slack_limits
from reports.customers import shown_cents
from reports.figures import DASH, change_pct, days_through, ellipsis, one_line, percent, signed_percent, whole
from reports.opening import MARGIN, basis, notes, revenue_known
from reports.slack_text import Block, context, escape, fields, fit, header, name, section, table

TOP_CUSTOMERS = 10
TOP_LINES = 5
LONGEST_TABLE_NAME = 32
LONGEST_NOTE = 300
_Cell = Literal["cost", "revenue"]
_CELLS: tuple[_Cell, ...] = get_args(_Cell)


@dataclass(frozen=True, slots=True)
class Digest:
    """A message: blocks for Slack, and ``text`` for notifications and clients that draw no blocks."""

    blocks: list[Block]
    text: str


def blocks(report: PeriodReport, *, plain: bool = False) -> Digest:
    """The digest of a period. ``plain`` writes the table as text, for a workspace that answers ``invalid_blocks``.

    Raises :class:`reports.slack_limits.SlackLimitError` rather than give a message that Slack would refuse.
    """
    parts: list[Block] = [header(title(report, "cost to serve")), fields(_opening(report)), *_tiers(report)]
    parts += [*_moved(report), *_flags(report), *_untagged(report), *_customers(report, plain=plain)]
    parts += [*_notes(report), proof(report)]
    text = fit(_notification(report), slack_limits.FALLBACK_TEXT)
    slack_limits.check(parts, text)
    return Digest(parts, text)


def title(report: PeriodReport, subject: str) -> str:
    """``Example SaaS: cost to serve, 1 to 21 October 2026 (estimated)``."""
    summary = report.summary
    company = f"{ellipsis(one_line(summary.company), 60)}: " if summary.company else ""
    moves = " (estimated)" if summary.estimated_until else ""
    return f"{company}{subject}, {days_through(summary.as_of, is_open=summary.is_open)}{moves}"


def _notification(report: PeriodReport) -> str:
    summary = report.summary
    margin = ""
    if summary.margin_pct is not None:
        of = f" of {_of_revenue(report)}" if _of_revenue(report) else ""
        margin = f", {MARGIN.lower().replace('cogs', 'COGS')} {percent(summary.margin_pct)}{of}"
    return f"{name(title(report, 'cost to serve'), 200)}: {_money(report, summary.cost_to_serve)}{margin}"


def _opening(report: PeriodReport) -> list[tuple[str, str]]:
    summary = report.summary
    cost = _money(report, summary.cost_to_serve)
    if report.previous_cost_to_serve:
        change = signed_percent(change_pct(summary.cost_to_serve, report.previous_cost_to_serve))
        cost += f"\n{change} against as many days of the month before"
    if summary.unallocated:
        cost += f"\n{_money(report, summary.fully_loaded)} with unallocated cost"
    average = DASH if summary.average_cost is None else _money(report, summary.average_cost)
    share = DASH if summary.untagged_share_pct is None else percent(summary.untagged_share_pct)
    return [
        ("Total cost to serve", cost),
        ("Average cost per active customer", f"{average}\n{summary.active_customers:,} active"),
        (MARGIN, _margin(report)),
        ("Untagged share of spend", f"{share}\n{_money(report, summary.untagged)}"),
    ]


def _margin(report: PeriodReport) -> str:
    summary = report.summary
    if not revenue_known(report) or summary.margin is None or summary.revenue is None:
        return f"{DASH}\nno revenue known"
    share = DASH if summary.margin_pct is None else percent(summary.margin_pct)
    amounts = f"{_money(report, summary.margin)} of {_money(report, summary.revenue)}"
    return f"{share}\n{amounts} {_of_revenue(report)}"


def _of_revenue(report: PeriodReport) -> str:
    """``recognised revenue``; empty where none is configured."""
    return f"{basis(report.summary)} revenue" if basis(report.summary) else ""


def _tiers(report: PeriodReport) -> list[Block]:
    tiers = [line for line in report.groups if line.dimension == "tier"]
    if not tiers:
        return [section("*By tier*\nNo customer has a tier.")]
    parts = ("average per active customer", MARGIN.lower().replace("cogs", "COGS"), _of_revenue(report))
    lines = [f"*By tier* ({', '.join(filter(None, parts))})"]
    for tier in tiers[:10]:
        average = DASH if tier.average_cost is None else _money(report, tier.average_cost)
        margin = DASH if tier.margin_pct is None else percent(tier.margin_pct)
        lines.append(f"{name(tier.value or '(none)', 30)}: {average}, margin {margin}, {tier.active:,} active")
    return [section("\n".join([*lines, *_more(tiers, 10)]))]


def _moved(report: PeriodReport) -> list[Block]:
    if not report.movers:
        return []
    cells = shown_cents(report, "cost")
    lines = [_mover(report, mover, cells) for mover in report.movers[:TOP_LINES]]
    return [section("\n".join(["*What changed* (against as many days of the month before)", *lines]))]


def _mover(report: PeriodReport, mover: Mover, cells: Mapping[str, str]) -> str:
    sign = "+" if mover.change > 0 else ""
    pct = f" ({signed_percent(mover.change_pct)})" if mover.change_pct is not None else ""
    change = f"{sign}{_money(report, mover.change)}{pct}"
    return f"{name(mover.name or mover.customer)}: {change} to {_money(report, units_from_text(cells[mover.customer]))}"


def _flags(report: PeriodReport) -> list[Block]:
    """Customers whose cost outgrows their revenue, and those below the margin target."""
    summary = report.summary
    found: list[Block] = []
    if fast := [line for line in _dearest(report) if line.grows_faster]:
        lines = [f"{name(line.name or line.customer)}: {_growth(line)}" for line in fast[:TOP_LINES]]
        found.append(section("\n".join(["*Cost grows faster than revenue*", *lines, *_more(fast, TOP_LINES)])))
    below = [line for line in _dearest(report) if _below(line, report)]
    if below:
        lines = [f"{name(line.name or line.customer)}: {_infra(line)}" for line in below[:TOP_LINES]]
        heading = f"*Infrastructure margin below {summary.target_pct:f} %* ({_of_revenue(report)})"
        found.append(section("\n".join([heading, *lines, *_more(below, TOP_LINES)])))
    return found


def _growth(line: CustomerLine) -> str:
    cost = DASH if line.cost_change_pct is None else signed_percent(line.cost_change_pct)
    revenue = DASH if line.revenue_change_pct is None else signed_percent(line.revenue_change_pct)
    return f"cost {cost}, revenue {revenue}"


def _below(line: CustomerLine, report: PeriodReport) -> bool:
    return line.infra_margin_pct is not None and line.infra_margin_pct < report.summary.target_pct


def _infra(line: CustomerLine) -> str:
    return DASH if line.infra_margin_pct is None else percent(line.infra_margin_pct)


def _untagged(report: PeriodReport) -> list[Block]:
    if not report.untagged:
        return [section("*Untagged*\nNo untagged spend.")]
    lines = [untagged_line(report, resource) for resource in report.untagged[:TOP_LINES]]
    return [section("\n".join(["*Dearest untagged resources*", *lines, *_more(report.untagged, TOP_LINES)]))]


def untagged_line(report: PeriodReport, resource: UntaggedResource) -> str:
    """One untagged resource: cost, what it is, whose account it is in, and why it found no customer."""
    what = resource.name or resource.resource or f"{resource.service} (no resource)"
    account = f"{resource.provider} {resource.account}".strip()
    hint = f", nearest customer {name(resource.hint)}" if resource.hint else ""
    where = ", ".join(name(part) for part in (resource.service, account) if part)
    return f"{_money(report, resource.effective)}: {name(what)} ({where}): {name(resource.reason)}{hint}"


def _customers(report: PeriodReport, *, plain: bool) -> list[Block]:
    ranked = _dearest(report)
    if not ranked:
        return [section("*Top customers by cost*\nNo customer had any cost in this period.")]
    shown = f"{min(TOP_CUSTOMERS, len(ranked))} of {len(ranked):,}"
    heading = f"*Top customers by cost* ({'; '.join(filter(None, [shown, _of_revenue(report)]))})"
    cells = {key: shown_cents(report, key) for key in _CELLS}
    rows = [("Customer", "Tier", "Cost", "Revenue", "Margin on allocated COGS")]
    rows += [_row(report, line, cells) for line in ranked[:TOP_CUSTOMERS]]
    right = (False, False, True, True, True)
    if plain:
        drawn = "\n".join(escape(text) for text in aligned(rows, right))
        return [section(heading), section(f"```\n{drawn}\n```")]
    return [section(heading), table(rows, right)]


def _row(
    report: PeriodReport, line: CustomerLine, cells: Mapping[_Cell, Mapping[str, str]]
) -> tuple[str, str, str, str, str]:
    # NOTE: the cents of the report's table, which foot; rounded alone they could differ from it by one
    cost = _money(report, units_from_text(cells["cost"][line.customer]))
    known = cells["revenue"].get(line.customer)
    revenue = "unknown" if known is None else _money(report, units_from_text(known))
    margin = DASH if line.margin_pct is None else percent(line.margin_pct)
    # NOTE: raw text is not parsed by Slack, but the plain form puts the same words inside a code block
    label = ellipsis(one_line(line.name or line.customer), LONGEST_TABLE_NAME).replace("`", "'")
    tier = ellipsis(one_line(line.tier), 16).replace("`", "'")
    return label or line.customer[:1], tier, cost, revenue, margin


def aligned(rows: Sequence[Sequence[str]], right: Sequence[bool]) -> list[str]:
    """Rows as lines of text with aligned columns, a rule under the heading."""
    widths = [max(len(row[place]) for row in rows) for place in range(len(right))]

    def line(row: Sequence[str]) -> str:
        cells = zip(row, widths, right, strict=True)
        return "  ".join(
            cell.rjust(width) if to_right else cell.ljust(width) for cell, width, to_right in cells
        ).rstrip()

    return [line(rows[0]), "  ".join("-" * width for width in widths), *(line(row) for row in rows[1:])]


def _notes(report: PeriodReport) -> list[Block]:
    said = [f"{note.level}: {name(note.text, LONGEST_NOTE)}" for note in notes(report)]
    return [context(said)] if said else []


def proof(report: PeriodReport) -> Block:
    """The proof line as small print."""
    return context([f"Proof: {name(report.proof_line, 1000)}"])


def _dearest(report: PeriodReport) -> list[CustomerLine]:
    """Customers with cost, dearest first, equal ones by id."""
    lines = [line for line in report.customers if not line.reserved and line.cost]
    return sorted(lines, key=lambda line: (-line.cost, line.customer))


def _more(items: Sequence[object], most: int) -> list[str]:
    rest = len(items) - most
    return [f"and {rest:,} more"] if rest > 0 else []


def _money(report: PeriodReport, units: int) -> str:
    return whole(units, report.summary.currency)
