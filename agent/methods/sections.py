"""A comparison as headed tables and lists, whatever form they are shown in.

Amounts are shown in cents that foot, column by column; the exact ones are in the JSON.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from agent.differences.records import Line, Moved
from agent.margins.ratios import percent
from agent.methods.records import DIMENSIONS, Change, Comparison, Month, Named
from agent.money import shown, text_from_units


@dataclass(frozen=True, slots=True)
class Section:
    """A table, or sentences, under a title; columns from ``right`` on hold figures."""

    title: str
    headers: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()
    lines: Sequence[str] = ()
    right: int = 1
    marked: int | None = field(default=None)
    """The column that is read first."""


def headline(found: Comparison) -> str:
    """Which method against which, over which months."""
    changes = [month.change for month in found.months]
    sides = " -> ".join(map(_called, ([each.before for each in changes], [each.after for each in changes])))
    over = found.months[0].period
    if len(found.months) > 1:
        over = f"{over} to {found.months[-1].period}"
    return f"{over}: {sides}"


def _called(side: Sequence[Named]) -> str:
    """One side by the ids that it has in the months, and by what it was asked for as."""
    return f"{', '.join(dict.fromkeys(each.id or 'without an id' for each in side))} ({side[0].named})"


def sections(found: Comparison) -> Iterator[Section]:
    """Everything, in the order a reviewer asks for it."""
    yield Section("", lines=list(_ground(found)))
    yield _moves(found)
    yield from (_ends(f"by {dimension}", found.summed(dimension)) for dimension in ("class", "pool"))
    yield from _margins(found)
    yield Section("customers that cross a line", lines=list(_crossings(found)))
    yield Section("the change", lines=list(_change(found)))
    yield Section("the lock of the quarter", lines=list(_lock(found)))
    if notes := [f"{month.period}: {text}" for month in found.months for text in month.notes]:
        yield Section("to be known", lines=notes)
    yield Section("proof", lines=list(_proof(found)))


def _ground(found: Comparison) -> Iterator[str]:
    for month in found.months:
        ledger = ", ".join(f"{source} v{version}" for source, version in sorted(month.ledger.items()))
        state = "closed: its frozen inputs" if month.closed else "open"
        yield f"{month.period}, {state}, through {month.day}: {ledger}"
    if len(found.alike()) == 1:
        yield _fingerprints(found.last)
        return
    for months in found.alike():
        change = months[0].change
        if change.differs:
            yield f"{_over(months)}: the method differs, {_fingerprints(change)}"
        else:
            yield f"{_over(months)}: both are the same method, fingerprint {change.after.fingerprint[:12]}"


def _fingerprints(change: Change) -> str:
    return f"fingerprints {change.before.fingerprint[:12]} -> {change.after.fingerprint[:12]}"


def _over(months: Sequence[Month]) -> str:
    return ", ".join(month.period for month in months)


def _moves(found: Comparison) -> Section:
    """Per customer; over several months each one's move as well."""
    lines = found.summed("customer")
    if len(found.months) == 1:
        return _ends("by customer", lines)
    names, moved = _rows(lines)
    still = {line.key for line in lines if not line.effective.difference}
    columns = []
    for month in found.months:
        of = {line.key: line.effective.difference for line in month.lines["customer"]}
        column = [of.get(line.key, 0) for line in lines if line.key not in still]
        # NOTE: a customer whose months cancel out moved in each of them, and did not over all
        rest = sum(of.get(key, 0) for key in still)
        columns.append(_signed([*column, *([rest] if still else [])]) + _signed([sum(of.values())]))
    rows = [
        (name, *(column[at] for column in columns), *row)
        for at, (name, row) in enumerate(zip([*names, "sum"], _footed(moved), strict=True))
    ]
    headers = ("customer", *(month.period for month in found.months), *_ENDS)
    return Section("by customer, month by month", headers, rows, marked=len(headers) - 2)


_ENDS = ("before", "after", "moved", "%")


def _ends(title: str, lines: Sequence[Line]) -> Section:
    names, moved = _rows(lines)
    rows = [(name, *row) for name, row in zip([*names, "sum"], _footed(moved), strict=True)]
    return Section(title, (title.removeprefix("by "), *_ENDS), rows, marked=3)


def _rows(lines: Sequence[Line]) -> tuple[list[str], list[Moved]]:
    """Names and amounts of what moved, then one row for all that did not."""
    moved = [line for line in lines if line.effective.difference]
    still = [line.effective for line in lines if not line.effective.difference]
    names = [line.key[0] or "(none)" for line in moved] + ([f"as before ({len(still)})"] if still else [])
    return names, [line.effective for line in moved] + ([sum(still, Moved())] if still else [])


def _footed(moved: Sequence[Moved]) -> list[tuple[str, ...]]:
    """Before, after, moved and percent of each, and of the sum."""
    total = sum(moved, Moved())
    columns = [
        [*map(_thousands, shown(column)), _cents(sum(column))]
        for column in ([each.before for each in moved], [each.after for each in moved])
    ]
    differences = [*_signed([each.difference for each in moved]), *_signed([total.difference])]
    return list(zip(*columns, differences, map(_percent, [*moved, total]), strict=True))


def _percent(moved: Moved) -> str:
    share = percent(moved.difference, moved.before)
    return "" if share is None else f"{share:+.1f}"


def _signed(units: Sequence[int]) -> list[str]:
    return [f"+{text}" if of > 0 else text for text, of in zip(map(_thousands, shown(units)), units, strict=True)]


def _thousands(text: str) -> str:
    whole, _, cents = text.partition(".")
    sign = "-" if whole.startswith("-") else ""
    return f"{sign}{int(whole.removeprefix('-')):,}.{cents}"


def _margins(found: Comparison) -> Iterator[Section]:
    """Customers with known revenue whose cost moved."""
    moved = [each for each in found.earned() if each.cost.difference]
    if not moved:
        return
    money = zip(
        *(map(_thousands, shown(column)) for column in (
            [each.revenue for each in moved],
            [each.margin.before for each in moved],
            [each.margin.after for each in moved],
        )),
        strict=True,
    )  # fmt: skip
    rows = [
        (each.customer, *amounts, *_sides(each.margin_pct), *_sides(each.infra_margin_pct))
        for each, amounts in zip(moved, money, strict=True)
    ]
    headers = (
        "customer", "revenue", "margin before", "after", "% before", "% after", "infra % before", "infra % after",
    )  # fmt: skip
    yield Section("margins, where revenue is known", headers, rows, marked=5)


def _sides(pair: tuple[Decimal | None, Decimal | None]) -> tuple[str, str]:
    before, after = ("" if each is None else f"{each:.1f}" for each in pair)
    return before, after


def _crossings(found: Comparison) -> Iterator[str]:
    """What becomes of which customers, month by month and over all of them."""
    over = [(month.period, month.earned) for month in found.months]
    if len(found.months) > 1:
        over.append(("all months", found.earned()))
    any_at_all = False
    for period, earned in over:
        crossed: dict[str, list[str]] = {}
        for each in earned:
            for text in each.crossings(found.target):
                crossed.setdefault(text, []).append(each.customer)
        any_at_all |= bool(crossed)
        yield from (f"{period}: {text}: {', '.join(sorted(crossed[text]))}" for text in sorted(crossed))
    if not any_at_all:
        yield f"none changes the sign of its margin or crosses the target of {found.target:f} %"


def _change(found: Comparison) -> Iterator[str]:
    """What changes; by the months that it is about where they are not all alike."""
    alike = found.alike()
    for months in alike:
        about = f"{_over(months)}: " if len(alike) > 1 else ""
        yield from (about + text for text in _changed(months[0].change))


def _changed(change: Change) -> Iterator[str]:
    if not change.differs:
        yield "both are the same method"
    yield from (f"changes: {text}" for text in change.changes)
    yield from (f"adds: {text}" for text in change.additions)


def _lock(found: Comparison) -> Iterator[str]:
    words = {True: "allowed", False: "refused", None: "not asked"}
    yield f"{found.lock.period}: {words[found.lock.allowed]}: {found.lock.told}"
    yield from found.lock.needs


def _proof(found: Comparison) -> Iterator[str]:
    sides = 2 * len(found.months)
    yield f"{sides} allocations proven, difference 0 in every check; nothing was published"
    for metric in ("billed", "effective"):
        sums = [sum(getattr(line, metric).difference for line in found.summed(name)) for name in DIMENSIONS]
        told = ", ".join(f"by {name} {text_from_units(sum_)}" for name, sum_ in zip(DIMENSIONS, sums, strict=True))
        moved = sum(abs(getattr(line, metric).difference) for line in found.summed("customer")) // 2
        shown_as = {"billed": "BilledCost", "effective": "EffectiveCost"}[metric]
        yield f"{shown_as}: {_cents(moved)} {found.currency} change hands; moves sum to 0: {told}"


def _cents(units: int) -> str:
    """An amount in cents, with thousands separators."""
    return _thousands(shown([units])[0])
