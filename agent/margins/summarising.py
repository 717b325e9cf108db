"""A period's published allocation and its revenue, as the records that every report and digest is made from."""

import json
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

from agent.allocation.asof import AsOf
from agent.config.loading import Settings
from agent.engine import open_engine
from agent.inputs import Inputs, current
from agent.margins.comparison import Change, Month, compare, same_days
from agent.margins.costs import ClassSums, Costs, open_allocation, published_rows, read_costs, read_days
from agent.margins.customers import Book, customer_lines
from agent.margins.details import Details, read_details
from agent.margins.groups import external, group_lines
from agent.margins.notes import notes
from agent.margins.ratios import average, percent
from agent.margins.reconciled import estimated_until, reconciled
from agent.margins.records import CustomerLine, DrillRow, Mover, PeriodReport, Summary
from agent.money import idiv, units_from_text
from agent.period import Period

MOVERS_SHOWN = 10


def summarise(
    settings: Settings,
    period: Period,
    folder: Path,
    previous: Path | None,
    *,
    days: bool = True,
    inputs: Inputs | None = None,
) -> PeriodReport:
    """The records of ``period`` from its results in ``folder``, compared with those in ``previous`` where given.

    ``folder`` is a run folder (its proof is not written yet, so ``proof_line`` is empty) or published results.
    Without ``days`` the drill-down and the daily figures stay empty: nobody looks at them and they are most of the
    work. ``inputs`` are those of a closed month; by default the current ones. Definitions: ALLOCATION 8.
    """
    inputs = inputs or current(settings.data)
    details = reconciled(settings, period, read_details(folder), inputs)
    book = Book(period, details.day, inputs.registry(settings), inputs.revenue(settings))
    with open_engine(settings.app.engine, rows=published_rows(folder)) as engine:
        open_allocation(engine, folder)
        through = AsOf(period, details.day, {}, {}).through
        costs = read_costs(engine, book.registry, through)
        drill = read_days(engine, through) if days else ()
        first, last = same_days(period, details.day)
        before = None
        if previous is not None:
            open_allocation(engine, previous)
            before = read_costs(engine, book.registry, AsOf(period.previous, last, {}, {}).through)
    changes = _changes(settings, book, costs, before, (first, last)) if before else {}
    lines = customer_lines(book, costs, changes)
    unknown = _unknown_revenue(book, lines)
    return PeriodReport(
        summary=_summary(settings, book, details, costs, lines),
        customers=lines,
        groups=group_lines(book, costs, lines),
        pools=details.pools,
        sampled=details.sampled,
        commitments=details.commitments,
        untagged=details.untagged,
        drill=drill,
        movers=_movers(lines, changes),
        sources=details.sources,
        drivers=details.drivers,
        notes=notes(settings, book, details, unknown, lines),
        proof_line=_proof_line(folder),
        unknown_revenue=unknown,
        previous_cost_to_serve=_over_as_many_days(before, first, last, book) if before else None,
        daily=_daily(drill),
        invoices=details.invoices,
        adjustments=details.adjustments,
    )


def _proof_line(folder: Path) -> str:
    proof = folder / "proof.json"
    return str(json.loads(proof.read_text("utf-8"))["proof_line"]) if proof.is_file() else ""


def _unknown_revenue(book: Book, lines: Sequence[CustomerLine]) -> tuple[str, ...]:
    """Paying customers absent from the revenue file that cost something or were active."""
    if book.revenue is None:
        return ()
    return tuple(
        line.customer
        for line in lines
        if line.kind == "paying" and line.revenue is None and (line.cost or book.active(line.customer))
    )


def _changes(
    settings: Settings, book: Book, costs: Costs, before: Costs, prior_days: tuple[date, date]
) -> dict[str, Change]:
    """How each customer moved against the month before; customers that cannot be compared are left out."""
    previous = Book(book.period.previous, prior_days[1], book.registry, book.revenue)
    least = units_from_text(str(settings.app.targets.growth_min_amount))
    now = Month(book.period.first_day, book.day, _run_cost(costs), book.month_revenue)
    prior = Month(*prior_days, _run_cost(before), previous.month_revenue)
    found = {customer: compare(book.registry, customer, now, prior, least) for customer in book.registry.ids}
    return {customer: change for customer, change in found.items() if change is not None}


def _run_cost(costs: Costs) -> Callable[[str], int]:
    """Run cost by customer id: every class, without prior-period adjustments."""
    none = ClassSums()
    return lambda customer: costs.customers.get(customer, none).run_cost


def _movers(lines: Sequence[CustomerLine], changes: dict[str, Change]) -> tuple[Mover, ...]:
    moved = [
        Mover(line.customer, line.name, line.cost - line.prior_period, change.cost, change.cost_pct)
        for line in external(lines)
        if (change := changes.get(line.customer)) is not None and change.cost
    ]
    return tuple(sorted(moved, key=lambda mover: (-abs(mover.change), mover.customer))[:MOVERS_SHOWN])


def _over_as_many_days(before: Costs, first: date, last: date, book: Book) -> int:
    """Cost to serve of the month before, ``first`` to ``last``, for as many days as this month has through day D.

    Internal customers' money is not in bucket customer.
    """
    cost = sum(sums.run_cost for sums in before.customers.values())
    return idiv(cost * book.day.day, (last - first).days + 1)


def _daily(drill: Sequence[DrillRow]) -> tuple[tuple[date, int], ...]:
    days: dict[date, int] = {}
    for row in drill:
        days[row.day] = days.get(row.day, 0) + row.effective
    return tuple(sorted(days.items()))


def _summary(settings: Settings, book: Book, details: Details, costs: Costs, lines: Sequence[CustomerLine]) -> Summary:
    outside = external(lines)
    cost_to_serve = sum(line.cost for line in outside)
    unallocated = costs.buckets["unallocated"].cost
    active = sum(book.active(line.customer) for line in outside)
    revenue = sum(line.revenue or 0 for line in outside) if book.revenue is not None else None
    margin = None if revenue is None else revenue - cost_to_serve - unallocated
    prior = sum(line.prior_period for line in lines)
    source = sum(line.cost for line in lines) - prior
    targets = settings.app.targets
    return Summary(
        company=settings.app.company,
        period=str(book.period),
        currency=details.currency,
        as_of=book.day,
        is_open=book.day < book.period.last_day,
        source_total=source,
        prior_period=prior,
        cost_to_serve=cost_to_serve,
        fully_loaded=cost_to_serve + unallocated,
        unallocated=unallocated,
        opex=costs.buckets["opex"].cost,
        balance_sheet=costs.buckets["balance_sheet"].cost,
        active_customers=active,
        average_cost=average(cost_to_serve, active),
        revenue=revenue,
        margin=margin,
        margin_pct=None if margin is None else percent(margin, revenue),
        revenue_basis=settings.app.revenue.basis if settings.app.revenue else "",
        untagged=details.untagged_cost,
        untagged_share_pct=percent(details.untagged_cost, details.attributable),
        untagged_share_of_bill_pct=percent(details.untagged_cost, source - costs.after),
        coverage_pct=percent(details.covered, details.taggable),
        environment_by_default=details.environment_by_default,
        tax_unconfirmed=details.tax_unconfirmed,
        target_pct=targets.infra_margin_pct,
        good_pct=targets.infra_margin_good_pct,
        estimated_until=estimated_until(details),
    )
