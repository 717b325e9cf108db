"""What a reader must know before trusting a figure: what was missing, what was estimated, what was decided for them."""

from collections.abc import Iterator, Sequence

from agent.config.loading import Settings
from agent.margins.customers import Book
from agent.margins.details import Details
from agent.margins.ratios import percent
from agent.margins.records import CustomerLine, Note, PoolLine, SampledPool
from agent.money import shown, units_from_text
from agent.reconciliation import absences


def notes(
    settings: Settings, book: Book, details: Details, unknown_revenue: Sequence[str], lines: Sequence[CustomerLine]
) -> tuple[Note, ...]:
    """All notes of a period: missing first, then estimated, then information."""
    found = [
        *_missing(settings, book, details, unknown_revenue),
        *_invoices(details),
        *_estimated(settings, book, details),
        *(note for pool in details.sampled for note in _sampled(pool)),
        *_information(settings, book, details, lines),
    ]
    return tuple(found)


def _missing(settings: Settings, book: Book, details: Details, unknown_revenue: Sequence[str]) -> Iterator[Note]:
    for name, why in details.late.items():
        yield Note("missing", f"{name} is left out of the as-of day: {why}")
    versions = {source.name: source.version for source in details.sources}
    for text in absences(settings, book.period, versions).values():
        yield Note("missing", text)
    for name in details.stale:
        yield Note("missing", f"source {name} no longer exports {book.period}; its last version is used")
    if unknown_revenue:
        yield Note("missing", f"revenue unknown for {len(unknown_revenue)} paying: {_some(unknown_revenue)}")
    if book.revenue is None:
        yield Note("missing", "no revenue file: margins are left empty")
    elif stray := sorted(book.revenue.unknown_customers(book.period)):
        yield Note("missing", f"revenue of customers that are not in the registry is left out: {_some(stray)}")


def _invoices(details: Details) -> Iterator[Note]:
    """Invoices that differ from the bill without a name for it, and gaps that have one."""
    for line in details.invoices:
        text = f"invoice {line.invoice or 'of the month'} of {line.source}: {line.told}"
        if line.gap:
            yield Note("info", text)
        elif line.amount is not None and not line.tied:
            yield Note("missing", text)
    for origin, lines in sorted(details.adjusted_invoices.items()):
        for line in (each for each in lines if each.amount is not None or each.gap):
            named = f"invoice {line.invoice}" if line.invoice else "invoices"
            text = f"{named} of {line.source} for {origin}, which is closed, with what was posted since: {line.told}"
            yield Note("info" if line.tied or line.gap else "missing", text)


def _estimated(settings: Settings, book: Book, details: Details) -> Iterator[Note]:
    money = _Money(details.currency)
    if book.day < book.period.last_day:
        yield Note("estimated", f"{book.period} is open: figures run through {book.day}, revenue in proportion of days")
    for source in details.sources:
        if source.estimated_until is not None:
            text = (
                f"{book.period} is estimated, usually settled by {source.estimated_until}: "
                f"{source.name} {source.estimated_because}"
            )
            yield Note("estimated", text)
    for pool in details.pools:
        for fallback, days, effective in pool.fallback_days:
            name, within, part = fallback.partition(" in ")
            used = {"period": "the period's quantities", "even": "an even split"}.get(name, "unallocated")
            yield Note(
                "estimated",
                f"pool {pool.pool}: {_days(days)} without a valid driver{within}{part}, {money(effective)} by {used}",
            )
        yield from _capacities(pool)
    if details.environment_by_default:
        default = settings.allocation(book.period).environment.default
        yield Note(
            "estimated",
            f"{money(details.environment_by_default)} carries no known environment and is treated as {default}: "
            f"{_of(details.environment_by_default, details.attributable)} of direct, shared, idle and untagged",
        )
    if details.tax_unconfirmed:
        yield Note("estimated", f"tax of {money(details.tax_unconfirmed)} treated as cost: unconfirmed")
    rules = settings.allocation(book.period)
    for stage, spread in (("untagged", rules.untagged), ("idle", rules.idle)):
        if spread.method == "tax":
            yield Note("estimated", f"{stage} cost is charged at a standard rate of {spread.rate} of direct cost")


def _capacities(pool: PoolLine) -> Iterator[Note]:
    """Days on which nothing of a pool could count as idle, though it has a capacity."""
    for driver, unknown, exceeded in pool.capacity_days:
        if unknown:
            text = f"the capacity of {driver} is not known on {_days(unknown)}: nothing of them is idle"
            yield Note("estimated", f"pool {pool.pool}: {text}")
        if exceeded:
            text = f"more of {driver} is used than its capacity on {_days(exceeded)}: is it in the same unit?"
            yield Note("estimated", f"pool {pool.pool}: {text}")


def _days(count: int) -> str:
    return f"{count} day{'s' if count != 1 else ''}"


def _sampled(sample: SampledPool) -> Iterator[Note]:
    """Where a sampled pool's ratios come from, who is in none of its windows, and what has drifted."""
    if sample.left_out:
        days = ", ".join(map(str, sample.left_out))
        text = f"pool {sample.pool}: days of its sample could not be used, their hours neither: {days}"
        yield Note("missing", f"{text} (negative, all zero, or under 90 % of the UTC day)")
    if not sample.intervals:
        return
    days = ", ".join(f"{first} to {last}" if first != last else str(first) for first, last in sample.windows)
    text = (
        f"pool {sample.pool} is split by ratios of {sample.driver}, sampled in {sample.intervals} intervals of {days}"
    )
    shown = f"each share is shown with its {sample.confidence_pct} % interval"
    if sample.passes_on:
        shown = "other pools pass its cost on, so no interval is shown"
    yield Note("estimated", f"{text}; {shown}")
    if guessed := [line.customer for line in sample.lines if line.tier_median]:
        text = f"pool {sample.pool}: not in the sample, so by the median of their tier: {_some(guessed)}"
        yield Note("estimated", text)
    if sample.drift:
        moved = [f"{customer} {then:.1f} % to {now:.1f} %" for customer, then, now in sample.drift]
        text = (
            f"pool {sample.pool}: shares of {sample.live} moved by more than {sample.drift_points:f} points since the "
            f"sample: {_some(moved)}; sample again"
        )
        yield Note("missing", text)


def _information(settings: Settings, book: Book, details: Details, lines: Sequence[CustomerLine]) -> Iterator[Note]:
    money = _Money(details.currency)
    yield from _method(details, money)
    yield from _adjusted(details, money)
    for source in details.sources:
        if source.completeness != "manifest":
            yield Note("info", f"source {source.name}: completeness not proven (no manifest)")
    for text in (*details.source_notes, *details.tag_findings, *details.merged):
        yield Note("info", text)
    if details.customer_nonproduction:
        asked = settings.allocation(book.period).customer_nonprod
        booked = {"opex": "is booked as opex", "cogs": "counts as their cost"}[asked]
        yield Note("info", f"customers' own non-production of {money(details.customer_nonproduction)} {booked}")
    for customer, effective in details.negative_base.items():
        yield Note(
            "info", f"{customer}: direct and shared cost of {money(effective)} counts as zero where cost is a weight"
        )
    for line in lines:
        if line.outside_dates:
            yield Note("info", f"{line.customer}: {money(line.outside_dates)} is dated outside its start and end")
    if settings.app.revenue is not None and settings.app.revenue.basis != "recognised":
        yield Note("info", f"revenue basis: {settings.app.revenue.basis}")


def _method(details: Details, money: "_Money") -> Iterator[Note]:
    """The method by name and fingerprint, and what it adds or changes within its quarter."""
    method = details.methodology
    if not method:
        return
    since = f", that of {method['in_force_since']}" if "in_force_since" in method else ""
    same = not method.get("additions") and not method.get("changes")
    named = f"methodology {method['id'] or '(without a name)'}, fingerprint {method['fingerprint'][:12]}"
    yield Note("info", named + (since if same else ""))
    if "begins" in method:
        text = f"this methodology is meant from {method['begins']} on; no version begins earlier, so it holds here too"
        yield Note("info", text)
    if method.get("additions"):
        mapped = units_from_text(method.get("mapped", {}).get(details.currency, "0"))
        yield Note(
            "info",
            f"added to the rules since {method['in_force_since']}, for {money(mapped)} that nobody had: "
            f"{'; '.join(method['additions'])}",
        )
    if method.get("changes"):
        yield Note(
            "info",
            f"the method changed within the quarter: {method['reason']} (approved by {method['approved_by']}): "
            f"{'; '.join(method['changes'])}",
        )


def _adjusted(details: Details, money: "_Money") -> Iterator[Note]:
    for origin in sorted({line.origin for line in details.adjustments}):
        lines = [line for line in details.adjustments if line.origin == origin]
        yield Note("info", f"adjustment of {origin}, which is closed: {money(sum(line.posted for line in lines))}")
        moved = sum(line.moved for line in lines if line.moved > 0)
        if moved:
            yield Note(
                "info",
                f"{money(moved)} of {origin} changed hands by later tags and is not posted; "
                f"`apportion close {origin} --accept-attribution REASON` accepts it",
            )


def _of(part: int, whole: int) -> str:
    share = percent(part, whole)
    return "no known share" if share is None else f"{share:.1f} %"


class _Money:
    def __init__(self, currency: str) -> None:
        self._currency = currency

    def __call__(self, units: int) -> str:
        whole, _, cents = shown([units])[0].partition(".")
        return f"{int(whole):,}.{cents} {self._currency}" if whole != "-0" else f"-0.{cents} {self._currency}"


def _some(names: Sequence[str], most: int = 5) -> str:
    rest = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + rest
