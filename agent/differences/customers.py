"""Cost per customer of both sides: the current rules run over each side's versions, nothing published."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from agent.allocation.allocating import gather, run_passes
from agent.allocation.facts import Facts
from agent.billing.ledger.intact import refuse_changed
from agent.billing.ledger.versions import LedgerVersion
from agent.config.loading import Settings
from agent.differences.choosing import Versions
from agent.differences.records import Line, Moved
from agent.engine import open_engine
from agent.period import Period
from agent.progress import Progress

_ENDED = """
select
  case when Bucket = 'customer' then Customer else '@' || Bucket end as Customer, Currency,
  sum(BilledUnits) as billed, sum(EffectiveUnits) as effective
from allocation group by case when Bucket = 'customer' then Customer else '@' || Bucket end, Currency
"""
Sums = dict[tuple[str, str], tuple[int, int]]


def by_customer(
    settings: Settings, period: Period, pairs: Sequence[Versions], spill: Path, progress: Progress
) -> Iterator[Line]:
    """A line for each customer and reserved id. Sources that are not compared are in force on both sides.

    Rules, registry, drivers and as-of day are the current ones on both sides, so that only the bill differs. Raises
    ``ApportionError`` where they cannot be run.
    """
    facts = gather(settings, period)
    compared = {pair.source for pair in pairs}
    others = [version for version in facts.versions if version.source not in compared]
    sides: list[Sums] = []
    for side in ("before", "after"):
        chosen = [version for pair in pairs if (version := getattr(pair, side)) is not None]
        sides.append(_ended(settings, replace(facts, versions=_sorted([*others, *chosen])), spill, progress))
    before, after = sides
    nothing = (0, 0)
    for key in sorted({*before, *after}):
        (billed, effective), (billed_after, effective_after) = before.get(key, nothing), after.get(key, nothing)
        yield Line((key[0],), key[1], Moved(billed, billed_after), Moved(effective, effective_after))


def _sorted(versions: Sequence[LedgerVersion]) -> tuple[LedgerVersion, ...]:
    return tuple(sorted(versions, key=lambda version: version.source))


def _ended(settings: Settings, facts: Facts, spill: Path, progress: Progress) -> Sums:
    if not facts.versions:
        return {}
    refuse_changed(facts.versions)
    rows = sum(version.manifest.rows for version in facts.versions)
    with open_engine(settings.app.engine, rows=rows, spill=spill) as engine:
        run_passes(engine, facts, settings.data, progress)
        rows_ended = engine.fetch(_ENDED).to_pylist()
    return {(row["Customer"], row["Currency"]): (int(row["billed"]), int(row["effective"])) for row in rows_ended}
