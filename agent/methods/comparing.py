"""Both methods over each month, and what moves between them."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from agent.closing.changes import compare as compared
from agent.closing.methodology import Methodology, methodology
from agent.config.loading import Settings
from agent.differences.records import Line, Moved, ranked
from agent.errors import ProofError
from agent.methods.choosing import Method
from agent.methods.lock import asked
from agent.methods.records import DIMENSIONS, Change, Comparison, Earned, Month, Named
from agent.methods.running import Ground, Side, ground, run
from agent.money import text_from_units
from agent.period import Period
from agent.progress import Progress


def compare(
    settings: Settings, periods: Sequence[Period], before: Method, after: Method, progress: Progress
) -> Comparison:
    """What ``after`` moves against ``before`` in each of the months. Nothing is published.

    Raises ``ProofError`` when a side does not prove, or the moves of a dimension do not sum to 0.
    """
    months = [_month(settings, period, before, after, progress) for period in sorted(periods)]
    return Comparison(
        currency=settings.app.currency,
        target=settings.app.targets.infra_margin_pct,
        lock=asked(settings, after, periods),
        months=months,
    )


def _change(common: Ground, period: Period, before: Method, after: Method) -> Change:
    """The two methods as that month is computed by them: of a closed one over its frozen configuration."""
    old, new = (methodology(common.settings.with_rules(each.of(period)), period) for each in (before, after))
    found = compared(old.document, new.document)
    return Change(_named(before, old), _named(after, new), found.additions, found.changes)


def _named(method: Method, found: Methodology) -> Named:
    return Named(method.named, found.id, found.fingerprint)


def _month(settings: Settings, period: Period, before: Method, after: Method, progress: Progress) -> Month:
    rules = (before.of(period), after.of(period))
    common = ground(settings, period, rules, progress)
    with TemporaryDirectory(prefix="apportion-methods-") as folder:
        sides = [
            run(common, each, Path(folder) / name, progress)
            for name, each in zip(("before", "after"), rules, strict=True)
        ]
    lines = {dimension: _lines(settings.app.currency, dimension, *sides) for dimension in DIMENSIONS}
    for dimension, listed in lines.items():
        _prove(period, dimension, listed)
    facts = common.facts
    return Month(
        period=str(period),
        closed=common.closed,
        day=facts.day,
        ledger={version.source: version.version for version in facts.versions},
        lines=lines,
        earned=_earned(*sides),
        change=_change(common, period, before, after),
        notes=_notes(common, *sides),
    )


def _lines(currency: str, dimension: str, before: Side, after: Side) -> tuple[Line, ...]:
    old, new = before.sums[dimension], after.sums[dimension]
    nothing = (0, 0)
    found = []
    for key in sorted({*old, *new}):
        (billed, effective), (billed_after, effective_after) = old.get(key, nothing), new.get(key, nothing)
        found.append(Line((key,), currency, Moved(billed, billed_after), Moved(effective, effective_after)))
    return ranked(line for line in found if any((*_ends(line.billed), *_ends(line.effective))))


def _ends(moved: Moved) -> tuple[int, int]:
    return moved.before, moved.after


def _prove(period: Period, dimension: str, lines: Sequence[Line]) -> None:
    for metric in ("billed", "effective"):
        moved = sum(getattr(line, metric).difference for line in lines)
        if moved:
            raise ProofError(
                f"what moves by {dimension} sums to {text_from_units(moved)}, not 0",
                where=f"{period}, {metric}",
                mend="this is a fault of apportion: please report it",
            )


def _earned(before: Side, after: Side) -> tuple[Earned, ...]:
    """Customers whose revenue is known; both sides know the same, for revenue is no part of the method."""
    found = []
    for old, new in zip(before.figures.customers, after.figures.customers, strict=False):
        if old.revenue is None or old.customer != new.customer:
            continue
        infrastructure = [line.cost - line.prior_period - line.vendor for line in (old, new)]
        found.append(Earned(old.customer, old.revenue, Moved(old.cost, new.cost), Moved(*infrastructure)))
    return tuple(found)


def _notes(common: Ground, before: Side, after: Side) -> tuple[str, ...]:
    """What a reader must know of the month, and of either side alone: fallbacks, defaults, drivers that are missing."""
    both = [[note.text for note in side.figures.notes if note.level != "info"] for side in (before, after)]
    found = [f"before: {text}" for text in both[0] if text not in both[1]]
    found += [f"after: {text}" for text in both[1] if text not in both[0]]
    return (*common.notes, *found)
